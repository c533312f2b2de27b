/** Random configurations, and random edits of them. */
import type {
  ApplyOn, CoreConfig, Dependency, ExternalDependency, HealthCheck, Hooks, ProcessVersion, Schedule, StartHealthCheck,
} from '../core/model.ts'; // prettier-ignore
import { fnv1a64 } from '../core/hash.ts';
import {
  folderCheck, randomCron, randomExternal, randomHandOver, randomHealthCheck, randomHooks, randomService,
  randomStartHealthCheck, randomTask, randomWindows, type Behaviour, type Place,
} from './behaviours.ts'; // prettier-ignore
import type { Odds, Trait } from './plan.ts';
import type { Random } from './random.ts';
import type { MemberSpec, ServiceSpec } from './services.ts';

type Keys =
  | 'autorestart' | 'autostart' | 'startSecs' | 'startRetries' | 'restartDelay' | 'maxRuns' | 'stopTimeout' | 'waitAfter'
  | 'catchUp' | 'perBoot' | 'schedule'; // prettier-ignore

/** What belongs to a version alone. */
interface VersionPlan {
  readonly behaviour: Behaviour;
  readonly applyOn: ApplyOn;
  readonly fake: boolean;
  readonly hooks: Hooks;
  readonly externals: readonly ExternalDependency[];
  readonly startHealthCheck?: StartHealthCheck;
  readonly healthCheck?: HealthCheck;
  readonly maxRunTime?: number;
  readonly fallbackTimeout?: number;
}

/** One process: what stays the same for a whole history, and what edits change. */
export interface Blueprint extends Pick<ProcessVersion, Keys> {
  readonly id: string;
  readonly oneShot: boolean;
  readonly killMode: ProcessVersion['killMode'];
  readonly dependsOn: readonly Dependency[];
  readonly numprocs: number;
  readonly isListed: boolean;
  /** Its expression names the process in a pid file. */
  readonly handsOver: boolean;
  /** Each version has a health-check, so that others may ask for it. */
  readonly isWatched: boolean;
  readonly versions: readonly VersionPlan[];
}

export const folderOf = (id: string): string => `/work-${id}`;

/** @param odds how likely a process has a trait, whatever else is drawn */
export function randomBlueprints(random: Random, place: Place, odds: Odds = {}): Blueprint[] {
  const made: Blueprint[] = [];
  const count = random.between(3, 6);
  // Some histories are plain, as most configurations are: what is rare elsewhere comes often there.
  const richness = random.oneOf(0, 0.5, 1);
  const seed = random.below(2 ** 31);
  for (let index = 0; index < count; index += 1) {
    random.reseed(seed + index);
    made.push(randomBlueprint(random, { id: `p${index}`, earlier: made, richness, place, odds }));
  }
  return made;
}

interface Circumstances {
  readonly id: string;
  readonly earlier: readonly Blueprint[];
  /** How likely a process has what few have: 0 to 1. */
  readonly richness: number;
  readonly place: Place;
  readonly odds: Odds;
}

function randomBlueprint(random: Random, circumstances: Circumstances): Blueprint {
  const { id, earlier, richness, place, odds } = circumstances;
  const has = (trait: Trait, usual: number): boolean => random.chance(odds[trait] ?? usual);
  const oneShot = has('oneShot', 0.3);
  const rarely = (probability: number): boolean => random.chance(probability * richness);
  const handsOver = !oneShot && rarely(0.2);
  const schedule = has('schedule', 0.4 * richness) ? randomSchedule(random, oneShot, place) : undefined;
  const blueprint: Blueprint = {
    id,
    oneShot,
    handsOver,
    isWatched: !oneShot && rarely(0.4),
    // Of what an expression has not named yet, `process` could tell nothing.
    killMode: handsOver ? random.oneOf('group', 'mixed') : random.weighted({ group: 6, mixed: 2, process: 1 }),
    dependsOn: earlier.filter(() => random.chance(0.3)).map((other) => randomDependency(random, other)),
    numprocs: random.chance(0.2) ? 2 : 1,
    isListed: random.chance(0.9),
    versions: [],
    autostart: random.chance(0.9),
    autorestart: oneShot
      ? random.weighted({ never: 3, 'on-failure': 1, always: 0 })
      : random.weighted({ never: 1, 'on-failure': 1, always: 4 }),
    startSecs: random.oneOf(0, 100, 500, 1_000),
    restartDelay: random.oneOf(100, 500, 1_000),
    maxRuns: random.oneOf(0, 2, 5),
    stopTimeout: random.oneOf(200, 1_000, 3_000),
    waitAfter: rarely(0.3) ? random.oneOf(100, 2_000) : 0,
    catchUp: oneShot && random.chance(0.4),
    perBoot: oneShot && schedule === undefined && rarely(0.3),
    ...(schedule === undefined ? {} : { schedule }),
    ...(random.chance(0.3) ? { startRetries: random.below(3) } : {}),
  };
  const first = withVersion(random, blueprint, place.wall - 1_000, { richness, odds });
  const later = (): number => place.wall + random.between(500, 60_000);
  return rarely(0.3) ? withVersion(random, first, later(), { richness, odds }) : first;
}

function randomSchedule(random: Random, oneShot: boolean, place: Place): Schedule {
  return oneShot && random.chance(0.5) ? randomCron(random, place) : randomWindows(random, place);
}

function randomDependency(random: Random, { id, oneShot, isWatched }: Blueprint): Dependency {
  const healthy = isWatched ? (['healthy', 'healthy'] as const) : [];
  return {
    id,
    condition: oneShot
      ? 'finished'
      : random.oneOf<Dependency['condition']>('running', 'running', 'started', ...healthy),
    onLoss: random.chance(0.7) ? 'stop' : 'keep',
  };
}

/** With a further version, which takes effect then. */
function withVersion(
  random: Random,
  blueprint: Blueprint,
  at: number,
  { richness, odds = {} }: { readonly richness: number; readonly odds?: Odds },
): Blueprint {
  const rarely = (probability: number): boolean => random.chance(probability * richness);
  const { oneShot, handsOver, isWatched, id } = blueprint;
  const behaviour = oneShot ? randomTask(random) : randomService(random);
  const healthCheck = isWatched ? someHealthCheck(random, id) : undefined;
  const version: VersionPlan = {
    behaviour: {
      ...behaviour,
      // Before it is named nothing tells that an unmarked child of the service is its own.
      ...(handsOver ? { hands: randomHandOver(random), members: behaviour.members.map(withMark) } : {}),
      ...(healthCheck?.kind === 'folder' && random.chance(0.8)
        ? { touches: { folder: folderOf(id), interval: random.oneOf(200, 1_000) } }
        : {}),
    },
    applyOn: { text: `v${blueprint.versions.length + 1}`, at },
    fake: false,
    hooks: random.chance(odds.hooks ?? 0.6 * richness) ? randomHooks(random) : {},
    externals: rarely(0.2) ? [randomExternal(random), ...(random.chance(0.3) ? [randomExternal(random)] : [])] : [],
    ...(healthCheck === undefined ? {} : { healthCheck }),
    ...(rarely(0.3) ? { startHealthCheck: randomStartHealthCheck(random) } : {}),
    ...(rarely(0.1) ? { maxRunTime: random.oneOf(500, 5_000) } : {}),
    ...(rarely(0.5) ? { fallbackTimeout: random.oneOf(2_000, 10_000) } : {}),
  };
  return { ...blueprint, versions: [...blueprint.versions, version].sort((a, b) => a.applyOn.at - b.applyOn.at) };
}

const withMark = ({ unmarked: _none, ...member }: MemberSpec): MemberSpec => member;

function someHealthCheck(random: Random, id: string): HealthCheck {
  return random.chance(0.3) ? folderCheck(random, folderOf(id)) : randomHealthCheck(random);
}

/** One edit of the file. A one-shot goes forward only. */
export function edited(random: Random, blueprint: Blueprint, place: Place): Blueprint {
  switch (random.weighted({ listed: 2, numprocs: 1, version: 3, rollback: 1, keys: 2, schedule: 1 })) {
    case 'listed':
      return { ...blueprint, isListed: !blueprint.isListed };
    case 'numprocs':
      return { ...blueprint, numprocs: random.between(1, 2) };
    case 'version': {
      const latest = Math.max(place.wall, ...blueprint.versions.map(({ applyOn }) => applyOn.at + 1));
      const at = random.chance(0.5) ? latest : latest + random.between(100, 20_000);
      return withVersion(random, blueprint, at, { richness: random.oneOf(0, 1) });
    }
    case 'rollback':
      return blueprint.oneShot ? blueprint : rolledBack(random, blueprint);
    case 'keys':
      return { ...blueprint, autorestart: blueprint.oneShot ? blueprint.autorestart : 'always', stopTimeout: 500 };
    case 'schedule':
      return blueprint.schedule === undefined
        ? blueprint
        : { ...blueprint, schedule: randomSchedule(random, blueprint.oneShot, place) };
  }
}

function rolledBack(random: Random, blueprint: Blueprint): Blueprint {
  const chosen = random.below(blueprint.versions.length);
  const versions = blueprint.versions.map((version, index) =>
    index === chosen ? { ...version, fake: !version.fake } : version,
  );
  return { ...blueprint, versions };
}

export function configOf(blueprints: readonly Blueprint[]): CoreConfig {
  const listed = blueprints.filter(({ isListed }) => isListed);
  const ids = new Set(listed.map(({ id }) => id));
  const names = [...ids].join(' ');
  return {
    daemon: { maxParallelStarts: 3, dependencyTimeout: 120_000, shutdownTimeout: 45_000 },
    processes: listed.map((blueprint) => {
      const known = defined.get(blueprint);
      if (known?.names === names) return known.process;
      const versions = blueprint.versions.map((version) => processVersion(blueprint, version, ids));
      const process = { id: blueprint.id, versions };
      defined.set(blueprint, { names, process });
      return process;
    }),
  };
}

/** An edit changes one of them; what it depends on has to be there. */
const defined = new WeakMap<Blueprint, { readonly names: string; readonly process: CoreConfig['processes'][number] }>();

function processVersion(blueprint: Blueprint, plan: VersionPlan, ids: ReadonlySet<string>): ProcessVersion {
  const { isListed: _listed, versions: _all, handsOver, isWatched: _watched, ...keys } = blueprint;
  const { behaviour, ...own } = plan;
  const spec: ServiceSpec = { ...behaviour, version: plan.applyOn.text };
  const line = JSON.stringify(spec);
  return {
    ...keys,
    ...own,
    dependsOn: keys.dependsOn.filter(({ id }) => ids.has(id)),
    command: { line, type: handsOver ? 'pid-file' : 'simple', why: 'simulated', argv: ['/service', line] },
    inheritEnv: true,
    workDir: '/',
    env: {},
    exitCodes: [0],
    restartMaxDelay: 2_000,
    maxRunsWindow: 10_000,
    stopSignal: 'TERM',
    stdoutLog: { kind: 'none' },
    stderrLog: { kind: 'none' },
    pty: false,
    required: false,
    rotation: { maxBytes: 0, backups: 0, collapse: true },
    fingerprint: {
      command: line, args: '', env: '', 'work-dir': '', umask: '', nice: '', 'stdout-log': '', 'stderr-log': '',
    },
    digest: fnv1a64(JSON.stringify([keys, plan])),
  }; // prettier-ignore
}
