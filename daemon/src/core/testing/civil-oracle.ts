/**
 * What the clocks of a zone show, minute by minute, asked of `Intl` alone: to judge the code in `time/`, which asks Temporal.
 * All is in whole minutes: civil ones since 1970-01-01T00:00 on the zone's clocks, moments since the epoch.
 */
import type { WeekDay } from '../../core/model.ts';

export const MINUTE = 60_000;
export const MINUTES_PER_DAY = 1_440;

/** Changes of the clocks come at quarters of an hour. */
const QUARTER = 15;

export interface Clocks {
  /** The moment of the first entry. */
  readonly first: number;
  /** The latest civil minute shown so far. */
  readonly reached: Int32Array;
}

/** Days since 1970-01-01, by counting (H. Hinnant, "chrono-compatible low-level date algorithms"). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The minute at which a day begins in UTC. */
export function minuteOf(year: number, month: number, day: number): number {
  return daysSinceEpoch(year, month, day) * MINUTES_PER_DAY;
}

/** @param first - a quarter of an hour; the day before is looked at as well, for clocks that were put back by then */
export function clocksOf(timezone: string, first: number, minutes: number): Clocks {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23',
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
  }); // prettier-ignore
  const shownAt = (moment: number): number => {
    const parts = new Map(format.formatToParts(moment * MINUTE).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? NaN;
    return minuteOf(part('year'), part('month'), part('day')) + part('hour') * 60 + part('minute');
  };
  const reached = new Int32Array(minutes);
  let latest = -Infinity;
  for (let quarter = first - MINUTES_PER_DAY; quarter < first + minutes; quarter += QUARTER) {
    const shown = shownAt(quarter);
    for (let minute = 0; minute < QUARTER; minute += 1) {
      latest = Math.max(latest, shown + minute);
      const index = quarter + minute - first;
      if (index >= 0 && index < minutes) reached[index] = latest;
    }
  }
  return { first, reached };
}

/** The day on which a civil minute falls. */
export const dayOf = (civil: number): number => Math.floor(civil / MINUTES_PER_DAY);

/** 1970-01-01 was a Thursday. */
export const weekDay = (day: number): WeekDay => (((((day - 4) % 7) + 7) % 7) + 1) as WeekDay;

/** A civil date, for patterns by month and day of month. */
export function dateOf(day: number): { readonly month: number; readonly dayOfMonth: number } {
  // Steps back to the first of the month: slow and plain.
  for (let year = 1970 + Math.floor(day / 366); ; year += 1) {
    if (daysSinceEpoch(year + 1, 1, 1) <= day) continue;
    for (let month = 12; ; month -= 1) {
      const start = daysSinceEpoch(year, month, 1);
      if (start <= day) return { month, dayOfMonth: day - start + 1 };
    }
  }
}
