/** What an operator's `unblock` does where something alive cannot be proven (BLOCKED `identity`). */
import { parseMark, runMark } from '../core/identity.ts';
import type { InstanceEvent } from '../core/lifecycle.ts';
import type { Instance, LaunchId, LiveProcess, ProcessIdentity, Run } from '../core/model.ts';
import { settingsOf } from '../core/reconcile.ts';
import type { Target } from '../core/targets.ts';
import type { LaunchFiles } from '../effects/launch-files.ts';
import type { ProcessInfo } from '../effects/process-table.ts';
import type { System } from '../effects/system.ts';
import type { Members } from './members.ts';

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

function adopt(
  { system, files, uid }: DoubtParts,
  instance: Instance,
  target: Target | undefined,
  alive: readonly ProcessInfo[],
  candidates: readonly LiveProcess[],
  pid: number,
): ResolutionOutcome {
  const main = alive.find((process) => process.pid === pid);
  const version = target?.effective?.version;
  const mark = parseMark(main?.marks.run, uid);
  if (main === undefined || mark === undefined)
    return { resolved: false, candidates, message: `process ${pid} is not one of its candidates` };
  if (version === undefined)
    return { resolved: false, candidates, message: 'it has no version in effect to adopt it for' };
  const launchId: LaunchId = mark.launchId;
  const process: ProcessIdentity = {
    pid,
    startTicks: main.startTicks,
    bootId: system.bootId(),
    pidNamespace: system.pidNamespace(),
  };
  const now = system.now();
  const age = ((system.ticks() - main.startTicks) / system.ticksPerSecond) * 1000;
  const run: Run = {
    launchId,
    why: 'operator',
    applyOn: version.applyOn.text,
    fingerprint: version.fingerprint,
    settings: settingsOf(version),
    startedAt: now.wall - age,
    startedMono: now.mono - age,
    logs: {},
    process,
  };
  // No launcher waits for it: its exit status will not be known. The record names the process itself in the launcher's place.
  files.writeRecord(instance.key, { launchId, process, launcher: process });
  return { resolved: true, candidates: [], events: [{ kind: 'resolve' }, { kind: 'adopt', run }] };
}
