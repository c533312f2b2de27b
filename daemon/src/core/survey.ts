/** The world looked at once: targets, decisions and views are worked out on demand and kept for this look only. */
import { decide, type Decision } from './deciders.ts';
import { groupById, unmetDependencies, type ById } from './dependencies.ts';
import type { Dependency, Instance, InstanceKey, Now, World } from './model.ts';
import { newInstance, targetsOf, type Target } from './targets.ts';

export class Survey {
  readonly world: World;
  readonly now: Now;
  readonly targets: readonly Target[];
  readonly byId: ById;
  private readonly decisions = new Map<InstanceKey, Decision>();

  constructor(world: World, now: Now) {
    this.world = world;
    this.now = now;
    this.targets = targetsOf(world, now.wall);
    this.byId = groupById(world, this.targets);
  }

  instance(target: Target): Instance {
    return this.world.instances.get(target.key) ?? newInstance(target.id, target.num, this.now);
  }

  decision(target: Target): Decision {
    const known = this.decisions.get(target.key);
    if (known !== undefined) return known;
    const decision = decide(this.world, target, this.instance(target));
    this.decisions.set(target.key, decision);
    return decision;
  }

  unmet(target: Target): readonly Dependency[] {
    const version = target.effective?.version;
    return version === undefined ? [] : unmetDependencies(version, this.byId);
  }
}
