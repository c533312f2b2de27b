import { expect, it } from 'vitest';
import { cronOf } from './calendar.ts';
import { timeSpan } from './units.ts';

// The left column was checked with `systemd-analyze calendar`.
it.each([
  ['daily', '0 0 * * *'],
  ['weekly', '0 0 * * 1'],
  ['quarterly', '0 0 1 1,4,7,10 *'],
  ['Mon..Fri *-*-* 03:30:00', '30 3 * * 1-5'],
  ['Sat..Sun 10:00', '0 10 * * 6-7'],
  ['Sat,Sun 20:15', '15 20 * * 6,0'],
  ['*-*-01 04:05', '5 4 1 * *'],
  ['2..5-01 00:00', '0 0 1 2-5 *'],
  ['*:0/15', '*/15 * * * *'],
  ['*-*-* 8..17/2:30', '30 8-17/2 * * *'],
  ['Sun', '0 0 * * 0'],
])('%s -> %s', (text, cron) => expect(cronOf(text)).toEqual({ cron, timezone: undefined, loses: undefined }));

it('keeps a zone, and tells what cron cannot say', () => {
  expect(cronOf('*-*-* 02:00 Europe/Madrid')).toMatchObject({ cron: '0 2 * * *', timezone: 'Europe/Madrid' });
  expect(cronOf('*-*-* 02:00:30')).toMatchObject({ cron: '0 2 * * *', loses: 'the seconds (30) are left out' });
});

it.each(['2026-01-01', '*-02~03', 'Mon *-*-13 00:00', 'someday', '12', 'Foo 10:00', 'Sat..Mon 10:00', 'a b c d'])(
  '%s is refused',
  (text) => expect(cronOf(text)).toHaveProperty('problem'),
);

it.each([
  ['90', 90],
  ['1min 30s', 90],
  ['500ms', 0.5],
  ['2h', 7200],
  ['infinity', Infinity],
  ['soon', undefined],
  ['1min or so', undefined],
])('%s is %s seconds', (text, seconds) => expect(timeSpan(text)).toBe(seconds));
