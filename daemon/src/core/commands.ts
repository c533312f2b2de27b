/**
 * What an operator's command changes, by the state of its target (the table of SPEC 9.1). A command changes facts (hold,
 * counters, ledger) and may ask for an event; what follows is the reconciler's business.
 */
import { isOnLedger } from './deciders.ts';
import { dependentsInTheWay, hasFinished, stoppedAlong } from './dependencies.ts';
import { Describer, type View } from './describe.ts';
import type { Change } from './engine.ts';
import { cleared } from './facts.ts';
import type { InstanceEvent } from './lifecycle.ts';
import type { Instance, InstanceKey, LaunchId, ProcessVersion, World } from './model.ts';
import { isSuccess } from './restart-policy.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';

export type ResultCode =
  | 'done' | 'already' | 'released' | 'outside-window' | 'no-version' | 'skipped' | 'waiting' | 'timeout' | 'superseded'
  | 'in-doubt' | 'not-launchable' | 'not-running' | 'survivors' | 'nothing' | 'failed' | 'requested'; // prettier-ignore

export interface CommandResult {
  readonly ok: boolean;
  readonly code: ResultCode;
  readonly message: string;
}

/** What a waiting command waits for. */
export type Goal =
  /** RUNNING, or ended where it is a one-shot, by another launch than `notBy`. */
  { readonly for: 'started'; readonly notBy?: LaunchId } | { readonly for: 'stopped' };

export type Verb = 'start' | 'stop' | 'restart' | 'unblock';

export interface Command {
  readonly verb: Verb;
  readonly targets: readonly Target[];
  /** Chosen by a wide selector only. */
  readonly wide: ReadonlySet<InstanceKey>;
  readonly force?: boolean;
  /** `stop --now`: SIGKILL at once. */
  readonly now?: boolean;
  /** Why a target could not be launched again, found before a restart stops anything. */
  readonly launchProblems?: ReadonlyMap<InstanceKey, string>;
}

export interface Decided {
  readonly target: Target;
  readonly result?: CommandResult;
  readonly goal?: Goal;
}

export interface CommandOutcome {
  readonly world: World;
  readonly changes: readonly Change[];
  readonly decided: readonly Decided[];
  /** Names of what a stop takes along. */
  readonly alsoStopped: readonly string[];
}

/** One target's answer: its new facts, an event, and a result or something to wait for. */
interface Answer {
  readonly instance: Instance;
  readonly event?: InstanceEvent;
  readonly result?: CommandResult;
  readonly goal?: Goal;
}

interface Situation {
  readonly survey: Survey;
  readonly target: Target;
  readonly instance: Instance;
  readonly view: View;
  readonly command: Command;
  readonly wide: boolean;
}

const ok = (code: ResultCode, message: string): CommandResult => ({ ok: true, code, message });
const failed = (code: ResultCode, message: string): CommandResult => ({ ok: false, code, message });

export function applyCommand(survey: Survey, command: Command): CommandOutcome {
  const describer = new Describer(survey);
  const instances = new Map(survey.world.instances);
  const changes: Change[] = [];
  const decided: Decided[] = [];
  for (const target of command.targets) {
    const situation: Situation = {
      survey, target, command,
      instance: survey.instance(target),
      view: describer.view(target),
      wide: command.wide.has(target.key),
    }; // prettier-ignore
    const { instance, event, result, goal } = ANSWERS[command.verb](situation);
    instances.set(target.key, instance);
    if (event !== undefined) changes.push({ key: target.key, event });
    decided.push({ target, ...(result === undefined ? {} : { result }), ...(goal === undefined ? {} : { goal }) });
  }
  const keys = new Set(
    decided
      .filter(({ target, goal }) => goal !== undefined && survey.instance(target).activity.kind !== 'idle')
      .map(({ target }) => target.key),
  );
  const takesAlong = command.verb === 'stop' || command.verb === 'restart';
  const alsoStopped = takesAlong ? stoppedAlong(keys, survey.byId).map(({ name }) => name) : [];
  return { world: { ...survey.world, instances }, changes, decided, alsoStopped };
}

const ANSWERS: Readonly<Record<Verb, (situation: Situation) => Answer>> = { start, stop, restart, unblock };

/* ------------------------------------------------------------------ start */

function start(situation: Situation): Answer {
  const { view, target, command, wide } = situation;
  const { hold, ...rest } = situation.instance;
  const isForced = command.force === true;
  // Whatever else: `start` releases the hold.
  const released: Instance = isForced ? { ...rest, forced: true } : rest;
  const version = target.effective?.version;
  if (view.state === 'BLOCKED' && view.reason.code !== 'too-many-runs') return inDoubt(released);
  if (version === undefined) return { instance: rest, result: failed('no-version', noVersion(target, view)) };
  if (wide && !version.autostart && released.activity.kind === 'idle' && !released.operatorStarted) {
    return { instance: released, result: ok('skipped', 'autostart is off') };
  }
  const wanted: Instance = { ...released, operatorStarted: true };
  switch (view.state) {
    case 'RUNNING':
      return { instance: released, result: ok('already', 'already running') };
    case 'STARTING':
    case 'PENDING':
      return { instance: wanted, goal: { for: 'started' } };
    case 'STOPPING':
      return { instance: cleared(runAgain(wanted, version, isForced), 'operator'), goal: startedAnew(released) };
    case 'BACKOFF':
    case 'FATAL':
    case 'BLOCKED':
      return { instance: cleared(wanted, 'operator'), goal: { for: 'started' } };
    case 'STOPPED':
    case 'EXITED':
      return startIdle(situation, wanted, hold !== undefined);
  }
}

function startIdle({ target, wide, command }: Situation, wanted: Instance, wasHeld: boolean): Answer {
  const version = target.effective?.version;
  if (version?.oneShot === true && isOnLedger(wanted.ledger, version) && command.force !== true) {
    // Never a second billing run by `start all`.
    if (hasFinished(wanted, version)) return { instance: wanted, result: ok('already', 'already finished') };
    if (wide && !wasHeld)
      return { instance: wanted, result: ok('skipped', 'it ran and failed: name it to run it again') };
  }
  return { instance: cleared(withoutLedger(wanted), 'operator'), goal: { for: 'started' } };
}

/** A one-shot on its way out runs again, unless it has just finished well. */
function runAgain(instance: Instance, version: ProcessVersion, isForced: boolean): Instance {
  const ended = instance.activity.kind === 'clearing' ? instance.activity.ended : undefined;
  const isFinished = ended?.by === 'itself' && isSuccess(ended.exit, version.exitCodes);
  return isFinished && !isForced ? instance : withoutLedger(instance);
}

function withoutLedger(instance: Instance): Instance {
  const { ledger: _cleared, ...rest } = instance;
  return rest;
}

function startedAnew({ activity }: Instance): Goal {
  return activity.kind === 'idle' ? { for: 'started' } : { for: 'started', notBy: activity.run.launchId };
}

function noVersion(target: Target, view: View): string {
  if (target.effective === undefined) return 'it is not in the configuration';
  return `it has no version in effect: ${view.reason.message}`;
}

const inDoubt = (instance: Instance): Answer => ({
  instance,
  result: failed('in-doubt', 'something of it may be alive: see `unblock`'),
});

/** Of many, dependents stop first, whatever their `on-loss`. */
function hasDependentsInTheWay({ survey, target, command }: Situation): boolean {
  const leaving = new Set(command.targets.map(({ key }) => key));
  return dependentsInTheWay(target.id, survey.byId, leaving).length > 0;
}

/* ------------------------------------------------------------------ stop */

function stop(situation: Situation): Answer {
  const { view, survey, command } = situation;
  const instance: Instance = {
    ...situation.instance,
    hold: { since: survey.now.wall },
    operatorStarted: false,
    forced: false,
  };
  const event: InstanceEvent = {
    kind: 'stop',
    cause: 'manual',
    now: true,
    yieldFirst: hasDependentsInTheWay(situation),
  };
  switch (view.state) {
    case 'STOPPED':
      return { instance, result: ok('already', 'already stopped') };
    case 'PENDING':
    case 'BACKOFF':
    case 'FATAL':
    case 'EXITED':
      return { instance, result: ok('done', 'stopped') };
    case 'BLOCKED':
      return view.reason.code === 'too-many-runs' ? { instance, result: ok('done', 'stopped') } : inDoubt(instance);
    case 'STARTING':
    case 'RUNNING':
    case 'STOPPING':
      return { instance, goal: { for: 'stopped' }, ...(command.now === true ? { event } : {}) };
  }
}

/* ------------------------------------------------------------------ restart */

function restart(situation: Situation): Answer {
  const { view, target, wide, instance, command } = situation;
  const version = target.effective?.version;
  if (wide && isLeftByWideRestart(view, instance, version?.oneShot === true)) {
    return { instance, result: ok('skipped', view.reason.message) };
  }
  if (view.state !== 'RUNNING' && view.state !== 'STARTING') {
    if (view.state === 'EXITED') return start({ ...situation, instance: withoutLedger(instance), wide: false });
    return start(situation);
  }
  const { hold: _released, ...rest } = instance;
  if (version === undefined) return { instance, result: failed('no-version', noVersion(target, view)) };
  const problem = command.launchProblems?.get(target.key);
  if (problem !== undefined) return { instance, result: failed('not-launchable', `${problem}; still running`) };
  const again = cleared(withoutLedger({ ...rest, operatorStarted: true }), 'operator');
  return {
    instance: again,
    event: { kind: 'stop', cause: 'restart', now: false, yieldFirst: hasDependentsInTheWay(situation) },
    goal: startedAnew(instance),
  };
}

function isLeftByWideRestart(view: View, { hold }: Instance, isOneShot: boolean): boolean {
  if (hold !== undefined) return true;
  if (view.state === 'STOPPED') return view.reason.code !== 'not-yet-applied' && view.reason.code !== 'fake';
  return view.state === 'EXITED' && isOneShot;
}

/* ------------------------------------------------------------------ unblock */

/** Never touches holds. What is in doubt is resolved before this, where it can be. */
function unblock({ view, instance }: Situation): Answer {
  const isStuck =
    view.state === 'BACKOFF' ||
    view.state === 'FATAL' ||
    (view.state === 'BLOCKED' && view.reason.code === 'too-many-runs');
  if (isStuck) return { instance: cleared(instance, 'operator'), goal: { for: 'started' } };
  if (view.state === 'BLOCKED') return inDoubt(instance);
  return { instance, result: ok('nothing', `nothing to unblock: it is ${view.state}`) };
}
