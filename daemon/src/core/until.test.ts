import { describe, expect, it } from 'vitest';
import type { ProcessVersion, Schedule } from './model.ts';
import { versionOf } from './testing/builders.ts';
import { resolveUntil } from './until.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-02T12:00:00Z');

/** 08:00-18:00 on working days. */
const shop: Schedule = {
  kind: 'windows',
  start: 8 * HOUR,
  stop: 18 * HOUR,
  days: [1, 2, 3, 4, 5],
  timezone: 'Europe/Madrid',
  text: '08:00-18:00 mon-fri Europe/Madrid',
};

function until(text: string, given: Partial<ProcessVersion> = {}): string {
  const result = resolveUntil(text, versionOf({ id: 'a', ...given }), 'UTC', NOW);
  if (!result.ok) return result.problem;
  return result.value === 'reboot' ? 'reboot' : new Date(result.value).toISOString();
}

describe('until', () => {
  it.each([
    ['reboot', {}, 'reboot'],
    [' Reboot ', {}, 'reboot'],
    ['18:00', {}, '2026-03-02T18:00:00.000Z'],
    ['18:00', { schedule: shop }, '2026-03-02T17:00:00.000Z'],
    ['2026-12-01T08:00', { schedule: shop }, '2026-12-01T07:00:00.000Z'],
    ['next-window', { schedule: shop }, '2026-03-03T07:00:00.000Z'],
    ['next-window', { schedule: { ...shop, stop: 9 * HOUR, days: [1] } }, '2026-03-09T07:00:00.000Z'],
    [
      'next-window',
      { schedule: { kind: 'cron', pattern: '0 3 * * *', timezone: 'UTC', text: '' }, oneShot: true },
      '2026-03-03T03:00:00.000Z',
    ],
  ] satisfies [string, Partial<ProcessVersion>, string][])('%s %j', (text, version, expected) =>
    expect(until(text, version)).toBe(expected),
  );

  it('takes the zone of the daemon where there is no version', () => {
    expect(resolveUntil('18:00', undefined, 'Europe/Madrid', NOW)).toEqual({ ok: true, value: NOW + 5 * HOUR });
  });

  it.each([
    ['next-window', {}, 'it has no schedule, so there is no next window'],
    [
      'next-window',
      { schedule: { ...shop, start: 0, stop: 24 * HOUR, days: [1, 2, 3, 4, 5, 6, 7] } },
      /has no next window/,
    ],
    ['2020-01-01', {}, '"2020-01-01" has gone by'],
    ['2026-03-02T12:00Z', {}, '"2026-03-02T12:00Z" has gone by'],
    ['soon', {}, /^"soon" is no time; write next-window, reboot, 18:00/],
  ] satisfies [string, Partial<ProcessVersion>, string | RegExp][])('refuses %s %j', (text, version, problem) =>
    expect(until(text, version)).toMatch(problem),
  );
});
