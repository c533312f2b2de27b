import { expect, it } from 'vitest';
import { formatTime, formatUptime } from './time.ts';

process.env.TZ = 'UTC';

it.each([
  [0, '0:00:00'],
  [323, '0:05:23'],
  [86_399, '23:59:59'],
  [86_723, '1d 0:05:23'],
])('uptime %d', (seconds, text) => expect(formatUptime(seconds)).toBe(text));

it('leaves out the date of today', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  expect(formatTime('2026-03-01T08:00:01.000+00:00', now)).toBe('08:00:01');
  expect(formatTime('2026-02-28T08:00:01.000+00:00', now)).toBe('2026-02-28 08:00:01');
});
