/**
 * From what should be to what has to happen: one pass over all instances, to be repeated until it has nothing more to ask.
 *
 * Stops come before starts, dependents before what they depend on: what has to end yields until its dependents are gone, and
 * their losing it is what ends them.
 */
import type { Decision } from './deciders.ts';
import { guardEnd, isGuarded, isHeldBack } from './clock.ts';
import { standingAt } from './deciders.ts';
import { dependentsInTheWay, isLossy } from './dependencies.ts';
import { isOwnEnding } from './ending.ts';
import { fallbackDeadline } from './facts.ts';
import { firstClosedGate, type Gate } from './gates.ts';
import { hasJobs, jobNamed } from './jobs.ts';
import { entryFor } from './ledger.ts';
import { deadlineOf, runTimeDeadline, type InstanceEvent } from './lifecycle.ts';
import { logPaths } from './log-paths.ts';
import type {
  Activity, Instance, InstanceKey, LedgerEntry, ProcessVersion, Run, RunSettings, StopCause,
} from './model.ts'; // prettier-ignore
import { processById } from './process-by-id.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';

export interface Proposal {
  readonly key: InstanceKey;
  readonly event: InstanceEvent;
}

/** A start slot is held this long at most by a launch that does not get on. */
const SLOT_LIMIT = 30_000;

/** What has to happen now. Empty: the world is as it should be, until something happens or `wakeAt`. */
export function reconcile(survey: Survey): readonly Proposal[] {
  // Stops first: what they change decides what may start.
  const endings = endingsOf(survey);
  return endings.length > 0 ? endings : startsOf(survey);
}

/* ------------------------------------------------------------------ stops */

function endingsOf(survey: Survey): readonly Proposal[] {
  const causes = new Map<InstanceKey, StopCause>();
  const yielding: Target[] = [];
  for (const target of survey.targets) {
    const { activity } = survey.instance(target);
    if (activity.kind === 'yielding') yielding.push(target);
    if (!isLive(activity)) continue;
    const cause = causeToStop(survey, target, activity, survey.decision(target));
    if (cause !== undefined) causes.set(target.key, cause);
  }
  const isFree = (target: Target): boolean => dependentsInTheWay(target, survey.byId, causes).length === 0;
  const proposals: Proposal[] = unasked(survey);
  // Of what has several instances the highest numbers go first.
  for (const target of causes.size === 0 ? [] : survey.targets.toReversed()) {
    const cause = causes.get(target.key);
    if (cause === undefined) continue;
    proposals.push({ key: target.key, event: { kind: 'stop', cause, now: false, yieldFirst: !isFree(target) } });
  }
  for (const target of yielding) if (isFree(target)) proposals.push({ key: target.key, event: { kind: 'proceed' } });
  return proposals;
}

/** External dependencies that were asked for a launch that is not wanted any more. */
function unasked(survey: Survey): Proposal[] {
  return survey.targets.flatMap((target) => {
    const instance = survey.instance(target);
    const job = jobNamed(instance, 'dependency');
    const isAsking = job !== undefined && job.killed === undefined && job.result === undefined;
    if (instance.activity.kind !== 'idle' || (instance.externals === undefined && !isAsking)) return [];
    if (survey.decision(target).want === 'run') return [];
    return [{ key: target.key, event: { kind: 'stop', cause: 'manual', now: false, yieldFirst: false } as const }];
  });
}

/** It is on its way up, or up. */
export type Live = Extract<Activity, { kind: 'preparing' | 'launching' | 'settling' | 'running' }>;

export function isLive(activity: Activity): activity is Live {
  switch (activity.kind) {
    case 'preparing':
      return activity.stop === undefined;
    case 'launching':
    case 'settling':
    case 'running':
      return true;
    default:
      return false;
  }
}

/** The first cause that holds now: what the clock alone would stop while it is not to be trusted may still end for another. */
export function causeToStop(survey: Survey, target: Target, activity: Live, decision: Decision): StopCause | undefined {
  const { world, now } = survey;
  const isHeld = world.instances.get(target.key)?.hold !== undefined;
  const causes: readonly (StopCause | undefined)[] = [
    ...wantedCauses(survey, target, activity.run, decision),
    isHeld ? 'manual' : undefined,
    ownCause(activity, now.mono),
  ];
  return causes.find((cause) => cause !== undefined && !isHeldBack(cause, world.clock, now));
}

function wantedCauses(
  survey: Survey,
  target: Target,
  run: Run,
  decision: Decision,
): readonly (StopCause | undefined)[] {
  const { version } = decision;
  const isStopped = decision.want === 'stop';
  const code = !isStopped ? undefined : decision.code === 'missed' ? 'schedule' : decision.code;
  const isLost = survey.unmet(target).some(isLossy) ? ('dependency' as const) : undefined;
  // What a held reload keeps has no version, but its dependencies all the same.
  if (version === undefined || code === 'manual')
    return [isMissedByClock(survey, target, code) ? undefined : code, isLost];
  // Only a changed effective apply-on restarts a live run: nothing stops because a line was edited. A one-shot ends first.
  const isOther = run.applyOn !== version.applyOn.text && !run.settings.oneShot;
  const isVetoed = target.effective?.vetoed?.version.applyOn.text === run.applyOn;
  const change = !isOther ? undefined : isVetoed ? 'fallback' : 'new-version';
  return [code, change, isLost];
}

/** A clock that is set back may bring back a version of fewer instances. */
function isMissedByClock({ world, now }: Survey, { id, num }: Target, code: StopCause | undefined): boolean {
  if (code !== 'not-in-config' || !isGuarded(world.clock, now)) return false;
  const process = processById(world.config, id);
  return process?.versions.some(({ numprocs, fake }) => !fake && numprocs > num) === true;
}

/** What it does itself ends it: a failed hook, its health, or the length of its run. */
function ownCause(activity: Live, now: number): StopCause | undefined {
  if (activity.kind === 'settling' && activity.failed !== undefined) return activity.failed.code;
  if (activity.kind === 'running' && activity.health?.ok === false) return 'health-check';
  const limit = activity.kind === 'running' || activity.kind === 'settling' ? runTimeDeadline(activity) : undefined;
  return limit !== undefined && now >= limit ? 'max-run-time' : undefined;
}

/* ------------------------------------------------------------------ starts */

function startsOf(survey: Survey): readonly Proposal[] {
  const { world } = survey;
  let slots = world.config.daemon.maxParallelStarts - startsUnderWay(survey);
  let serial = world.nextLaunch;
  const proposals: Proposal[] = [];
  for (const target of survey.targets) {
    if (slots <= 0) break;
    const gate = startGate(survey, target);
    if (gate === undefined) continue;
    const decision = survey.decision(target);
    if (gate.gate === 'external') {
      const event = askOf(survey, survey.instance(target), gate, serial);
      if (event === undefined) continue;
      proposals.push({ key: target.key, event });
    } else if (gate.gate === 'open' && decision.want === 'run' && decision.version !== undefined) {
      proposals.push({ key: target.key, event: launchOf(survey, target, decision.version, decision.reason, serial) });
      slots -= 1;
    } else continue;
    serial += 1;
  }
  return proposals;
}

/** The first closed gate of what is idle, wanted and not in doubt; undefined for anything else. */
function startGate(survey: Survey, target: Target): Gate | undefined {
  const instance = survey.instance(target);
  const decision = survey.decision(target);
  if (instance.activity.kind !== 'idle' || instance.doubt !== undefined || hasJobs(instance)) return undefined;
  if (decision.want !== 'run' || decision.version === undefined) return undefined;
  return firstClosedGate(instance, decision.version, survey.unmet(target), survey.now.mono);
}

/** Asks an external dependency, unless that is under way or too soon. */
function askOf(
  { world, now }: Survey,
  { jobs }: Instance,
  { external, until }: Extract<Gate, { gate: 'external' }>,
  serial: number,
): InstanceEvent | undefined {
  if (jobs.length > 0 || (until !== undefined && until > now.mono)) return undefined;
  const { command, timeout, interval } = external;
  return { kind: 'ask', command, timeout, interval, base: `${world.session}${serial.toString(36)}` };
}

export function startsUnderWay({ world, now }: Survey): number {
  let count = 0;
  for (const { activity } of world.instances.values()) {
    if (isOnItsWayUp(activity) && now.mono < slotEnd(activity)) count += 1;
  }
  return count;
}

/** One sum for both: whether it holds its slot, and when to look again. Times have fractions that round. */
const slotEnd = ({ run }: Live): number => run.startedMono + SLOT_LIMIT;

/** A slot is held from `before` until RUNNING, the settling time not counted. */
function isOnItsWayUp(activity: Activity): activity is Live {
  if (activity.kind === 'settling') return activity.step !== 'settle';
  return activity.kind === 'preparing' || activity.kind === 'launching';
}

function launchOf(
  survey: Survey,
  target: Target,
  version: ProcessVersion,
  why: Run['why'],
  serial: number,
): InstanceEvent {
  const { world, now } = survey;
  const instance = survey.instance(target);
  const launchId = `${world.session}${serial.toString(36)}`;
  const key = entryFor(version, standingAt(version, now.wall), world.bootId);
  const run: Run = {
    launchId,
    name: target.name,
    why,
    type: version.command.type,
    applyOn: version.applyOn.text,
    fingerprint: version.fingerprint,
    settings: settingsOf(version),
    startedAt: now.wall,
    startedMono: now.mono,
    logs: logPaths(version, target, world.logDirectory),
    ...(version.oneShot ? { entry: key.entry } : {}),
  };
  const isLate = why === 'catch-up';
  const ledger: LedgerEntry = { ...key, launchId, outcome: 'running', ...(isLate ? { late: true as const } : {}) };
  const isOwn = instance.credit === undefined;
  return {
    kind: 'launch',
    run,
    counted: isOwn,
    runsKept: Math.max(version.maxRuns, 1),
    again: isOwn && instance.ended !== undefined && isOwnEnding(instance.ended),
    ...(version.oneShot ? { ledger } : {}),
  };
}

export function settingsOf(version: ProcessVersion): RunSettings {
  const { oneShot, autorestart, exitCodes, startSecs, stopSignal, stopTimeout, killMode, dependsOn } = version;
  const { hooks, startHealthCheck, healthCheck, maxRunTime } = version;
  return {
    oneShot, autorestart, exitCodes, startSecs, stopSignal, stopTimeout, killMode, dependsOn,
    ...(Object.keys(hooks).length === 0 ? {} : { hooks }),
    ...(startHealthCheck === undefined ? {} : { startHealthCheck }),
    ...(healthCheck === undefined ? {} : { healthCheck }),
    ...(maxRunTime === undefined ? {} : { maxRunTime }),
  }; // prettier-ignore
}

/* ------------------------------------------------------------------ when to look again */

export interface WakeAt {
  /** Earliest timeout. */
  readonly mono?: number;
  /** Earliest change of an effective version. */
  readonly wall?: number;
}

/** @param survey as of the time of the last turn: what came due since has to count as not seen to */
export function wakeAt(survey: Survey): WakeAt {
  const guard = guardEnd(survey.world.clock, survey.now);
  const monos: number[] = guard.mono === undefined ? [] : [guard.mono];
  const walls: number[] = guard.wall === undefined ? [] : [guard.wall];
  for (const target of survey.targets) {
    const instance = survey.instance(target);
    monos.push(...monoDeadlines(survey, target, instance));
    walls.push(...wallBoundaries(survey, target, instance));
  }
  return { ...earliest('mono', monos), ...earliest('wall', walls) };
}

function monoDeadlines(survey: Survey, target: Target, instance: Instance): number[] {
  const { activity } = instance;
  const version = target.effective?.version;
  const limit = activity.kind === 'running' || activity.kind === 'settling' ? runTimeDeadline(activity) : undefined;
  const fallback = version === undefined ? undefined : fallbackDeadline(instance, version);
  const gate = activity.kind === 'idle' ? startGate(survey, target) : undefined;
  const retry = gate !== undefined && 'until' in gate ? gate.until : undefined;
  // Others may be waiting for the slot that it gives up then.
  const slot = isOnItsWayUp(activity) ? slotEnd(activity) : undefined;
  // What is overdue and was not acted upon waits for something else than time.
  const later = [limit, fallback, retry, slot].filter((at) => at !== undefined && at > survey.now.mono);
  return [deadlineOf(instance), ...later].filter((at) => at !== undefined);
}

/** When its version, its window or its hold changes by the clock. */
function wallBoundaries(survey: Survey, target: Target, { hold }: Instance): number[] {
  const { effective } = target;
  const standing = effective?.version === undefined ? undefined : standingAt(effective.version, survey.now.wall);
  const until = typeof hold?.until === 'number' ? hold.until : undefined;
  return [effective?.nextVersion?.at, standing?.until, until].filter(
    (at) => at !== undefined && Number.isFinite(at),
  ) as number[];
}

function earliest(clock: keyof WakeAt, times: readonly number[]): WakeAt {
  return times.length === 0 ? {} : { [clock]: times.reduce((a, b) => Math.min(a, b)) };
}
