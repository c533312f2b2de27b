/** What a reload would do, or did: each name in exactly one list, and the actions in order (SPEC 10, `plan` and `update`). */
import { fnv1a64 } from './hash.ts';
import { dependentsOf, stoppedAlong } from './dependencies.ts';
import { settleFacts, withConfig } from './facts.ts';
import { firstClosedGate } from './gates.ts';
import type { CoreConfig, InstanceKey, Now, RunReason, StopCause, World } from './model.ts';
import { causeToStop, isLive } from './reconcile.ts';
import { Survey } from './survey.ts';
import type { Target } from './targets.ts';

export interface PlannedAction {
  readonly name: string;
  readonly action: 'start' | 'stop' | 'restart';
  readonly reason: StopCause | RunReason;
}

export interface ConfigDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly restarted: readonly string[];
  readonly stale: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly actions: readonly PlannedAction[];
  /** Changes when anything of the above does: `update --plan HASH` refuses when the world has moved. */
  readonly hash: string;
}

type Kind = 'added' | 'removed' | 'restarted' | 'stale' | 'changed' | 'unchanged';

export function diffConfig(world: World, next: CoreConfig, kept: ReadonlySet<InstanceKey>, now: Now): ConfigDiff {
  const before = new Survey(world, now);
  const after = new Survey(settleFacts(new Survey(withConfig(world, next, kept), now)), now);
  const actions = plannedActions(before, after);
  const lists: Record<Kind, string[]> = {
    added: [],
    removed: [],
    restarted: [],
    stale: [],
    changed: [],
    unchanged: [],
  };
  const isRestarted = new Set(actions.filter(({ action }) => action === 'restart').map(({ name }) => name));
  const old = new Map(before.targets.map((target) => [target.key, target]));
  for (const target of after.targets) {
    const previous = old.get(target.key);
    old.delete(target.key);
    lists[kindOf(after, target, previous, isRestarted.has(target.name))].push(target.name);
  }
  for (const target of old.values()) lists.removed.push(target.name);
  return { ...lists, actions, hash: fnv1a64(JSON.stringify([lists, actions, digests(after)])) };
}

function kindOf(after: Survey, target: Target, previous: Target | undefined, isRestarted: boolean): Kind {
  if (target.effective === undefined) return 'removed';
  if (previous?.effective === undefined) return 'added';
  if (isRestarted) return 'restarted';
  if (staleKeys(after, target).length > 0) return 'stale';
  const isSame = previous.name === target.name && digestOf(previous) === digestOf(target);
  return isSame ? 'unchanged' : 'changed';
}

const digestOf = ({ effective }: Target): string =>
  JSON.stringify([effective?.version?.digest, effective?.shown.digest, effective?.nextVersion?.version.digest]);

const digests = (survey: Survey): readonly string[] => survey.targets.map(digestOf);

/** Keys in which a live run differs from its definition: it keeps running as launched. */
export function staleKeys(survey: Survey, target: Target): readonly string[] {
  const { activity } = survey.instance(target);
  const version = target.effective?.version;
  if (activity.kind === 'idle' || version === undefined) return [];
  const launched = activity.run.fingerprint;
  const now: Readonly<Record<string, string>> = version.fingerprint;
  return [...new Set([...Object.keys(now), ...Object.keys(launched)])].filter((key) => launched[key] !== now[key]);
}

/* ------------------------------------------------------------------ actions */

function plannedActions(before: Survey, after: Survey): readonly PlannedAction[] {
  const stops = new Map<InstanceKey, { target: Target; action: 'stop' | 'restart'; reason: StopCause | RunReason }>();
  for (const target of after.targets) {
    const { activity } = after.instance(target);
    if (!isLive(activity)) continue;
    const decision = after.decision(target);
    const reason = causeToStop(after, target, activity, decision);
    if (reason === undefined) continue;
    stops.set(target.key, { target, action: decision.want === 'run' ? 'restart' : 'stop', reason });
  }
  for (const target of stoppedAlong(new Set(stops.keys()), after.byId)) {
    const action = after.decision(target).want === 'run' ? 'restart' : 'stop';
    if (!stops.has(target.key)) stops.set(target.key, { target, action, reason: 'dependency' });
  }
  const depth = depthsIn(after);
  const order = (a: Target, b: Target): number => depth(a.id) - depth(b.id) || (a.id === b.id ? b.num - a.num : 0);
  const ordered = [...stops.values()].sort((a, b) => order(a.target, b.target));
  return [...ordered, ...startsOf(before, after)].map(({ target, action, reason }) => ({
    name: target.name,
    action,
    reason,
  }));
}

/** How long the chain of those that depend on it is: what nobody depends on stops first. */
function depthsIn(survey: Survey): (id: string) => number {
  const known = new Map<string, number>();
  const depth = (id: string): number => {
    const before = known.get(id);
    if (before !== undefined) return before;
    // Ends a cycle that a kept old definition could bring in.
    known.set(id, 0);
    const deepest = dependentsOf(id, survey.byId).reduce((most, { target }) => Math.max(most, 1 + depth(target.id)), 0);
    known.set(id, deepest);
    return deepest;
  };
  return depth;
}

function startsOf(before: Survey, after: Survey): { target: Target; action: 'start'; reason: StopCause | RunReason }[] {
  const startableBefore = new Set(before.targets.filter((target) => isStartable(before, target)).map(({ key }) => key));
  return after.targets.flatMap((target) => {
    const decision = after.decision(target);
    if (decision.want !== 'run' || startableBefore.has(target.key) || !isStartable(after, target)) return [];
    return [{ target, action: 'start' as const, reason: decision.reason }];
  });
}

/** Idle, wanted, and held back by a dependency at most. */
function isStartable(survey: Survey, target: Target): boolean {
  const instance = survey.instance(target);
  const decision = survey.decision(target);
  if (instance.activity.kind !== 'idle' || instance.doubt !== undefined) return false;
  if (decision.want !== 'run' || decision.version === undefined) return false;
  const { gate } = firstClosedGate(instance, decision.version, survey.unmet(target), survey.now.mono);
  return gate === 'open' || gate === 'dependency' || gate === 'wait-after' || gate === 'external';
}
