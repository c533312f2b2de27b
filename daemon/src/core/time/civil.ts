/**
 * Civil time: what the clocks on the wall of a time zone show, as a number: milliseconds since 1970-01-01T00:00 of that same
 * clock. So a civil day is always 24 h long, and schedules are plain sums in it.
 *
 * All DST rules of SPEC 3 are one sentence: **a civil time has come as soon as the clocks have shown it, or a later one.**
 * So a time that DST skips comes at the first existing moment after it, a repeated one comes once, the first time; and
 * civil times in order come in order, also where whole days are skipped.
 */
import { Temporal } from 'temporal-polyfill';
import type { Milliseconds, WallTime } from '../model.ts';

/** Milliseconds since 1970-01-01T00:00 on the zone's own clocks. */
export type CivilTime = number;

export const DAY: Milliseconds = 86_400_000;

/** Years 1 to 9998: within them every calendar here can count, also a day further. */
const EARLIEST: WallTime = -62_135_596_800_000;
const LATEST: WallTime = 253_370_764_800_000;

/** Any number that a clock may give, as a time that can be reckoned with. */
export function bounded(at: number): WallTime {
  if (Number.isNaN(at)) return EARLIEST;
  return Math.floor(Math.min(Math.max(at, EARLIEST), LATEST));
}

/**
 * The first moment at which the clocks show this civil time or a later one.
 *
 * @param timezone - an IANA name that Temporal knows
 */
export function instantOfPlain(plain: Temporal.PlainDateTime, timezone: string): WallTime {
  const earlier = plain.toZonedDateTime(timezone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(plain)) return earlier.epochMilliseconds;
  // In a gap, `earlier` is so far before the gap as the written time is within it.
  return (earlier.getTimeZoneTransition('next') ?? earlier).epochMilliseconds;
}

export function instantOf(civil: CivilTime, timezone: string): WallTime {
  return instantOfPlain(plainOf(civil), timezone);
}

/** The civil time as written; UTC has neither gaps nor repetitions. */
export function plainOf(civil: CivilTime): Temporal.PlainDateTime {
  return zoned(civil, 'UTC').toPlainDateTime();
}

export function zoned(at: WallTime, timezone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone);
}

/** What the clocks show. */
export function shownAt(at: WallTime, timezone: string): CivilTime {
  return at + zoned(at, timezone).offsetNanoseconds / 1e6;
}

/** The latest civil time that has come: `instantOf(c) <= at` is the same as `c <= reachedBy(at)`. */
export function reachedBy(at: WallTime, timezone: string): CivilTime {
  const shown = shownAt(at, timezone);
  if (instantOf(shown, timezone) >= at) return shown;
  // The clocks were put back and show it once more: they had come further before.
  const putBack = zoned(at + 1, timezone).getTimeZoneTransition('previous');
  return putBack === null ? shown : Math.max(shown, reachedBy(putBack.epochMilliseconds - 1, timezone));
}

/** Whether the clocks never show this time, or more than once. */
export function dstNoteOf(civil: CivilTime, timezone: string): 'dst-skipped' | 'dst-repeated' | undefined {
  const plain = plainOf(civil);
  const earlier = plain.toZonedDateTime(timezone, { disambiguation: 'earlier' });
  if (!earlier.toPlainDateTime().equals(plain)) return 'dst-skipped';
  const later = plain.toZonedDateTime(timezone, { disambiguation: 'later' });
  return later.epochMilliseconds === earlier.epochMilliseconds ? undefined : 'dst-repeated';
}
