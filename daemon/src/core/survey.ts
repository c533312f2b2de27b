/** The world looked at once: targets, decisions and views are worked out on demand and kept for this look only. */
import { decide, type Decision } from './deciders.ts';
import { groupById, isMet, type ById } from './dependencies.ts';
import type { Dependency, ExternalDependency, Instance, InstanceKey, Now, World } from './model.ts';
import { newInstance, targetsOf, type Target } from './targets.ts';

const NONE: readonly Dependency[] = [];

export class Survey {
  readonly world: World;
  readonly now: Now;
  readonly targets: readonly Target[];
  private grouped: ById | undefined;
  private readonly decisions = new Map<InstanceKey, Decision>();
  private readonly met = new Map<string, boolean>();

  constructor(world: World, now: Now) {
    this.world = world;
    this.now = now;
    this.targets = targetsOf(world, now.wall);
  }

  /** Only asked for where there are dependencies, or stops. */
  get byId(): ById {
    this.grouped ??= groupById(this.world, this.targets);
    return this.grouped;
  }

  instance(target: Target): Instance {
    return this.world.instances.get(target.key) ?? newInstance(target.id, target.num, this.now);
  }

  decision(target: Target): Decision {
    const known = this.decisions.get(target.key);
    if (known !== undefined) return known;
    const decision = decide(this.world, target, this.instance(target), this.now);
    this.decisions.set(target.key, decision);
    return decision;
  }

  unmet(target: Target): readonly Dependency[] {
    const { activity } = this.instance(target);
    const launched = activity.kind === 'idle' ? undefined : activity.run.settings.dependsOn;
    const dependsOn = target.effective?.version?.dependsOn ?? launched ?? NONE;
    return dependsOn.length === 0 ? NONE : dependsOn.filter((dependency) => !this.isMet(dependency));
  }

  /** Dependencies outside of procman that the next launch has yet to ask. */
  externalOf(target: Target): ExternalDependency | undefined {
    const externals = target.effective?.version?.externals;
    return externals?.[this.instance(target).externals?.met ?? 0];
  }

  private isMet(dependency: Dependency): boolean {
    const name = `${dependency.condition} ${dependency.id}`;
    const known = this.met.get(name);
    if (known !== undefined) return known;
    const now = isMet(dependency, this.byId, this.world, this.now);
    this.met.set(name, now);
    return now;
  }
}
