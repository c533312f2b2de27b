/**
 * Civil time: what the clocks on the wall of a time zone show, as a number: milliseconds since 1970-01-01T00:00 of that same
 * clock. So a civil day is always 24 h long, and schedules are plain sums in it.
 *
 * All DST rules of SPEC 3 are one sentence: **a civil time has come as soon as the clocks have shown it, or a later one.**
 * So a time that DST skips comes at the first existing moment after it, a repeated one comes once, the first time; and
 * civil times in order come in order, also where whole days are skipped.
 */
import type { Temporal } from 'temporal-polyfill';
import type { Milliseconds, WallTime } from '../model.ts';
import { stretchAt, zoned } from './zone.ts';

/** Milliseconds since 1970-01-01T00:00 on the zone's own clocks. */
export type CivilTime = number;

/** What the change of clocks does to a civil time. */
export type DstNote = 'dst-skipped' | 'dst-repeated';

export const DAY: Milliseconds = 86_400_000;

/** Years 1 to 9998: within them every calendar here can count, also a day further. */
const EARLIEST: WallTime = -62_135_596_800_000;
const LATEST: WallTime = 253_370_764_800_000;

/** Any number that a clock may give, as a time that can be reckoned with. */
export function bounded(at: number): WallTime {
  if (Number.isNaN(at)) return EARLIEST;
  return Math.floor(Math.min(Math.max(at, EARLIEST), LATEST));
}

/** No clocks are further from UTC than 16 h, nor were they ever: so far apart, times are in the same order on all of them. */
const APART: Milliseconds = 32 * 3_600_000;

/**
 * When a civil time comes: the first moment at which the clocks show it or a later one.
 *
 * @param timezone - an IANA name that Temporal knows
 */
export function instantOf(civil: CivilTime, timezone: string): WallTime {
  let stretch = stretchAt(civil - APART, timezone);
  while (civil - stretch.offset >= stretch.until) stretch = stretchAt(stretch.until, timezone);
  // Below the stretch's beginning: in a gap, and this is its end.
  return Math.max(civil - stretch.offset, stretch.from);
}

export function instantOfPlain(plain: Temporal.PlainDateTime, timezone: string): WallTime {
  return instantOf(plain.toZonedDateTime('UTC').epochMilliseconds, timezone);
}

/** The civil time as written; UTC has neither gaps nor repetitions. */
export function plainOf(civil: CivilTime): Temporal.PlainDateTime {
  return zoned(civil, 'UTC').toPlainDateTime();
}

/** What the clocks show. */
export function shownAt(at: WallTime, timezone: string): CivilTime {
  return at + stretchAt(at, timezone).offset;
}

/**
 * The latest civil time that has come: what the clocks show, or showed before they were put back. `instantOf(c) <= at` is the
 * same as `c <= reachedBy(at)`.
 */
export function reachedBy(at: WallTime, timezone: string): CivilTime {
  let reached = shownAt(at, timezone);
  let { from } = stretchAt(at, timezone);
  while (from > at - APART) {
    reached = Math.max(reached, shownAt(from - 1, timezone));
    ({ from } = stretchAt(from - 1, timezone));
  }
  return reached;
}

/** Whether the clocks never show this time, or more than once. */
export function dstNoteOf(civil: CivilTime, timezone: string): DstNote | undefined {
  const comes = instantOf(civil, timezone);
  if (shownAt(comes, timezone) !== civil) return 'dst-skipped';
  // Shown again: at another offset, after the clocks were put back.
  let { until } = stretchAt(comes, timezone);
  while (until < comes + APART) {
    const { offset, until: end } = stretchAt(until, timezone);
    if (civil - offset >= until && civil - offset < end) return 'dst-repeated';
    until = end;
  }
  return undefined;
}
