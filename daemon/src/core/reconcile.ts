/**
 * From what should be to what has to happen: one pass over all instances, to be repeated until it has nothing more to ask.
 *
 * Stops come before starts, dependents before what they depend on: what has to end yields until its dependents are gone, and
 * their losing it is what ends them.
 */
import type { Decision } from './deciders.ts';
import { ledgerKey } from './deciders.ts';
import { dependentsInTheWay, isLossy } from './dependencies.ts';
import { firstClosedGate } from './gates.ts';
import { deadlineOf, type InstanceEvent } from './lifecycle.ts';
import type { Instance, InstanceKey, LedgerEntry, ProcessVersion, Run, RunSettings, StopCause } from './model.ts';
import { logPaths } from './log-paths.ts';
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
    if (activity.kind !== 'launching' && activity.kind !== 'settling' && activity.kind !== 'running') continue;
    const cause = causeToStop(survey, target, activity.run, survey.decision(target));
    if (cause !== undefined) causes.set(target.key, cause);
  }
  const isFree = ({ id }: Target): boolean => dependentsInTheWay(id, survey.byId, causes).length === 0;
  const proposals: Proposal[] = [];
  for (const target of causes.size === 0 ? [] : survey.targets) {
    const cause = causes.get(target.key);
    if (cause === undefined) continue;
    proposals.push({ key: target.key, event: { kind: 'stop', cause, now: false, yieldFirst: !isFree(target) } });
  }
  for (const target of yielding) if (isFree(target)) proposals.push({ key: target.key, event: { kind: 'proceed' } });
  return proposals;
}

export function causeToStop(survey: Survey, target: Target, run: Run, decision: Decision): StopCause | undefined {
  if (decision.want === 'stop') return decision.code;
  const version = decision.version;
  if (version === undefined) return undefined;
  // Only a changed effective apply-on restarts a live run: nothing stops because a line was edited.
  if (run.applyOn !== version.applyOn.text) return 'new-version';
  return survey.unmet(target).some(isLossy) ? 'dependency' : undefined;
}

/* ------------------------------------------------------------------ starts */

function startsOf(survey: Survey): readonly Proposal[] {
  const { world, now } = survey;
  let slots = world.config.daemon.maxParallelStarts - startsUnderWay(survey);
  let serial = world.nextLaunch;
  const proposals: Proposal[] = [];
  for (const target of survey.targets) {
    if (slots <= 0) break;
    const instance = survey.instance(target);
    const decision = survey.decision(target);
    if (instance.activity.kind !== 'idle' || instance.doubt !== undefined) continue;
    if (decision.want !== 'run' || decision.version === undefined) continue;
    if (firstClosedGate(instance, decision.version, survey.unmet(target), now.mono).gate !== 'open') continue;
    proposals.push({
      key: target.key,
      event: launchOf(survey, target, decision.version, decision.reason, serial),
    });
    serial += 1;
    slots -= 1;
  }
  return proposals;
}

function startsUnderWay({ world, now }: Survey): number {
  let count = 0;
  for (const { activity } of world.instances.values()) {
    if (activity.kind === 'launching' && now.mono - activity.run.startedMono < SLOT_LIMIT) count += 1;
  }
  return count;
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
  const run: Run = {
    launchId,
    name: target.name,
    why,
    applyOn: version.applyOn.text,
    fingerprint: version.fingerprint,
    settings: settingsOf(version),
    startedAt: now.wall,
    startedMono: now.mono,
    logs: logPaths(version, target, world.logDirectory),
  };
  const ledger: LedgerEntry = { entry: ledgerKey(version), launchId, outcome: 'running' };
  const isOwn = instance.credit === undefined;
  return {
    kind: 'launch',
    run,
    counted: isOwn,
    runsKept: Math.max(version.maxRuns, 1),
    again: isOwn && instance.ended?.by === 'itself',
    ...(version.oneShot ? { ledger } : {}),
  };
}

export function settingsOf(version: ProcessVersion): RunSettings {
  const { oneShot, autorestart, exitCodes, startSecs, stopSignal, stopTimeout, killMode, dependsOn } = version;
  return { oneShot, autorestart, exitCodes, startSecs, stopSignal, stopTimeout, killMode, dependsOn };
}

/* ------------------------------------------------------------------ when to look again */

export interface WakeAt {
  /** Earliest timeout. */
  readonly mono?: number;
  /** Earliest change of an effective version. */
  readonly wall?: number;
}

export function wakeAt(survey: Survey): WakeAt {
  const monos: number[] = [];
  const walls: number[] = [];
  for (const target of survey.targets) {
    const instance = survey.instance(target);
    const deadline = deadlineOf(instance) ?? gateDeadline(survey, target, instance);
    if (deadline !== undefined) monos.push(deadline);
    const next = target.effective?.nextVersion;
    if (next !== undefined) walls.push(next.at);
  }
  return { ...earliest('mono', monos), ...earliest('wall', walls) };
}

function gateDeadline(survey: Survey, target: Target, instance: Instance): number | undefined {
  const decision = survey.decision(target);
  if (instance.activity.kind !== 'idle' || instance.doubt !== undefined) return undefined;
  if (decision.want !== 'run' || decision.version === undefined) return undefined;
  const gate = firstClosedGate(instance, decision.version, survey.unmet(target), survey.now.mono);
  return 'until' in gate ? gate.until : undefined;
}

function earliest(clock: keyof WakeAt, times: readonly number[]): WakeAt {
  return times.length === 0 ? {} : { [clock]: times.reduce((a, b) => Math.min(a, b)) };
}
