/** What holds in every life of an instance, whatever happens to it, in whatever order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wantedJobs } from './jobs.ts';
import { advance, deadlineOf, type InstanceEvent } from './lifecycle.ts';
import type { CommandType, Exit, Instance, Job, JobName, ProcessVersion } from './model.ts';
import { identityOf, instanceOf, later, runOf, START, versionOf } from './testing/builders.ts';

const HOOKS = ['before', 'init', 'after-start', 'stop', 'after-stop'] as const;
const JOBS: readonly JobName[] = [...HOOKS, 'start-health-check', 'health-check', 'dependency', 'inspect'];
const PROBES = [
  { kind: 'tcp', host: 'h', port: 1 },
  { kind: 'command', command: 'ask' },
] as const;
const LEFT = { pid: 7, startTicks: 7, uid: 0, command: 'x', marked: true };

const version: fc.Arbitrary<ProcessVersion> = fc
  .record({
    type: fc.constantFrom<CommandType>('simple', 'simple', 'pid-file', 'podman-cid', 'external'),
    hooks: fc.subarray([...HOOKS]),
    startHealthCheck: fc.option(fc.constantFrom(...PROBES)),
    healthCheck: fc.option(fc.constantFrom(...PROBES)),
    oneShot: fc.boolean(),
    autorestart: fc.constantFrom('always' as const, 'on-failure' as const, 'never' as const),
    killMode: fc.constantFrom('group' as const, 'mixed' as const, 'process' as const),
    startSecs: fc.constantFrom(0, 1_000),
  })
  .map(({ type, hooks, startHealthCheck, healthCheck, ...given }) =>
    versionOf({
      id: 'web',
      ...given,
      command: { line: 'x', type, why: '', argv: ['x'] },
      hooks: Object.fromEntries(hooks.map((name) => [name, { command: name, timeout: 5_000 }])),
      ...(startHealthCheck === null ? {} : { startHealthCheck: { probe: startHealthCheck, timeout: 9_000, interval: 1_000 } }),
      ...(healthCheck === null ? {} : { healthCheck: { kind: 'probe', probe: healthCheck, timeout: 5_000, interval: 7_000, retries: 2, startPeriod: 0 } }),
    }),
  ); // prettier-ignore

/** What happens: time passes, then this. `mine`: about the current launch, or job; else it comes too late. */
interface Happening {
  readonly ms: number;
  readonly what:
    | 'launch' | 'ask' | 'launched' | 'never-ran' | 'exited' | 'handed' | 'unhanded' | 'stop' | 'proceed' | 'scanned' | 'tick' | 'adopt'
    | 'doubt' | 'resolve' | 'boot' | 'job-launched' | 'job-ended' | 'job-cleared' | 'job-found'; // prettier-ignore
  readonly mine: boolean;
  readonly good: boolean;
  readonly flag: boolean;
  readonly index: number;
}

const OFTEN = ['launch', 'launched', 'job-launched', 'job-ended', 'job-cleared', 'exited', 'scanned', 'tick', 'tick', 'stop', 'handed'] as const; // prettier-ignore
const SELDOM = ['ask', 'never-ran', 'unhanded', 'proceed', 'adopt', 'doubt', 'resolve', 'boot', 'job-found'] as const;

const happening: fc.Arbitrary<Happening> = fc.record({
  ms: fc.constantFrom(0, 0, 0, 10, 1_000, 5_000, 20_000),
  what: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...OFTEN) },
    { weight: 1, arbitrary: fc.constantFrom(...SELDOM) },
  ),
  mine: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  good: fc.boolean(),
  flag: fc.boolean(),
  index: fc.nat(20),
});

/** @param serial makes launch ids unique */
function eventOf(
  one: Happening,
  instance: Instance,
  process: ProcessVersion,
  serial: number,
  ms: number,
): InstanceEvent {
  const { what, mine, good, flag, index } = one;
  const { activity, jobs } = instance;
  const launchId = mine && activity.kind !== 'idle' ? activity.run.launchId : 'OTHER';
  const given = {
    launchId: `L${serial}`,
    startedAt: later(ms).wall,
    startedMono: later(ms).mono,
    type: process.command.type,
  };
  const { process: _none, ...run } = runOf(process, given);
  const exit: Exit = good ? { kind: 'code', code: 0 } : flag ? { kind: 'unknown' } : { kind: 'code', code: 1 };
  const job = mine ? jobs[index % Math.max(jobs.length, 1)] : undefined;
  const address = { job: job?.name ?? JOBS[index % JOBS.length]!, launchId: job?.launchId ?? 'OTHER' };
  const at = later(ms).wall;
  const remains = good ? [] : [LEFT];
  // `reconcile` asks for nothing beside a hook or a check.
  if ((what === 'launch' || what === 'ask') && jobs.length > 0) return { kind: 'tick' };
  // Nothing is launched for a probe.
  if (what === 'job-launched' && job !== undefined && job.work.kind !== 'command') return { kind: 'tick' };
  switch (what) {
    case 'launch':
      return { kind: what, run, counted: flag, again: good };
    case 'ask':
      return { kind: what, command: 'ping', timeout: 5_000, interval: 1_000, base: `A${serial}` };
    case 'launched':
      return { kind: what, launchId, process: identityOf(100) };
    case 'never-ran':
      return { kind: what, launchId, why: good ? 'voided' : flag ? 'refused' : 'failed', message: '' };
    case 'exited':
      return { kind: what, launchId, exit, at };
    case 'handed':
      return { kind: what, launchId, ...(process.command.type === 'external' ? {} : { process: identityOf(200) }) };
    case 'unhanded':
      return { kind: what, launchId, message: '', candidates: [] };
    case 'stop':
      return { kind: what, cause: 'manual', now: flag, yieldFirst: good };
    case 'scanned':
      return { kind: what, launchId, remains, ...(flag ? { unproven: [LEFT] } : {}) };
    case 'adopt':
      return { kind: what, run: { ...run, process: identityOf(100) } };
    case 'doubt':
      return { kind: what, doubt: { code: 'identity', message: '', candidates: [] } };
    case 'boot':
      return { kind: what, at, ...(flag ? { exit } : {}) };
    case 'job-launched':
      return { kind: what, ...address, process: identityOf(300), launcher: identityOf(301) };
    case 'job-ended':
      return { kind: what, ...address, result: { ok: good, text: '' }, ...(!good && flag ? { again: true } : {}) };
    case 'job-cleared':
      return { kind: what, ...address };
    case 'job-found': {
      const work = { kind: 'command', command: 'x' } as const;
      const found: Job = { name: address.job, launchId: `F${serial}`, work, timeout: 1, startedMono: 0, lookAt: 0 };
      return { kind: what, job: { ...found, process: identityOf(300) } };
    }
    default:
      return { kind: what };
  }
}

/** What has to hold after each event. */
function check(instance: Instance): void {
  const { activity, jobs } = instance;
  const wanted = wantedJobs(activity);
  const open = jobs.filter(({ killed, result }) => killed === undefined && result === undefined);
  for (const { name } of open) expect(wanted, `${activity.kind}: ${name} goes on`).toContain(name);
  expect(new Set(jobs.map(({ name, launchId }) => `${name} ${launchId}`)).size).toBe(jobs.length);
  const names = open.map(({ name }) => name);
  expect(new Set(names).size, `${names.join()} at the same time`).toBe(names.length);
  if (hasToTimeOut(instance)) expect(deadlineOf(instance), activity.kind).toBeLessThan(Infinity);
}

/** Something is under way that nobody else ends. */
function hasToTimeOut({ activity, jobs }: Instance): boolean {
  if (jobs.length > 0) return true;
  switch (activity.kind) {
    case 'preparing':
    case 'launching':
    case 'stopping':
    case 'clearing':
    case 'finishing':
      return true;
    case 'settling':
      return activity.step === 'settle';
    default:
      return false;
  }
}

describe('whatever happens', () => {
  test('no hook goes on that nobody waits for, none runs twice, and what has to time out does', () => {
    fc.assert(
      fc.property(version, fc.array(happening, { maxLength: 60 }), (process, happenings) => {
        let instance = instanceOf(process);
        let ms = 0;
        happenings.forEach((one, serial) => {
          ms += one.ms;
          const now = later(ms);
          instance = advance(instance, eventOf(one, instance, process, serial, ms), now).instance;
          check(instance);
        });
      }),
      { numRuns: 3_000 },
    );
  });

  test('once the machine answers, everything comes to an end: a stop leaves nothing', () => {
    fc.assert(
      fc.property(version, fc.array(happening, { maxLength: 40 }), (process, happenings) => {
        let instance = instanceOf(process);
        let ms = 0;
        happenings.forEach((one, serial) => {
          ms += one.ms;
          instance = advance(instance, eventOf(one, instance, process, serial, ms), later(ms)).instance;
        });
        for (let turns = 0; turns < 200 && !isAtRest(instance); turns += 1) {
          for (const event of answers(instance)) {
            instance = advance(instance, event, later(ms)).instance;
          }
          ms += 1_000;
          instance = advance(instance, { kind: 'tick' }, later(ms)).instance;
        }
        expect(isAtRest(instance), `${instance.activity.kind} ${instance.jobs.map(({ name }) => name).join()}`).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  }); // prettier-ignore
});

const isAtRest = ({ activity, jobs }: Instance): boolean => activity.kind === 'idle' && jobs.length === 0;

/** A machine on which all that is asked is done: hooks end, processes obey, nothing is left, and what is stopped is not alive. */
function answers({ activity, jobs }: Instance): readonly InstanceEvent[] {
  const told = jobs.flatMap(({ name, launchId, result }): InstanceEvent[] => [
    ...(result === undefined
      ? [{ kind: 'job-ended' as const, job: name, launchId, result: { ok: name !== 'health-check', text: '' } }]
      : []),
    { kind: 'job-cleared', job: name, launchId },
  ]);
  if (activity.kind === 'idle') return told;
  const { launchId, process, handed } = activity.run;
  const main: readonly InstanceEvent[] =
    activity.kind === 'preparing'
      ? [{ kind: 'stop', cause: 'manual', now: false, yieldFirst: false }]
      : [
          { kind: 'stop', cause: 'manual', now: false, yieldFirst: false },
          { kind: 'proceed' },
          process === undefined
            ? { kind: 'never-ran', launchId, why: 'voided', message: '' }
            : { kind: 'exited', launchId, exit: { kind: 'signal', signal: 'TERM' }, at: START.wall },
          { kind: 'unhanded', launchId, message: 'no pid file', candidates: [] },
          { kind: 'scanned', launchId, remains: [] },
        ];
  const isWithoutProcess = handed !== undefined && handed.process === undefined;
  return [...told, ...(isWithoutProcess ? main.filter(({ kind }) => kind !== 'exited') : main)];
}
