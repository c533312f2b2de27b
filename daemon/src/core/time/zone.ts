/** How far a zone's clocks are from UTC, and until when: Temporal is asked once for each stretch without a change. */
import { Temporal } from 'temporal-polyfill';
import type { Milliseconds, WallTime } from '../model.ts';

/** From one change of the clocks to the next, or a part of that. */
export interface Stretch {
  readonly from: WallTime;
  readonly until: WallTime;
  /** The clocks show the time since the epoch plus this. */
  readonly offset: Milliseconds;
}

/** No stretch is taken for longer than this to both sides: the polyfill overlooks some changes of the clocks long ago. */
const KNOWN_FOR: Milliseconds = 400 * 86_400_000;

/** The years around now, and some for clocks that are far off. */
const REMEMBERED = 32;

/** The stretches asked for last, by zone. */
const stretches = new Map<string, readonly Stretch[]>();

/** @param timezone - an IANA name that Temporal knows */
export function stretchAt(at: WallTime, timezone: string): Stretch {
  const known = stretches.get(timezone) ?? [];
  const found = known.find(({ from, until }) => from <= at && at < until);
  if (found !== undefined) return found;
  const stretch = reckon(at, timezone);
  stretches.set(timezone, [stretch, ...known].slice(0, REMEMBERED));
  return stretch;
}

function reckon(at: WallTime, timezone: string): Stretch {
  const { offsetNanoseconds } = zoned(at, timezone);
  return {
    from: Math.max(changeBefore(at + 1, timezone) ?? -Infinity, at - KNOWN_FOR),
    until: Math.min(changeAfter(at, timezone) ?? Infinity, at + KNOWN_FOR),
    offset: offsetNanoseconds / 1e6,
  };
}

export function zoned(at: WallTime, timezone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone);
}

/** The first moment later than `at` at which the clocks are put forward or back. */
export function changeAfter(at: WallTime, timezone: string): WallTime | undefined {
  return zoned(at, timezone).getTimeZoneTransition('next')?.epochMilliseconds;
}

function changeBefore(at: WallTime, timezone: string): WallTime | undefined {
  return zoned(at, timezone).getTimeZoneTransition('previous')?.epochMilliseconds;
}
