import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import type { Schedule, WallTime } from '../model.ts';
import { ALL_DAYS, cron, daily, MADRID, WORK_DAYS } from '../testing/schedules.ts';
import { uncovered, type Timed } from './cover.ts';

/** In Madrid. */
const at = (text: string): WallTime => Temporal.PlainDateTime.from(text).toZonedDateTime(MADRID).epochMilliseconds;

const show = (time: WallTime | undefined): string | undefined =>
  time === undefined
    ? undefined
    : Temporal.Instant.fromEpochMilliseconds(time)
        .toZonedDateTimeISO(MADRID)
        .toPlainDateTime()
        .toString({ smallestUnit: 'minute' });

describe('a dependent', () => {
  const MONDAY = at('2026-11-23');
  test.each<readonly [what: string, dependent: Schedule | undefined, dependency: Schedule | undefined, first: string | undefined, share: number]>([
    ['without schedules', undefined, undefined, undefined, 0],
    ['of one that runs always', daily('08:00-18:00'), undefined, undefined, 0],
    ['of one that is open as long', daily('08:00-18:00'), daily('08:00-18:00'), undefined, 0],
    ['within the other', daily('09:00-17:00', WORK_DAYS), daily('08:00-18:00'), undefined, 0],
    ['that is open longer', daily('08:00-18:00'), daily('08:00-13:00'), '2026-11-23T13:00', 0.5],
    ['that begins earlier', daily('06:00-16:00'), daily('08:00-18:00'), '2026-11-23T06:00', 0.2],
    ['on other days', daily('08:00-18:00', [1, 6]), daily('08:00-18:00', WORK_DAYS), '2026-11-28T08:00', 0.5],
    ['at other times', daily('20:00-06:00', [2]), daily('08:00-18:00'), '2026-11-24T20:00', 1],
    ['that is always open', undefined, daily('08:00-20:00'), '2026-11-23T00:00', 0.5],
    ['of one that never opens', daily('08:00-18:00'), daily('08:00-18:00', []), '2026-11-23T08:00', 1],
    ['in another zone', daily('08:00-18:00'), daily('08:00-18:00', ALL_DAYS, 'Europe/London'), '2026-11-23T08:00', 0.1],
    ['by cron', cron('0 19 * * *'), daily('08:00-18:00'), '2026-11-23T19:00', 1],
    ['by cron, when it is open', cron('0 9 * * *'), daily('08:00-18:00'), undefined, 0],
  ])('%s', (_what, schedule, other, first, share) => {
    const timed = (given: Schedule | undefined): Timed =>
      given === undefined ? { kind: 'service' } : { kind: given.kind === 'cron' ? 'one-shot' : 'service', schedule: given };
    const found = uncovered(timed(schedule), timed(other), MONDAY);
    expect(show(found?.at)).toBe(first);
    expect(found?.share ?? 0).toBeCloseTo(share, 9);
  }); // prettier-ignore

  test('by cron of each second is judged by its first times', () => {
    const busy = { schedule: cron('* * * * * *'), kind: 'one-shot' as const };
    const closed = { schedule: daily('08:00-18:00', [6]), kind: 'service' as const };
    expect(uncovered(busy, closed, MONDAY)).toEqual({ at: MONDAY, share: 1 });
  });
});
