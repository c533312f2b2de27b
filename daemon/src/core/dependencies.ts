/** Which dependencies are met, who depends on whom, and who has to go first. */
import { lineFor, standingAt } from './deciders.ts';
import { isGoodEnding } from './ending.ts';
import type { Dependency, Ended, Instance, InstanceKey, Now, ProcessVersion, World } from './model.ts';
import type { Target } from './targets.ts';

/** All that is alive or known of one process id. */
export type ById = ReadonlyMap<string, readonly { readonly target: Target; readonly instance: Instance }[]>;

export function groupById(world: World, targets: readonly Target[]): ById {
  const byId = new Map<string, { target: Target; instance: Instance }[]>();
  for (const target of targets) {
    const instance = world.instances.get(target.key);
    if (instance === undefined) continue;
    const list = byId.get(target.id);
    if (list === undefined) byId.set(target.id, [{ target, instance }]);
    else list.push({ target, instance });
  }
  return byId;
}

/** An id means all its instances. */
export function isMet(dependency: Dependency, byId: ById, world: World, now: Now): boolean {
  const members = (byId.get(dependency.id) ?? []).filter(({ target }) => target.effective !== undefined);
  return (
    members.length > 0 &&
    members.every(({ target, instance }) => {
      return memberMeets(dependency, target.effective?.version, instance, world, now);
    })
  );
}

/** Without a version it may live on, while the clock is not to be trusted: what lives is met. */
function memberMeets(
  { condition }: Dependency,
  version: ProcessVersion | undefined,
  instance: Instance,
  world: World,
  now: Now,
): boolean {
  const { activity } = instance;
  switch (condition) {
    case 'started':
      return activity.kind === 'settling' || activity.kind === 'running';
    case 'running':
      return activity.kind === 'running';
    case 'healthy':
      return activity.kind === 'running' && activity.health?.ok === true;
    case 'finished':
      return version !== undefined && hasFinished(world, instance, version, now);
  }
}

/** Its run of the latest opened window, or of the effective version, ended well. */
export function hasFinished(world: World, instance: Instance, version: ProcessVersion, now: Now): boolean {
  const { ended } = instance;
  if (ended === undefined || !isGoodEnding(ended, version.exitCodes)) return false;
  if (!version.oneShot) return hasServiceFinished(instance, ended, version, now);
  const line = lineFor(world, instance, version, now);
  return line?.outcome === 'ended' && line.launchId === ended.launchId;
}

/** Where `autorestart` leaves a service that ended by itself: it has no ledger. */
function hasServiceFinished({ activity }: Instance, ended: Ended, version: ProcessVersion, now: Now): boolean {
  const opens = standingAt(version, now.wall)?.window?.opens ?? -Infinity;
  return activity.kind === 'idle' && ended.applyOn === version.applyOn.text && ended.startedAt >= opens;
}

/** Conditions whose loss stops what depends on them. `finished` is checked at starts only. */
export function isLossy({ condition, onLoss }: Dependency): boolean {
  return condition !== 'finished' && onLoss === 'stop';
}

/**
 * The alive instances that have to be gone before this one is stopped: they depend on it and either lose their condition by it
 * or are on their way out themselves. Nobody loses by an instance that the configuration has no more, where it has others of its id.
 *
 * @param leaving further instances that are about to be stopped
 */
export function dependentsInTheWay(
  { id, effective }: Pick<Target, 'id' | 'effective'>,
  byId: ById,
  leaving: ReadonlyMap<InstanceKey, unknown> | ReadonlySet<InstanceKey> = new Set(),
): readonly Target[] {
  const isMissed = effective !== undefined || !isConfigured(id, byId);
  return dependentsOf(id, byId)
    .filter(({ instance }) => instance.activity.kind !== 'idle')
    .filter(
      ({ dependency, instance }) =>
        (isMissed && isLossy(dependency)) || isEnding(instance) || leaving.has(instance.key),
    )
    .map(({ target }) => target);
}

const isConfigured = (id: string, byId: ById): boolean =>
  byId.get(id)?.some(({ target }) => target.effective !== undefined) === true;

interface Dependent {
  readonly target: Target;
  readonly instance: Instance;
  readonly dependency: Dependency;
}

/** Worked out once per look at the world. */
const dependentsById = new WeakMap<ById, ReadonlyMap<string, readonly Dependent[]>>();

/** Instances that depend on the id while it runs, in the configuration's order. */
export function dependentsOf(id: string, byId: ById): readonly Dependent[] {
  return dependentsIndex(byId).get(id) ?? [];
}

function dependentsIndex(byId: ById): ReadonlyMap<string, readonly Dependent[]> {
  const known = dependentsById.get(byId);
  if (known !== undefined) return known;
  const index = indexDependents(byId);
  dependentsById.set(byId, index);
  return index;
}

function indexDependents(byId: ById): ReadonlyMap<string, readonly Dependent[]> {
  const index = new Map<string, Dependent[]>();
  for (const members of byId.values()) {
    for (const { target, instance } of members) {
      for (const dependency of dependenciesOf(target, instance)) {
        if (dependency.condition === 'finished') continue;
        const list = index.get(dependency.id);
        if (list === undefined) index.set(dependency.id, [{ target, instance, dependency }]);
        // One entry per instance, though a dependency may be listed twice.
        else if (list[list.length - 1]?.instance !== instance) list.push({ target, instance, dependency });
      }
    }
  }
  return index;
}

/** What is alive keeps its place in the order of stops, though its definition may be gone. */
function dependenciesOf({ effective }: Target, { activity }: Instance): readonly Dependency[] {
  if (effective?.version !== undefined) return effective.version.dependsOn;
  return activity.kind === 'idle' ? [] : (activity.run.settings.dependsOn ?? []);
}

function isEnding({ activity }: Instance): boolean {
  return activity.kind === 'yielding' || activity.kind === 'stopping' || activity.kind === 'clearing';
}

/** Everything alive that a stop of these instances takes along, dependents of dependents included. */
export function stoppedAlong(keys: ReadonlySet<InstanceKey>, byId: ById): readonly Target[] {
  const along = new Map<InstanceKey, Target>();
  // Of those alone that something depends on: `status` asks for each instance.
  const ids = [...dependentsIndex(byId).keys()].filter((id) => {
    return byId.get(id)?.some(({ target }) => keys.has(target.key)) === true;
  });
  const seen = new Set(ids);
  for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
    for (const { target, instance, dependency } of dependentsOf(id, byId)) {
      if (!isLossy(dependency) || instance.activity.kind === 'idle') continue;
      if (!keys.has(target.key)) along.set(target.key, target);
      if (!seen.has(target.id)) {
        seen.add(target.id);
        ids.push(target.id);
      }
    }
  }
  return [...along.values()];
}
