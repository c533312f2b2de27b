/**
 * What a starting daemon finds: state files, launches that left files, run records, and marked processes. It turns them into a
 * world whose instances are up to date or about to be looked at. Starting fresh, after `kill -9`, and upgrading are this one path.
 */
import { parseMark, parseStem, runMark, type Stem } from '../core/identity.ts';
import type { Action } from '../core/actions.ts';
import { entryFor, lineOfRun, versionEntry, withEntry } from '../core/ledger.ts';
import { standingAt } from '../core/deciders.ts';
import { advance, type InstanceEvent } from '../core/lifecycle.ts';
import type {
  Instance, InstanceKey, Job, JobName, LaunchId, LiveProcess, Now, ProcessIdentity, Run, WallTime, World,
} from '../core/model.ts'; // prettier-ignore
import { settingsOf } from '../core/reconcile.ts';
import { newInstance, targetsOf, type Target } from '../core/targets.ts';
import type { LaunchFiles, RunRecord } from '../effects/launch-files.ts';
import type { ProcessInfo } from '../effects/process-table.ts';
import type { StateStore } from '../effects/state-store.ts';
import type { System } from '../effects/system.ts';
import type { Witness } from './evidence.ts';
import type { Members } from './members.ts';

/** Live runs of this uid that belong to another state directory: this daemon must not start. */
export class ForeignRunsError extends Error {
  constructor(directory: string, pids: readonly number[]) {
    super(
      `services of this uid run under another state directory, ${directory} (processes ${pids.join(', ')}): ` +
        'start with that state-dir, or stop them first',
    );
    this.name = 'ForeignRunsError';
  }
}

export interface RecoveryParts {
  readonly system: System;
  readonly files: LaunchFiles;
  readonly store: StateStore;
  readonly witness: Witness;
  readonly members: Members;
  readonly uid: string;
  readonly runsDirectory: string;
  /** The state directory that the owner file of an earlier daemon names. */
  readonly ownerStateDirectory?: string | undefined;
  readonly stateDirectory: string;
  readonly log: (level: 'info' | 'warning' | 'error', text: string) => void;
}

export interface Recovered {
  readonly world: World;
  /** Instances whose files and processes tell more: to be looked at before anything is decided. */
  readonly toLookAt: readonly InstanceKey[];
  /** Files of launches whose endings are on record; to be removed once what was recovered is on disk, and not before. */
  readonly settled: readonly Forget[];
  /** The newest time on record: a clock behind it is not to be trusted. */
  readonly newest: WallTime | undefined;
  /** As they were on disk, without holds: what differs is news. */
  readonly stored: ReadonlyMap<InstanceKey, Instance>;
  /** Their hold was until the next boot, and that has come. */
  readonly endedHolds: readonly InstanceKey[];
}

type Forget = Extract<Action, { kind: 'forget' | 'forget-job' }>;

/** @param empty the world with its configuration, without instances */
export function recover(parts: RecoveryParts, empty: World): Recovered {
  const now = parts.system.now();
  const instances = new Map<InstanceKey, Instance>();
  const targets = new Map(targetsOf(empty, now.wall).map((target) => [target.key, target]));
  const known = (key: InstanceKey): Instance | undefined => instances.get(key) ?? fresh(key, targets.get(key), now);
  const settled: Forget[] = [];

  const { upToDate, stored, endedHolds } = loadStates(parts, instances, known, now);
  for (const [key, launches] of launchesByKey(parts.files)) {
    const instance = known(key);
    if (instance === undefined) parts.log('warning', `runs/: nothing is known of ${key}; its files are left alone`);
    else {
      const about = { target: targets.get(key), isUpToDate: upToDate.has(key), settled };
      instances.set(key, withLostLaunches(parts, instance, launches, about, now));
    }
  }
  for (const [key, instance] of sweepMarks(parts, known, targets, now)) instances.set(key, instance);
  for (const [stem, launches] of jobLaunches(parts.files)) {
    const instance = known(parseStem(stem).key);
    if (instance !== undefined)
      instances.set(instance.key, withLostJobs(parts, instance, stem, launches, settled, now));
  }
  const newest = newestTime(instances.values());
  return { world: { ...empty, instances }, toLookAt: [...instances.keys()], settled, newest, stored, endedHolds };
}

/** The newest time that is on record of anything. */
function newestTime(instances: Iterable<Instance>): WallTime | undefined {
  let newest: WallTime | undefined;
  for (const { shown, ended, exits, activity, hold, seen } of instances) {
    const times = [shown.since, ended?.at, exits[0]?.at, hold?.since, seen.window?.opens];
    if (activity.kind !== 'idle') times.push(activity.run.startedAt);
    for (const time of times) if (time !== undefined && (newest === undefined || time > newest)) newest = time;
  }
  return newest;
}

/* ------------------------------------------------------------------ state files */

interface LoadedStates extends Pick<Recovered, 'stored' | 'endedHolds'> {
  /** The instances whose state is the newest there was: it was on disk before anything was done about it. */
  readonly upToDate: ReadonlySet<InstanceKey>;
}

function loadStates(
  { store, system, witness, files, log }: RecoveryParts,
  instances: Map<InstanceKey, Instance>,
  known: (key: InstanceKey) => Instance | undefined,
  now: Now,
): LoadedStates {
  const { instances: stored, holds, endedHolds, setBack, broken } = store.load();
  for (const { path, movedTo, why, hint } of broken) {
    const where = movedTo === undefined ? '' : `; set aside as ${movedTo}`;
    log('error', `${path} cannot be read (${why})${where}${hint === undefined ? '' : `; ${hint}`}`);
  }
  for (const { bootId, instance } of stored) {
    const isThisBoot = bootId === system.bootId();
    instances.set(
      instance.key,
      isThisBoot
        ? fromElsewhere(asRecorded(instance, witness, files), witness, files)
        : afterBoot(instance, witness, files, now),
    );
  }
  for (const [key, hold] of holds) {
    const instance = known(key);
    if (instance !== undefined) instances.set(key, { ...instance, hold });
  }
  return {
    upToDate: new Set(stored.map(({ instance }) => instance.key).filter((key) => !setBack.has(key))),
    stored: new Map(stored.map(({ instance }) => [instance.key, instance])),
    endedHolds,
  };
}

/** The machine was down: all of it has ended. Monotonic times of the other boot mean nothing now. */
function afterBoot(instance: Instance, witness: Witness, files: LaunchFiles, now: Now): Instance {
  const { activity } = instance;
  const shown = { ...instance.shown, sinceMono: now.mono };
  const ended = instance.ended === undefined ? {} : { ended: { ...instance.ended, mono: now.mono } };
  const known = withRecord({ ...instance, ...ended, shown }, files, now);
  if (activity.kind === 'idle') return advance(known, { kind: 'boot', at: now.wall }, now).instance;
  const { launchId } = activity.run;
  const file = files.readExit(instance.key, launchId);
  const event: InstanceEvent =
    file.kind === 'ended'
      ? { kind: 'boot', exit: file.exit, at: file.at, ...witness.lastWords(instance.key, launchId) }
      : { kind: 'boot', neverRan: file.kind === 'not-started', at: now.wall };
  return advance(known, event, now).instance;
}

/** A launch that got as far as its record has run, though the daemon died before it saw it. */
function withRecord(instance: Instance, files: LaunchFiles, now: Now): Instance {
  const { activity, key } = instance;
  if (activity.kind === 'idle' || activity.run.process !== undefined || activity.kind === 'preparing') return instance;
  const record = files.readRecord(key);
  if (record?.launchId !== activity.run.launchId) return instance;
  return advance(instance, { kind: 'launched', ...record }, now).instance;
}

/** What lives by the record of the same launch is its process, also where the state names one that does not: it was spoilt. */
function asRecorded(instance: Instance, witness: Witness, files: LaunchFiles): Instance {
  const { activity, key } = instance;
  if (activity.kind === 'idle' || activity.kind === 'clearing' || activity.kind === 'finishing') return instance;
  const { run } = activity;
  if (run.process === undefined || run.handed !== undefined || witness.isAlive(run.process)) return instance;
  const record = files.readRecord(key);
  if (record?.launchId !== run.launchId || !witness.isAlive(record.process)) return instance;
  const { process, launcher } = record;
  return { ...instance, activity: { ...activity, run: { ...run, process, launcher } } };
}

/** A live run that another pid namespace of this boot may still hold: nothing of it is presumed dead. */
function fromElsewhere(instance: Instance, witness: Witness, files: LaunchFiles): Instance {
  const { activity } = instance;
  if (activity.kind === 'idle' || activity.run.process === undefined) return instance;
  if (!witness.isElsewhere(activity.run.process) || files.probeLock(instance.key) === 'free') return instance;
  const message = 'its launcher lives in another pid namespace: `unblock` once that is gone';
  return { ...instance, activity: { kind: 'idle' }, doubt: { code: 'identity', message, candidates: [] } };
}

/* ------------------------------------------------------------------ launches that the state does not know */

function launchesByKey(files: LaunchFiles): ReadonlyMap<InstanceKey, readonly LaunchId[]> {
  return grouped(files, (stem) => parseStem(stem).job === undefined);
}

/** The launches of hooks and checks, by their stems. */
function jobLaunches(files: LaunchFiles): ReadonlyMap<Stem, readonly LaunchId[]> {
  return grouped(files, (stem) => parseStem(stem).job !== undefined);
}

function grouped(files: LaunchFiles, isWanted: (stem: Stem) => boolean): ReadonlyMap<Stem, readonly LaunchId[]> {
  const byStem = new Map<Stem, LaunchId[]>(
    files
      .records()
      .filter(isWanted)
      .map((stem) => [stem, []]),
  );
  for (const { key, launchId } of files.launches()) {
    if (isWanted(key)) byStem.set(key, [...(byStem.get(key) ?? []), launchId]);
  }
  return byStem;
}

/** Hooks that the state does not know: taken back, or killed before anything starts beside them. */
function withLostJobs(
  parts: RecoveryParts,
  instance: Instance,
  stem: Stem,
  launches: readonly LaunchId[],
  settled: Forget[],
  now: Now,
): Instance {
  const { files, system, witness, log } = parts;
  const name = (parseStem(stem).job ?? '') as JobName;
  const record = files.readRecord(stem);
  let result = instance;
  for (const launchId of new Set(record === undefined ? launches : [record.launchId, ...launches])) {
    if (result.jobs.some((job) => job.name === name && job.launchId === launchId)) continue;
    const job: Job = {
      name,
      launchId,
      work: { kind: 'command', command: '' },
      timeout: 0,
      startedMono: now.mono,
      lookAt: now.mono,
      ...(record?.launchId === launchId ? { process: record.process, launcher: record.launcher } : {}),
    };
    const isOver = files.voidIntent(stem, launchId) === 'voided' || files.probeLock(stem) === 'free';
    const isAlive = job.process !== undefined && witness.isAlive(job.process);
    // One that ran in this boot may have left something in its session.
    const isEmpty = job.process === undefined || isOfAnotherBoot(record, launchId, system);
    if (isOver && !isAlive && isEmpty) settled.push({ kind: 'forget-job', key: instance.key, job });
    else {
      log('warning', `${instance.key}: its state did not know of a running ${name}; it is ended`);
      result = advance(result, { kind: 'job-found', job }, now).instance;
    }
  }
  return result;
}

/** What decides about launches that the state does not know, and where those go whose endings are on record. */
interface About {
  readonly target: Target | undefined;
  /** No launch is newer than the state: it was on disk before its launch was prepared. */
  readonly isUpToDate: boolean;
  readonly settled: Forget[];
}

function withLostLaunches(
  parts: RecoveryParts,
  instance: Instance,
  launches: readonly LaunchId[],
  about: About,
  now: Now,
): Instance {
  const record = parts.files.readRecord(instance.key);
  const recorded = record?.launchId;
  // While what is on record lives, launchers refuse: nothing else is newer.
  const isRecordLive = record !== undefined && parts.witness.isAlive(record.process);
  const others = isRecordLive ? { ...about, isUpToDate: true } : about;
  let result = instance;
  const found = oldestFirst(parts.files, instance, launches);
  for (const launchId of new Set(recorded === undefined ? found : [recorded, ...found])) {
    if (isCurrent(result, launchId)) {
      result = noLongerPreparing(result, now);
      continue;
    }
    // The daemon died before it had removed the files.
    if (isPast(result, launchId)) about.settled.push({ kind: 'forget', key: result.key, launchId });
    else if (launchId === recorded) result = withRecordedLaunch(parts, result, launchId, about, now);
    else result = withLostLaunch(parts, result, launchId, others, now);
  }
  return result;
}

/** Of several that the state does not know the last one stays: it has to be the newest, or what lives would be given up for one long over. */
function oldestFirst(files: LaunchFiles, instance: Instance, launches: readonly LaunchId[]): readonly LaunchId[] {
  const unknown = launches.filter((launchId) => !isCurrent(instance, launchId) && !isPast(instance, launchId));
  if (unknown.length < 2) return launches;
  const times = new Map(launches.map((launchId) => [launchId, files.markedAt(instance.key, launchId)]));
  // The exit file is made first and removed last of all that is looked at: without one, a launch is over.
  const timeOf = (launchId: LaunchId): WallTime => times.get(launchId) ?? 0;
  return [...launches].sort((a, b) => timeOf(a) - timeOf(b));
}

/** Of a run that is being prepared there are no files: its state is an older one than was on disk when it was launched. */
function noLongerPreparing(instance: Instance, now: Now): Instance {
  const { activity } = instance;
  if (activity.kind !== 'preparing') return instance;
  return { ...instance, activity: { kind: 'launching', run: activity.run, lookAt: now.mono } };
}

const isCurrent = ({ activity }: Instance, launchId: LaunchId): boolean =>
  activity.kind !== 'idle' && activity.run.launchId === launchId;
const isPast = ({ ended, exits }: Instance, launchId: LaunchId): boolean =>
  ended?.launchId === launchId || exits.some((exit) => exit.launchId === launchId);

/** A launch that ran, and that the state does not know. */
function withRecordedLaunch(
  parts: RecoveryParts,
  instance: Instance,
  launchId: LaunchId,
  about: About,
  now: Now,
): Instance {
  const { files, witness } = parts;
  const { activity, key } = instance;
  if (activity.kind === 'idle' || activity.run.process === undefined || !witness.isAlive(activity.run.process))
    return takenOver(parts, instance, launchId, about, now);
  // What the state knows lives: nothing can be newer.
  if (files.readExit(key, launchId).kind === 'ended') about.settled.push({ kind: 'forget', key, launchId });
  return instance;
}

/** A launch without a record, and unknown to the state: left by a daemon that could not clean up, or the state was lost. */
function withLostLaunch(
  parts: RecoveryParts,
  instance: Instance,
  launchId: LaunchId,
  about: About,
  now: Now,
): Instance {
  const { files } = parts;
  const { key } = instance;
  const isVoided = files.voidIntent(key, launchId) === 'voided';
  const exit = files.readExit(key, launchId);
  const isUnderWay = !isVoided && (exit.kind === 'pending' || exit.kind === 'aborted' || exit.kind === 'missing');
  // A record would be in place before the lock was let go: without either it never ran.
  const isOver = isVoided || exit.kind === 'not-started' || (isUnderWay && files.probeLock(key) === 'free');
  if (!isOver && !about.isUpToDate) return takenOver(parts, instance, launchId, about, now);
  if (isOver || !isUnderWay) about.settled.push({ kind: 'forget', key, launchId });
  return instance;
}

function takenOver(
  { files, system, witness, log }: RecoveryParts,
  instance: Instance,
  launchId: LaunchId,
  { target }: About,
  now: Now,
): Instance {
  log('warning', `${instance.key}: its state did not know launch ${launchId}; taken over`);
  const run = lostRun(launchId, target, now, system.bootId());
  const taken: Instance = {
    ...closed(instance, witness, files, now),
    ...(run.settings.oneShot
      ? { ledger: withEntry(instance.ledger, lineOfRun(run.entry ?? versionEntry(run.applyOn), launchId)) }
      : {}),
    activity: { kind: 'launching', run, lookAt: now.mono },
  };
  // Nothing follows on a launch that ended with the machine.
  return isOfAnotherBoot(files.readRecord(instance.key), launchId, system)
    ? afterBoot(taken, witness, files, now)
    : taken;
}

function isOfAnotherBoot(record: RunRecord | undefined, launchId: LaunchId, system: System): boolean {
  return record?.launchId === launchId && record.process.bootId !== system.bootId();
}

/** The run that the state thought current: a newer launch proves that it has ended. */
function closed(instance: Instance, witness: Witness, files: LaunchFiles, now: Now): Instance {
  const { activity, key } = instance;
  if (activity.kind === 'idle') return instance;
  const { launchId, process } = activity.run;
  const file = files.readExit(key, launchId);
  if (process === undefined && file.kind !== 'ended') {
    const message = 'a newer launch is there';
    return advance(instance, { kind: 'never-ran', launchId, why: 'voided', message }, now).instance;
  }
  const exited: InstanceEvent =
    file.kind === 'ended'
      ? { kind: 'exited', launchId, exit: file.exit, at: file.at, ...witness.lastWords(key, launchId) }
      : { kind: 'exited', launchId, exit: { kind: 'unknown' }, at: now.wall };
  const clearing = advance(instance, exited, now).instance;
  return advance(clearing, { kind: 'scanned', launchId, remains: [] }, now).instance;
}

/** A run of which only its launch id is left; its definition is taken from the configuration. */
function lostRun(launchId: LaunchId, target: Target | undefined, now: Now, bootId: string): Run {
  const version = target?.effective?.version ?? target?.effective?.shown;
  return {
    launchId,
    why: 'wanted',
    ...(version === undefined ? {} : { type: version.command.type }),
    // At most once for what it is for, also where the state was lost.
    ...(version?.oneShot === true ? { entry: entryFor(version, standingAt(version, now.wall), bootId).entry } : {}),
    applyOn: version?.applyOn.text ?? '',
    fingerprint: version?.fingerprint ?? {},
    settings:
      version === undefined
        ? {
            oneShot: false,
            autorestart: 'never',
            exitCodes: [0],
            startSecs: 0,
            stopSignal: 'TERM',
            stopTimeout: 10_000,
            killMode: 'group',
          }
        : settingsOf(version),
    startedAt: now.wall,
    startedMono: now.mono,
    logs: {},
  };
}

/* ------------------------------------------------------------------ marked processes */

interface Marked {
  readonly key: InstanceKey;
  readonly launchId: LaunchId;
  readonly processes: readonly ProcessInfo[];
}

/** One sweep of /proc finds what lost or moved state does not know. */
function sweepMarks(
  parts: RecoveryParts,
  known: (key: InstanceKey) => Instance | undefined,
  targets: ReadonlyMap<InstanceKey, Target>,
  now: Now,
): Map<InstanceKey, Instance> {
  const { members, uid } = parts;
  const all = members.processes();
  const found = new Map<InstanceKey, Instance>();
  for (const marked of groupByRun(all, uid)) {
    const instance = found.get(marked.key) ?? known(marked.key);
    if (instance === undefined || isPast(instance, marked.launchId)) continue;
    if (isCurrent(instance, marked.launchId) && !isWithoutRecord(parts, instance)) continue;
    refuseForeign(parts, marked, all);
    found.set(marked.key, adoptOrDoubt(parts, instance, marked, all, targets.get(marked.key), now));
  }
  return found;
}

/** It is known that it was to run, but what tells which process it is was lost. */
function isWithoutRecord({ files }: RecoveryParts, { key, activity }: Instance): boolean {
  if (activity.kind === 'idle' || activity.kind === 'clearing' || activity.run.process !== undefined) return false;
  return files.readRecord(key)?.launchId !== activity.run.launchId;
}

function groupByRun(all: readonly ProcessInfo[], uid: string): readonly Marked[] {
  const runs = new Map<string, { key: InstanceKey; launchId: LaunchId; processes: ProcessInfo[] }>();
  for (const process of all) {
    const mark = parseMark(process.marks.run, uid);
    if (mark === undefined || process.ended) continue;
    const run = runs.get(`${mark.key}/${mark.launchId}`);
    if (run === undefined) runs.set(`${mark.key}/${mark.launchId}`, { ...mark, processes: [process] });
    else run.processes.push(process);
  }
  return [...runs.values()];
}

/** Runs of another, still existing state directory are that one's. */
function refuseForeign(parts: RecoveryParts, marked: Marked, all: readonly ProcessInfo[]): void {
  const pids = marked.processes.map(({ pid }) => pid);
  const launcher = launcherOf(parts, marked, all);
  const place = launcher === undefined ? undefined : parts.system.workingDirectory(launcher.pid);
  if (place !== undefined && !place.deleted && place.path !== parts.runsDirectory) {
    throw new ForeignRunsError(place.path.replace(/\/runs$/, ''), pids);
  }
  const owner = parts.ownerStateDirectory;
  if (
    launcher === undefined &&
    owner !== undefined &&
    owner !== parts.stateDirectory &&
    parts.system.exists(`${owner}/runs`)
  ) {
    throw new ForeignRunsError(owner, pids);
  }
}

function launcherOf(
  { uid }: RecoveryParts,
  { key, launchId }: Marked,
  all: readonly ProcessInfo[],
): ProcessInfo | undefined {
  const mark = runMark(uid, key, launchId);
  return all.find((process) => process.marks.launcher === mark && !process.ended);
}

/** Where its launcher lives, the service is the launcher's child, and is adopted; else nothing proves which one it is. */
function adoptOrDoubt(
  parts: RecoveryParts,
  instance: Instance,
  marked: Marked,
  all: readonly ProcessInfo[],
  target: Target | undefined,
  now: Now,
): Instance {
  const { system, files, uid, log } = parts;
  const launcher = launcherOf(parts, marked, all);
  const main = launcher === undefined ? undefined : marked.processes.find(({ parent }) => parent === launcher.pid);
  if (
    launcher !== undefined &&
    main !== undefined &&
    (instance.activity.kind === 'idle' || isCurrent(instance, marked.launchId))
  ) {
    const identity = ({ pid, startTicks }: ProcessInfo): ProcessIdentity => ({
      pid,
      startTicks,
      bootId: system.bootId(),
      pidNamespace: system.pidNamespace(),
    });
    const record = { launchId: marked.launchId, process: identity(main), launcher: identity(launcher) };
    files.writeRecord(marked.key, record);
    log('warning', `${marked.key}: its state was lost; process ${main.pid} is taken over from its launcher`);
    // Its launch is known: the record says the rest.
    if (instance.activity.kind !== 'idle') return instance;
    const age = ((system.ticks() - main.startTicks) / system.ticksPerSecond) * 1000;
    const run: Run = {
      ...lostRun(marked.launchId, target, { wall: now.wall - age, mono: now.mono - age }, system.bootId()),
      process: record.process,
      launcher: record.launcher,
    };
    return advance(instance, { kind: 'adopt', run }, now).instance;
  }
  const mark = runMark(uid, marked.key, marked.launchId);
  const candidates = marked.processes.map((process) => parts.members.describe(process, mark));
  const message = `${describeCandidates(candidates)} of an unknown run: \`unblock\` with --adopt PID, --kill or --gone`;
  return {
    ...instance,
    doubt: { code: 'identity', message, candidates: [...(instance.doubt?.candidates ?? []), ...candidates] },
  };
}

function describeCandidates(candidates: readonly LiveProcess[]): string {
  return `alive: ${candidates.map(({ pid, command }) => `${pid} (${command})`).join(', ')}`;
}

/* ------------------------------------------------------------------ keys without a state */

function fresh(key: InstanceKey, target: Target | undefined, now: Now): Instance | undefined {
  if (target !== undefined) return newInstance(target.id, target.num, now);
  const decoded = decodeKey(key);
  return decoded === undefined ? undefined : newInstance(decoded.id, decoded.num, now);
}

/** Takes a stem apart; undefined for one that was cut because its id is too long. */
function decodeKey(key: InstanceKey): { id: string; num: number } | undefined {
  const [, stem, num] = /^(.+)~(\d+)$/.exec(key) ?? [];
  if (stem === undefined || num === undefined) return undefined;
  try {
    const id = decodeURIComponent(stem);
    const again = newInstance(id, Number(num), { wall: 0, mono: 0 }).key;
    return again === key ? { id, num: Number(num) } : undefined;
  } catch {
    return undefined;
  }
}
