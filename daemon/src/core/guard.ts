/**
 * The guard against stopping by confusion (SPEC `reload-guard`): a reload, or a start of the daemon, that would stop for good more
 * than a share of what runs is held. What it would stop is kept as it was; the rest of the new configuration applies.
 */
import type { CoreConfig, Instance, InstanceKey, Now, ProcessConfig, World } from './model.ts';
import { isLive } from './reconcile.ts';
import { Survey } from './survey.ts';
import type { Target } from './targets.ts';

export interface Guarded {
  readonly config: CoreConfig;
  readonly kept: ReadonlySet<InstanceKey>;
  /** What the reload would stop for good, by name; empty where it is not held. */
  readonly stops: readonly string[];
}

/** @param world with the configuration in force (at a start: the one applied last) */
export function guardReload(world: World, next: CoreConfig, now: Now): Guarded {
  const open: Guarded = { config: next, kept: new Set(), stops: [] };
  const share = next.daemon.reloadGuard;
  if (share === undefined) return open;
  // A clock that is behind stops nothing: what counts is what stops when it has caught up.
  const then = { ...now, wall: Math.max(now.wall, world.clock.behindUntil ?? -Infinity) };
  const alive = new Survey(world, then).targets.filter((target) => isAlive(world, target));
  const after = new Survey({ ...world, config: next, kept: new Set() }, then);
  const nextTargets = new Map(after.targets.map((target) => [target.key, target]));
  const stops = alive.filter(({ key }) => isStoppedForGood(after, nextTargets.get(key), world.instances.get(key)));
  if (stops.length <= 1 || (stops.length / alive.length) * 100 <= share) return open;
  return {
    config: { ...next, processes: merged(world.config.processes, next.processes, new Set(stops.map(({ id }) => id))) },
    kept: new Set(stops.map(({ key }) => key)),
    stops: stops.map(({ name }) => name),
  };
}

function isAlive(world: World, { key }: Target): boolean {
  const activity = world.instances.get(key)?.activity;
  return activity !== undefined && isLive(activity);
}

function isStoppedForGood(after: Survey, target: Target | undefined, instance: Instance | undefined): boolean {
  if (instance === undefined || instance.hold !== undefined) return false;
  if (target === undefined) return true;
  const decision = after.decision(target);
  // A window that closes is no confusion, also where it closed while no daemon was there.
  return decision.want === 'stop' && decision.code !== 'schedule';
}

/** The new list, with the old definition of each kept process in its place, or at the end where it is gone. */
function merged(
  old: readonly ProcessConfig[],
  next: readonly ProcessConfig[],
  ids: ReadonlySet<string>,
): ProcessConfig[] {
  const keptById = new Map(old.filter(({ id }) => ids.has(id)).map((process) => [process.id, process]));
  const replaced = next.map((process) => keptById.get(process.id) ?? process);
  const present = new Set(next.map(({ id }) => id));
  return [...replaced, ...[...keptById.values()].filter(({ id }) => !present.has(id))];
}
