/** What an operator's `unblock` does where something alive cannot be proven (BLOCKED `identity`, `pid-file`). */
import { parseMark, runMark } from '../core/identity.ts';
import type { InstanceEvent } from '../core/lifecycle.ts';
import type { Instance, LaunchId, LiveProcess, ProcessIdentity, ProcessVersion, Run } from '../core/model.ts';
import { settingsOf } from '../core/reconcile.ts';
import type { Target } from '../core/targets.ts';
import type { LaunchFiles } from '../effects/launch-files.ts';
import type { ProcessInfo } from '../effects/process-table.ts';
import type { System } from '../effects/system.ts';
import type { Members } from './members.ts';
import { configuredUser } from './run-account.ts';

export type Resolution = 'gone' | 'kill' | { readonly adopt: number };

export interface ResolutionOutcome {
  readonly resolved: boolean;
  /** What is alive and may be it. */
  readonly candidates: readonly LiveProcess[];
  readonly message?: string;
  readonly events?: readonly InstanceEvent[];
}

export interface DoubtParts {
  readonly system: System;
  readonly uid: string;
  readonly members: Members;
  readonly files: LaunchFiles;
}

export function resolveDoubt(
  parts: DoubtParts,
  instance: Instance,
  target: Target | undefined,
  resolution: Resolution | undefined,
): ResolutionOutcome {
  parts.members.refresh(new Set());
  const marked = markedProcesses(parts, instance);
  // An operator may say of what bears no mark that it is none of it, or have it killed.
  const alive = resolution === 'gone' ? marked : [...marked, ...namedProcesses(parts, instance, marked)];
  const candidates = alive.map((process) => describe(parts, process));
  if (resolution !== undefined && typeof resolution === 'object')
    return adopt(parts, instance, target, alive, candidates, resolution.adopt);
  if (alive.length === 0) return nothingSeen(parts, instance);
  if (resolution === 'kill') return kill(parts, alive, candidates);
  const message =
    resolution === 'gone' ? 'refused: it is not gone' : 'something of it may be alive: --adopt PID or --kill';
  return { resolved: false, candidates, message };
}

/** Everything that carries a mark of this instance, of whatever run. */
function markedProcesses({ members, uid }: DoubtParts, { key }: Instance): readonly ProcessInfo[] {
  return members.processes().filter((process) => !process.ended && parseMark(process.marks.run, uid)?.key === key);
}

/** What the doubt named and still lives. */
function namedProcesses(
  { members }: DoubtParts,
  { doubt }: Instance,
  marked: readonly ProcessInfo[],
): readonly ProcessInfo[] {
  const named = doubt?.candidates ?? [];
  return members
    .processes()
    .filter(
      (process) =>
        !process.ended &&
        !marked.includes(process) &&
        named.some(({ pid, startTicks }) => pid === process.pid && startTicks === process.startTicks),
    );
}

function describe({ members, uid }: DoubtParts, process: ProcessInfo): LiveProcess {
  const mark = parseMark(process.marks.run, uid);
  return members.describe(process, mark === undefined ? '' : runMark(uid, mark.key, mark.launchId));
}

function nothingSeen({ files }: DoubtParts, instance: Instance): ResolutionOutcome {
  // A launcher in another pid namespace cannot be seen, but its lock can.
  if (files.probeLock(instance.key) === 'held') {
    return { resolved: false, candidates: [], message: 'a launcher that cannot be seen from here holds its lock' };
  }
  return { resolved: true, candidates: [], events: [{ kind: 'resolve' }] };
}

/** SIGKILL to all of it, and a look whether it worked. */
function kill(parts: DoubtParts, alive: readonly ProcessInfo[], candidates: readonly LiveProcess[]): ResolutionOutcome {
  for (const { pid, startTicks } of alive) {
    if (parts.system.stat(pid)?.startTicks === startTicks) parts.system.kill(pid, 'KILL');
  }
  const left = alive.filter(({ pid, startTicks }) => {
    const stat = parts.system.stat(pid);
    return stat?.startTicks === startTicks && !stat.ended;
  });
  if (left.length === 0) return { resolved: true, candidates: [], events: [{ kind: 'resolve' }] };
  // They are on their way out: the operator, or the next look, sees them gone.
  return { resolved: false, candidates, message: 'killed; not gone yet: ask again' };
}

/** The process becomes the run's: of what hands over, it is what was handed over. */
function adopt(
  parts: DoubtParts,
  instance: Instance,
  target: Target | undefined,
  alive: readonly ProcessInfo[],
  candidates: readonly LiveProcess[],
  pid: number,
): ResolutionOutcome {
  const { system, files, uid } = parts;
  const refused = (message: string): ResolutionOutcome => ({ resolved: false, candidates, message });
  const version = target?.effective?.version;
  const main = alive.find((process) => process.pid === pid) ?? lateComer(parts, instance, version, pid);
  const mark = parseMark(main?.marks.run, uid);
  if (main === undefined) return refused(`process ${pid} is not one of its candidates`);
  if (mark !== undefined && mark.key !== instance.key) return refused(`process ${pid} belongs to a run of ${mark.key}`);
  const launchId: LaunchId | undefined = mark?.launchId ?? instance.ended?.launchId;
  if (launchId === undefined)
    return refused(`process ${pid} bears no mark, and no launch is known that it could be of`);
  if (version === undefined) return refused('it has no version in effect to adopt it for');
  const process: ProcessIdentity = {
    pid,
    startTicks: main.startTicks,
    bootId: system.bootId(),
    pidNamespace: system.pidNamespace(),
  };
  const now = system.now();
  const age = ageOf(system, main);
  const { type } = version.command;
  const run: Run = {
    launchId,
    why: 'operator',
    type,
    applyOn: version.applyOn.text,
    fingerprint: version.fingerprint,
    settings: settingsOf(version),
    startedAt: now.wall - age,
    startedMono: now.mono - age,
    logs: {},
    process,
    ...(type === 'pid-file' || type === 'podman-cid' ? { handed: { process } } : {}),
  };
  // No launcher waits for it: its exit status will not be known. The record names the process itself in the launcher's place.
  files.writeRecord(instance.key, { launchId, process, launcher: process });
  return { resolved: true, candidates: [], events: [{ kind: 'resolve' }, { kind: 'adopt', run }] };
}

/** What an expression started that named no process: it may bear no mark, but has to be younger than its launch, and its user's. */
function lateComer(
  { system, members }: DoubtParts,
  { doubt, ended }: Instance,
  version: ProcessVersion | undefined,
  pid: number,
): ProcessInfo | undefined {
  if (doubt?.code !== 'pid-file' || ended === undefined || version === undefined) return undefined;
  const user = configuredUser(system, version);
  return members
    .processes()
    .find(
      (process) =>
        process.pid === pid &&
        !process.ended &&
        process.marks.run === undefined &&
        process.uid === user &&
        system.now().wall - ageOf(system, process) >= ended.startedAt - AGE_TOLERANCE,
    );
}

/** Start times are known to the tick, and clocks drift. */
const AGE_TOLERANCE = 1_000;

/** In milliseconds. */
function ageOf(system: System, { startTicks }: ProcessInfo): number {
  return ((system.ticks() - startTicks) / system.ticksPerSecond) * 1000;
}
