import { describe, expect, test } from 'vitest';
import type { Counters, Failure } from './model.ts';
import { blockedUntil, hasGivenUp, isSuccess, leavesEnded, retryAt, runsInWindow } from './restart-policy.ts';
import { versionOf } from './testing/builders.ts';

const failure: Failure = { code: 'exit', message: '', at: 10_000, counts: true };
const failed = (failedStarts: number): Counters => ({ failedStarts, failure, runs: [] });
const ran = (...runs: number[]): Counters => ({ failedStarts: 0, runs });

describe('the delay', () => {
  const version = versionOf({ id: 'web', restartDelay: 1_000, restartMaxDelay: 60_000 });

  test('doubles per failed start in a row, up to the cap', () => {
    const delays = [1, 2, 3, 6, 7, 8, 5_000].map((n) => retryAt(failed(n), version)! - 10_000);
    expect(delays).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('is the plain one where nothing counts', () => {
    expect(retryAt(failed(0), version)).toBe(11_000);
  });

  test('is a second for what is no fault of the service, whatever is configured', () => {
    const refused = { ...failed(9), failure: { ...failure, counts: false } };
    expect(retryAt(refused, versionOf({ id: 'web', restartDelay: 50_000 }))).toBe(11_000);
  });

  test('may be 0', () => {
    expect(retryAt(failed(9), versionOf({ id: 'web', restartDelay: 0 }))).toBe(10_000);
  });

  test('is not there without a failure', () => {
    expect(retryAt(ran(1), version)).toBeUndefined();
  });
});

test.each([
  [undefined, 1_000, false],
  [0, 0, false],
  [0, 1, true],
  [2, 2, false],
  [2, 3, true],
] as const)('start-retries %s after %d failed starts: gives up %s', (startRetries, failedStarts, gives) => {
  const version = versionOf({ id: 'web', ...(startRetries === undefined ? {} : { startRetries }) });
  expect(hasGivenUp(failed(failedStarts), version)).toBe(gives);
});

describe('max-runs', () => {
  const version = versionOf({ id: 'web', maxRuns: 3, maxRunsWindow: 1_000 });

  test('blocks until the oldest of so many leaves the window', () => {
    expect(blockedUntil(ran(0, 100), version, 200)).toBeUndefined();
    expect(blockedUntil(ran(0, 100, 200), version, 200)).toBe(1_000);
    expect(blockedUntil(ran(0, 100, 200), version, 999)).toBe(1_000);
    expect(blockedUntil(ran(0, 100, 200), version, 1_000)).toBeUndefined();
    expect(blockedUntil(ran(0, 100, 200, 1_000), version, 1_000)).toBe(1_100);
  });

  test('0 means no limit', () => {
    expect(blockedUntil(ran(1, 2, 3, 4), versionOf({ id: 'web', maxRuns: 0 }), 5)).toBeUndefined();
  });

  test('counts what lies within the window', () => {
    expect(runsInWindow(ran(0, 100, 200), version, 1_100)).toBe(1);
  });
});

test.each([
  [{ kind: 'code', code: 0 }, [0], true],
  [{ kind: 'code', code: 1 }, [0], false],
  [{ kind: 'code', code: 143 }, [0, 143], true],
  [{ kind: 'signal', signal: 'TERM' }, [0, 143], true],
  [{ kind: 'signal', signal: 'TERM' }, [0], false],
  [{ kind: 'signal', signal: 'RTMIN+1' }, [128], false],
  [{ kind: 'unknown' }, [0, 128, 255], false],
] as const)('%o with exit-codes %j', (exit, codes, success) => {
  expect(isSuccess(exit, codes)).toBe(success);
  expect(leavesEnded('always', exit, codes)).toBe(false);
  expect(leavesEnded('on-failure', exit, codes)).toBe(success);
  expect(leavesEnded('never', exit, codes)).toBe(true);
});
