import type { Row } from '@procman/protocol/views';
import { expect, it } from 'vitest';
import { row } from '../testing/fake-daemon.ts';
import { type Goal, judge } from './goal.ts';

const AT = '2026-03-01T18:00:00.000+00:00';
const reason = (code: Row['reason']['code']): Row['reason'] => ({ code, message: `because of ${code}` });
const running = { state: 'RUNNING', pid: 1 } as const;
const finished = { state: 'EXITED', reason: reason('finished'), lastExit: { code: 0, at: AT } } as const;
const failed = { state: 'EXITED', reason: reason('exit'), verdict: 'problem', lastExit: { code: 7, at: AT } } as const;
const outside = { state: 'STOPPED', reason: reason('schedule'), expected: 'stopped' } as const;
const held = { state: 'STOPPED', reason: reason('manual'), expected: 'stopped', held: true } as const;
const fatal = { state: 'FATAL', reason: reason('exit'), verdict: 'problem' } as const;
const next = { at: AT, action: 'start' } as const;

it.each<[string, Partial<Row>, Record<Goal, string | undefined>]>([
  ['running', running, { running: 'yes', stopped: undefined, finished: undefined, right: 'yes' }],
  [
    'running, unhealthy: it is about to be started anew',
    { ...running, reason: reason('health-check'), verdict: 'problem' },
    { running: undefined, stopped: undefined, finished: undefined, right: undefined },
  ],
  [
    'starting',
    { state: 'STARTING', verdict: 'pending' },
    { running: undefined, stopped: undefined, finished: undefined, right: undefined },
  ],
  [
    'tried again by itself',
    { state: 'BACKOFF', verdict: 'problem' },
    { running: undefined, stopped: undefined, finished: undefined, right: undefined },
  ],
  ['finished', finished, { running: 'never', stopped: 'yes', finished: 'yes', right: 'yes' }],
  [
    'finished, and on again tomorrow',
    { ...finished, next: { at: AT, action: 'run' } },
    { running: undefined, stopped: 'yes', finished: 'yes', right: 'yes' },
  ],
  ['failed', failed, { running: 'never', stopped: 'yes', finished: 'never', right: 'never' }],
  ['given up', fatal, { running: 'never', stopped: 'yes', finished: 'never', right: 'never' }],
  [
    'outside its window',
    { ...outside, next },
    { running: undefined, stopped: 'yes', finished: undefined, right: 'yes' },
  ],
  ['held', held, { running: 'never', stopped: 'yes', finished: 'never', right: 'yes' }],
  [
    'missed',
    { state: 'STOPPED', reason: reason('missed'), verdict: 'problem' },
    { running: 'never', stopped: 'yes', finished: 'never', right: 'never' },
  ],
  [
    'in doubt',
    { state: 'BLOCKED', reason: reason('identity'), verdict: 'problem' },
    { running: 'never', stopped: 'never', finished: 'never', right: 'never' },
  ],
  [
    'too many runs: on by itself when there is room',
    { state: 'BLOCKED', reason: reason('too-many-runs'), verdict: 'problem' },
    { running: undefined, stopped: undefined, finished: undefined, right: undefined },
  ],
])('%s', (_, overrides, expected) => {
  const told = Object.keys(expected).map((goal) => {
    const judged = judge(row({ name: 'a', ...overrides }), goal as Goal);
    return [goal, judged && (judged.ok ? 'yes' : 'never')];
  });
  expect(Object.fromEntries(told)).toEqual(expected);
});

it('says why it never will', () => {
  expect(judge(row({ name: 'a', ...fatal }), 'running')?.message).toBe('FATAL: because of exit');
  expect(judge(row({ name: 'a', ...finished }), 'running')?.message).toBe('it has finished, code 0');
});
