/** How many lines each part of the screen gets: the reducer scrolls by it, the view draws by it. */
import { configWarnings } from '../../render/status.ts';
import type { State } from './state.ts';

/** Below this nothing sensible can be shown. */
export const LEAST = { columns: 60, rows: 10 } as const;

export function isTooSmall({ size: { columns, rows } }: Pick<State, 'size'>): boolean {
  return columns < LEAST.columns || rows < LEAST.rows;
}

/** From so many columns on there is room for all that the list and its title have. */
export const LEAST_FOR_ALL = 80;

export function isNarrow({ size }: Pick<State, 'size'>): boolean {
  return size.columns < LEAST_FOR_ALL;
}

/** Where it is narrow, what comes next is worth more than CPU and memory. */
export function seesUsage(state: Pick<State, 'showsUsage' | 'size'>): boolean {
  return state.showsUsage && !isNarrow(state);
}

/** What is amiss with daemon or configuration: a line each, two at most. */
export function bannersOf({ link, status, now }: State): readonly string[] {
  const about = status === undefined ? [] : configWarnings(status.daemon, new Date(now));
  return [...linkBanner(link), ...about].slice(0, 2);
}

function linkBanner(link: State['link']): string[] {
  switch (link.kind) {
    case 'connected':
    case 'connecting':
      return [];
    case 'unsupervised':
      return [link.headline];
    case 'lost':
      return [`${link.message.split('\n', 1)[0] ?? ''}; this is how it was`];
  }
}

/** Title, heading of the body, the line about the selected, keys. */
const AROUND = 4;

/** Lines for what scrolls: items of the list, or text. */
export function bodyRows(state: State): number {
  return Math.max(1, state.size.rows - AROUND - bannersOf(state).length);
}
