/** Random configurations, and random edits of them. */
import type { ApplyOn, CoreConfig, Dependency, ProcessVersion } from '../core/model.ts';
import { fnv1a64 } from '../core/hash.ts';
import type { Random } from './random.ts';
import type { MemberSpec, OnTerm, ServiceSpec } from './services.ts';

type Behaviour = Omit<ServiceSpec, 'version'>;
type Keys = 'autorestart' | 'autostart' | 'startSecs' | 'startRetries' | 'restartDelay' | 'maxRuns' | 'stopTimeout';

interface VersionPlan extends Behaviour {
  readonly applyOn: ApplyOn;
  readonly fake: boolean;
}

/** One process: what stays the same for a whole history, and what edits change. */
export interface Blueprint extends Pick<ProcessVersion, Keys> {
  readonly id: string;
  readonly oneShot: boolean;
  readonly killMode: ProcessVersion['killMode'];
  readonly dependsOn: readonly Dependency[];
  readonly numprocs: number;
  readonly isListed: boolean;
  readonly versions: readonly VersionPlan[];
}

export function randomBlueprints(random: Random, now: number): Blueprint[] {
  const made: Blueprint[] = [];
  const count = random.between(3, 6);
  for (let index = 0; index < count; index += 1) made.push(randomBlueprint(random, `p${index}`, made, now));
  return made;
}

function randomBlueprint(random: Random, id: string, earlier: readonly Blueprint[], now: number): Blueprint {
  const oneShot = random.chance(0.3);
  const blueprint: Blueprint = {
    id,
    oneShot,
    killMode: random.weighted({ group: 6, mixed: 2, process: 1 }),
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
    ...(random.chance(0.3) ? { startRetries: random.below(3) } : {}),
  };
  return withVersion(random, blueprint, now - 1_000);
}

function randomDependency(random: Random, { id, oneShot }: Blueprint): Dependency {
  return {
    id,
    condition: oneShot ? 'finished' : 'running',
    onLoss: random.chance(0.7) ? 'stop' : 'keep',
  };
}

/** With a further version, which takes effect then. */
function withVersion(random: Random, blueprint: Blueprint, at: number): Blueprint {
  const version: VersionPlan = {
    ...(blueprint.oneShot ? randomTask(random) : randomService(random)),
    applyOn: { text: `v${blueprint.versions.length + 1}`, at },
    fake: false,
  };
  return { ...blueprint, versions: [...blueprint.versions, version].sort((a, b) => a.applyOn.at - b.applyOn.at) };
}

function randomService(random: Random): Behaviour {
  const onTerm = randomAnswer(random);
  switch (random.weighted({ steady: 6, flaky: 2, crash: 1, daemonizes: 1 })) {
    case 'steady':
      return { onTerm, members: randomMembers(random) };
    case 'flaky':
      return { onTerm, members: randomMembers(random), life: random.between(50, 8_000), code: random.below(3) };
    case 'crash':
      return { onTerm, members: [], life: 0, code: 1 };
    case 'daemonizes':
      return { onTerm, members: [{ where: 'away', onTerm: randomAnswer(random) }], life: 50, code: 0 };
  }
}

function randomTask(random: Random): Behaviour {
  const life = random.oneOf(0, 50, 2_000, 10_000);
  return { onTerm: randomAnswer(random), members: randomMembers(random), life, code: random.oneOf(0, 0, 1) };
}

function randomAnswer(random: Random): OnTerm {
  const kind = random.weighted({ dies: 4, ignores: 1, late: 2 });
  return kind === 'late' ? random.oneOf(10, 300, 1_500) : kind;
}

function randomMembers(random: Random): MemberSpec[] {
  const count = random.weighted({ none: 5, one: 2, two: 1 });
  const one = (): MemberSpec => ({
    where: random.weighted({ session: 2, group: 1, away: 1 }),
    onTerm: randomAnswer(random),
    unmarked: random.chance(0.3),
  });
  return count === 'none' ? [] : count === 'one' ? [one()] : [one(), one()];
}

/** One edit of the file. A one-shot goes forward only: its ledger holds its latest version. */
export function edited(random: Random, blueprint: Blueprint, now: number): Blueprint {
  switch (random.weighted({ listed: 2, numprocs: 1, version: 3, rollback: 1, keys: 2 })) {
    case 'listed':
      return { ...blueprint, isListed: !blueprint.isListed };
    case 'numprocs':
      return { ...blueprint, numprocs: random.between(1, 2) };
    case 'version': {
      const latest = Math.max(now, ...blueprint.versions.map(({ applyOn }) => applyOn.at + 1));
      return withVersion(random, blueprint, random.chance(0.5) ? latest : latest + random.between(100, 20_000));
    }
    case 'rollback':
      return blueprint.oneShot ? blueprint : rolledBack(random, blueprint);
    case 'keys':
      return { ...blueprint, autorestart: blueprint.oneShot ? blueprint.autorestart : 'always', stopTimeout: 500 };
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
  return {
    daemon: { maxParallelStarts: 3, dependencyTimeout: 120_000, shutdownTimeout: 45_000 },
    processes: listed.map((blueprint) => ({
      id: blueprint.id,
      versions: blueprint.versions.map((version) => processVersion(blueprint, version, ids)),
    })),
  };
}

function processVersion(blueprint: Blueprint, plan: VersionPlan, ids: ReadonlySet<string>): ProcessVersion {
  const { isListed: _listed, versions: _all, ...keys } = blueprint;
  const { applyOn, fake, ...behaviour } = plan;
  const spec: ServiceSpec = { ...behaviour, version: applyOn.text };
  const line = JSON.stringify(spec);
  return {
    ...keys,
    dependsOn: keys.dependsOn.filter(({ id }) => ids.has(id)),
    applyOn,
    fake,
    command: { line, type: 'simple', why: 'simulated', argv: ['/service', line] },
    perBoot: false,
    catchUp: false,
    externals: [],
    waitAfter: 0,
    inheritEnv: true,
    hooks: {},
    workDir: '/',
    env: {},
    exitCodes: [0],
    restartMaxDelay: 2_000,
    maxRunsWindow: 10_000,
    stopSignal: 'TERM',
    stdoutLog: { kind: 'none' },
    stderrLog: { kind: 'none' },
    fingerprint: {
      command: line, args: '', env: '', 'work-dir': '', umask: '', nice: '', 'stdout-log': '', 'stderr-log': '',
    },
    digest: fnv1a64(JSON.stringify([keys, plan])),
  }; // prettier-ignore
}
