import { describe, expect, test } from 'vitest';
import type { KillMode } from './model.ts';
import { afterScan, firstScan, firstSignal, isSurviving, overdue, SURVIVES_AFTER } from './stop-plan.ts';
import { runOf, versionOf } from './testing/builders.ts';

const KEY = 'web~0';
const LEFT = [{ pid: 7, startTicks: 7, uid: 0, command: 'x', marked: true }];
const runWith = (killMode: KillMode): ReturnType<typeof runOf> =>
  runOf(versionOf({ id: 'web', killMode, stopSignal: 'INT', stopTimeout: 10_000 }));
const graceful = { cause: 'manual', since: 0, now: false } as const;

describe.each([
  ['group', 'run', 'run'],
  ['mixed', 'main', 'run'],
  ['process', 'main', 'main'],
] as const)('kill-mode %s', (killMode, stopScope, killScope) => {
  const run = runWith(killMode);

  test('sends the stop signal, and SIGKILL when the grace is over', () => {
    const first = firstSignal(KEY, run, graceful, 0);
    expect(first.actions).toMatchObject([{ kind: 'signal', signal: 'INT', scope: stopScope }]);
    expect(overdue(KEY, run, graceful, first.clearing, 9_999)).toBeUndefined();
    expect(overdue(KEY, run, graceful, first.clearing, 10_000)?.actions).toMatchObject([
      { kind: 'signal', signal: 'KILL', scope: killScope },
      { kind: 'look' },
    ]);
  });

  test('--now kills at once', () => {
    const { actions, clearing } = firstSignal(KEY, run, { ...graceful, now: true }, 5);
    expect(actions).toMatchObject([{ kind: 'signal', signal: 'KILL', scope: killScope }]);
    expect(clearing).toMatchObject({ firstSignalAt: 5, killedAt: 5 });
  });
});

test('with mixed what is left has not had the stop signal yet; with group it has', () => {
  const sent = { remains: [], firstSignalAt: 0 };
  expect(firstScan(KEY, runWith('mixed'), sent, LEFT, 100).actions).toMatchObject([{ signal: 'INT', scope: 'run' }]);
  expect(firstScan(KEY, runWith('group'), sent, LEFT, 100).actions).toEqual([]);
});

test('leftovers of a main process that ended by itself get the stop signal, and their own grace', () => {
  const plan = firstScan(KEY, runWith('group'), { remains: [] }, LEFT, 500);
  expect(plan.actions).toMatchObject([{ signal: 'INT', scope: 'run' }]);
  expect(afterScan(KEY, runWith('group'), plan.clearing, LEFT, 10_499).actions).toEqual([]);
  expect(afterScan(KEY, runWith('group'), plan.clearing, LEFT, 10_500).actions).toMatchObject([{ signal: 'KILL' }]);
});

test('the grace counts from the first signal, not from the end of the main process', () => {
  const sent = { remains: [], firstSignalAt: 0 };
  expect(afterScan(KEY, runWith('group'), sent, LEFT, 9_000).clearing.scanAt).toBe(9_500);
  expect(afterScan(KEY, runWith('group'), sent, LEFT, 10_000).actions).toMatchObject([{ signal: 'KILL' }]);
});

test('looks again soon at first, then less often, and never past the end of the grace', () => {
  const sent = { remains: [], firstSignalAt: 0 };
  const pauses = [0, 40, 400, 4_000, 9_900].map(
    (now) => (afterScan(KEY, runWith('group'), sent, LEFT, now).clearing.scanAt ?? NaN) - now,
  );
  expect(pauses).toEqual([20, 20, 100, 500, 100]);
});

test('what outlives SIGKILL is killed again and again, and named after a while', () => {
  const killed = { remains: LEFT, firstSignalAt: 0, killedAt: 10_000 };
  expect(isSurviving(killed, 10_000 + SURVIVES_AFTER - 1)).toBe(false);
  expect(isSurviving(killed, 10_000 + SURVIVES_AFTER)).toBe(true);
  expect(isSurviving({ ...killed, remains: [] }, 99_999)).toBe(false);
  const again = afterScan(KEY, runWith('group'), killed, LEFT, 20_000);
  expect(again.actions).toMatchObject([{ signal: 'KILL' }]);
  expect(again.clearing).toMatchObject({ killedAt: 10_000, scanAt: 25_000 });
});

test('an unresolved launch is looked at until its files tell', () => {
  const pending = { remains: [], scanAt: 1_000 };
  expect(overdue(KEY, runWith('group'), graceful, pending, 999)).toBeUndefined();
  expect(overdue(KEY, runWith('group'), graceful, pending, 1_000)).toMatchObject({
    actions: [{ kind: 'look' }],
    clearing: { scanAt: 2_000 },
  });
});
