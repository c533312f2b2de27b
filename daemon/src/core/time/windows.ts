/**
 * The windows of `{ start, stop, days, timezone }`: one for each civil day of `days`, from `start` of that day to `stop` of
 * that day, or of the next one where `stop` is at or before `start`. None is longer than a civil day, so they never overlap,
 * though they may touch. One that DST leaves no time for does not exist.
 */
import type { Milliseconds, Schedule, WallTime, WeekDay } from '../model.ts';
import { DAY, instantOf, reachedBy, type CivilTime } from './civil.ts';
import type { Window, WindowKind } from './standing.ts';

export type DailyWindows = Extract<Schedule, { readonly kind: 'windows' }>;

/** A civil day: whole days since 1970-01-01, which was a Thursday. */
type DayNumber = number;

/** More days than can lie between two windows: a week, DST that takes one away, and the day that Samoa left out. */
const FAR: DayNumber = 30;

/** More windows than can touch in a row without being open always. */
const MANY = 20;

export function weekDayOf(day: DayNumber): WeekDay {
  return (((((day + 3) % 7) + 7) % 7) + 1) as WeekDay;
}

/** How long a window is on the clocks, at most `DAY`. */
export function lengthOf({ start, stop }: DailyWindows): Milliseconds {
  return stop > start ? stop - start : stop - start + DAY;
}

/** A service's windows that fill each day and touch: it is never closed. */
export function isAlwaysOpen(schedule: DailyWindows, kind: WindowKind): boolean {
  return kind === 'service' && lengthOf(schedule) === DAY && new Set(schedule.days).size === 7;
}

export interface CivilWindow {
  readonly opens: CivilTime;
  readonly closes: CivilTime;
}

/** The civil times at which a day's window opens and closes; undefined on a day without one. */
export function civilWindow(schedule: DailyWindows, day: DayNumber): CivilWindow | undefined {
  if (!schedule.days.includes(weekDayOf(day))) return undefined;
  const opens = day * DAY + schedule.start;
  return { opens, closes: opens + lengthOf(schedule) };
}

function windowOf(schedule: DailyWindows, day: DayNumber): Window | undefined {
  const civil = civilWindow(schedule, day);
  if (civil === undefined) return undefined;
  const opens = instantOf(civil.opens, schedule.timezone);
  const closes = instantOf(civil.closes, schedule.timezone);
  return opens < closes ? { opens, closes } : undefined;
}

interface DatedWindow {
  readonly day: DayNumber;
  readonly window: Window;
}

/** The first window found from `day` on, going by `step`. */
function findWindow(schedule: DailyWindows, day: DayNumber, step: 1 | -1): DatedWindow | undefined {
  for (let tried = 0; tried <= FAR; tried += 1) {
    const candidate = day + step * tried;
    const window = windowOf(schedule, candidate);
    if (window !== undefined) return { day: candidate, window };
  }
  return undefined;
}

/** The day whose `start` has come last. */
function dayReached(schedule: DailyWindows, at: WallTime): DayNumber {
  return Math.floor((reachedBy(at, schedule.timezone) - schedule.start) / DAY);
}

/** The window that is open, else the one that was open last. */
export function latestWindow(schedule: DailyWindows, kind: WindowKind, at: WallTime): Window | undefined {
  const latest = findWindow(schedule, dayReached(schedule, at), -1);
  return latest === undefined || kind === 'one-shot' ? latest?.window : merged(schedule, latest);
}

/** The next window that opens later than `at`; a service's does not touch the one before it. */
export function nextWindow(schedule: DailyWindows, kind: WindowKind, at: WallTime): Window | undefined {
  if (isAlwaysOpen(schedule, kind)) return undefined;
  let next = findWindow(schedule, dayReached(schedule, at) + 1, 1);
  if (kind === 'one-shot') return next?.window;
  let before = findWindow(schedule, dayReached(schedule, at), -1);
  for (let seen = 0; next !== undefined && before !== undefined && seen < MANY; seen += 1) {
    if (next.window.opens > before.window.closes) break;
    before = next;
    next = findWindow(schedule, before.day + 1, 1);
  }
  return next === undefined ? undefined : merged(schedule, next);
}

/** All windows that touch this one, as one. */
function merged(schedule: DailyWindows, { day, window }: DatedWindow): Window {
  return { opens: reach(schedule, day, window.opens, -1), closes: reach(schedule, day, window.closes, 1) };
}

function reach(schedule: DailyWindows, day: DayNumber, edge: WallTime, step: 1 | -1): WallTime {
  let [from, end] = [day, edge];
  for (let seen = 0; seen < MANY; seen += 1) {
    const next = findWindow(schedule, from + step, step);
    if (next === undefined) return end;
    const { opens, closes } = next.window;
    if (step === 1 ? opens > end : closes < end) return end;
    [from, end] = [next.day, step === 1 ? closes : opens];
  }
  return end;
}
