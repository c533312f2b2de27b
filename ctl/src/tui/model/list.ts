/** Keys of the list. */
import { actKey } from './act.ts';
import { openDetails } from './details.ts';
import type { Key } from './inputs.ts';
import { itemsOf, type Item, namesOf, selectedIndex } from './items.ts';
import { bodyRows, LEAST_FOR_ALL, seesUsage } from './layout.ts';
import { stay, type Step } from './step.ts';
import { clamp, stepOf } from './scroll.ts';
import type { State, View } from './state.ts';

export function onListKey(state: State, key: Key): Step {
  const items = itemsOf(state);
  const index = selectedIndex(items, state.list);
  const item = items[index];
  const step = stepOf(key, bodyRows(state));
  if (step !== undefined) return moved(state, items, clamp(index + step, 0, Math.max(0, items.length - 1)));
  const acted = actKey(state, namesOf(item), key);
  if (acted) return acted;
  switch (key) {
    case 'enter':
      if (item?.kind === 'group') return folded(state, item.group);
      return item === undefined ? stay(state) : openDetails(state, item.row.name);
    case ' ':
    case 'left':
    case 'right':
      return foldOf(state, item, key);
    case 'F':
      return allFolded(state, items);
    case '/':
      return stay({ ...state, prompt: { what: 'filter', text: state.list.filter, before: '' } });
    case 'escape':
      return stay(state.list.filter === '' ? state : { ...state, list: { ...state.list, filter: '' } });
    case 'c':
      return stay(usageToggled(state));
    case 'R':
      return opened(state, { kind: 'plan', top: 0 }, 'plan');
    case 't':
      return opened(state, { kind: 'timeline', top: 0 }, 'timeline');
    case 'd':
      return opened(state, { kind: 'daemons', selected: 0 }, 'daemons');
    default:
      return stay(state);
  }
}

/** On a narrow screen the key would seem to do nothing. */
function usageToggled(state: State): State {
  const next: State = { ...state, showsUsage: !state.showsUsage, usage: new Map() };
  if (!next.showsUsage || seesUsage(next)) return next;
  return { ...next, notice: { text: `CPU and memory are shown from ${LEAST_FOR_ALL} columns on`, isError: false } };
}

function opened(state: State, view: View, kind: 'plan' | 'timeline' | 'daemons'): Step {
  return { state: { ...state, views: [...state.views, view] }, effects: [{ kind }] };
}

function moved(state: State, items: readonly Item[], index: number): Step {
  const selected = items[index]?.key;
  return stay(selected === undefined ? state : { ...state, list: { ...state.list, selected } });
}

function foldOf(state: State, item: Item | undefined, key: Key): Step {
  const group = item?.kind === 'group' ? item.group : item?.isInGroup === true ? headingOf(state, item) : undefined;
  if (group === undefined) return stay(state);
  const isFolded = state.list.folded.has(group);
  if ((key === 'left' && isFolded) || (key === 'right' && !isFolded)) return stay(state);
  return folded(state, group);
}

function headingOf(state: State, item: Item): string | undefined {
  const items = itemsOf(state);
  const before = items.slice(0, items.indexOf(item)).findLast(({ kind }) => kind === 'group');
  return before?.kind === 'group' ? before.group : undefined;
}

/** The cursor goes to the heading: what it was on may be gone. */
function folded(state: State, group: string): Step {
  const groups = new Set(state.list.folded);
  if (!groups.delete(group)) groups.add(group);
  const heading = itemsOf(state).find((item) => item.kind === 'group' && item.group === group);
  const selected = heading === undefined ? {} : { selected: heading.key };
  return stay({ ...state, list: { ...state.list, ...selected, folded: groups } });
}

function allFolded(state: State, items: readonly Item[]): Step {
  const groups = items.flatMap((item) => (item.kind === 'group' ? [item.group] : []));
  const isAny = groups.some((group) => !state.list.folded.has(group));
  return stay({ ...state, list: { ...state.list, folded: new Set(isAny ? groups : []) } });
}
