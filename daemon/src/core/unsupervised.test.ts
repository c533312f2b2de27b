import { describe, expect, test } from 'vitest';
import { Describer, type View } from './describe.ts';
import type { Ended, LiveProcess, Run } from './model.ts';
import { Survey } from './survey.ts';
import { activityOf, endedOf, instanceOf, runOf, START, versionOf } from './testing/builders.ts';
import { named, SITUATIONS, type SituationName } from './testing/situations.ts';
import { unsupervisedView } from './unsupervised.ts';

const web = versionOf({ id: 'web' });
const ALIVE = ['settling', 'running', 'yielding', 'stopping'] as const;
const LEFT: LiveProcess = { pid: 7, startTicks: 7, uid: 0, command: 'sleep 9', marked: true };

function viewOf(given: Partial<View>): View {
  const reason = { code: 'wanted', message: 'wanted' };
  return { state: 'RUNNING', reason, expected: 'running', verdict: 'pending', ...given };
}

function idle(given: Partial<View>, ended?: Partial<Ended>, leftovers: readonly LiveProcess[] = []): View {
  const known = ended === undefined ? {} : { ended: endedOf(web, ended) };
  return unsupervisedView(viewOf(given), instanceOf(web, known), leftovers);
}

describe('what lives is RUNNING', () => {
  test.each(ALIVE)('while it was %s', (kind) => {
    const instance = instanceOf(web, { activity: activityOf(kind, web) });
    const states = { settling: 'STARTING', running: 'RUNNING', yielding: 'STOPPING', stopping: 'STOPPING' } as const;
    const seen = (expected: View['expected']): View =>
      unsupervisedView(viewOf({ state: states[kind], phase: 'settle', expected, retryAt: 1 }), instance, []);
    expect(seen('running')).toMatchObject({ state: 'RUNNING', verdict: 'ok' });
    expect(seen('finished')).toMatchObject({ state: 'RUNNING', verdict: 'ok' });
    expect(seen('stopped')).toMatchObject({ state: 'RUNNING', verdict: 'problem' });
    expect(seen('running')).not.toHaveProperty('phase');
    expect(seen('running')).not.toHaveProperty('retryAt');
  });

  test.each(['health-check', 'clock'])('and what a daemon found out about its %s is over', (code) => {
    const instance = instanceOf(web, {
      activity: activityOf('running', web, { why: 'operator' } satisfies Partial<Run>),
    });
    const view = unsupervisedView(viewOf({ reason: { code, message: 'old' } }), instance, []);
    expect(view).toMatchObject({ verdict: 'ok', reason: { code: 'operator' } });
  });

  test('a stop that was broken off is told', () => {
    const instance = instanceOf(web, { activity: activityOf('stopping', web) });
    const reason = { code: 'manual', message: 'an operator stopped it' };
    const view = unsupervisedView(viewOf({ state: 'STOPPING', reason, expected: 'stopped' }), instance, []);
    expect(view.reason.message).toContain('its stop was broken off (an operator stopped it)');
  });

  test('a launcher at work is on its way', () => {
    const instance = instanceOf(web, { activity: { kind: 'launching', run: runOf(web), lookAt: 0 } });
    expect(unsupervisedView(viewOf({ state: 'STARTING' }), instance, [])).toMatchObject({ verdict: 'pending' });
  });
});

describe('what does not live', () => {
  test.each([
    ['BACKOFF', 'exit'], ['FATAL', 'exit'], ['BLOCKED', 'too-many-runs'], ['PENDING', 'start-queue'], ['PENDING', 'dependency'],
  ] as const)('%s %s is EXITED, where it ended by itself', (state, code) => {
    const view = idle({ state, reason: { code, message: 'x' }, retryAt: 5, next: { at: 5, action: 'retry' } }, { by: 'itself' });
    expect(view).toMatchObject({ state: 'EXITED', verdict: 'problem' });
    expect(view).not.toHaveProperty('retryAt');
    expect(view).not.toHaveProperty('next');
  }); // prettier-ignore

  test('is STOPPED where it never ran, or where its end was asked for', () => {
    const waits = { state: 'PENDING', reason: { code: 'start-queue', message: 'x' } } as const;
    expect(idle(waits)).toMatchObject({ state: 'STOPPED', verdict: 'problem', reason: { code: 'start-queue' } });
    expect(idle(waits, { by: 'schedule' })).toMatchObject({ state: 'STOPPED', verdict: 'problem' });
  });

  test('is right where it is not expected to run', () => {
    expect(idle({ state: 'STOPPED', expected: 'stopped' })).toMatchObject({ verdict: 'ok' });
    const waits = {
      state: 'PENDING',
      reason: { code: 'dependency', message: 'x', data: { waitsFor: ['db'] } },
    } as const;
    expect(idle({ ...waits, expected: 'stopped' })).toMatchObject({
      state: 'STOPPED',
      verdict: 'ok',
      reason: { code: 'dependency', data: { waitsFor: ['db'] } },
    });
    expect(idle({ state: 'EXITED', expected: 'finished', reason: { code: 'finished', message: '' } }).verdict).toBe(
      'ok',
    );
    expect(idle({ state: 'EXITED', expected: 'finished', reason: { code: 'exit', message: '' } }).verdict).toBe(
      'problem',
    );
  });

  test('what cannot be proven stays in doubt', () => {
    const doubt = { state: 'BLOCKED', reason: { code: 'identity', message: 'who?' }, expected: 'stopped' } as const;
    expect(idle(doubt)).toMatchObject({ state: 'BLOCKED', verdict: 'problem', reason: { code: 'identity' } });
  });

  test('and has left something alive is a problem, wanted or not', () => {
    const view = idle({ state: 'STOPPED', expected: 'stopped', reason: { code: 'manual', message: 'm' } }, undefined, [
      LEFT,
    ]);
    expect(view).toMatchObject({ verdict: 'problem', reason: { code: 'manual', data: { pids: [7] } } });
    expect(view.reason.message).toBe('m; alive of it: 7 (sleep 9)');
  });
});

test.each(Object.keys(SITUATIONS) as SituationName[])('nothing is on its way by itself: %s', (name) => {
  const { world, target } = named(name);
  const survey = new Survey({ ...world, unsupervised: { leftovers: new Map() } }, START);
  const view = new Describer(survey).view(target);
  expect(['RUNNING', 'EXITED', 'STOPPED', 'BLOCKED', 'STARTING']).toContain(view.state);
  const isLaunching = survey.instance(target).activity.kind === 'launching';
  expect(view.verdict === 'pending').toBe(isLaunching);
  expect(view).not.toHaveProperty('next');
  expect(view).not.toHaveProperty('retryAt');
  expect(view).not.toHaveProperty('phase');
});
