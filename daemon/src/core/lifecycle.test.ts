import { describe, expect, test } from 'vitest';
import { advance, deadlineOf, LAUNCH_PATIENCE, type InstanceEvent } from './lifecycle.ts';
import type { Activity, Exit, Instance, Job } from './model.ts';
import { ACTIVITIES, activityOf, identityOf, instanceOf, later, runOf, START, versionOf } from './testing/builders.ts';

const version = versionOf({ id: 'web' });
const CODE_1: Exit = { kind: 'code', code: 1 };
const LEFTOVER = { pid: 7, startTicks: 7, uid: 0, command: 'x', marked: true };
const DOUBT = { code: 'identity', message: '', candidates: [] } as const;
const JOB: Job = {
  name: 'before', launchId: 'J0', work: { kind: 'command', command: 'prepare' }, timeout: 5_000, startedMono: START.mono, lookAt: START.mono,
}; // prettier-ignore
const NEXT = runOf(version, { launchId: 'L1', startedAt: later(20_000).wall, startedMono: later(20_000).mono });

/** Every event, about launch `L0`, which is the current one wherever there is one. */
const EVENTS: Readonly<Record<InstanceEvent['kind'], InstanceEvent>> = {
  launch: { kind: 'launch', run: NEXT, counted: true, again: false },
  launched: { kind: 'launched', launchId: 'L0', process: identityOf(100) },
  'never-ran': { kind: 'never-ran', launchId: 'L0', why: 'failed', message: 'no such program' },
  exited: { kind: 'exited', launchId: 'L0', exit: CODE_1, at: later(20_000).wall },
  stop: { kind: 'stop', cause: 'manual', now: false, yieldFirst: false },
  proceed: { kind: 'proceed' },
  scanned: { kind: 'scanned', launchId: 'L0', remains: [] },
  tick: { kind: 'tick' },
  adopt: { kind: 'adopt', run: NEXT },
  doubt: { kind: 'doubt', doubt: DOUBT },
  resolve: { kind: 'resolve' },
  boot: { kind: 'boot', at: later(20_000).wall },
  ask: { kind: 'ask', command: 'ping db', timeout: 5_000, interval: 5_000, base: 'S1' },
  handed: { kind: 'handed', launchId: 'L0', process: identityOf(200) },
  unhanded: { kind: 'unhanded', launchId: 'L0', message: 'no file', candidates: [] },
  'job-launched': { kind: 'job-launched', job: 'before', launchId: 'J0', process: identityOf(300), launcher: identityOf(301) },
  'job-ended': { kind: 'job-ended', job: 'before', launchId: 'J0', result: { ok: true, text: '' } },
  'job-cleared': { kind: 'job-cleared', job: 'before', launchId: 'J0' },
  'job-found': { kind: 'job-found', job: JOB },
  'job-done': { kind: 'job-done', job: JOB, result: { ok: true, text: '' } },
}; // prettier-ignore

type Cell = readonly [successor: Activity['kind'], ...actions: string[]];

/**
 * What is not named leaves everything as it was. At 20 s: every timeout of the fixtures has passed. No job is under way, so that
 * `job-done`, which is that of a `before`, comes as the last one.
 */
const EXPECTED: Readonly<Record<Activity['kind'], Partial<Record<InstanceEvent['kind'], Cell>>>> = {
  idle: { launch: ['launching', 'launch'], ask: ['idle', 'start-job'], adopt: ['settling'] },
  preparing: {
    stop: ['idle'],
    tick: ['idle'],
    'job-done': ['launching', 'launch'],
    boot: ['idle', 'forget'],
  },
  launching: {
    launched: ['running'],
    'never-ran': ['idle', 'forget'],
    exited: ['clearing', 'scan'],
    stop: ['stopping', 'void'],
    tick: ['launching', 'look'],
    boot: ['idle', 'forget'],
  },
  settling: {
    'never-ran': ['idle', 'forget'],
    exited: ['clearing', 'scan'],
    stop: ['stopping', 'signal'],
    tick: ['running'],
    boot: ['idle', 'forget'],
  },
  running: {
    'never-ran': ['idle', 'forget'],
    exited: ['clearing', 'scan'],
    stop: ['stopping', 'signal'],
    boot: ['idle', 'forget'],
  },
  yielding: {
    'never-ran': ['idle', 'forget'],
    exited: ['clearing', 'scan'],
    proceed: ['stopping', 'signal'],
    boot: ['idle', 'forget'],
  },
  stopping: {
    'never-ran': ['idle', 'forget'],
    exited: ['clearing', 'scan'],
    handed: ['stopping', 'signal'],
    unhanded: ['clearing', 'scan'],
    tick: ['stopping', 'signal', 'look'],
    boot: ['idle', 'forget'],
  },
  clearing: {
    scanned: ['idle', 'forget'],
    tick: ['clearing', 'scan'],
    'job-done': ['clearing', 'scan'],
    boot: ['idle', 'forget'],
  },
  finishing: { tick: ['idle', 'forget'], 'job-done': ['idle', 'forget'], boot: ['idle', 'forget'] },
};

function at(kind: Activity['kind'], given: Partial<Instance> = {}): Instance {
  return instanceOf(version, { activity: activityOf(kind, version), ...given });
}

describe.each(ACTIVITIES)('%s', (kind) => {
  test.each(Object.values(EVENTS))('on $kind', (event) => {
    const [successor, ...actions] =
      event.kind === 'job-found' ? [kind, 'kill-job'] : (EXPECTED[kind][event.kind] ?? [kind]);
    const step = advance(at(kind), event, later(20_000));
    expect([step.instance.activity.kind, ...step.actions.map((action) => action.kind)]).toEqual([
      successor,
      ...actions,
    ]);
  });

  test.each(Object.values(EVENTS).filter((event) => 'launchId' in event))(
    'a replayed $kind of another launch',
    (event) => {
      const instance = at(kind);
      const step = advance(instance, { ...event, launchId: 'OTHER' }, later(20_000));
      expect(step.instance).toBe(instance);
      expect(step.actions).toEqual([]);
    },
  );

  test('doubt is noted and resolved', () => {
    const doubtful = advance(at(kind), EVENTS.doubt, START).instance;
    expect(doubtful.doubt).toEqual(DOUBT);
    expect(advance(doubtful, EVENTS.resolve, START).instance).toEqual(at(kind));
  });
});

describe('starting', () => {
  test('settles when it has lived for start-secs from its launch, not from when it was seen', () => {
    const launching = at('launching');
    const seen = advance(launching, EVENTS.launched, later(400)).instance;
    expect(seen.activity.kind).toBe('settling');
    expect(deadlineOf(seen)).toBe(later(1_000).mono);
    expect(advance(seen, EVENTS.tick, later(999)).instance.activity.kind).toBe('settling');
    expect(advance(seen, EVENTS.tick, later(1_000)).instance.activity.kind).toBe('running');
  });

  test('a one-shot has nothing to wait for', () => {
    const oneShot = versionOf({ id: 'job', oneShot: true });
    const instance = instanceOf(oneShot, { activity: activityOf('launching', oneShot) });
    expect(advance(instance, EVENTS.launched, START).instance.activity.kind).toBe('running');
  });

  test('settling forgives failed starts', () => {
    const failure = { code: 'exit', message: '', at: 0, counts: true } as const;
    const instance = at('settling', { counters: { failedStarts: 3, failure, runs: [1] } });
    expect(advance(instance, EVENTS.tick, later(1_000)).instance.counters).toEqual({ failedStarts: 0, runs: [1] });
  });

  test('an unclaimed launch is looked at again and again', () => {
    const launched = advance(at('idle'), EVENTS.launch, START).instance;
    expect(deadlineOf(launched)).toBe(START.mono + LAUNCH_PATIENCE);
    const looked = advance(launched, EVENTS.tick, later(LAUNCH_PATIENCE));
    expect(looked.actions).toEqual([{ kind: 'look', key: 'web~0' }]);
    expect(deadlineOf(looked.instance)).toBe(later(LAUNCH_PATIENCE + 1_000).mono);
  });

  test('a launch counts, and its ledger entry is written with it', () => {
    const ledger = { entry: 'version:at 0', launchId: 'L1', outcome: 'running' } as const;
    const event: InstanceEvent = { kind: 'launch', run: NEXT, counted: true, again: true, ledger };
    const { instance } = advance(at('idle', { restarts: 2, dependencyLost: true }), event, later(20_000));
    expect(instance).toMatchObject({
      counters: { runs: [later(20_000).mono] },
      ledger: [ledger],
      restarts: 3,
      dependencyLost: false,
    });
  });

  test.each([
    ['voided', 0, false, 'operator', []],
    ['refused', 0, false, 'operator', []],
    ['failed', 1, true, undefined, [START.mono]],
  ] as const)('a launch that never ran because it was %s', (why, failedStarts, counts, credit, runs) => {
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    const counters = { failedStarts: 0, runs: [START.mono] };
    const instance = at('launching', { ledger, counters, credit: 'operator' });
    const event: InstanceEvent = { kind: 'never-ran', launchId: 'L0', why, message: 'm' };
    const after = advance(instance, event, later(5)).instance;
    expect(after.counters).toMatchObject({
      failedStarts,
      runs,
      failure: { counts, code: 'spawn-error', message: 'm' },
    });
    expect(after.ledger).toEqual([]);
    expect(after.credit).toBe(credit);
    expect(after.exits).toEqual([]);
  });

  test('what excuses a launch is spent when its command has run', () => {
    const instance = at('launching', { credit: 'operator' });
    expect(advance(instance, EVENTS.launched, START).instance.credit).toBeUndefined();
    expect(advance(instance, EVENTS.exited, START).instance.credit).toBeUndefined();
  });

  test('an adopted one-shot is on the ledger', () => {
    const job = versionOf({ id: 'job', oneShot: true });
    const run = runOf(job, { launchId: 'L9' });
    const { instance } = advance(instanceOf(job), { kind: 'adopt', run }, START);
    expect(instance.ledger).toEqual([{ entry: 'version:at 0', launchId: 'L9', outcome: 'running' }]);
  });
});

describe('ending', () => {
  const finished = (instance: Instance, exit: Exit, ms = 20_000): Instance => {
    const event: InstanceEvent = { kind: 'exited', launchId: 'L0', exit, at: later(ms).wall };
    const cleared = advance(instance, event, later(ms)).instance;
    return advance(cleared, EVENTS.scanned, later(ms)).instance;
  };

  test('is recorded once, newest first, five at most', () => {
    let instance = at('idle');
    for (let index = 0; index < 7; index += 1) {
      const run = runOf(version, { launchId: `L${index}` });
      instance = advance(instance, { kind: 'adopt', run }, later(20_000)).instance;
      instance = advance(
        instance,
        { ...EVENTS.exited, launchId: `L${index}` } as InstanceEvent,
        later(20_000),
      ).instance;
      instance = advance(instance, { ...EVENTS.scanned, launchId: `L${index}` } as InstanceEvent, START).instance;
    }
    expect(instance.exits.map(({ launchId }) => launchId)).toEqual(['L6', 'L5', 'L4', 'L3', 'L2']);
  });

  test('before start-secs is a failed start; after them it is none', () => {
    expect(finished(at('settling'), CODE_1, 500).counters).toMatchObject({
      failedStarts: 1,
      failure: { code: 'exit' },
    });
    expect(finished(at('running'), CODE_1).counters).toEqual({ failedStarts: 0, runs: [] });
  });

  test('that was not seen to settle has settled when both clocks say so', () => {
    expect(finished(at('settling'), CODE_1, 1_000).counters.failedStarts).toBe(0);
    const jumped: InstanceEvent = { kind: 'exited', launchId: 'L0', exit: CODE_1, at: later(3_600_000).wall };
    const cleared = advance(at('settling'), jumped, { wall: later(3_600_000).wall, mono: later(10).mono }).instance;
    expect(advance(cleared, EVENTS.scanned, later(10)).instance.counters.failedStarts).toBe(1);
  });

  test('with an unknown status is retried, and never counts towards FATAL', () => {
    const { counters } = finished(at('settling'), { kind: 'unknown' }, 10);
    expect(counters).toMatchObject({ failedStarts: 0, failure: { counts: true } });
  });

  test.each([
    ['never', 0, 'ended'],
    ['never', 1, 'ended'],
    ['on-failure', 0, 'ended'],
    ['on-failure', 1, undefined],
    ['always', 0, 'ended'],
    ['always', 1, undefined],
  ] as const)('of a one-shot with autorestart %s and code %d', (autorestart, code, outcome) => {
    const job = versionOf({ id: 'web', oneShot: true, autorestart });
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    const after = finished(instanceOf(job, { activity: activityOf('running', job), ledger }), { kind: 'code', code });
    expect(after.ledger[0]?.outcome).toBe(outcome);
    expect(after.counters.failedStarts).toBe(outcome === undefined ? 1 : 0);
  });

  test('of a one-shot with an unknown status is not run again', () => {
    const job = versionOf({ id: 'web', oneShot: true, autorestart: 'on-failure' });
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    const after = finished(instanceOf(job, { activity: activityOf('running', job), ledger }), { kind: 'unknown' });
    expect(after.ledger[0]?.outcome).toBe('ended');
  });

  test('by itself for good ends what an operator started; a retried one does not', () => {
    const given = { operatorStarted: true, forced: true };
    const never = versionOf({ id: 'web', autorestart: 'never' });
    expect(finished(instanceOf(never, { activity: activityOf('running', never), ...given }), CODE_1)).toMatchObject({
      operatorStarted: false,
      forced: false,
    });
    expect(finished(at('running', given), CODE_1)).toMatchObject(given);
  });

  test('does not undo what an operator, or a new version, has cleared meanwhile', () => {
    const early = advance(
      at('settling'),
      { ...EVENTS.exited, at: later(10).wall } as InstanceEvent,
      later(10),
    ).instance;
    const asked: Instance = { ...early, credit: 'operator', operatorStarted: true };
    const after = advance(asked, EVENTS.scanned, later(10)).instance;
    expect(after).toMatchObject({ counters: { failedStarts: 0, runs: [] }, credit: 'operator', operatorStarted: true });
    expect(after.counters.failure).toBeUndefined();
  });

  test('with marked leftovers within seconds forks into the background', () => {
    const early = advance(
      at('settling'),
      { ...EVENTS.exited, at: later(10).wall } as InstanceEvent,
      later(10),
    ).instance;
    const left = advance(early, { kind: 'scanned', launchId: 'L0', remains: [LEFTOVER] }, later(10)).instance;
    expect(left.activity).toMatchObject({ kind: 'clearing', ended: { forked: true } });
  });

  test('is scanned for again, once a second, until there is an answer', () => {
    const exited = advance(at('running'), EVENTS.exited, START).instance;
    expect(deadlineOf(exited)).toBe(later(1_000).mono);
    const asked = advance(exited, EVENTS.tick, later(1_000));
    expect(asked.actions.map(({ kind }) => kind)).toEqual(['scan']);
    expect(deadlineOf(asked.instance)).toBe(later(2_000).mono);
  });

  test('with something alive that cannot be proven leaves it in doubt', () => {
    const scanned: InstanceEvent = { kind: 'scanned', launchId: 'L0', remains: [], unproven: [LEFTOVER] };
    const { instance } = advance(at('clearing'), scanned, START);
    expect(instance).toMatchObject({ activity: { kind: 'idle' }, doubt: { code: 'identity', candidates: [LEFTOVER] } });
  });

  test('with kill-mode process leaves the rest alone', () => {
    const main = versionOf({ id: 'web', killMode: 'process' });
    const step = advance(instanceOf(main, { activity: activityOf('running', main) }), EVENTS.exited, later(5));
    expect(step.instance.activity.kind).toBe('idle');
    expect(step.actions.map(({ kind }) => kind)).toEqual(['forget']);
  });
});

describe('stopping', () => {
  test('the first cause wins', () => {
    const again: InstanceEvent = { kind: 'stop', cause: 'restart', now: false, yieldFirst: false };
    for (const kind of ['yielding', 'stopping', 'clearing'] as const) {
      expect(advance(at(kind), again, later(5)).instance).toEqual(at(kind));
    }
  });

  test('waits for dependents before the first signal', () => {
    const stop: InstanceEvent = { kind: 'stop', cause: 'manual', now: false, yieldFirst: true };
    const step = advance(at('running'), stop, START);
    expect(step.instance.activity.kind).toBe('yielding');
    expect(step.actions).toEqual([]);
  });

  test('--now ends the grace of a stop under way', () => {
    const hurry: InstanceEvent = { kind: 'stop', cause: 'manual', now: true, yieldFirst: false };
    expect(advance(at('stopping'), hurry, later(5)).actions).toMatchObject([{ kind: 'signal', signal: 'KILL' }]);
    expect(advance(at('clearing'), hurry, later(5)).actions).toMatchObject([{ kind: 'scan' }]);
    const yielding = advance(at('yielding'), hurry, later(5)).instance;
    expect(advance(yielding, EVENTS.proceed, later(6)).actions).toMatchObject([{ kind: 'signal', signal: 'KILL' }]);
  });

  test('a launch that is claimed after its stop is signalled when it is seen', () => {
    const voided = advance(at('launching'), EVENTS.stop, START).instance;
    const step = advance(voided, EVENTS.launched, later(5));
    expect(step.actions).toMatchObject([{ kind: 'signal', signal: 'TERM', run: { process: { pid: 100 } } }]);
  });

  test('a launch that is taken back keeps the failures before it', () => {
    const failure = { code: 'exit', message: '', at: 0, counts: true } as const;
    const counters = { failedStarts: 3, failure, runs: [1, START.mono] };
    const voided = advance(at('launching', { counters }), EVENTS.stop, START).instance;
    const event: InstanceEvent = { kind: 'never-ran', launchId: 'L0', why: 'voided', message: '' };
    expect(advance(voided, event, later(5)).instance.counters).toEqual({ failedStarts: 3, failure, runs: [1] });
  });

  test('of a one-shot interrupts it', () => {
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    const exited = advance(at('stopping', { ledger }), EVENTS.exited, later(20_000)).instance;
    expect(advance(exited, EVENTS.scanned, later(20_000)).instance).toMatchObject({
      ledger: [{ outcome: 'interrupted' }],
      ended: { by: 'manual' },
    });
  });
});

describe('another boot', () => {
  const BOOTED = { wall: START.wall + 60_000, mono: 50 };

  test.each(ACTIVITIES)("%s: idle, counters cleared, an operator's start over", (kind) => {
    const failure = { code: 'exit', message: '', at: START.mono, counts: true } as const;
    const given = { counters: { failedStarts: 3, failure, runs: [1] }, operatorStarted: true, forced: true };
    const { instance } = advance(at(kind, given), { kind: 'boot', at: BOOTED.wall }, BOOTED);
    expect(instance).toMatchObject({
      activity: { kind: 'idle' },
      counters: { failedStarts: 0, runs: [] },
      credit: 'boot',
      operatorStarted: false,
      forced: false,
      shown: { sinceMono: 50 },
    });
    expect(instance.counters.failure).toBeUndefined();
  });

  test('cuts off a running one-shot: interrupted; with an exit file it had ended before', () => {
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    const cut = advance(at('running', { ledger }), { kind: 'boot', at: BOOTED.wall }, BOOTED).instance;
    expect(cut).toMatchObject({
      ledger: [{ outcome: 'interrupted' }],
      ended: { by: 'boot', exit: { kind: 'unknown' } },
    });
    const never = versionOf({ id: 'web', oneShot: true });
    const running = instanceOf(never, { activity: activityOf('running', never), ledger });
    const ended = advance(running, { kind: 'boot', exit: CODE_1, at: BOOTED.wall }, BOOTED).instance;
    expect(ended).toMatchObject({ ledger: [{ outcome: 'ended' }], ended: { by: 'itself', exit: CODE_1 } });
  });

  test('an unclaimed one-shot has never run', () => {
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    const { instance } = advance(at('launching', { ledger }), { kind: 'boot', at: BOOTED.wall }, BOOTED);
    expect(instance.ledger).toEqual([]);
    expect(instance.exits).toEqual([]);
  });
});
