/** The promises of `standingOf`, and whether it agrees with clocks that are read minute by minute. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Schedule, WeekDay } from '../model.ts';
import {
  clocksOf, dateOf, dayOf, MINUTE, minuteOf, MINUTES_PER_DAY, weekDay, type Clocks,
} from '../testing/civil-oracle.ts'; // prettier-ignore
import { CRON_GRACE, standingOf, windowsBetween, type Standing, type Window, type WindowKind } from './standing.ts';

type DailyWindows = Extract<Schedule, { kind: 'windows' }>;

/** With a year that is worth looking at: leap years, and the one in which Samoa left a day out. */
const ZONES = [
  ['Europe/Madrid', 2024],
  ['America/New_York', 2024],
  ['Australia/Lord_Howe', 2025],
  ['Asia/Kolkata', 2023],
  ['Pacific/Apia', 2011],
  ['Antarctica/Troll', 2026],
  ['Africa/Cairo', 2024],
] as const;

const clockCache = new Map<string, Clocks>();

/** A whole year of UTC. */
function yearOf(timezone: string, year: number): Clocks {
  const key = `${timezone} ${year}`;
  const first = minuteOf(year, 1, 1);
  const clocks = clockCache.get(key) ?? clocksOf(timezone, first, minuteOf(year + 1, 1, 1) - first);
  clockCache.set(key, clocks);
  return clocks;
}

const EVERY_DAY: readonly WeekDay[] = [1, 2, 3, 4, 5, 6, 7];

/** @param start - minutes after midnight, as `stop` */
function daily(start: number, stop: number, days: readonly WeekDay[], timezone: string): DailyWindows {
  return {
    kind: 'windows',
    start: start * MINUTE,
    stop: stop * MINUTE,
    days,
    timezone,
    text: `${start}-${stop} ${days.join()}`,
  };
}

/** For each minute the day whose window is open, or NaN. */
function openDays({ start, stop, days }: DailyWindows, { reached }: Clocks): Float64Array {
  const [opens, closes] = [start / MINUTE, stop > start ? stop / MINUTE : stop / MINUTE + MINUTES_PER_DAY];
  const isDay = EVERY_DAY.map((day) => days.includes(day));
  const open = new Float64Array(reached.length);
  for (let index = 0; index < reached.length; index += 1) {
    const civil = reached[index]!;
    const today = dayOf(civil);
    const isOpen = (day: number): boolean => {
      const since = civil - day * MINUTES_PER_DAY;
      return opens <= since && since < closes && isDay[weekDay(day) - 1]!;
    };
    open[index] = isOpen(today) ? today : isOpen(today - 1) ? today - 1 : NaN;
  }
  return open;
}

/** The windows that open within these minutes: a service's go on from day to day. */
function windowsOf(open: Float64Array, first: number, kind: WindowKind): Window[] {
  const at = (index: number): number => (first + index) * MINUTE;
  const windows: Window[] = [];
  for (let index = 1; index < open.length; index += 1) {
    const [before, now] = [open[index - 1]!, open[index]!];
    const closes = !Number.isNaN(before) && (Number.isNaN(now) || (kind === 'one-shot' && now !== before));
    const last = windows.at(-1);
    if (closes && last !== undefined) windows[windows.length - 1] = { opens: last.opens, closes: at(index) };
    if (!Number.isNaN(now) && (Number.isNaN(before) || closes)) windows.push({ opens: at(index), closes: Infinity });
  }
  return windows;
}

const SCHEDULES: readonly (readonly [start: number, stop: number, days: readonly WeekDay[]])[] = [
  [8 * 60, 18 * 60, [1, 2, 3, 4, 5]],
  // Overnight, with both ends where clocks are changed.
  [150, 135, EVERY_DAY],
  [23 * 60 + 30, 2 * 60 + 15, [5, 6, 7]],
  // Whole days, from midnight to midnight.
  [0, 24 * 60, [1, 2, 3, 4, 5]],
  // Days on which the clocks skip all of it.
  [130, 145, EVERY_DAY],
  [0, 30, [4, 5, 7]],
];

describe.each(ZONES)('%s, minute by minute through %i', (timezone, year) => {
  test.each(['service', 'one-shot'] as const)('windows of a %s', (kind) => {
    const clocks = yearOf(timezone, year);
    const { first, reached } = clocks;
    const [from, to] = [first * MINUTE, (first + reached.length) * MINUTE];
    for (const given of SCHEDULES) {
      const schedule = daily(...given, timezone);
      const open = openDays(schedule, clocks);
      const expected = windowsOf(open, first, kind);
      const found = windowsBetween(schedule, kind, from + 1, to, Infinity);
      // The last one may close in the next year.
      expect(
        found.map(({ opens }) => opens),
        schedule.text,
      ).toEqual(expected.map(({ opens }) => opens));
      expect(found.slice(0, -1), schedule.text).toEqual(expected.slice(0, -1));
      expect(disagreements(schedule, kind, open, first), schedule.text).toEqual([]);
      expect(walk(schedule, kind, from, to), schedule.text).toEqual(
        [...new Set(expected.flatMap(({ opens, closes }) => [opens, closes]))].filter((at) => at < to),
      );
    }
  });
});

/** The minutes at which a standing is not what the clocks say. */
function disagreements(schedule: DailyWindows, kind: WindowKind, open: Float64Array, first: number): number[] {
  const wrong: number[] = [];
  for (let index = 0; index < open.length; index += 1) {
    const at = (first + index) * MINUTE;
    const { active, from, until } = standingOf(schedule, kind, at);
    if (active === Number.isNaN(open[index]) || from > at || until <= at) wrong.push(at);
  }
  return wrong;
}

/** The boundaries, going from one to the next, from the first opening on. */
function walk(schedule: Schedule, kind: WindowKind, from: number, to: number): number[] {
  const boundaries: number[] = [];
  let at = from;
  while (at < to) {
    const { until, nextStart } = standingOf(schedule, kind, at);
    if (boundaries.length > 0 || until === nextStart) boundaries.push(until);
    at = until;
  }
  return boundaries.filter((boundary) => boundary < to);
}

/* ---------------------------------------------------------------- any schedule at any time */

const minuteOfDay = fc.oneof(fc.integer({ min: 0, max: 1439 }), fc.constantFrom(0, 119, 120, 150, 179, 180, 181, 1439));
const timezone = fc.constantFrom(...ZONES.map(([name]) => name), 'America/Argentina/Buenos_Aires', 'Africa/Casablanca');

const dailySchedule: fc.Arbitrary<DailyWindows> = fc
  .record({
    start: minuteOfDay,
    stop: fc.oneof(minuteOfDay, fc.constant(1440)),
    days: fc.uniqueArray(fc.constantFrom(...EVERY_DAY), { minLength: 1 }),
    timezone,
  })
  .map(({ start, stop, days, timezone: zone }) => daily(start, stop, days.toSorted(), zone));

/** The values of a field of a pattern; undefined is `*`. */
interface Fields {
  readonly minutes?: readonly number[];
  readonly hours?: readonly number[];
  readonly dates?: readonly number[];
  readonly days?: readonly number[];
}

const field = (...values: number[]): fc.Arbitrary<number[] | undefined> =>
  fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 4 }), { nil: undefined });

const fields: fc.Arbitrary<Fields> = fc
  .record({
    minutes: field(0, 15, 30, 31, 59),
    hours: field(0, 1, 2, 3, 23),
    dates: field(1, 29, 30, 31),
    days: field(0, 1, 5),
  })
  .map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));

function patternOf({ minutes, hours, dates, days }: Fields): string {
  return [minutes, hours, dates, undefined, days].map((values) => values?.join(',') ?? '*').join(' ');
}

const cron = (pattern: string, zone: string): Schedule => ({ kind: 'cron', pattern, timezone: zone, text: pattern });

const anySchedule = fc.oneof(
  dailySchedule,
  fc.tuple(fields, timezone).map(([given, zone]) => cron(patternOf(given), zone)),
);

const anyKind = fc.constantFrom('service' as const, 'one-shot' as const);
const anyTime = fc.integer({ min: minuteOf(2000, 1, 1) * MINUTE, max: minuteOf(2040, 1, 1) * MINUTE });

/** Without what is remembered from the time before. */
const afresh = (schedule: Schedule, kind: WindowKind, at: number): Standing => standingOf({ ...schedule }, kind, at);

test('a boundary is always to come, and between two of them nothing changes', () => {
  fc.assert(
    fc.property(
      anySchedule,
      anyKind,
      anyTime,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (schedule, kind, at, part) => {
        const standing = afresh(schedule, kind, at);
        const { active, window, from, until, nextStart, nextStop } = standing;
        expect(from).toBeLessThanOrEqual(at);
        expect(until).toBeGreaterThan(at);
        expect(nextStop).toBe(active && until !== Infinity ? window?.closes : undefined);
        if (nextStart !== undefined) expect(nextStart).toBeGreaterThan(at);
        if (window !== undefined) expect(active).toBe(window.opens <= at && at < window.closes);
        if (!Number.isFinite(from) || !Number.isFinite(until)) return;
        for (const within of [from, from + Math.floor((until - 1 - from) * part), until - 1])
          expect(afresh(schedule, kind, within)).toEqual(standing);
        expect(afresh(schedule, kind, until)).not.toEqual(standing);
        expect(afresh(schedule, kind, until).from).toBe(until);
        expect(afresh(schedule, kind, from - 1).until).toBe(from);
      },
    ),
    { numRuns: 4000 },
  );
});

test('no clock is too far off to be answered', () => {
  fc.assert(
    fc.property(anySchedule, anyKind, fc.oneof(fc.double(), fc.integer(), anyTime), (schedule, kind, at) => {
      const { from, until } = standingOf(schedule, kind, at);
      if (!Number.isNaN(at)) expect(from <= at && at < until).toBe(at !== Infinity);
    }),
    { numRuns: 4000 },
  );
});

/* ---------------------------------------------------------------- cron */

/** Whether a civil minute is one of the pattern; as in cron, one of two given kinds of day is enough. */
function comes({ minutes, hours, dates, days }: Fields, civil: number): boolean {
  const ofDay = civil - dayOf(civil) * MINUTES_PER_DAY;
  if (minutes?.includes(ofDay % 60) === false || hours?.includes(Math.floor(ofDay / 60)) === false) return false;
  if (dates === undefined && days === undefined) return true;
  const day = dayOf(civil);
  const isDate = dates?.includes(dateOf(day).dayOfMonth) ?? false;
  return isDate || (days?.includes(weekDay(day) % 7) ?? false);
}

/** The moments at which clocks reach a minute of the pattern, or go past one. */
function cronTimes(given: Fields, { first, reached }: Clocks, from: number, to: number): number[] {
  const times: number[] = [];
  for (let moment = from; moment < to; moment += 1) {
    const [before, now] = [reached[moment - first - 1]!, reached[moment - first]!];
    for (let civil = before + 1; civil <= now; civil += 1) {
      if (!comes(given, civil)) continue;
      times.push(moment * MINUTE);
      break;
    }
  }
  return times;
}

/** Moments around which the clocks are changed, and some others. */
function turnsOf({ first, reached }: Clocks): number[] {
  const turns = [MINUTES_PER_DAY * 3];
  for (let index = 1; index < reached.length; index += 1) {
    const step = reached[index]! - reached[index - 1]!;
    const isPutBack = step === 0 && reached[index - 2] !== reached[index];
    if (step > 1 || isPutBack) turns.push(index);
  }
  return turns.map((index) => first + index);
}

test('cron agrees with clocks read minute by minute, around each change of the clocks', () => {
  const cases = ZONES.flatMap(([zone, year]) => turnsOf(yearOf(zone, year)).map((turn) => ({ zone, year, turn })));
  fc.assert(
    fc.property(fields, fc.constantFrom(...cases), ({ ...given }, { zone, year, turn }) => {
      const clocks = yearOf(zone, year);
      const [from, to] = [turn - MINUTES_PER_DAY, turn + MINUTES_PER_DAY];
      const schedule = cron(patternOf(given), zone);
      const expected = cronTimes(given, clocks, from, to);
      const found = windowsBetween(schedule, 'one-shot', from * MINUTE, to * MINUTE, Infinity);
      expect(found.map(({ opens }) => opens)).toEqual(expected);
      for (let moment = from; moment < to; moment += 1) {
        const { active, window } = standingOf(schedule, 'one-shot', moment * MINUTE);
        expect(active && window?.opens === moment * MINUTE).toBe(expected.includes(moment * MINUTE));
        expect(standingOf(schedule, 'one-shot', moment * MINUTE + CRON_GRACE - 1).active).toBe(active);
      }
    }),
    { numRuns: 100 },
  );
});

test.each(ZONES)('cron in %s through %i', (zone, year) => {
  const clocks = yearOf(zone, year);
  const [from, to] = [clocks.first + 1, clocks.first + clocks.reached.length];
  for (const given of [
    { minutes: [30], hours: [2] },
    { minutes: [0], hours: [0], dates: [29, 30, 31] },
    { minutes: [59], hours: [23], days: [5, 0] },
  ]) {
    const found = windowsBetween(cron(patternOf(given), zone), 'one-shot', from * MINUTE, to * MINUTE, Infinity);
    expect(
      found.map(({ opens }) => opens),
      patternOf(given),
    ).toEqual(cronTimes(given, clocks, from, to));
  }
});
