/** The one place where the state of the screen changes: `(state, input)` to the next state and what is to be done. Pure. */
import type { Effect, Input } from './inputs.ts';
import { itemsOf, selectedIndex } from './items.ts';
import { onKey } from './keys.ts';
import { bodyRows } from './layout.ts';
import { onReply } from './replies.ts';
import { keepInSight } from './scroll.ts';
import { type State, topView, without } from './state.ts';
import { stay, type Step } from './step.ts';

export function reduce(state: State, input: Input, now: number): Step {
  const timed: State = { ...state, now };
  const { state: next, effects } = changed(timed, input);
  return { state: inSight(next), effects };
}

function changed(state: State, input: Input): Step {
  switch (input.kind) {
    case 'key':
      return onKey(state.notice === undefined ? state : without(state, 'notice'), input.key);
    case 'resize':
      return stay({ ...state, size: input.size });
    case 'tick':
      return stay(state);
    case 'link':
      return onLink(state, input.link);
    case 'status':
      return onStatus(state, input.status);
    case 'heard':
      return { state: { ...state, heardAt: state.now }, effects: [] };
    case 'usage':
      return { state: { ...state, usage: input.usage, heardAt: state.now }, effects: [] };
    default:
      return onReply(state, input);
  }
}

/** A log that was followed is followed anew: the connection that told of it is another one. */
function onLink(state: State, link: State['link']): Step {
  const isSame = link.kind === state.link.kind;
  const view = topView(state);
  const effects: Effect[] =
    !isSame && link.kind !== 'lost' && view?.kind === 'details' && view.tab === 'log'
      ? [{ kind: 'follow', name: view.name, stream: view.log.stream }]
      : [];
  // What went wrong without a daemon, or with another one, is no news once one answers.
  const settled = !isSame && link.kind === 'connected' ? without(state, 'notice') : state;
  return { state: { ...settled, link, ...(link.kind === 'connected' ? {} : { usage: new Map() }) }, effects };
}

/** The details that are looked at are asked for anew: something has happened. */
function onStatus(state: State, status: NonNullable<State['status']>): Step {
  const view = topView(state);
  const effects: Effect[] = [];
  if (view?.kind === 'details') {
    if (view.tab === 'why' || view.tab === 'links') effects.push({ kind: 'explain', name: view.name });
    if (view.tab === 'events') effects.push({ kind: 'events', name: view.name });
  }
  return { state: { ...state, status, statusAt: state.now, heardAt: state.now }, effects };
}

/** The cursor of the list stays on its instance, wherever that has gone, and in sight. */
function inSight(state: State): State {
  const items = itemsOf(state);
  const index = selectedIndex(items, state.list);
  const top = keepInSight(state.list.top, index, items.length, bodyRows(state));
  const selected = items[index]?.key;
  if (top === state.list.top && (selected === undefined || selected === state.list.selected)) return state;
  return { ...state, list: { ...state.list, top, ...(selected === undefined ? {} : { selected }) } };
}
