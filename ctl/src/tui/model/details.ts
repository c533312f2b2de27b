/** Keys of the details of an instance. */
import { linksOf } from '../view/content.ts';
import type { Effect, Key } from './inputs.ts';
import { bodyRows } from './layout.ts';
import { found, logMoved } from './log.ts';
import { scrolledBy } from './page.ts';
import { stay, type Step } from './step.ts';
import { clamp, stepOf } from './scroll.ts';
import { type DetailsView, emptyLog, type State, type Tab, TABS, without, withTop } from './state.ts';

const SIDEWAYS = 20;

export function openDetails(state: State, name: string): Step {
  const view: DetailsView = { kind: 'details', name, tab: 'why', top: 0, link: 0, log: emptyLog() };
  return { state: { ...state, views: [...state.views, view] }, effects: effectsOf(view) };
}

/** What the tab shows is asked for when it is opened. */
function effectsOf({ tab, name, log }: DetailsView): readonly Effect[] {
  switch (tab) {
    case 'why':
    case 'links':
      return [{ kind: 'explain', name }];
    case 'config':
      return [{ kind: 'config', name }];
    case 'events':
      return [{ kind: 'events', name }];
    case 'log':
      return [{ kind: 'follow', name, stream: log.stream }];
  }
}

export function onDetailsKey(state: State, view: DetailsView, key: Key): Step {
  const tab = tabOf(view.tab, key);
  if (tab !== undefined) return toTab(state, view, tab);
  if (view.tab === 'log') return onLogKey(state, view, key);
  if (view.tab === 'links') return onLinksKey(state, view, key);
  return stay(scrolledBy(state, view, key));
}

function tabOf(now: Tab, key: Key): Tab | undefined {
  const at = TABS.indexOf(now);
  if (key === 'tab' || key === 'right') return TABS[(at + 1) % TABS.length];
  if (key === 'left') return TABS[(at + TABS.length - 1) % TABS.length];
  return /^[1-5]$/.test(key) ? TABS[Number(key) - 1] : undefined;
}

function toTab(state: State, view: DetailsView, tab: Tab): Step {
  const next: DetailsView = { ...without(view, 'error'), tab, top: 0, log: emptyLog(view.log.stream) };
  const left: readonly Effect[] = view.tab === 'log' && tab !== 'log' ? [{ kind: 'unfollow' }] : [];
  return { state: withTop(state, next), effects: [...left, ...effectsOf(next)] };
}

function onLinksKey(state: State, view: DetailsView, key: Key): Step {
  const links = linksOf(view.explanation).flatMap((section) => section.links);
  const step = stepOf(key, bodyRows(state));
  if (step !== undefined) {
    const link = clamp(view.link + step, 0, Math.max(0, links.length - 1));
    return { state: withTop(state, { ...view, link }), effects: [] };
  }
  const chosen = links[view.link];
  if (key !== 'enter' || chosen === undefined || !chosen.target) return stay(state);
  // A dependency is named by its process: the first instance of it stands for all.
  const row = (state.status?.processes ?? []).find(({ name, id }) => name === chosen.name || id === chosen.name);
  return row === undefined ? { state, effects: [] } : openDetails(state, row.name);
}

function onLogKey(state: State, view: DetailsView, key: Key): Step {
  const { log } = view;
  const shows = (next: DetailsView['log']): Step => ({ state: withTop(state, { ...view, log: next }), effects: [] });
  const step = stepOf(key, bodyRows(state));
  if (step !== undefined) return shows(logMoved(state, log, step));
  switch (key) {
    case 'f':
      return shows(
        log.isFollowing ? { ...logMoved(state, log, 0), isFollowing: false } : { ...log, isFollowing: true },
      );
    case '/':
      return { state: { ...state, prompt: { what: 'search', text: '', before: log.search } }, effects: [] };
    case 'n':
      return shows(found(state, log, 'next'));
    case 'N':
      return shows(found(state, log, 'before'));
    case '<':
      return shows({ ...log, left: Math.max(0, log.left - SIDEWAYS) });
    case '>':
      return shows({ ...log, left: log.left + SIDEWAYS });
    case 'e': {
      const stream = log.stream === 'stdout' ? 'stderr' : 'stdout';
      const next = { ...view, log: emptyLog(stream) };
      return { state: withTop(state, next), effects: effectsOf(next) };
    }
    default:
      return stay(state);
  }
}
