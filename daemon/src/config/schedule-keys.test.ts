import { describe, expect, test } from 'vitest';
import { parseConfig } from './load.ts';
import { clockText, parseClock, parseDays } from './schedule-keys.ts';
import { testContext } from './test-context.ts';

const HOUR = 3_600_000;

test.each([
  ['00:00', 0],
  ['08:00', 8 * HOUR],
  ['08:00:30', 8 * HOUR + 30_000],
  ['23:59:59.9', 24 * HOUR - 100],
  ['24:00', 24 * HOUR],
  ['24:00:00', 24 * HOUR],
  ['24:00:01', undefined],
  ['8:00', undefined],
  ['08:60', undefined],
  ['08:00:60', undefined],
  ['08', undefined],
  ['', undefined],
])('the time of the day %j', (text, at) => {
  expect(parseClock(text)).toBe(at);
  if (at !== undefined) expect(parseClock(clockText(at))).toBe(at);
});

test.each([
  ['mon', [1]],
  ['Sunday', [7]],
  ['mon-fri', [1, 2, 3, 4, 5]],
  ['sat-mon', [6, 7, 1]],
  ['tue-tue', [2]],
  ['all', [1, 2, 3, 4, 5, 6, 7]],
  ['mon-', undefined],
  ['-fri', undefined],
  ['mon-fri-sun', undefined],
  ['', undefined],
])('the days %j', (text, days) => {
  expect(parseDays(text)).toEqual(days);
});

describe('schedules', () => {
  const load = (written: string, more = '') => {
    const text = `uid = "u"\nfile-format = "0"\n[daemon]\ntimezone = "UTC"\n[[process]]\nid = "a"\napply-on = "2024-10-01"\ncommand = "true"\n${more}schedule = ${written}\n`;
    const result = parseConfig(text, '/tmp/procman.toml', testContext);
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
    return result.config.core.processes[0]!.versions[0]!.schedule;
  };

  test.each([
    ['{}', '00:00-24:00 daily UTC'],
    ['{ start-time = "22:00", stop-time = "06:00:30", week-days = "mon-fri" }', '22:00-06:00:30 mon-fri UTC'],
    ['{ start_time = 08:00:00, stop_time = 18:00:00, week_days = ["sun", "mon", "mon"] }', '08:00-18:00 mon,sun UTC'],
    ['{ week-days = ["mon-wed", "fri"], timezone = "Europe/Madrid" }', '00:00-24:00 mon,tue,wed,fri Europe/Madrid'],
  ])('%s', (written, text) => {
    expect(load(written)).toMatchObject({ kind: 'windows', text });
  });

  test('cron', () => {
    expect(load('{ cron = " 0  3 * * mon " }', 'one-shot = true\n')).toEqual({
      kind: 'cron',
      pattern: '0 3 * * mon',
      timezone: 'UTC',
      text: 'cron 0 3 * * mon UTC',
    });
  });
});
