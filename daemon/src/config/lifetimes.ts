/** From when to when each version of a process is in effect, as far as that lies ahead. */
import type { WallTime } from '../core/model.ts';
import { draftsById, type Draft, type Standing } from './draft.ts';

/** A version that is in effect, or will be, from `from` to before `until`. */
export interface Lifetime {
  readonly draft: Draft;
  /** Now, or its `apply-on`. */
  readonly from: WallTime;
  /** When the next version takes over; Infinity where there is none. */
  readonly until: WallTime;
  /** The version that takes over. */
  readonly next?: Draft;
}

/** By draft, in the order of the file; versions of the past and fake ones have none. */
export function lifetimesOf(
  drafts: readonly Draft[],
  standings: ReadonlyMap<Draft, Standing>,
  now: WallTime,
): Map<Draft, Lifetime> {
  const lifetimes = new Map<Draft, Lifetime>();
  for (const versions of draftsById(drafts).values()) {
    const counting = versions.filter((draft) => ['effective', 'future'].includes(standings.get(draft) ?? ''));
    const inOrder = counting.toSorted((a, b) => startOf(a, now) - startOf(b, now));
    for (const [index, draft] of inOrder.entries()) {
      const next = inOrder[index + 1];
      const until = next === undefined ? Infinity : startOf(next, now);
      lifetimes.set(draft, { draft, from: startOf(draft, now), until, ...(next === undefined ? {} : { next }) });
    }
  }
  return lifetimes;
}

function startOf({ applyOn }: Draft, now: WallTime): WallTime {
  return Math.max(applyOn?.at ?? now, now);
}
