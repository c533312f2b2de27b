import { describe, expect, test } from 'vitest';
import { formatDuration, LONGEST_DURATION, parseDuration } from './durations.ts';

describe('parseDuration', () => {
  test.each([
    ['3s', 3000],
    ['1m 30s', 90_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5s', 1500],
    ['10', 10_000],
    [' 4 s ', 4000],
    ['0', 0],
    ['3S', 3000],
    [3, 3000],
    [0.5, 500],
    [0.0001, 1],
    [{ secs: 30, nanos: 0 }, 30_000],
    [{ secs: 1, nanos: 500_000_000 }, 1500],
    [{ nanos: 1 }, 1],
    ['3650d', LONGEST_DURATION],
  ])('%j is %d ms', (written, ms) => {
    expect(parseDuration(written)).toEqual({ ms });
  });

  test.each([
    ['', 'is not a duration'],
    ['soon', 'is not a duration'],
    ['3 parsecs', 'has an unknown unit "parsecs"'],
    ['3s 4', 'is not a duration'],
    ['-3s', 'a duration cannot be negative'],
    [-1, 'a duration cannot be negative'],
    [NaN, 'is not a duration'],
    [Infinity, 'is not a duration'],
    ['3651d', 'is longer than ten years'],
    [1e300, 'is longer than ten years'],
    ['9'.repeat(99), 'is longer than ten years'],
    ['1s'.repeat(100), 'is not a duration'],
  ])('%j is refused', (written, problem) => {
    expect(parseDuration(written)).toEqual({ problem });
  });
});

test.each([
  [0, '0s'],
  [90_000, '1m 30s'],
  [86_400_000 + 1, '1d 1ms'],
])('%d ms is written %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
