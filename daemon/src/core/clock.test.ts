import { describe, expect, test } from 'vitest';
import { afterJump, afterMove, afterStepBack, atStart, caughtUp, guardEnd, isGuarded, isHeldBack } from './clock.ts';
import type { ClockGuard, StopCause } from './model.ts';
import { later, START } from './testing/builders.ts';

const BEHIND: ClockGuard = { behindUntil: later(1_000).wall };
const JUMPED: ClockGuard = { settlesAt: later(1_000).mono };

describe('guarded', () => {
  test.each<readonly [string, ClockGuard, ms: number, guarded: boolean]>([
    ['no guard', {}, 0, false],
    ['behind what is on record', BEHIND, 0, true],
    ['caught up', BEHIND, 1_000, false],
    ['jumped', JUMPED, 999, true],
    ['held for long enough', JUMPED, 1_000, false],
    ['one of two is over', { ...BEHIND, settlesAt: later(5_000).mono }, 1_000, true],
  ])('%s', (_what, guard, ms, guarded) => {
    expect(isGuarded(guard, later(ms))).toBe(guarded);
  });

  test('each by its own clock: the other may say anything', () => {
    expect(isGuarded(BEHIND, { wall: START.wall, mono: later(3_600_000).mono })).toBe(true);
    expect(isGuarded(JUMPED, { wall: 0, mono: later(1_000).mono })).toBe(false);
  });
});

const BY_CLOCK: readonly StopCause[] = ['schedule', 'new-version', 'not-yet-applied', 'fake'];
const OTHERS: readonly StopCause[] = [
  'manual', 'restart', 'dependency', 'health-check', 'init', 'start-health-check', 'not-in-config', 'shutdown', 'fallback',
  'max-run-time',
]; // prettier-ignore

test.each([...BY_CLOCK, ...OTHERS])('a stop for %s waits while guarded, if the clock brings it about', (cause) => {
  expect(isHeldBack(cause, JUMPED, START)).toBe(BY_CLOCK.includes(cause));
  expect(isHeldBack(cause, JUMPED, later(1_000))).toBe(false);
});

test('a jump is waited out for 30 s, each one anew, beside a clock that is behind', () => {
  const once = afterJump(BEHIND, START);
  expect(once).toEqual({ ...BEHIND, settlesAt: later(30_000).mono, jumpedTo: START.wall });
  expect(afterJump(once, later(20_000)).settlesAt).toBe(later(50_000).mono);
});

test.each([
  ['is only measured badly', 1_000, {}],
  ['is only measured badly', -100, {}],
  ['is set forward a little', 1_001, { jumpedTo: START.wall }],
  ['is set back a little', -101, { behindUntil: START.wall + 101 }],
  ['jumps', 60_000, { settlesAt: later(30_000).mono, jumpedTo: START.wall }],
  ['jumps back', -60_000, { settlesAt: later(30_000).mono, jumpedTo: START.wall }],
])('a clock that %s (%d ms)', (_what, moved, guard) => {
  expect(afterMove({}, moved, START)).toEqual(guard);
});

test.each([
  ['nothing is on record', undefined, {}],
  ['it is ahead', START.wall - 1, {}],
  ['it is a little behind', START.wall + 60_000, {}],
  ['it is behind', START.wall + 60_001, { behindUntil: START.wall + 60_001 }],
] as const)('at a start where %s', (_what, newest, guard) => {
  expect(atStart(newest, [], START)).toEqual(guard);
});

test.each([
  ['has not been set', 1_000, {}],
  ['was set', 1_001, { jumpedTo: later(5_000).wall }],
  ['was set back', -1_001, { jumpedTo: later(5_000).wall }],
])('at a start with a run since whose launch the clock %s', (_what, set, guard) => {
  const run = { startedAt: START.wall - set, startedMono: START.mono };
  expect(atStart(undefined, [{ startedAt: START.wall, startedMono: START.mono }, run], later(5_000))).toEqual(guard);
});

test('when a guard ends, by each clock; what is over is not waited for', () => {
  expect(guardEnd({ ...BEHIND, ...JUMPED }, START)).toEqual({ mono: later(1_000).mono, wall: later(1_000).wall });
  expect(guardEnd({ ...BEHIND, ...JUMPED }, later(1_000))).toEqual({});
  expect(guardEnd({}, START)).toEqual({});
});

test('a step back is waited out until the clock shows again what it had shown, and no longer', () => {
  const once = afterStepBack({}, later(5_000).wall);
  expect(isGuarded(once, later(4_999))).toBe(true);
  expect(afterStepBack(once, later(2_000).wall)).toEqual(once);
  expect(caughtUp(once, later(4_999))).toBe(once);
  expect(caughtUp({ ...once, ...JUMPED }, later(5_000))).toEqual(JUMPED);
});
