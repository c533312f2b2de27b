/** One turn of the core: changes in, a new world and the actions to perform out. */
import type { Action } from './actions.ts';
import { Describer, lateAfter, type View } from './describe.ts';
import { settleFacts } from './facts.ts';
import { advance, deadlineOf, type InstanceEvent } from './lifecycle.ts';
import type { Instance, InstanceKey, MonotonicTime, Now, Shown, State, World } from './model.ts';
import { reconcile } from './reconcile.ts';
import { Survey } from './survey.ts';
import { newInstance, targetsOf, type Target } from './targets.ts';

export interface Change {
  readonly key: InstanceKey;
  readonly event: InstanceEvent;
}

/** A change of what is shown, for the log and the events: of the state, or (`trouble`) of whether it is a problem. */
export interface Transition {
  readonly key: InstanceKey;
  readonly id: string;
  readonly name: string;
  readonly from: State;
  readonly to: State;
  readonly view: View;
  readonly trouble?: 'began' | 'over';
}

export interface Turn {
  readonly world: World;
  /** In order. Every changed instance has to be on disk before the first is performed. */
  readonly actions: readonly Action[];
}

/** Rounds of reconciling per instance: far more than any chain of dependencies needs, so that a defect ends as a log line. */
const ROUNDS_PER_INSTANCE = 8;

/** Applies the changes, lets due timeouts fire, and reconciles until there is nothing more to ask. */
export function turn(world: World, changes: readonly Change[], now: Now): Turn {
  const actions: Action[] = [];
  let current = applyAll(withTargets(world, now), changes, now, actions);
  current = applyAll(current, overdue(current, now), now, actions);
  const rounds = ROUNDS_PER_INSTANCE * (current.instances.size + 1);
  for (let round = 0; round < rounds; round += 1) {
    const survey = new Survey(current, now);
    const settled = settleFacts(survey);
    const proposals = reconcile(settled === current ? survey : new Survey(settled, now));
    // What `reconcile` has given a serial number: launches, and questions to external dependencies.
    const drawn = proposals.filter(({ event }) => event.kind === 'launch' || event.kind === 'ask').length;
    current = drawn === 0 ? settled : { ...settled, nextLaunch: settled.nextLaunch + drawn };
    // What was noted may bring more to be noted, as the version before one that did not come up.
    if (proposals.length === 0 && settled === survey.world) break;
    current = applyAll(current, proposals, now, actions);
  }
  return { world: current, actions };
}

/** One copy of the world for all of them. */
function applyAll(world: World, changes: readonly Change[], now: Now, actions: Action[]): World {
  const changed = new Map<InstanceKey, Instance>();
  for (const { key, event } of changes) {
    const instance = changed.get(key) ?? world.instances.get(key);
    if (instance === undefined) continue;
    const step = advance(instance, event, now);
    if (step.instance !== instance) changed.set(key, step.instance);
    actions.push(...step.actions);
  }
  return withInstances(world, [...changed.values()]);
}

function overdue(world: World, now: Now): readonly Change[] {
  const due: Change[] = [];
  for (const instance of world.instances.values()) {
    const deadline = deadlineOf(instance);
    if (deadline !== undefined && deadline <= now.mono) due.push({ key: instance.key, event: { kind: 'tick' } });
  }
  return due;
}

export function withInstance(world: World, instance: Instance): World {
  return world.instances.get(instance.key) === instance ? world : withInstances(world, [instance]);
}

function withInstances(world: World, changed: readonly Instance[]): World {
  if (changed.length === 0) return world;
  const instances = new Map(world.instances);
  for (const instance of changed) instances.set(instance.key, instance);
  return { ...world, instances };
}

/** Every configured instance is known. A new version may ask for more of them than the one before. */
function withTargets(world: World, now: Now): World {
  const missing = targetsOf(world, now.wall).filter(({ key }) => !world.instances.has(key));
  if (missing.length === 0) return world;
  const instances = new Map(world.instances);
  for (const { id, num, key } of missing) instances.set(key, newInstance(id, num, now));
  return { ...world, instances };
}

export interface Showing {
  readonly world: World;
  readonly transitions: readonly Transition[];
  /** When something that is on its way will have been so for too long: a problem that no event announces. */
  readonly lateAt?: MonotonicTime;
}

/** Notes since when each state is shown, and what changed. */
export function show(world: World, now: Now): Showing {
  const survey = new Survey(world, now);
  const describer = new Describer(survey);
  const transitions: Transition[] = [];
  const changed: Instance[] = [];
  let lateAt = Infinity;
  for (const target of survey.targets) {
    const instance = survey.instance(target);
    if (isShownRunning(instance) && !isQuestioned(world, target)) continue;
    const view = describer.view(target);
    const shown = shownAs(instance.shown, view, now);
    // Too long since it was shown: what has changed just now is judged with its first look.
    if (view.verdict === 'pending') {
      const after = lateAfter(target, { ...instance, shown }, view, survey);
      if (after >= now.mono) lateAt = Math.min(lateAt, after);
    }
    if (shown === instance.shown) continue;
    changed.push({ ...instance, shown });
    transitions.push(...transitionOf(target, instance.shown, shown, view));
  }
  return { world: withInstances(world, changed), transitions, ...(Number.isFinite(lateAt) ? { lateAt } : {}) };
}

function transitionOf({ key, id, name }: Target, before: Shown, after: Shown, view: View): readonly Transition[] {
  const trouble =
    before.trouble === after.trouble ? {} : { trouble: after.trouble ? ('began' as const) : ('over' as const) };
  if (before.state === after.state && before.trouble === after.trouble) return [];
  return [{ key, id, name, from: before.state, to: view.state, view, ...trouble }];
}

/** Most of them, most of the time: what its view would say need not be worked out. */
function isShownRunning({ activity, shown }: Instance): boolean {
  return (
    activity.kind === 'running' &&
    shown.state === 'RUNNING' &&
    shown.dueSince === undefined &&
    shown.trouble === undefined &&
    activity.health?.ok !== false
  );
}

/** It runs well, and yet that may be a problem. */
function isQuestioned({ kept }: World, { key, effective }: Target): boolean {
  return effective === undefined || effective.vetoed !== undefined || kept.has(key);
}

function shownAs(before: Shown, { state, expected, verdict }: View, now: Now): Shown {
  const isDue = state === 'PENDING' && expected !== 'stopped';
  const isTrouble = verdict === 'problem' || (verdict === 'pending' && before.trouble === true);
  const isSame = before.state === state && isDue === (before.dueSince !== undefined);
  if (isSame && isTrouble === (before.trouble === true)) return before;
  const { since, sinceMono } = before.state === state ? before : { since: now.wall, sinceMono: now.mono };
  const dueSince = isSame ? before.dueSince : isDue ? now.mono : undefined;
  return {
    state,
    since,
    sinceMono,
    ...(dueSince === undefined ? {} : { dueSince }),
    ...(isTrouble ? { trouble: true } : {}),
  };
}
