import { describe, expect, it } from 'vitest';
import { resolveMoment } from './moment.ts';

const at = (iso: string): number => Date.parse(iso);
const NOW = at('2026-03-01T12:30:00+01:00');

function resolved(text: string, timezone = 'Europe/Madrid', now = NOW): string {
  const result = resolveMoment(text, timezone, now);
  return result.ok ? new Date(result.value).toISOString() : result.problem;
}

describe('a time of day is the next one', () => {
  it.each([
    ['18:00', 'Europe/Madrid', '2026-03-01T17:00:00.000Z'],
    ['18:00:30', 'Europe/Madrid', '2026-03-01T17:00:30.000Z'],
    ['8:00', 'Europe/Madrid', '2026-03-02T07:00:00.000Z'],
    ['12:30', 'Europe/Madrid', '2026-03-02T11:30:00.000Z'],
    ['12:31', 'Europe/Madrid', '2026-03-01T11:31:00.000Z'],
    ['00:00', 'Europe/Madrid', '2026-03-01T23:00:00.000Z'],
    ['24:00', 'Europe/Madrid', '2026-03-01T23:00:00.000Z'],
    ['18:00', 'Asia/Tokyo', '2026-03-02T09:00:00.000Z'],
    ['  18:00 ', 'UTC', '2026-03-01T18:00:00.000Z'],
  ])('%s in %s', (text, zone, expected) => expect(resolved(text, zone)).toBe(expected));

  it('also where the clocks skip it: right after the gap', () => {
    expect(resolved('02:30', 'Europe/Madrid', at('2026-03-28T23:00:00Z'))).toBe('2026-03-29T01:00:00.000Z');
    expect(resolved('02:30', 'Europe/Madrid', at('2026-03-29T01:00:00Z'))).toBe('2026-03-30T00:30:00.000Z');
  });

  it('also where they repeat it: the first one, then that of the next day', () => {
    expect(resolved('02:30', 'Europe/Madrid', at('2026-10-25T00:00:00Z'))).toBe('2026-10-25T00:30:00.000Z');
    expect(resolved('02:30', 'Europe/Madrid', at('2026-10-25T00:45:00Z'))).toBe('2026-10-26T01:30:00.000Z');
  });

  it('at the midnight itself', () => {
    const midnight = at('2026-03-02T00:00:00Z');
    expect(resolved('24:00', 'UTC', midnight - 1)).toBe('2026-03-02T00:00:00.000Z');
    expect(resolved('24:00', 'UTC', midnight)).toBe('2026-03-03T00:00:00.000Z');
  });
});

describe('a date-time', () => {
  it.each([
    ['2026-12-01T08:00', '2026-12-01T07:00:00.000Z'],
    ['2026-12-01 08:00', '2026-12-01T07:00:00.000Z'],
    ['2026-12-01T08:00:01.5', '2026-12-01T07:00:01.500Z'],
    ['2026-12-01T08:00Z', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01T08:00:00.000-05:00', '2026-12-01T13:00:00.000Z'],
    ['2026-12-01', '2026-11-30T23:00:00.000Z'],
    ['2020-02-29', '2020-02-28T23:00:00.000Z'],
    ['2026-03-29T02:30', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
  ])('%s', (text, expected) => expect(resolved(text)).toBe(expected));
});

it.each([
  '',
  'soon',
  '25:00',
  '24:01',
  '18:60',
  '18',
  '2026-02-30',
  '2026-13-01',
  '2026-12-01T25:00',
  '2026-12-01T08:00+99:00',
  '2026-12-01Z',
  '12-01',
  '+002026-12-01',
  '1e3',
  '\u0000',
])('%j is none, and the message tells what is', (text) => {
  expect(resolved(text)).toBe(
    `"${text}" is no time; write 18:00 (the next one), 2026-12-01 (its midnight), or 2026-12-01T08:00, with an offset (+01:00, Z) or without`,
  );
});

it('takes any clock', () => {
  for (const now of [0, -1e15, 1e300, NaN])
    expect(resolveMoment('18:00', 'Europe/Madrid', now).ok).toBeTypeOf('boolean');
});
