/** One turn of the core: changes in, a new world and the actions to perform out. */
import type { Action } from './actions.ts';
import { Describer, type View } from './describe.ts';
import { settleFacts } from './facts.ts';
import { advance, deadlineOf, type InstanceEvent } from './lifecycle.ts';
import type { Instance, InstanceKey, Now, State, World } from './model.ts';
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
  let current = withTargets(world, now);
  const apply = (key: InstanceKey, event: InstanceEvent): void => {
    const instance = current.instances.get(key);
    if (instance === undefined) return;
    const step = advance(instance, event, now);
    current = withInstance(current, step.instance);
    actions.push(...step.actions);
  };
  for (const { key, event } of changes) apply(key, event);
  for (const key of overdue(current, now)) apply(key, { kind: 'tick' });
  const rounds = ROUNDS_PER_INSTANCE * (current.instances.size + 1);
  for (let round = 0; round < rounds; round += 1) {
    current = settleFacts(new Survey(current, now));
    const proposals = reconcile(new Survey(current, now));
    if (proposals.length === 0) break;
    const launches = proposals.filter(({ event }) => event.kind === 'launch').length;
    current = { ...current, nextLaunch: current.nextLaunch + launches };
    for (const { key, event } of proposals) apply(key, event);
  }
  return { world: current, actions };
}

function overdue(world: World, now: Now): readonly InstanceKey[] {
  const due: InstanceKey[] = [];
  for (const instance of world.instances.values()) {
    const deadline = deadlineOf(instance);
    if (deadline !== undefined && deadline <= now.mono) due.push(instance.key);
  }
  return due;
}

export function withInstance(world: World, instance: Instance): World {
  if (world.instances.get(instance.key) === instance) return world;
  return { ...world, instances: new Map(world.instances).set(instance.key, instance) };
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
  const instances = new Map(world.instances);
  for (const target of survey.targets) {
    const instance = survey.instance(target);
    const view = describer.view(target);
    if (view.state === instance.shown.state) continue;
    transitions.push({ key: target.key, name: target.name, from: instance.shown.state, to: view.state, view });
    instances.set(target.key, { ...instance, shown: { state: view.state, since: now.wall, sinceMono: now.mono } });
  }
  return { world: transitions.length === 0 ? world : { ...world, instances }, transitions };
}
