/** Where a schedule stands at a moment: open or closed, since when, and until when that holds (SPEC 3). */
import type { Schedule, WallTime } from '../model.ts';
import { bounded } from './civil.ts';
import { latestCron, nextCron } from './cron.ts';
import { isAlwaysOpen, latestWindow, nextWindow } from './windows.ts';

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

/**
 * Where a schedule stands: asking again within `from` and `until` costs nothing, so it may be asked for each instance in
 * each turn.
 *
 * @param at - any number, also of a clock that is far off
 */
export function standingOf(schedule: Schedule, kind: WindowKind, at: WallTime): Standing {
  const known = latest[kind].get(schedule);
  if (known !== undefined && known.from <= at && at < known.until) return known;
  const standing = reckon(schedule, kind, at);
  latest[kind].set(schedule, standing);
  return standing;
}

/** What was answered last, for each schedule. */
const latest: Readonly<Record<WindowKind, WeakMap<Schedule, Standing>>> = {
  service: new WeakMap(),
  'one-shot': new WeakMap(),
};

const ALWAYS: Standing = {
  active: true,
  window: { opens: -Infinity, closes: Infinity },
  from: -Infinity,
  until: Infinity,
};

function reckon(schedule: Schedule, kind: WindowKind, given: WallTime): Standing {
  if (schedule.kind === 'windows' && isAlwaysOpen(schedule, kind)) return ALWAYS;
  const at = bounded(given);
  const window = latestOf(schedule, kind, at);
  const next = nextOf(schedule, kind, at)?.opens;
  const active = window !== undefined && at < window.closes;
  const from = (active ? window.opens : window?.closes) ?? -Infinity;
  const until = (active ? window.closes : next) ?? Infinity;
  return {
    active,
    ...(window === undefined ? {} : { window }),
    // Beyond the years that can be reckoned with, what holds at their edge holds for ever.
    from: given < from ? given : from,
    until: given >= until ? Infinity : until,
    ...(next === undefined ? {} : { nextStart: next }),
    ...(active ? { nextStop: window.closes } : {}),
  };
}

const latestOf = (schedule: Schedule, kind: WindowKind, at: WallTime): Window | undefined =>
  schedule.kind === 'cron' ? latestCron(schedule, at) : latestWindow(schedule, kind, at);

const nextOf = (schedule: Schedule, kind: WindowKind, at: WallTime): Window | undefined =>
  schedule.kind === 'cron' ? nextCron(schedule, at) : nextWindow(schedule, kind, at);

/** The next window that opens later than `at`; undefined: never again. */
export function nextWindowAfter(schedule: Schedule, kind: WindowKind, at: WallTime): Window | undefined {
  return nextOf(schedule, kind, bounded(at));
}

/** The windows that open from `from` on and before `to`, in order, at most `limit`. A schedule that is always open has none. */
export function windowsBetween(
  schedule: Schedule,
  kind: WindowKind,
  from: WallTime,
  to: WallTime,
  limit: number,
): readonly Window[] {
  const windows: Window[] = [];
  for (const window of windowsFrom(schedule, kind, from)) {
    if (window.opens >= to || windows.length >= limit) break;
    windows.push(window);
  }
  return windows;
}

/** The windows that open from `from` on, in order, for as long as one asks. */
export function* windowsFrom(schedule: Schedule, kind: WindowKind, from: WallTime): Generator<Window> {
  let window = nextWindowAfter(schedule, kind, bounded(from) - 1);
  while (window !== undefined) {
    yield window;
    window = nextWindowAfter(schedule, kind, window.opens);
  }
}
