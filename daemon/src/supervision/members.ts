/** Finds and signals the processes of a run: its session, and what carries its mark elsewhere. */
import { belongsToRun, runMark, type RunProof } from '../core/identity.ts';
import type { InstanceKey, LiveProcess, ProcessIdentity, Run, SignalName, WallTime } from '../core/model.ts';
import { ProcessScanner, type ProcessInfo } from '../effects/process-table.ts';
import type { System } from '../effects/system.ts';

/** A run whose members are looked for; `endedAt` once its main process has ended. */
export interface Sought {
  readonly key: InstanceKey;
  readonly run: Run;
  readonly endedAt?: WallTime;
}

/** SIGKILL is repeated against a run that forks as fast as it is killed; after this many rounds the next look goes on. */
const KILL_ROUNDS = 10;

export class Members {
  readonly #system: System;
  readonly #uid: string;
  readonly #scanner: ProcessScanner;
  readonly #protected: ReadonlySet<number>;
  #table: readonly ProcessInfo[] | undefined;

  /** @param self - pid of the daemon: never signalled */
  constructor(system: System, uid: string, self: number) {
    this.#system = system;
    this.#uid = uid;
    this.#scanner = new ProcessScanner(system);
    this.#protected = new Set([1, self]);
  }

  /** A new look at /proc is due: call once per batch of actions. `skip`: pids known to belong to other live runs. */
  refresh(skip: ReadonlySet<number>): void {
    this.#table = this.#scanner.scan(skip);
  }

  /** All processes of this pid namespace as of the last refresh. */
  processes(): readonly ProcessInfo[] {
    return (this.#table ??= this.#scanner.scan());
  }

  /** What of the run lives, as of the last refresh. */
  of(sought: Sought): readonly ProcessInfo[] {
    const proof = this.#proof(sought);
    return this.processes().filter(
      (process) =>
        !process.ended &&
        !this.#protected.has(process.pid) &&
        // A launcher is none of it; its child is, from its record on, before it becomes the service.
        (process.marks.launcher === undefined || process.pid === sought.run.process?.pid) &&
        belongsToRun({ ...process, ...(process.marks.run === undefined ? {} : { runMark: process.marks.run }) }, proof),
    );
  }

  describe(process: ProcessInfo, mark: string): LiveProcess {
    const { pid, startTicks, uid } = process;
    return { pid, startTicks, uid, command: this.#system.commandLine(pid), marked: process.marks.run === mark };
  }

  /** Sends a signal to the main process, if it is proven to be the one that was launched. */
  signalMain({ process }: Run, signal: SignalName): boolean {
    if (process === undefined || !this.#isProven(process)) return false;
    return this.#system.kill(process.pid, signal) === 'sent';
  }

  /** Sends a signal to all of the run: process group by process group, then what left the session. */
  signalAll(sought: Sought, signal: SignalName, skip: ReadonlySet<number>): void {
    const rounds = signal === 'KILL' ? KILL_ROUNDS : 1;
    for (let round = 0; round < rounds; round += 1) {
      this.refresh(skip);
      const members = this.of(sought);
      if (members.length === 0) return;
      this.#signalOnce(members, sought.run, signal);
    }
  }

  #signalOnce(members: readonly ProcessInfo[], run: Run, signal: SignalName): void {
    const session = run.process?.pid;
    const groups = new Set(
      members.filter((member) => member.session === session).map(({ processGroup }) => processGroup),
    );
    for (const group of groups) this.#system.killGroup(group, signal);
    for (const member of members) {
      if (member.session !== session) this.#system.kill(member.pid, signal);
    }
  }

  #isProven({ pid, startTicks, bootId, pidNamespace }: ProcessIdentity): boolean {
    if (bootId !== this.#system.bootId() || pidNamespace !== this.#system.pidNamespace()) return false;
    return this.#system.stat(pid)?.startTicks === startTicks;
  }

  #proof({ key, run, endedAt }: Sought): RunProof {
    const mark = runMark(this.#uid, key, run.launchId);
    if (run.process === undefined || run.process.bootId !== this.#system.bootId()) return { mark };
    if (endedAt === undefined) return this.#isProven(run.process) ? { mark, main: run.process } : { mark };
    return { mark, main: run.process, endedTicks: this.#ticksAt(endedAt) };
  }

  /** A wall time of this boot as clock ticks, rounded up: exit files know their time to the tick only. */
  #ticksAt(wall: WallTime): number {
    const ago = Math.max(this.#system.now().wall - wall, 0);
    return Math.ceil(this.#system.ticks() - (ago / 1000) * this.#system.ticksPerSecond) + 1;
  }
}
