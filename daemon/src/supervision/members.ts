/** Finds and signals the processes of a run: its session, and what carries its mark elsewhere. */
import { belongsToRun, runMark, type RunProof, type SeenProcess } from '../core/identity.ts';
import { mainOf } from '../core/lifecycle.ts';
import type {
  Ended,
  InstanceKey,
  LiveProcess,
  MonotonicTime,
  ProcessIdentity,
  Run,
  SignalName,
  WallTime,
} from '../core/model.ts';
import { ProcessScanner, type ProcessInfo } from '../effects/process-table.ts';
import type { System } from '../effects/system.ts';

/** A run whose members are looked for; `ended` once its main process has. */
export interface Sought {
  readonly key: InstanceKey;
  readonly run: Run;
  readonly ended?: Ended | undefined;
}

export interface Found {
  readonly members: readonly ProcessInfo[];
  /** In what was its session, but younger than the last proof of that: the number may have been given to another by now. */
  readonly unproven: readonly ProcessInfo[];
}

/** SIGKILL is repeated against a run that forks as fast as it is killed; after this many rounds the next look goes on. */
const KILL_ROUNDS = 10;
/** No pid is given out again within this time, in milliseconds: that would take 32,768 forks. */
const PID_REST = 1_000;
/** The wall clock was set where it parted from the monotonic one by more milliseconds than this. */
const CLOCK_TOLERANCE = 1_000;

export class Members {
  readonly #system: System;
  readonly #uid: string;
  readonly #scanner: ProcessScanner;
  readonly #protected: ReadonlySet<number>;
  readonly #still = new Map<number, { readonly startTicks: number; readonly at: MonotonicTime }>();
  #table: readonly ProcessInfo[] | undefined;

  /** Pid of the daemon. */
  readonly self: number;

  /** @param self - pid of the daemon: never signalled */
  constructor(system: System, uid: string, self: number) {
    this.self = self;
    this.#system = system;
    this.#uid = uid;
    this.#scanner = new ProcessScanner(system);
    this.#protected = new Set([1, self]);
  }

  /** Whether it is the process that it was, as of the last second: within that no pid comes back. */
  isStill(identity: ProcessIdentity): boolean {
    const now = this.#system.now().mono;
    const { pid, startTicks } = identity;
    const known = this.#still.get(pid);
    if (known?.startTicks === startTicks && now - known.at < PID_REST) return true;
    const isStill = this.#isProven(identity);
    if (isStill) this.#still.set(pid, { startTicks, at: now });
    else this.#still.delete(pid);
    return isStill;
  }

  /** This daemon, and pid 1: never anything of a run. */
  isProtected(pid: number): boolean {
    return this.#protected.has(pid);
  }

  /** A new look at /proc is due: call once per batch of actions. `skip`: pids known to belong to other live runs; `sessions`: whose members matter. */
  refresh(skip: ReadonlySet<number>, sessions?: ReadonlySet<number>): void {
    this.#table = this.#scanner.scan(skip, sessions);
  }

  /** All processes of this pid namespace as of the last refresh. */
  processes(): readonly ProcessInfo[] {
    return (this.#table ??= this.#scanner.scan());
  }

  /** What of the run lives, as of the last refresh. */
  of(sought: Sought): Found {
    const proof = this.#proof(sought);
    const candidates = this.processes().filter(
      (process) =>
        !process.ended &&
        !this.#protected.has(process.pid) &&
        // A launcher is none of it; its child is, from its record on, before it becomes the service.
        (process.marks.launcher === undefined || process.pid === mainOf(sought.run)?.pid),
    );
    const members = candidates.filter((process) => belongsToRun(seen(process), proof));
    return this.#withSession(members, candidates, proof);
  }

  /** A session number is not given out again while a member lives: with one of them proven, all of them are. */
  #withSession(
    members: readonly ProcessInfo[],
    candidates: readonly ProcessInfo[],
    { main, endedTicks }: RunProof,
  ): Found {
    if (main === undefined || endedTicks === undefined) return { members, unproven: [] };
    const rest = candidates.filter(
      (process) => process.session === main.pid && isUnmarked(process) && !members.includes(process),
    );
    if (members.some(({ session }) => session === main.pid)) return { members: [...members, ...rest], unproven: [] };
    // Its number is a process's again: the session had come to its end.
    const isReused = this.processes().some(({ pid }) => pid === main.pid);
    return { members, unproven: isReused ? [] : rest };
  }

  /**
   * What lives in the session of a hook or a check, as of the last refresh; what has left the session was meant to outlive it.
   *
   * @param endedAt - when its shell ended, by the wall clock; `unknown`, or undefined while it lives
   */
  sessionOf(main: ProcessIdentity, mark: string, endedAt: WallTime | 'unknown' | undefined): readonly ProcessInfo[] {
    if (main.bootId !== this.#system.bootId()) return [];
    if (endedAt === undefined && !this.#isProven(main)) return [];
    const proof = { mark, main, ...(endedAt === undefined ? {} : { endedTicks: this.#hookEnd(main, endedAt) }) };
    const session = this.processes().filter(
      (process) => !process.ended && !this.#protected.has(process.pid) && process.session === main.pid,
    );
    const members = session.filter((process) => belongsToRun(seen(process), proof));
    return this.#withSession(members, session, proof).members;
  }

  /** Its end as clock ticks, rounded up; its beginning, where nobody saw its end, or the clock was set since. */
  #hookEnd({ startTicks }: ProcessIdentity, endedAt: WallTime | 'unknown'): number {
    const ago = endedAt === 'unknown' ? -1 : this.#system.now().wall - endedAt;
    const ticks = Math.ceil(this.#system.ticks() - (ago / 1000) * this.#system.ticksPerSecond) + 1;
    return ago < 0 || ticks < startTicks ? startTicks : ticks;
  }

  /** SIGKILL to each process group of a session. */
  killSession(members: readonly ProcessInfo[]): void {
    for (const group of new Set(members.map(({ processGroup }) => processGroup))) this.#system.killGroup(group, 'KILL');
  }

  describe(process: ProcessInfo, mark: string): LiveProcess {
    const { pid, startTicks, uid } = process;
    return { pid, startTicks, uid, command: this.#system.commandLine(pid), marked: process.marks.run === mark };
  }

  /** Sends a signal to the main process, if it is proven to be the one that was launched. */
  signalMain(run: Run, signal: SignalName): boolean {
    const process = mainOf(run);
    if (process === undefined || !this.#isProven(process)) return false;
    return this.#system.kill(process.pid, signal) === 'sent';
  }

  /**
   * Sends a signal to all of the run, as of the last refresh: process group by process group, then what left the session.
   * SIGKILL is repeated, with a new look each time, until nothing of it is seen.
   *
   * @param skip pids known to belong to other live runs
   */
  signalAll(sought: Sought, signal: SignalName, skip: ReadonlySet<number>): void {
    this.#signalOnce(this.of(sought).members, sought.run, signal);
    if (signal !== 'KILL') return;
    for (let round = 1; round < KILL_ROUNDS; round += 1) {
      this.refresh(skip, new Set([mainOf(sought.run)?.pid ?? 0]));
      const { members } = this.of(sought);
      if (members.length === 0) return;
      this.#signalOnce(members, sought.run, signal);
    }
  }

  /** By process groups, which is atomic against forks; one by one where a group holds others as well, such as another run's. */
  #signalOnce(members: readonly ProcessInfo[], run: Run, signal: SignalName): void {
    const session = mainOf(run)?.pid;
    const own = new Set(members.map(({ pid }) => pid));
    const shared = new Set(
      this.processes().flatMap((process) =>
        process.session === session && !process.ended && !own.has(process.pid) ? process.processGroup : [],
      ),
    );
    const isGrouped = (member: ProcessInfo): boolean => member.session === session && !shared.has(member.processGroup);
    for (const group of new Set(members.filter(isGrouped).map(({ processGroup }) => processGroup)))
      this.#system.killGroup(group, signal);
    for (const member of members) if (!isGrouped(member)) this.#system.kill(member.pid, signal);
  }

  #isProven({ pid, startTicks, bootId, pidNamespace }: ProcessIdentity): boolean {
    if (bootId !== this.#system.bootId() || pidNamespace !== this.#system.pidNamespace()) return false;
    return this.#system.stat(pid)?.startTicks === startTicks;
  }

  #proof({ key, run, ended }: Sought): RunProof {
    const mark = runMark(this.#uid, key, run.launchId);
    const main = mainOf(run);
    if (main === undefined || main.bootId !== this.#system.bootId()) return { mark };
    if (ended === undefined) return this.#isProven(main) ? { mark, main } : { mark };
    return { mark, main, endedTicks: this.#endedTicks(run, main, ended) };
  }

  /** Its end as clock ticks, rounded up, as exit files know their time to the tick only; at least as long as it surely lived. */
  #endedTicks(run: Run, { startTicks }: ProcessIdentity, { exit, at, aliveTicks = startTicks }: Ended): number {
    const now = this.#system.now();
    // Nobody saw its end, or a clock that was set since its launch says when that was.
    const drift = Math.abs(now.wall - now.mono - (run.startedAt - run.startedMono));
    if (exit.kind === 'unknown' || drift > CLOCK_TOLERANCE) return aliveTicks;
    const endedTicks = this.#system.ticks() - (Math.max(now.wall - at, 0) / 1000) * this.#system.ticksPerSecond;
    return Math.max(Math.ceil(endedTicks) + 1, aliveTicks);
  }
}

function seen(process: ProcessInfo): SeenProcess {
  const { run, hook } = process.marks;
  return {
    ...process,
    ...(run === undefined ? {} : { runMark: run }),
    ...(hook === undefined ? {} : { hookMark: hook }),
  };
}

const isUnmarked = ({ marks }: ProcessInfo): boolean => marks.run === undefined && marks.hook === undefined;
