/** Where a schedule stands at a moment: open or closed, since when, and until when that holds (SPEC 3). */
import type { Schedule, WallTime } from '../model.ts';

export interface Window {
  /** The first moment at which it is open. */
  readonly opens: WallTime;
  /** The first moment at which it is closed again. */
  readonly closes: WallTime;
}

export interface Standing {
  /** Services: within a window (touching windows are one). One-shots: within a window; cron: a time has come less than CRON_GRACE ago. */
  readonly active: boolean;
  /** The window that is open, else the one that was open last; undefined where none was within the last year or so. */
  readonly window?: Window;
  /** All of this holds for from <= t < until; `until` is Infinity where nothing will ever change. */
  readonly from: WallTime;
  readonly until: WallTime;
  /** When it opens next (later than now); undefined: never again. */
  readonly nextStart?: WallTime;
  /** While active: when it closes. */
  readonly nextStop?: WallTime;
}

/** A cron time is due for so long: a daemon that is restarted at that very moment does not miss it. */
export const CRON_GRACE = 60_000;

/** How touching windows are taken: as one for services, each its own for one-shots. */
export type WindowKind = 'service' | 'one-shot';

export function standingOf(schedule: Schedule, kind: WindowKind, at: WallTime): Standing {
  void schedule;
  void kind;
  return { active: true, from: at, until: Infinity };
}
