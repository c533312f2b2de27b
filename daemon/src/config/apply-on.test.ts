import { describe, expect, test } from 'vitest';
import { isTimezone, parseCivilTime, resolveCivilTime } from './apply-on.ts';

function resolve(text: string, timezone: string): { text: string; at: string } {
  const { text: normal, at } = resolveCivilTime(parseCivilTime(text)!, timezone);
  return { text: normal, at: new Date(at).toISOString() };
}

describe('civil times', () => {
  test.each([
    ['2024-10-01T12:00:00', '2024-10-01T12:00:00', '2024-10-01T10:00:00.000Z'],
    ['2024-10-01 12:00', '2024-10-01T12:00:00', '2024-10-01T10:00:00.000Z'],
    ['2024-10-01t12:00:00.500', '2024-10-01T12:00:00.5', '2024-10-01T10:00:00.500Z'],
    ['2024-10-01T12:00:00.000', '2024-10-01T12:00:00', '2024-10-01T10:00:00.000Z'],
    ['2024-10-01', '2024-10-01T00:00:00', '2024-09-30T22:00:00.000Z'],
    ['2024-10-01T12:00:00Z', '2024-10-01T12:00:00Z', '2024-10-01T12:00:00.000Z'],
    ['2024-10-01T12:00z', '2024-10-01T12:00:00Z', '2024-10-01T12:00:00.000Z'],
    ['2024-10-01T12:00:00+00:00', '2024-10-01T12:00:00Z', '2024-10-01T12:00:00.000Z'],
    ['2024-10-01T12:00:00-03:30', '2024-10-01T12:00:00-03:30', '2024-10-01T15:30:00.000Z'],
  ])('%s in Madrid is %s, %s', (written, text, at) => {
    expect(resolve(written, 'Europe/Madrid')).toEqual({ text, at });
  });

  test('a time that DST skips is the first one after it', () => {
    expect(resolve('2024-03-31T02:30:00', 'Europe/Madrid').at).toBe('2024-03-31T01:00:00.000Z');
  });

  test('a time that DST repeats is the first of the two', () => {
    expect(resolve('2024-10-27T02:30:00', 'Europe/Madrid').at).toBe('2024-10-27T00:30:00.000Z');
  });

  test.each([
    '',
    'soon',
    '2024-02-30',
    '2024-13-01',
    '2024-10-01T25:00',
    '2024-10-01T24:00',
    '2024-10-01T12:60',
    '2024-10-01T12:00:60',
    '12:00:00',
    '2024-10-01T12',
    '2024-10-01Z',
    '2024-10-01T12:00+25:00',
    '20241001',
  ])('%j is none', (text) => {
    expect(parseCivilTime(text)).toBeUndefined();
  });
});

test.each([
  ['Europe/Madrid', true],
  ['UTC', true],
  ['Etc/GMT+2', true],
  ['Europe/Nowhere', false],
  ['+02:00', false],
  ['', false],
])('%s is a time zone: %s', (name, expected) => {
  expect(isTimezone(name)).toBe(expected);
});
