import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import type { Schedule, WallTime } from '../model.ts';
import { ALL_DAYS, cron, daily, MADRID } from '../testing/schedules.ts';
import { instantOf, reachedBy, shownAt } from './civil.ts';
import { cronProblem } from './cron.ts';
import { dstNote } from './dst.ts';
import { nextWindowAfter, standingOf, windowsBetween, type WindowKind } from './standing.ts';

const NEW_YORK = 'America/New_York';
const LORD_HOWE = 'Australia/Lord_Howe';
const APIA = 'Pacific/Apia';
const KOLKATA = 'Asia/Kolkata';

/** With its offset: `2024-03-31T03:00:00+02:00`. */
const at = (text: string): WallTime => Temporal.Instant.from(text).epochMilliseconds;

function show(time: WallTime | undefined, timezone: string): string {
  if (time === undefined) return 'never';
  if (!Number.isFinite(time)) return String(time);
  const moment = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timezone);
  const smallestUnit = time % 60_000 === 0 ? 'minute' : 'second';
  return moment.toString({ smallestUnit, timeZoneName: 'never' });
}

/** `open FROM UNTIL, next START`, in the schedule's zone. */
function tell(schedule: Schedule, kind: WindowKind, time: WallTime): string {
  const { active, from, until, nextStart } = standingOf(schedule, kind, time);
  const [since, to, next] = [from, until, nextStart].map((each) => show(each, schedule.timezone));
  return `${active ? 'open' : 'closed'} ${since} ${to}, next ${next}`;
}

describe('a service', () => {
  const work = daily('08:00-18:00', [1, 2, 3, 4, 5], MADRID);
  const night = daily('22:00-06:00', [5], MADRID);
  test.each([
    ['within its hours', work, '2024-05-03T09:00:00+02:00',
      'open 2024-05-03T08:00+02:00 2024-05-03T18:00+02:00, next 2024-05-06T08:00+02:00'],
    ['from its very first millisecond', work, '2024-05-03T08:00:00+02:00',
      'open 2024-05-03T08:00+02:00 2024-05-03T18:00+02:00, next 2024-05-06T08:00+02:00'],
    ['closed at its stop time', work, '2024-05-03T18:00:00+02:00',
      'closed 2024-05-03T18:00+02:00 2024-05-06T08:00+02:00, next 2024-05-06T08:00+02:00'],
    ['closed at the weekend', work, '2024-05-05T12:00:00+02:00',
      'closed 2024-05-03T18:00+02:00 2024-05-06T08:00+02:00, next 2024-05-06T08:00+02:00'],
    ['overnight: it belongs to the day on which it starts', night, '2024-05-04T05:59:59.999+02:00',
      'open 2024-05-03T22:00+02:00 2024-05-04T06:00+02:00, next 2024-05-10T22:00+02:00'],
    ['overnight: not in the early hours of that day', night, '2024-05-03T05:00:00+02:00',
      'closed 2024-04-27T06:00+02:00 2024-05-03T22:00+02:00, next 2024-05-03T22:00+02:00'],
    ['24:00 is the next midnight', daily('20:00-24:00', [1], MADRID), '2024-05-06T23:59:59+02:00',
      'open 2024-05-06T20:00+02:00 2024-05-07T00:00+02:00, next 2024-05-13T20:00+02:00'],
    ['00:00 as stop time is the next midnight too', daily('20:00-00:00', [1], MADRID), '2024-05-06T23:59:59+02:00',
      'open 2024-05-06T20:00+02:00 2024-05-07T00:00+02:00, next 2024-05-13T20:00+02:00'],
    ['whole days are one window', daily('00:00-24:00', [1, 2, 3, 4, 5], MADRID), '2024-05-08T00:00:00+02:00',
      'open 2024-05-06T00:00+02:00 2024-05-11T00:00+02:00, next 2024-05-13T00:00+02:00'],
    ['whole days round the end of the week', daily('12:00-12:00', [6, 7, 1], MADRID), '2024-05-06T13:00:00+02:00',
      'open 2024-05-04T12:00+02:00 2024-05-07T12:00+02:00, next 2024-05-11T12:00+02:00'],
    ['the whole week is always', daily('00:00-24:00', ALL_DAYS, MADRID), '2024-05-08T00:00:00+02:00',
      'open -Infinity Infinity, next never'],
    ['the whole week from noon to noon, too', daily('12:00-12:00', ALL_DAYS, MADRID), '2024-05-08T00:00:00+02:00',
      'open -Infinity Infinity, next never'],
    ['no days: never', daily('08:00-18:00', [], MADRID), '2024-05-08T10:00:00+02:00',
      'closed -Infinity Infinity, next never'],
    ['leap day', daily('08:00-18:00', [4], KOLKATA), '2024-02-29T09:00:00+05:30',
      'open 2024-02-29T08:00+05:30 2024-02-29T18:00+05:30, next 2024-03-07T08:00+05:30'],
    ['year end', daily('23:00-01:00', [2], NEW_YORK), '2025-01-01T00:30:00-05:00',
      'open 2024-12-31T23:00-05:00 2025-01-01T01:00-05:00, next 2025-01-07T23:00-05:00'],
    ['a clock of 1970', work, '1970-01-01T00:00:00Z',
      'closed 1969-12-31T18:00+01:00 1970-01-01T08:00+01:00, next 1970-01-01T08:00+01:00'],
    ['the year 9999', work, '9999-06-01T00:00:00Z',
      'closed 9998-12-31T18:00+01:00 Infinity, next 9999-01-01T08:00+01:00'],
  ])('%s', (_what, schedule, time, expected) => {
    expect(tell(schedule, 'service', at(time))).toBe(expected);
  }); // prettier-ignore

  test.each([
    ['start at a skipped time: after the gap', daily('02:30-05:00', ALL_DAYS, MADRID), '2024-03-31T03:00:00+02:00',
      'open 2024-03-31T03:00+02:00 2024-03-31T05:00+02:00, next 2024-04-01T02:30+02:00'],
    ['stop at a skipped time: after the gap', daily('00:00-02:30', ALL_DAYS, NEW_YORK), '2024-03-10T01:59:00-05:00',
      'open 2024-03-10T00:00-05:00 2024-03-10T03:00-04:00, next 2024-03-11T00:00-04:00'],
    ['both skipped: no window', daily('02:10-02:50', ALL_DAYS, MADRID), '2024-03-31T03:00:00+02:00',
      'closed 2024-03-30T02:50+01:00 2024-04-01T02:10+02:00, next 2024-04-01T02:10+02:00'],
    ['start at a repeated time: the first', daily('02:30-05:00', ALL_DAYS, MADRID), '2024-10-27T02:30:00+02:00',
      'open 2024-10-27T02:30+02:00 2024-10-27T05:00+01:00, next 2024-10-28T02:30+01:00'],
    ['stop at a repeated time: the first, and not once more', daily('00:00-01:30', ALL_DAYS, NEW_YORK), '2024-11-03T01:15:00-05:00',
      'closed 2024-11-03T01:30-04:00 2024-11-04T00:00-05:00, next 2024-11-04T00:00-05:00'],
    ['all of it repeated: once', daily('02:10-02:50', ALL_DAYS, MADRID), '2024-10-27T02:30:00+01:00',
      'closed 2024-10-27T02:50+02:00 2024-10-28T02:10+01:00, next 2024-10-28T02:10+01:00'],
    ['half an hour is skipped', daily('02:15-06:00', ALL_DAYS, LORD_HOWE), '2025-10-05T02:30:00+11:00',
      'open 2025-10-05T02:30+11:00 2025-10-05T06:00+11:00, next 2025-10-06T02:15+11:00'],
    ['half an hour comes twice', daily('01:45-06:00', ALL_DAYS, LORD_HOWE), '2025-04-06T01:45:00+10:30',
      'open 2025-04-06T01:45+11:00 2025-04-06T06:00+10:30, next 2025-04-07T01:45+10:30'],
    ['without DST nothing moves', daily('02:30-05:00', ALL_DAYS, KOLKATA), '2024-03-31T02:30:00+05:30',
      'open 2024-03-31T02:30+05:30 2024-03-31T05:00+05:30, next 2024-04-01T02:30+05:30'],
    ['a Friday that Samoa left out has no window', daily('08:00-18:00', [5], APIA), '2011-12-31T09:00:00+14:00',
      'closed 2011-12-23T18:00-10:00 2012-01-06T08:00+14:00, next 2012-01-06T08:00+14:00'],
    ['an evening before it lasts until after it', daily('20:00-04:00', [4], APIA), '2011-12-29T23:00:00-10:00',
      'open 2011-12-29T20:00-10:00 2011-12-31T00:00+14:00, next 2012-01-05T20:00+14:00'],
    ['a gap of 15 minutes that the clocks skip is none', daily('02:30-02:15', ALL_DAYS, MADRID), '2024-03-31T03:00:00+02:00',
      'open 2024-03-30T02:30+01:00 2024-04-01T02:15+02:00, next 2024-04-01T02:30+02:00'],
  ])('DST: %s', (_what, schedule, time, expected) => {
    expect(tell(schedule, 'service', at(time))).toBe(expected);
  }); // prettier-ignore
});

describe('a one-shot', () => {
  test.each([
    ['has a window for each day', daily('00:00-24:00', ALL_DAYS, MADRID), '2024-05-08T00:00:00+02:00',
      'open 2024-05-08T00:00+02:00 2024-05-09T00:00+02:00, next 2024-05-09T00:00+02:00'],
    ['has a day of 23 hours', daily('00:00-24:00', ALL_DAYS, MADRID), '2024-03-31T12:00:00+02:00',
      'open 2024-03-31T00:00+01:00 2024-04-01T00:00+02:00, next 2024-04-01T00:00+02:00'],
    ['by cron is due for a minute', cron('0 3 * * *', MADRID), '2024-05-08T03:00:59.999+02:00',
      'open 2024-05-08T03:00+02:00 2024-05-08T03:01+02:00, next 2024-05-09T03:00+02:00'],
    ['by cron is no longer due after it', cron('0 3 * * *', MADRID), '2024-05-08T03:01:00+02:00',
      'closed 2024-05-08T03:01+02:00 2024-05-09T03:00+02:00, next 2024-05-09T03:00+02:00'],
    ['by cron with seconds is due until the next time', cron('*/20 * * * * *', MADRID), '2024-05-08T03:00:25+02:00',
      'open 2024-05-08T03:00:20+02:00 2024-05-08T03:00:40+02:00, next 2024-05-08T03:00:40+02:00'],
    ['by cron at a skipped time', cron('30 2 * * *', MADRID), '2024-03-31T03:00:00+02:00',
      'open 2024-03-31T03:00+02:00 2024-03-31T03:01+02:00, next 2024-04-01T02:30+02:00'],
    ['by cron at several skipped times: once', cron('*/30 2 * * *', MADRID), '2024-03-31T03:00:00+02:00',
      'open 2024-03-31T03:00+02:00 2024-03-31T03:01+02:00, next 2024-04-01T02:00+02:00'],
    ['by cron at a repeated time: the first', cron('30 1 * * *', NEW_YORK), '2024-11-03T01:30:00-05:00',
      'closed 2024-11-03T01:31-04:00 2024-11-04T01:30-05:00, next 2024-11-04T01:30-05:00'],
    ['by cron each hour: an hour that comes twice counts once', cron('0 * * * *', NEW_YORK), '2024-11-03T01:00:00-05:00',
      'closed 2024-11-03T01:01-04:00 2024-11-03T02:00-05:00, next 2024-11-03T02:00-05:00'],
    ['by cron on leap days', cron('0 0 29 2 *', MADRID), '2024-03-01T00:00:00+01:00',
      'closed 2024-02-29T00:01+01:00 2028-02-29T00:00+01:00, next 2028-02-29T00:00+01:00'],
    ['by cron on a day that no month has', cron('0 0 30 2 *', MADRID), '2024-03-01T00:00:00+01:00',
      'closed -Infinity Infinity, next never'],
    ['by cron of a year that is over', cron('0 0 0 1 1 * 2020', MADRID), '2024-03-01T00:00:00+01:00',
      'closed 2020-01-01T00:01+01:00 Infinity, next never'],
    ['by a pattern that is none', cron('nonsense', MADRID), '2024-03-01T00:00:00+01:00',
      'closed -Infinity Infinity, next never'],
  ])('%s', (_what, schedule, time, expected) => {
    expect(tell(schedule, 'one-shot', at(time))).toBe(expected);
  }); // prettier-ignore
});

test('what is asked for again is not reckoned again', () => {
  const schedule = daily('08:00-18:00', [1], MADRID);
  const first = standingOf(schedule, 'service', at('2024-05-06T09:00:00+02:00'));
  expect(standingOf(schedule, 'service', first.from)).toBe(first);
  expect(standingOf(schedule, 'service', first.until - 1)).toBe(first);
  expect(standingOf(schedule, 'service', first.until)).not.toBe(first);
});

test('windows that open between two times', () => {
  const schedule = daily('08:00-18:00', ALL_DAYS, MADRID);
  const [from, to] = [at('2024-05-06T08:00:00+02:00'), at('2024-05-08T08:00:00+02:00')];
  const opens = (limit: number): string[] =>
    windowsBetween(schedule, 'service', from, to, limit).map((window) => show(window.opens, MADRID));
  expect(opens(10)).toEqual(['2024-05-06T08:00+02:00', '2024-05-07T08:00+02:00']);
  expect(opens(1)).toEqual(['2024-05-06T08:00+02:00']);
  expect(nextWindowAfter(schedule, 'service', from)?.opens).toBe(at('2024-05-07T08:00:00+02:00'));
  expect(windowsBetween(daily('00:00-24:00', ALL_DAYS, MADRID), 'service', -Infinity, Infinity, 10)).toEqual([]);
  expect(windowsBetween(schedule, 'service', NaN, -Infinity, 10)).toEqual([]);
});

test.each([
  ['0 3 * * *', undefined],
  ['  */5 8-18 * * mon-fri ', undefined],
  ['@daily', undefined],
  ['0 0 0 1 1 * 2030', undefined],
  ['', 'five fields are needed: minute hour day-of-month month day-of-week'],
  ['0 3 * *', 'five fields are needed: minute hour day-of-month month day-of-week'],
  ['2024-01-01T00:00:00', 'five fields are needed: minute hour day-of-month month day-of-week'],
  ['0 3 ? * *', '`?` has no meaning here: write `*`'],
  ['60 * * * *', 'Invalid value for minute: 60'],
])('the pattern "%s": %s', (pattern, problem) => {
  expect(cronProblem(pattern)).toBe(problem);
});

test('croner knows no @reboot', () => {
  expect(cronProblem('@reboot')).toMatch(/@reboot is not supported/);
});

test.each([
  ['a time like any other', daily('08:00-18:00', ALL_DAYS, MADRID), '2024-03-31T08:00:00+02:00', undefined],
  ['a start that was skipped', daily('02:30-05:00', ALL_DAYS, MADRID), '2024-03-31T03:00:00+02:00', 'dst-skipped'],
  ['a stop that was skipped', daily('00:00-02:30', ALL_DAYS, MADRID), '2024-03-31T03:00:00+02:00', 'dst-skipped'],
  ['the end of the gap itself', daily('03:00-05:00', ALL_DAYS, MADRID), '2024-03-31T03:00:00+02:00', undefined],
  ['a start that comes twice', daily('02:30-05:00', ALL_DAYS, MADRID), '2024-10-27T02:30:00+02:00', 'dst-repeated'],
  [
    'an overnight stop that comes twice',
    daily('22:00-02:30', ALL_DAYS, MADRID),
    '2024-10-27T02:30:00+02:00',
    'dst-repeated',
  ],
  ['a midnight that Samoa left out', daily('20:00-24:00', [4], APIA), '2011-12-31T00:00:00+14:00', 'dst-skipped'],
  ['a cron time that was skipped', cron('30 2 * * *', MADRID), '2024-03-31T03:00:00+02:00', 'dst-skipped'],
  ['a cron time that comes twice', cron('30 2 * * *', MADRID), '2024-10-27T02:30:00+02:00', 'dst-repeated'],
  ['a cron time of each hour', cron('0 * * * *', MADRID), '2024-03-31T03:00:00+02:00', undefined],
  ['no boundary at all', daily('02:30-05:00', ALL_DAYS, MADRID), '2024-03-31T03:01:00+02:00', undefined],
])('the DST note of %s', (_what, schedule, time, expected) => {
  expect(dstNote(schedule, at(time))).toBe(expected);
});

test('the DST note of one edge of two', () => {
  const schedule = daily('00:00-24:00', [4, 6], APIA);
  const edge = at('2011-12-31T00:00:00+14:00');
  expect(dstNote(schedule, edge, 'closes')).toBe('dst-skipped');
  expect(dstNote(schedule, edge, 'opens')).toBe(undefined);
});

test('civil time goes on in order: skipped times come at once, repeated ones count once', () => {
  const civil = (text: string): number => Temporal.Instant.from(`${text}Z`).epochMilliseconds;
  expect(instantOf(civil('2024-03-31T02:30'), MADRID)).toBe(at('2024-03-31T03:00:00+02:00'));
  expect(instantOf(civil('2024-10-27T02:30'), MADRID)).toBe(at('2024-10-27T02:30:00+02:00'));
  expect(instantOf(civil('2011-12-30T12:00'), APIA)).toBe(at('2011-12-31T00:00:00+14:00'));
  const second = at('2024-10-27T02:30:00+01:00');
  expect(shownAt(second, MADRID)).toBe(civil('2024-10-27T02:30'));
  expect(reachedBy(second, MADRID)).toBe(civil('2024-10-27T02:59:59.999'));
});
