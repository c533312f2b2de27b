/** Looking at a log: following, scrolling, searching. */
import { bodyRows } from './layout.ts';
import { clamp } from './scroll.ts';
import { type LogState, type State, without } from './state.ts';

/** As many lines are kept; older ones are in the file. */
export const MOST_LINES = 5000;

export function topOf(state: State, { isFollowing, top, lines }: LogState): number {
  const last = Math.max(0, lines.length - bodyRows(state));
  return isFollowing ? last : clamp(top, 0, last);
}

/** Moved by some lines; at the end it follows again. */
export function logMoved(state: State, log: LogState, step: number): LogState {
  const last = Math.max(0, log.lines.length - bodyRows(state));
  const top = clamp(topOf(state, log) + step, 0, last);
  return { ...log, top, isFollowing: step > 0 && top === last };
}

/** What is in sight stays in sight, though older lines have gone. */
export function appended(log: LogState, lines: readonly string[]): LogState {
  const all = [...log.lines, ...lines];
  const gone = Math.max(0, all.length - MOST_LINES);
  const hit = log.hit === undefined || log.hit < gone ? {} : { hit: log.hit - gone };
  return {
    ...without(log, 'hit'),
    ...hit,
    lines: gone === 0 ? all : all.slice(gone),
    top: Math.max(0, log.top - gone),
  };
}

/**
 * Goes to a line that has what is searched for, beginning again at the other end; in the middle of the page where that is possible.
 *
 * @param where - `here`: the last one up to the end of what is in sight
 */
export function found(state: State, log: LogState, where: 'here' | 'next' | 'before'): LogState {
  const hits = hitsOf(log);
  const bottom = topOf(state, log) + bodyRows(state) - 1;
  const at = log.hit ?? bottom;
  const hit = {
    here: hits.findLast((each) => each <= bottom) ?? hits.at(-1),
    next: hits.find((each) => each > at) ?? hits[0],
    before: hits.findLast((each) => each < at) ?? hits.at(-1),
  }[where];
  if (hit === undefined) return without(log, 'hit');
  return { ...log, hit, isFollowing: false, top: Math.max(0, hit - Math.floor(bodyRows(state) / 2)) };
}

export function hitsOf({ lines, search }: LogState): number[] {
  if (search === '') return [];
  const wanted = search.toLowerCase();
  return lines.flatMap((line, index) => (line.toLowerCase().includes(wanted) ? [index] : []));
}
