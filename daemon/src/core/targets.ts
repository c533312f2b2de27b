/** Which instances the configuration asks for, and what they are called. */
import { instanceKey } from './instance-key.ts';
import type { CoreConfig, Instance, InstanceKey, ProcessVersion, World, WallTime } from './model.ts';
import { effectiveVersion, type Effective, type Vetoes } from './schedule.ts';

/** An instance that is configured, alive, or in doubt. */
export interface Target {
  readonly key: InstanceKey;
  readonly id: string;
  readonly num: number;
  /** `group:instance` where it has a group, else the id. */
  readonly name: string;
  /** `worker_00`, or the id. */
  readonly instanceName: string;
  readonly group?: string;
  /** undefined where the configuration does not ask for it (any more). */
  readonly effective?: Effective;
}

/** The digits of an instance number: at least two, as in `worker_00`. */
export function instanceName(version: Pick<ProcessVersion, 'id' | 'numprocs'>, num: number): string {
  return version.numprocs === 1 ? version.id : `${version.id}_${String(num).padStart(2, '0')}`;
}

function target(effective: Effective, num: number): Target {
  const version = effective.shown;
  const name = instanceName(version, num);
  const group = version.group ?? (version.numprocs > 1 ? version.id : undefined);
  return {
    key: instanceKey(version.id, num),
    id: version.id,
    num,
    name: group === undefined ? name : `${group}:${name}`,
    instanceName: name,
    effective,
    ...(group === undefined ? {} : { group }),
  };
}

/** In the configuration's order; then what is not (any more) in it but lives, is in doubt, or is being ended. */
export function targetsOf(world: World, at: WallTime): readonly Target[] {
  const { targets, keys } = configuredTargets(world.config, at, world.vetoes);
  const orphans: Target[] = [];
  for (const instance of world.instances.values()) {
    if (isPresent(instance) && !keys.has(instance.key)) orphans.push(orphan(instance));
  }
  return orphans.length === 0 ? targets : [...targets, ...orphans];
}

interface Configured {
  readonly targets: readonly Target[];
  readonly keys: ReadonlySet<InstanceKey>;
  readonly vetoes: Vetoes;
  /** It holds from then until then: no version takes effect or, with a clock set back, loses it. */
  readonly from: WallTime;
  readonly until: WallTime;
}

/** The same between two changes of an effective version, and asked for several times in every turn. */
const configuredByConfig = new WeakMap<CoreConfig, Configured>();

function configuredTargets(config: CoreConfig, at: WallTime, vetoes: Vetoes): Configured {
  const known = configuredByConfig.get(config);
  if (known !== undefined && known.vetoes === vetoes && known.from <= at && at < known.until) return known;
  const targets: Target[] = [];
  for (const process of config.processes) {
    const effective = effectiveVersion(process, at, vetoes);
    for (let num = 0; num < effective.shown.numprocs; num += 1) targets.push(target(effective, num));
  }
  const changes = config.processes.flatMap(({ versions }) => versions.map(({ applyOn }) => applyOn.at));
  const configured: Configured = {
    targets,
    keys: new Set(targets.map(({ key }) => key)),
    vetoes,
    from: changes.reduce((latest, change) => (change <= at && change > latest ? change : latest), -Infinity),
    until: changes.reduce((next, change) => (change > at && change < next ? change : next), Infinity),
  };
  configuredByConfig.set(config, configured);
  return configured;
}

function isPresent(instance: Instance): boolean {
  return instance.activity.kind !== 'idle' || instance.doubt !== undefined || instance.jobs.length > 0;
}

function orphan(instance: Instance): Target {
  const { key, id, num, activity } = instance;
  const plain = num === 0 ? id : `${id}_${String(num).padStart(2, '0')}`;
  const name = (activity.kind === 'idle' ? undefined : activity.run.name) ?? plain;
  const colon = name.indexOf(':');
  const group = colon < 0 ? {} : { group: name.slice(0, colon) };
  return { key, id, num, name, instanceName: name.slice(colon + 1), ...group };
}

/** An instance of which nothing is known yet. */
export function newInstance(id: string, num: number, at: { wall: number; mono: number }): Instance {
  return {
    key: instanceKey(id, num),
    id,
    num,
    activity: { kind: 'idle' },
    counters: { failedStarts: 0, runs: [] },
    ledger: [],
    jobs: [],
    operatorStarted: false,
    forced: false,
    dependencyLost: false,
    restarts: 0,
    seen: {},
    shown: { state: 'STOPPED', since: at.wall, sinceMono: at.mono },
    exits: [],
  };
}
