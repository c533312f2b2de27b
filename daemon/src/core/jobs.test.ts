import { describe, expect, test } from 'vitest';
import type { Action } from './actions.ts';
import { beginJob, type JobEvent, type JobOrder } from './jobs.ts';
import { advance, deadlineOf, type InstanceEvent } from './lifecycle.ts';
import type { Activity, Instance, Job, JobName, JobResult, Now } from './model.ts';
import { ACTIVITIES, activityOf, identityOf, instanceOf, later, runOf, START, versionOf } from './testing/builders.ts';

const plain = versionOf({ id: 'web' });
const ASK = { kind: 'command', command: 'ask' } as const;
const CHECK = { kind: 'probe', probe: ASK, timeout: 5_000, interval: 10_000, retries: 3, startPeriod: 0 } as const;
const checked = versionOf({ id: 'web', healthCheck: { kind: 'probe', probe: { kind: 'tcp', host: 'h', port: 1 }, timeout: 5_000, interval: 10_000, retries: 3, startPeriod: 0 } }); // prettier-ignore
const COMMAND: JobOrder = { name: 'after-start', work: { kind: 'command', command: 'notify' }, timeout: 5_000 };
const PROBE: JobOrder = { name: 'health-check', work: { kind: 'tcp', host: 'h', port: 1 }, timeout: 5_000 };
const OK: JobResult = { ok: true, text: 'exited with code 0' };
const BAD: JobResult = { ok: false, text: 'exited with code 1', output: 'no route' };

const at = (kind: Activity['kind'], version = plain): Instance =>
  instanceOf(version, { activity: activityOf(kind, version) });
const versionFor = ({ name }: JobOrder): typeof plain => (name === 'health-check' ? checked : plain);
const begun = (order: JobOrder, kind: Activity['kind'] = 'running', now: Now = START): Instance =>
  beginJob(at(kind, versionFor(order)), order, 'L0', runOf(versionFor(order)), now).instance;
const jobOf = ({ jobs }: Instance, name: JobName = 'after-start'): Job => jobs.find((job) => job.name === name)!;
const brief = (actions: readonly Action[]): string[] =>
  actions.map((action) => ('job' in action ? `${action.kind} ${action.job.name}` : action.kind));

/** About the job of `begun`. */
function told(instance: Instance, kind: 'launched' | 'ended' | 'cleared', result: JobResult = OK): JobEvent {
  const { name: job, launchId } = instance.jobs[0]!;
  if (kind === 'launched')
    return { kind: 'job-launched', job, launchId, process: identityOf(300), launcher: identityOf(301) };
  return kind === 'ended' ? { kind: 'job-ended', job, launchId, result } : { kind: 'job-cleared', job, launchId };
}

const launchedJob = (order = COMMAND): Instance => {
  const instance = begun(order);
  return advance(instance, told(instance, 'launched'), START).instance;
};
const tick: InstanceEvent = { kind: 'tick' };

describe('a command', () => {
  test('is launched, ended, cleared and forgotten', () => {
    const launched = launchedJob();
    expect(jobOf(launched)).toMatchObject({ process: identityOf(300), launcher: identityOf(301) });
    const ended = advance(launched, told(launched, 'ended', BAD), later(10));
    expect(brief(ended.actions)).toEqual(['clear-job after-start']);
    expect(jobOf(ended.instance).result).toEqual(BAD);
    const cleared = advance(ended.instance, told(launched, 'cleared'), later(20));
    expect(brief(cleared.actions)).toEqual(['forget-job after-start']);
    expect(cleared.instance.jobs).toEqual([]);
  });

  test('that never got a process has nothing to clear', () => {
    const instance = begun(COMMAND);
    const step = advance(instance, told(instance, 'ended', BAD), later(10));
    expect([step.instance.jobs, brief(step.actions)]).toEqual([[], ['forget-job after-start']]);
  });

  test('is cleared again, once a second, until nothing is left', () => {
    const launched = launchedJob();
    const ended = advance(launched, told(launched, 'ended'), later(10)).instance;
    for (const ms of [1_010, 2_010]) expect(deadlineOf(advancedTo(ended, ms))).toBe(later(ms + 1_000).mono);
    expect(brief(advance(ended, tick, later(1_010)).actions)).toEqual(['clear-job after-start']);
  });

  const advancedTo = (instance: Instance, ms: number): Instance => advance(instance, tick, later(ms)).instance;

  test('is looked at when its launch is not proven, patiently at first', () => {
    const slow = begun({ ...COMMAND, timeout: 60_000 });
    expect(deadlineOf(slow)).toBe(later(10_000).mono);
    const looked = advance(slow, tick, later(10_000));
    expect(brief(looked.actions)).toEqual(['look-job after-start']);
    expect(deadlineOf(looked.instance)).toBe(later(11_000).mono);
  });

  test('has its timeout, from its beginning on', () => {
    const launched = launchedJob();
    expect(deadlineOf(launched)).toBe(later(5_000).mono);
    expect(advance(launched, tick, later(4_999)).instance).toBe(launched);
    const killed = advance(launched, tick, later(5_000));
    expect(brief(killed.actions)).toEqual(['kill-job after-start']);
    expect(jobOf(killed.instance).killed).toEqual({ why: 'timeout', at: later(5_000).mono });
  });

  test('is killed and looked at again and again, until it is seen to have ended', () => {
    let instance = advance(launchedJob(), tick, later(5_000)).instance;
    for (const ms of [5_500, 6_000, 6_500]) {
      expect(deadlineOf(instance)).toBe(later(ms).mono);
      const again = advance(instance, tick, later(ms));
      expect(brief(again.actions)).toEqual(['kill-job after-start', 'look-job after-start']);
      expect(jobOf(again.instance).killed).toEqual({ why: 'timeout', at: later(5_000).mono });
      instance = again.instance;
    }
  });

  test('that is seen to be launched after its kill is killed once more, and again if that did not do it', () => {
    const killed = advance(begun(COMMAND), tick, later(5_000)).instance;
    const seen = advance(killed, told(killed, 'launched'), later(5_001));
    expect(brief(seen.actions)).toEqual(['kill-job after-start']);
    expect(seen.actions[0]).toMatchObject({ job: { process: identityOf(300) } });
    expect(deadlineOf(seen.instance)).toBe(later(5_501).mono);
  });
});

describe('a probe', () => {
  test('ends by itself: nothing is cleared or forgotten', () => {
    const instance = begun(PROBE);
    const step = advance(instance, told(instance, 'ended'), later(10));
    expect([step.instance.jobs, step.actions]).toEqual([[], []]);
  });

  test('that is lost is given up, and asked for anew', () => {
    const lost = begun(PROBE);
    expect(deadlineOf(lost)).toBe(later(10_000).mono);
    expect(advance(lost, tick, later(9_999)).instance.jobs).toEqual(lost.jobs);
    const again = advance(lost, tick, later(10_000));
    expect(brief(again.actions)).toEqual(['start-job health-check']);
    expect(again.instance.jobs).toMatchObject([{ startedMono: later(10_000).mono }]);
  });

  test('that nobody needs any more is gone at once', () => {
    const step = advance(begun(PROBE), { kind: 'stop', cause: 'manual', now: false, yieldFirst: false }, later(5));
    expect(step.instance.jobs).toEqual([]);
    expect(brief(step.actions)).toEqual(['signal', 'kill-job health-check']);
  });
});

/** What each job came to, as the activity that waits for it is told. */
describe('what it came to', () => {
  const health = (given: Partial<Job>, event: Partial<Extract<JobEvent, { kind: 'job-ended' }>> = {}): unknown => {
    const instance = begun(PROBE);
    const job = { ...instance.jobs[0]!, ...given };
    const ended = { ...told(instance, 'ended', BAD), ...event } as JobEvent;
    const { activity } = advance({ ...instance, jobs: [job] }, ended, later(10)).instance;
    return activity.kind === 'running' ? activity.health : activity.kind;
  };

  test.each([
    ['its result', {}, {}, { failures: 1, text: 'exited with code 1: no route' }],
    ['the timeout, with its last words', { killed: { why: 'timeout', at: 0 } }, {}, { failures: 1, text: 'did not end within 5 s: no route' }],
    ['nothing, for what never ran', {}, { again: true }, { failures: 0 }],
    ['nothing, for what was cancelled', { killed: { why: 'cancelled', at: 0 } }, {}, undefined],
  ] as const)('%s', (_what, given, event, expected) => {
    const found = health(given, event);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected);
  }); // prettier-ignore
});

describe('jobs that an activity has no use for', () => {
  const NAMES = ['before', 'init', 'after-start', 'stop', 'after-stop', 'start-health-check', 'health-check', 'dependency', 'inspect'] as const; // prettier-ignore
  const both = versionOf({
    id: 'web',
    healthCheck: CHECK,
    startHealthCheck: { probe: ASK, timeout: 5_000, interval: 1_000 },
  });
  const USED: Readonly<Record<Activity['kind'], readonly JobName[]>> = {
    idle: ['dependency'],
    preparing: ['before'],
    launching: [],
    settling: ['init', 'start-health-check', 'inspect'],
    running: ['after-start', 'health-check'],
    yielding: ['after-start', 'health-check'],
    stopping: ['stop'],
    clearing: ['stop'],
    finishing: ['after-stop'],
  };

  test.each(ACTIVITIES)('%s', (kind) => {
    const jobs = NAMES.map((name) => ({ ...begun({ ...COMMAND, work: ASK }).jobs[0]!, name, lookAt: Infinity }));
    const replay: InstanceEvent = { kind: 'proceed' };
    const before = { ...at(kind === 'yielding' ? 'running' : kind, both), jobs };
    const step =
      kind === 'yielding'
        ? advance(before, { kind: 'stop', cause: 'manual', now: false, yieldFirst: true }, START)
        : advance(before, replay, START);
    expect(step.instance.activity.kind).toBe(kind);
    const left = step.instance.jobs.filter(({ killed }) => killed === undefined).map(({ name }) => name);
    expect(left.toSorted()).toEqual(USED[kind].toSorted());
    for (const { killed } of step.instance.jobs) expect(killed?.why ?? 'cancelled').toBe('cancelled');
  });

  test('of an `external` that stops: its health-check is one of use', () => {
    const activity = activityOf('stopping', checked, { type: 'external', handed: {} });
    const { jobs } = begun(PROBE);
    const step = advance(instanceOf(checked, { activity, jobs }), { kind: 'proceed' }, START);
    expect(step.instance.jobs).toEqual(jobs);
  });

  test('are killed once for that, and not when they have ended', () => {
    const jobs = begun({ ...COMMAND, name: 'init' }).jobs;
    const killed = advance({ ...at('running'), jobs }, { kind: 'proceed' }, START);
    expect(brief(killed.actions)).toEqual(['kill-job init']);
    expect(advance(killed.instance, { kind: 'proceed' }, later(1)).actions).toEqual([]);
    const ended = { ...at('running'), jobs: jobs.map((job) => ({ ...job, result: OK })) };
    expect(advance(ended, { kind: 'proceed' }, START).actions).toEqual([]);
  });
});

describe('a hook that the state does not know', () => {
  const job = jobOf(begun(COMMAND));
  test.each(ACTIVITIES)('%s: it is killed', (kind) => {
    const found = advance(at(kind), { kind: 'job-found', job: { ...job, process: identityOf(300) } }, later(5));
    expect(brief(found.actions)).toEqual(['kill-job after-start']);
    expect(jobOf(found.instance).killed).toEqual({ why: 'cancelled', at: later(5).mono });
    expect(deadlineOf(found.instance)).toBeLessThanOrEqual(later(505).mono);
  });
});

describe('an event for another launch', () => {
  test.each(['launched', 'ended', 'cleared'] as const)('job-%s changes nothing', (kind) => {
    const instance = launchedJob();
    const event = { ...told(instance, kind), launchId: 'OTHER' } as JobEvent;
    expect(advance(instance, event, later(5))).toEqual({ instance, actions: [] });
    expect(advance(instance, { ...told(instance, kind), job: 'stop' } as JobEvent, later(5)).instance).toBe(instance);
  });

  test('launched a second time changes nothing', () => {
    const instance = launchedJob();
    expect(advance(instance, told(instance, 'launched'), later(5)).instance).toBe(instance);
  });

  test('cleared before it has ended changes nothing', () => {
    const instance = launchedJob();
    expect(advance(instance, told(instance, 'cleared'), later(5)).instance).toBe(instance);
  });
});

test('two tries of one job never share a launch id', () => {
  const ids = [START, later(0.001), later(1), later(10_000)].map(
    (now) => begun(PROBE, 'running', now).jobs[0]!.launchId,
  );
  expect(new Set(ids).size).toBe(4);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]+$/);
});
