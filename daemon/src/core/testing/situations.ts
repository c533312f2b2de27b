/** One instance in each state of SPEC 7, brought there by what is known of it, as the tables of SPEC 7.2 and 9.1 name them. */
import { Describer, type View } from '../../core/describe.ts';
import type {
  Activity, Dependency, Instance, Job, JobName, LedgerEntry, ProcessVersion, StartStep, World,
} from '../../core/model.ts'; // prettier-ignore
import { Survey } from '../../core/survey.ts';
import type { Target } from '../../core/targets.ts';
import {
  activityOf, applyOnAt, configOf, endedOf, instanceOf, needs, runOf, START, versionOf, worldOf,
} from '../../core/testing/builders.ts'; // prettier-ignore
import { ALL_DAYS, cron, daily } from '../../core/testing/schedules.ts';

export interface Given {
  readonly version?: Partial<ProcessVersion>;
  readonly instance?: Partial<Instance>;
  readonly world?: Partial<World>;
  /** What it depends on; added to the configuration, idle unless an instance is given. */
  readonly others?: readonly ProcessVersion[];
  readonly otherInstances?: readonly Instance[];
}

export interface Situation {
  readonly world: World;
  readonly survey: Survey;
  readonly target: Target;
  readonly view: View;
}

export const HOLD = { since: START.wall - 1 };
const FAILURE = { code: 'exit', message: '', exit: { kind: 'code', code: 1 }, at: START.mono, counts: true } as const;
const DOUBT = { code: 'identity', message: 'who is that?', candidates: [] } as const;
const LEFT = [{ pid: 7, startTicks: 7, uid: 0, command: 'x', marked: true }];

const STOP = { cause: 'manual', since: START.mono, now: false } as const;

function jobOf(name: JobName): Job {
  const work = { kind: 'command', command: 'x' } as const;
  return { name, launchId: 'J0', work, timeout: 5_000, startedMono: START.mono, lookAt: START.mono + 10_000 };
}

export function situationOf({
  version: partial = {},
  instance = {},
  world: rest = {},
  others = [],
  otherInstances = [],
}: Given): Situation {
  const version = versionOf({ id: 'web', ...partial });
  const config = configOf([version, ...others]);
  const fresh = instanceOf(version);
  const known = { ...fresh, ...instance, seen: { ...fresh.seen, ...instance.seen } };
  const world: World = { ...worldOf(config, [known, ...otherInstances]), ...rest };
  const survey = new Survey(world, START);
  const target = survey.targets.find(({ id }) => id === 'web') as Target;
  return { world, survey, target, view: new Describer(survey).view(target) };
}

const service = versionOf({ id: 'web' });
const job = versionOf({ id: 'web', oneShot: true });
const entry = (outcome: LedgerEntry['outcome']): readonly LedgerEntry[] => [
  { entry: 'version:at 0', launchId: 'L0', outcome },
];
const FUTURE = { applyOn: applyOnAt(START.wall + 60_000) };
const WAITS: Given = { version: { dependsOn: [needs('db')] }, others: [versionOf({ id: 'db' })] };
const dependency = (given: Partial<Dependency>, other: Partial<ProcessVersion>, instance: Partial<Instance>): Given => {
  const db = versionOf({ id: 'db', ...other });
  return { version: { dependsOn: [needs('db', given)] }, others: [db], otherInstances: [instanceOf(db, instance)] };
};

/* START is Tuesday 2023-11-14, 22:13:20 UTC: the window has closed, and opens again on Wednesday at 8. */
const HOUR = 3_600_000;
const CLOSED = daily('08:00-18:00', ALL_DAYS, 'UTC');
const OPENED = START.wall - 51_200_000;
export const OPENS = OPENED + 24 * HOUR;
const afterWindow = (outcome: LedgerEntry['outcome'], given: Partial<Instance> = {}): Given => ({
  version: { schedule: CLOSED, oneShot: true },
  instance: {
    ledger: [{ entry: `window:${OPENED}`, opens: OPENED, launchId: 'L0', outcome }],
    seen: { since: OPENED - 1, window: { opens: OPENED, open: false } },
    ...given,
  },
});
const NIGHTLY = cron('0 3 * * *', 'UTC');
const CRON_AT = OPENED - 5 * HOUR;
const settlingIn = (step: StartStep): Activity => ({
  kind: 'settling',
  run: runOf(service),
  step,
  stepSince: START.mono,
});
const EXTERNAL = { command: 'ping db', interval: 5_000, timeout: 5_000 };

/** By name. Each name begins with the state it has to give; `(wanted)` where nothing but the state itself keeps it down. */
export const SITUATIONS = {
  'STOPPED manual': { instance: { hold: HOLD } },
  'STOPPED not-yet-applied': { version: FUTURE },
  'STOPPED fake': { version: { fake: true } },
  'STOPPED autostart': { version: { autostart: false } },
  'STOPPED schedule': { version: { schedule: CLOSED } },
  'STOPPED schedule, one-shot': { version: { schedule: CLOSED, oneShot: true } },
  'STOPPED schedule, cron': { version: { schedule: NIGHTLY, oneShot: true } },
  'STOPPED missed': afterWindow('missed'),
  'STOPPED shutdown': { world: { ending: 'shutdown' } },
  'STOPPED required': { world: { ending: 'required' } },
  'PENDING dependency': WAITS,
  'PENDING dependency rightly idle': dependency({}, {}, { hold: HOLD }),
  'PENDING external': { version: { externals: [EXTERNAL] }, instance: { externals: { met: 0, againAt: START.mono + 1_000, text: 'failed' } } },
  'PENDING wait-after': { version: { waitAfter: 5_000 }, instance: { metSince: START.mono } },
  'PENDING start-queue': {},
  'STARTING before': { instance: { activity: activityOf('preparing', service), jobs: [jobOf('before')] } },
  'STARTING launch': { instance: { activity: activityOf('launching', service) } },
  'STARTING pid-file': { instance: { activity: settlingIn('pid-file') } },
  'STARTING start-health-check': { instance: { activity: settlingIn('start-health-check'), jobs: [jobOf('start-health-check')] } },
  'STARTING init': { instance: { activity: settlingIn('init'), jobs: [jobOf('init')] } },
  'STARTING settle': { instance: { activity: activityOf('settling', service) } },
  'RUNNING': { instance: { activity: activityOf('running', service) } },
  'RUNNING one-shot': { version: { oneShot: true }, instance: { activity: activityOf('running', job), ledger: entry('running') } },
  'BACKOFF': { instance: { counters: { failedStarts: 1, failure: FAILURE, runs: [] }, ended: endedOf(service, { settled: false }) } },
  'FATAL': { version: { startRetries: 0 }, instance: { counters: { failedStarts: 1, failure: FAILURE, runs: [] } } },
  'STOPPING yielding': { instance: { activity: activityOf('yielding', service), hold: HOLD } },
  'STOPPING signal': { instance: { activity: activityOf('stopping', service), hold: HOLD } },
  'STOPPING before': {
    instance: { activity: { kind: 'preparing', run: runOf(service), stop: STOP }, jobs: [jobOf('before')], hold: HOLD },
  },
  'STOPPING stop-hook': {
    instance: { activity: { kind: 'stopping', run: runOf(service), stop: STOP, settled: true,
      clearing: { remains: [], hookUntil: START.mono + 5_000 } }, jobs: [jobOf('stop')], hold: HOLD },
  },
  'STOPPING after-stop': { instance: { activity: activityOf('finishing', service), jobs: [jobOf('after-stop')] } },
  'STOPPING leftovers': { instance: { activity: activityOf('clearing', service) } },
  'STOPPING survivors': {
    instance: { activity: { kind: 'clearing', run: runOf(service), ended: endedOf(service),
      clearing: { remains: LEFT, firstSignalAt: START.mono - 9_000, killedAt: START.mono - 5_000, scanAt: START.mono + 1 } } },
  },
  'EXITED one-shot, well': { version: { oneShot: true }, instance: { ledger: entry('ended'), ended: endedOf(job) } },
  'EXITED one-shot, failed': {
    version: { oneShot: true },
    instance: { ledger: entry('ended'), ended: endedOf(job, { exit: { kind: 'code', code: 1 } }) },
  },
  'EXITED one-shot, interrupted': {
    version: { oneShot: true },
    instance: { ledger: entry('interrupted'), ended: endedOf(job, { by: 'boot', exit: { kind: 'unknown' } }) },
  },
  'EXITED one-shot, well, outside its window': afterWindow('ended', { ended: endedOf(job) }),
  'EXITED one-shot, failed, outside its window': afterWindow('ended', { ended: endedOf(job, { exit: { kind: 'code', code: 1 } }) }),
  'EXITED one-shot, cut off by its window': afterWindow('interrupted', { ended: endedOf(job, { by: 'schedule' }) }),
  'EXITED cron job, well': {
    version: { schedule: NIGHTLY, oneShot: true },
    instance: { ledger: [{ entry: `window:${CRON_AT}`, opens: CRON_AT, launchId: 'L0', outcome: 'ended' }], ended: endedOf(job) },
  },
  'EXITED service, well': { version: { autorestart: 'never' }, instance: { ended: endedOf(service) } },
  'EXITED service, failed': {
    version: { autorestart: 'never' },
    instance: { ended: endedOf(service, { exit: { kind: 'signal', signal: 'SEGV' } }) },
  },
  'BLOCKED too-many-runs': { version: { maxRuns: 1 }, instance: { counters: { failedStarts: 0, runs: [START.mono - 5] } } },
  'BLOCKED pid-file': { instance: { doubt: { ...DOUBT, code: 'pid-file' } } },
  'BLOCKED identity': { instance: { doubt: DOUBT } },
} as const satisfies Readonly<Record<string, Given>>; // prettier-ignore

export type SituationName = keyof typeof SITUATIONS;

/** The named situation, with further facts. */
export function named(name: SituationName, further: Given = {}): Situation {
  const given: Given = SITUATIONS[name];
  return situationOf({
    ...given,
    ...further,
    version: { ...given.version, ...further.version },
    instance: { ...given.instance, ...further.instance },
    world: { ...given.world, ...further.world },
  });
}
