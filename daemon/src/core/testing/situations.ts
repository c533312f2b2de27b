/** One instance in each state of SPEC 7, brought there by what is known of it, as the tables of SPEC 7.2 and 9.1 name them. */
import { Describer, type View } from '../../core/describe.ts';
import type { Dependency, Instance, LedgerEntry, ProcessVersion, World } from '../../core/model.ts';
import { Survey } from '../../core/survey.ts';
import type { Target } from '../../core/targets.ts';
import {
  activityOf, applyOnAt, configOf, endedOf, instanceOf, needs, runOf, START, versionOf, worldOf,
} from '../../core/testing/builders.ts'; // prettier-ignore

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

export function situationOf({
  version: partial = {},
  instance = {},
  world: rest = {},
  others = [],
  otherInstances = [],
}: Given): Situation {
  const version = versionOf({ id: 'web', ...partial });
  const config = configOf([version, ...others]);
  const world: World = { ...worldOf(config, [instanceOf(version, instance), ...otherInstances]), ...rest };
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

/** By name. Each name begins with the state it has to give; `(wanted)` where nothing but the state itself keeps it down. */
export const SITUATIONS = {
  'STOPPED manual': { instance: { hold: HOLD } },
  'STOPPED not-yet-applied': { version: FUTURE },
  'STOPPED fake': { version: { fake: true } },
  'STOPPED autostart': { version: { autostart: false } },
  'STOPPED shutdown': { world: { shutdown: true } },
  'PENDING dependency': WAITS,
  'PENDING dependency rightly idle': dependency({}, {}, { hold: HOLD }),
  'PENDING start-queue': {},
  'STARTING launch': { instance: { activity: activityOf('launching', service) } },
  'STARTING settle': { instance: { activity: activityOf('settling', service) } },
  'RUNNING': { instance: { activity: activityOf('running', service) } },
  'RUNNING one-shot': { version: { oneShot: true }, instance: { activity: activityOf('running', job), ledger: entry('running') } },
  'BACKOFF': { instance: { counters: { failedStarts: 1, failure: FAILURE, runs: [] }, ended: endedOf(service, { settled: false }) } },
  'FATAL': { version: { startRetries: 0 }, instance: { counters: { failedStarts: 1, failure: FAILURE, runs: [] } } },
  'STOPPING yielding': { instance: { activity: activityOf('yielding', service), hold: HOLD } },
  'STOPPING signal': { instance: { activity: activityOf('stopping', service), hold: HOLD } },
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
  'EXITED service, well': { version: { autorestart: 'never' }, instance: { ended: endedOf(service) } },
  'EXITED service, failed': {
    version: { autorestart: 'never' },
    instance: { ended: endedOf(service, { exit: { kind: 'signal', signal: 'SEGV' } }) },
  },
  'BLOCKED too-many-runs': { version: { maxRuns: 1 }, instance: { counters: { failedStarts: 0, runs: [START.mono - 5] } } },
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
