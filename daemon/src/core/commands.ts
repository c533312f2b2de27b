/**
 * What an operator's command changes, by the state of its target (the table of SPEC 9.1). A command changes facts (hold,
 * counters, ledger) and may ask for an event; what follows is the reconciler's business.
 */
import { isClosed, entryFor, lineOf, reopened, withEntry } from './ledger.ts';
import { decide, standingAt } from './deciders.ts';
import { dependentsInTheWay, hasFinished, stoppedAlong } from './dependencies.ts';
import { Describer, type View } from './describe.ts';
import type { Change } from './engine.ts';
import { cleared, withoutForce } from './facts.ts';
import type { InstanceEvent } from './lifecycle.ts';
import type { Hold, Instance, InstanceKey, LaunchId, LedgerEntry, ProcessVersion, World } from './model.ts';
import { isGoodEnding } from './ending.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';

export type ResultCode =
  | 'done' | 'already' | 'released' | 'outside-window' | 'no-version' | 'skipped' | 'waiting' | 'timeout' | 'superseded'
  | 'in-doubt' | 'not-launchable' | 'not-running' | 'survivors' | 'nothing' | 'failed' | 'requested'; // prettier-ignore

export interface CommandResult {
  readonly ok: boolean;
  readonly code: ResultCode;
  readonly message: string;
  /** `released`, `outside-window`: when its window opens next, in milliseconds since the epoch. */
  readonly until?: number;
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
  /** `stop --until`: when each hold ends by itself. */
  readonly until?: ReadonlyMap<InstanceKey, NonNullable<Hold['until']>>;
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
  const { view, target, command, wide, survey } = situation;
  const { hold, ...rest } = situation.instance;
  const isForced = command.force === true;
  const version = target.effective?.version;
  // Whatever else: `start` releases the hold.
  const released: Instance = isForced && version !== undefined ? forced(rest, version, survey) : rest;
  if (view.state === 'BLOCKED' && view.reason.code !== 'too-many-runs') return inDoubt(released);
  if (version === undefined) return { instance: rest, result: failed('no-version', noVersion(target, view)) };
  if (wide && !version.autostart && released.activity.kind === 'idle' && !released.operatorStarted) {
    return { instance: released, result: ok('skipped', 'autostart is off') };
  }
  const refusal = isForced ? undefined : outsideWindow(situation, released, version, hold !== undefined);
  if (refusal !== undefined) return refusal;
  const wanted: Instance = { ...released, operatorStarted: true };
  switch (view.state) {
    case 'RUNNING':
      return { instance: released, result: ok('already', 'already running') };
    case 'STARTING':
    case 'PENDING':
      return { instance: wanted, goal: { for: 'started' } };
    case 'STOPPING':
      return { instance: cleared(runAgain(situation, wanted, version), 'operator'), goal: startedAnew(released) };
    case 'BACKOFF':
    case 'FATAL':
    case 'BLOCKED':
      return { instance: cleared(wanted, 'operator'), goal: { for: 'started' } };
    case 'STOPPED':
    case 'EXITED':
      return startIdle(situation, wanted, version, hold !== undefined);
  }
}

/** Until its window next closes: one that is open now is not meant. */
function forced(instance: Instance, version: ProcessVersion, { now }: Survey): Instance {
  const standing = standingAt(version, now.wall);
  const opens = standing?.active === true ? standing.window?.opens : undefined;
  // A schedule that is always open has no opening: there is none to note, and no state file could hold it.
  const isNoted = opens !== undefined && Number.isFinite(opens);
  return { ...instance, forced: true, ...(isNoted ? { forcedIn: opens } : {}) };
}

/** Outside its window nothing is started but by force; a cron job runs whenever it is asked to. */
function outsideWindow(
  { survey, target, wide, view }: Situation,
  released: Instance,
  version: ProcessVersion,
  wasHeld: boolean,
): Answer | undefined {
  const { schedule } = version;
  if (schedule === undefined || released.activity.kind !== 'idle') return undefined;
  if (schedule.kind === 'cron')
    return wide && !wasHeld && !isDueNow(survey, target, released)
      ? { instance: released, result: ok('skipped', 'a cron job: it runs at its times, or when it is named') }
      : undefined;
  const { world, now } = survey;
  const standing = standingAt(version, now.wall);
  if (standing?.active !== false || decide(world, target, released, now).want === 'run') return undefined;
  if (view.state === 'EXITED' && hasFinished(world, released, version, now)) return undefined;
  const data = standing.nextStart === undefined ? {} : { until: standing.nextStart };
  const text = `outside its window (${schedule.text})`;
  if (wasHeld) return { instance: released, result: { ...ok('released', `hold released; ${text}`), ...data } };
  if (wide) return { instance: released, result: ok('skipped', text) };
  return {
    instance: released,
    result: { ...failed('outside-window', `${text}; \`start --force\` runs it all the same`), ...data },
  };
}

const isDueNow = ({ world, now }: Survey, target: Target, instance: Instance): boolean =>
  decide(world, target, instance, now).want === 'run';

function entryNow({ survey }: Situation, version: ProcessVersion): Pick<LedgerEntry, 'entry' | 'opens'> {
  return entryFor(version, standingAt(version, survey.now.wall), survey.world.bootId);
}

function startIdle(situation: Situation, wanted: Instance, version: ProcessVersion, wasHeld: boolean): Answer {
  const { wide, command, survey } = situation;
  const key = entryNow(situation, version);
  if (version.oneShot && command.force !== true && isClosed(lineOf(wanted, key))) {
    const isCron = version.schedule?.kind === 'cron';
    // Never a second billing run by `start all`.
    if (!isCron && hasFinished(survey.world, wanted, version, survey.now))
      return { instance: wanted, result: ok('already', 'already finished') };
    if (wide && !wasHeld)
      return { instance: wanted, result: ok('skipped', 'it ran and failed: name it to run it again') };
  }
  return { instance: cleared(version.oneShot ? reopened(wanted, key) : wanted, 'operator'), goal: { for: 'started' } };
}

/** A one-shot on its way out runs again, unless it has just finished well. */
function runAgain(situation: Situation, instance: Instance, version: ProcessVersion): Instance {
  if (!version.oneShot) return instance;
  const ended = 'ended' in instance.activity ? instance.activity.ended : undefined;
  const isFinished = ended !== undefined && isGoodEnding(ended, version.exitCodes);
  return isFinished && situation.command.force !== true ? instance : reopened(instance, entryNow(situation, version));
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
  return dependentsInTheWay(target, survey.byId, leaving).length > 0;
}

/* ------------------------------------------------------------------ stop */

function stop(situation: Situation): Answer {
  const { view, survey, command } = situation;
  const until = command.until?.get(situation.target.key);
  const instance: Instance = {
    ...withoutForce(acknowledged(situation.instance)),
    hold: { since: survey.now.wall, ...(until === undefined ? {} : { until }) },
    operatorStarted: false,
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

/** `stop` says that an operator has seen what was missed. */
function acknowledged(instance: Instance): Instance {
  const missed = instance.ledger.find(({ outcome }) => outcome === 'missed');
  if (missed === undefined) return instance;
  return { ...instance, ledger: withEntry(instance.ledger, { ...missed, outcome: 'skipped' }) };
}

/* ------------------------------------------------------------------ restart */

function restart(situation: Situation): Answer {
  const { view, target, wide, instance, command } = situation;
  const version = target.effective?.version;
  if (wide && isLeftByWideRestart(view, instance, version?.oneShot === true)) {
    return { instance, result: ok('skipped', view.reason.message) };
  }
  if (view.state !== 'RUNNING' && view.state !== 'STARTING') {
    const again = version?.oneShot === true && view.state === 'EXITED';
    const opened = again ? reopened(instance, entryNow(situation, version)) : instance;
    return start({ ...situation, instance: opened, wide: wide && view.state !== 'EXITED' });
  }
  const { hold: _released, ...rest } = instance;
  if (version === undefined) return { instance, result: failed('no-version', noVersion(target, view)) };
  const problem = command.launchProblems?.get(target.key);
  if (problem !== undefined) return { instance, result: failed('not-launchable', `${problem}; still running`) };
  const started = { ...rest, operatorStarted: true };
  const again = cleared(version.oneShot ? reopened(started, entryNow(situation, version)) : started, 'operator');
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
