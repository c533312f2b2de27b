/** Whether a dependency is open whenever its dependent is (SPEC 2.4): looked up over a fortnight. */
import type { Milliseconds, Schedule, WallTime } from '../model.ts';
import { bounded, DAY } from './civil.ts';
import { standingOf, type WindowKind } from './standing.ts';

/** A schedule with the way in which it is used; undefined: always open. */
export interface Timed {
  readonly schedule?: Schedule;
  readonly kind: WindowKind;
}

const FORTNIGHT: Milliseconds = 14 * DAY;

/** Where a dependent is open and its dependency closed. */
export interface Uncovered {
  /** The first such moment. */
  readonly at: WallTime;
  /** How much of the dependent's time that is, above 0 and up to 1. */
  readonly share: number;
}

/** More boundaries than any schedule of windows has in a fortnight; cron may have them each second. */
const MOST_STEPS = 700;

/** Over the fortnight from `from` on. undefined: the dependency is open whenever the dependent is. */
export function uncovered(dependent: Timed, dependency: Timed, from: WallTime): Uncovered | undefined {
  const start = bounded(from);
  const end = start + FORTNIGHT;
  const whole = openUntil(dependency, start);
  if (whole.isOpen && whole.until >= end) return undefined;
  let [at, open, missing, first] = [start, 0, 0, Infinity];
  for (let step = 0; at < end && step < MOST_STEPS; step += 1) {
    const [one, other] = [openUntil(dependent, at), openUntil(dependency, at)];
    const until = Math.min(one.until, other.until, end);
    if (one.isOpen) open += until - at;
    if (one.isOpen && !other.isOpen) {
      missing += until - at;
      first = Math.min(first, at);
    }
    at = until;
  }
  return missing === 0 ? undefined : { at: first, share: missing / open };
}

function openUntil({ schedule, kind }: Timed, at: WallTime): { readonly isOpen: boolean; readonly until: WallTime } {
  if (schedule === undefined) return { isOpen: true, until: Infinity };
  const { active, until } = standingOf(schedule, kind, at);
  return { isOpen: active, until };
}
