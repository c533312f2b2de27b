/** One turn of the core: changes in, a new world and the actions to perform out. */
import type { Action } from './actions.ts';
import { Describer, type View } from './describe.ts';
import { settleFacts } from './facts.ts';
import { advance, deadlineOf, type InstanceEvent } from './lifecycle.ts';
import type { Instance, InstanceKey, Now, Shown, State, World } from './model.ts';
import { reconcile } from './reconcile.ts';
import { Survey } from './survey.ts';
import { newInstance, targetsOf } from './targets.ts';

export interface Change {
  readonly key: InstanceKey;
  readonly event: InstanceEvent;
}

/** A change of the state shown, for the log and the events. */
export interface Transition {
  readonly key: InstanceKey;
  readonly name: string;
  readonly from: State;
  readonly to: State;
  readonly view: View;
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

/** Notes since when each state is shown, and what changed. */
export function show(world: World, now: Now): { readonly world: World; readonly transitions: readonly Transition[] } {
  const survey = new Survey(world, now);
  const describer = new Describer(survey);
  const transitions: Transition[] = [];
  const changed: Instance[] = [];
  for (const target of survey.targets) {
    const instance = survey.instance(target);
    if (isShownRunning(instance)) continue;
    const view = describer.view(target);
    const shown = shownAs(instance.shown, view, now);
    if (shown === instance.shown) continue;
    changed.push({ ...instance, shown });
    const { state: from } = instance.shown;
    if (from !== view.state) transitions.push({ key: target.key, name: target.name, from, to: view.state, view });
  }
  return { world: withInstances(world, changed), transitions };
}

/** Most of them, most of the time: what its view would say need not be worked out. */
function isShownRunning({ activity, shown }: Instance): boolean {
  return activity.kind === 'running' && shown.state === 'RUNNING' && shown.dueSince === undefined;
}

function shownAs(before: Shown, { state, expected }: View, now: Now): Shown {
  const isDue = state === 'PENDING' && expected !== 'stopped';
  const isSame = before.state === state && isDue === (before.dueSince !== undefined);
  if (isSame) return before;
  const { since, sinceMono } = before.state === state ? before : { since: now.wall, sinceMono: now.mono };
  return { state, since, sinceMono, ...(isDue ? { dueSince: now.mono } : {}) };
}
