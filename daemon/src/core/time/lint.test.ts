import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import type { Schedule, WallTime } from '../model.ts';
import { ALL_DAYS, cron, daily, MADRID, WORK_DAYS } from '../testing/schedules.ts';
import { lintSchedule, type ScheduleFinding } from './lint.ts';
import type { WindowKind } from './standing.ts';

/** In Madrid. */
const at = (text: string): WallTime => Temporal.PlainDateTime.from(text).toZonedDateTime(MADRID).epochMilliseconds;

const show = (time: WallTime | undefined): string | undefined =>
  time === undefined
    ? undefined
    : Temporal.Instant.fromEpochMilliseconds(time)
        .toZonedDateTimeISO(MADRID)
        .toPlainDateTime()
        .toString({ smallestUnit: 'minute' });

const tell = ({ code, key, message, at: time }: ScheduleFinding): string =>
  [code, key, message, show(time)].filter((part) => part !== undefined).join(' | ');

const NOW = at('2026-11-20T12:00');

describe('a schedule', () => {
  test.each<readonly [what: string, schedule: Schedule, kind: WindowKind, findings: string[]]>([
    ['like most', daily('08:00-18:00', WORK_DAYS), 'service', []],
    ['that is always open', daily('00:00-24:00'), 'service', []],
    ['of whole days', daily('00:00-24:00', WORK_DAYS), 'service', []],
    ['of whole days for one-shots', daily('00:00-24:00'), 'one-shot', []],
    ['without days', daily('08:00-18:00', []), 'service',
      ['never-opens | week-days | it never opens: no day is given']],
    ['of a day that no month has', cron('0 0 30 2 *'), 'one-shot',
      ['never-opens | cron | it never comes: 0 0 30 2 *']],
    ['of a year that is over', cron('0 0 0 1 1 * 2020'), 'one-shot',
      ['never-opens | cron | it never comes again: 0 0 0 1 1 * 2020']],
    ['of leap days', cron('0 0 29 2 *'), 'one-shot', []],
    ['until a second before midnight', daily('00:00-23:59:59'), 'service',
      ['short-gap | stop-time | closed for only 1 s between two windows, from 23:59:59 to 00:00 | 2026-11-20T23:59']],
    ['until a minute before midnight', daily('00:00-23:59', WORK_DAYS), 'service',
      ['short-gap | stop-time | closed for only 1 min between two windows, from 23:59 to 00:00 | 2026-11-23T23:59']],
    ['until a minute before midnight, not on two days in a row', daily('00:00-23:59', [1, 3, 5]), 'service', []],
    ['from Sunday to Monday', daily('00:00-23:59', [1, 7]), 'service',
      ['short-gap | stop-time | closed for only 1 min between two windows, from 23:59 to 00:00 | 2026-11-22T23:59']],
    ['with a short gap at noon', daily('12:00-11:57'), 'service',
      ['short-gap | stop-time | closed for only 3 min between two windows, from 11:57 to 12:00 | 2026-11-21T11:57']],
    ['with a gap of five minutes', daily('00:00-23:55'), 'service', []],
    ['that starts at a time of the change', daily('02:30-12:00'), 'service', [
      'dst-skipped | start-time | on 2027-03-28 the clocks of Europe/Madrid skip 02:30: it opens at 03:00 | 2027-03-28T03:00',
      'dst-repeated | start-time | on 2027-10-31 the clocks of Europe/Madrid show 02:30 twice: it opens once, the first time | 2027-10-31T02:30',
    ]],
    ['that does not start on Sundays', daily('02:30-12:00', WORK_DAYS), 'service', []],
    ['that ends overnight at a time of the change', daily('22:00-02:00', [6]), 'service', [
      'dst-skipped | stop-time | on 2027-03-28 the clocks of Europe/Madrid skip 02:00: it closes at 03:00 | 2027-03-28T03:00',
      'dst-repeated | stop-time | on 2027-10-31 the clocks of Europe/Madrid show 02:00 twice: it closes once, the first time | 2027-10-31T02:00',
    ]],
    ['that ends as the skipped hour does', daily('22:00-03:00', [6]), 'service', []],
    ['that is skipped as a whole', daily('02:10-02:50', [7]), 'one-shot', [
      'dst-skipped | start-time | has no window on 2027-03-28: the clocks of Europe/Madrid skip all of it | 2027-03-28T03:00',
      'dst-repeated | start-time | on 2027-10-31 the clocks of Europe/Madrid show 02:10 twice: it opens once, the first time | 2027-10-31T02:10',
      'dst-repeated | stop-time | on 2027-10-31 the clocks of Europe/Madrid show 02:50 twice: it closes once, the first time | 2027-10-31T02:50',
    ]],
    ['whose midnight is skipped', daily('00:00-24:00', [5], 'Africa/Cairo'), 'service', [
      'dst-skipped | start-time | on 2027-04-30 the clocks of Africa/Cairo skip 00:00: it opens at 01:00 | 2027-04-30T00:00',
    ]],
    ['whose midnight is skipped between two days', daily('00:00-24:00', [4, 5], 'Africa/Cairo'), 'service', []],
    ['in a zone without DST', daily('02:30-12:00', ALL_DAYS, 'Asia/Kolkata'), 'service', []],
    ['by cron at a time of the change', cron('30 2 * * *'), 'one-shot', [
      'dst-skipped | cron | on 2027-03-28 the clocks of Europe/Madrid skip 02:30: it comes at 03:00 | 2027-03-28T03:00',
      'dst-repeated | cron | on 2027-10-31 the clocks of Europe/Madrid show 02:30 twice: it comes once, the first time | 2027-10-31T02:30',
    ]],
    ['by cron each hour', cron('5 * * * *'), 'one-shot', []],
    ['by cron each five minutes', cron('*/5 * * * *'), 'one-shot', []],
    ['by cron at noon', cron('0 12 * * *'), 'one-shot', []],
  ])('%s', (_what, schedule, kind, findings) => {
    expect(lintSchedule({ schedule, kind }, NOW).map(tell)).toEqual(findings);
  }); // prettier-ignore

  test('that is none has nothing to find', () => {
    expect(lintSchedule({ kind: 'service' }, NOW)).toEqual([]);
  });

  test.each([
    ['to midnight', daily('00:00-23:59'), 'if no gap is meant, stop-time = "24:00" goes on to midnight'],
    ['to its own start', daily('12:00-11:57'), 'if no gap is meant, stop-time = "12:00" goes on to the next window'],
  ])('with a short gap %s is told how to mend it', (_what, schedule, hint) => {
    expect(lintSchedule({ schedule, kind: 'service' }, NOW).map((finding) => finding.hint)).toEqual([hint]);
  });
});
