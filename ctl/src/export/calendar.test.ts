import { describe, expect, it } from 'vitest';
import type { Schedule, WeekDay } from '@procman/daemon/core/model';
import { calendarOf } from './calendar.ts';
import { cronCalendar } from './cron-calendar.ts';

const HOUR = 3_600_000;

function windows(start: number, stop: number, days: readonly WeekDay[]): Schedule {
  return { kind: 'windows', start: start * HOUR, stop: stop * HOUR, days, timezone: 'UTC', text: '' };
}

describe('windows', () => {
  it('of a night stop on the day after', () => {
    expect(calendarOf(windows(22, 6, [1, 7]), 'service')).toEqual({
      start: ['Mon,Sun *-*-* 22:00:00 UTC'],
      stop: ['Mon,Tue *-*-* 06:00:00 UTC'],
    });
  });

  it('up to midnight stop on the day after, too', () => {
    expect(calendarOf(windows(8, 24, [1]), 'service')).toMatchObject({ stop: ['Tue *-*-* 00:00:00 UTC'] });
  });

  it('of every day name no days', () => {
    const daily = windows(8.5, 18, [1, 2, 3, 4, 5, 6, 7]);
    expect(calendarOf(daily, 'service')).toEqual({ start: ['*-*-* 08:30:00 UTC'], stop: ['*-*-* 18:00:00 UTC'] });
  });

  it('that touch are one for a service, and none where they never end', () => {
    const workDays = windows(0, 24, [1, 2, 3, 4, 5]);
    expect(calendarOf(workDays, 'service')).toEqual({
      start: ['Mon *-*-* 00:00:00 UTC'],
      stop: ['Sat *-*-* 00:00:00 UTC'],
    });
    expect(calendarOf(windows(0, 24, [1, 2, 3, 4, 5, 6, 7]), 'service')).toBe('always');
  });

  it('that touch are a run each for a one-shot, which nothing stops where the next begins', () => {
    expect(calendarOf(windows(0, 24, [1, 2]), 'one-shot')).toEqual({
      start: ['Mon,Tue *-*-* 00:00:00 UTC'],
      stop: ['Wed *-*-* 00:00:00 UTC'],
    });
  });
});

describe('cron', () => {
  it('has either day where both are given, and both lists of systemd', () => {
    expect(cronCalendar('0 3 1 * sun')).toEqual(['*-*-01 03:00:00', 'Sun *-*-* 03:00:00']);
  });

  it('that systemd has no words for', () => {
    expect(['0 3 15W * *', '0 3 * * mon#2', '0 3 * * 5L', '0 3 l,5 * *'].map(cronCalendar)).toEqual(
      Array(4).fill(undefined),
    );
  });
});
