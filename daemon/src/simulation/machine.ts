/**
 * A Linux machine in memory, as far as a supervisor can see it: files, processes, clocks, locks. Nothing happens by itself; a
 * history decides which process gets on, when the clock moves and what dies.
 */
import type { SignalName } from '../core/model.ts';
import { signalNumber } from '../effects/signals.ts';
import type { KillResult, ProcessMarks } from '../effects/system.ts';
import type { Random } from './random.ts';
import type { ServiceSpec } from './services.ts';
import { SimulatedFiles } from './simulated-files.ts';

/** What a process waits for before its next step; undefined: it is ready. */
export type Wait = (() => boolean) | undefined;
/** What a process does, step by step. Its value is its exit code. */
export type Program = Generator<Wait, number, undefined>;

export type Status = { readonly code: number } | { readonly signal: SignalName };

/** An `expression` is what only starts the `main` one and names it; `member`s and `hook-member`s are their children. */
export type Role =
  'init' | 'daemon' | 'launcher' | 'child' | 'main' | 'expression' | 'member' | 'hook' | 'hook-member' | 'stranger';

/** Which run, or which hook's, a process truly belongs to, whatever its environment says. */
export interface RunTruth {
  /** The stem: an instance's key, or a hook's `KEY.NAME`. */
  readonly key: string;
  readonly launchId: string;
}

export interface SimulatedProcess {
  readonly pid: number;
  parent: number;
  processGroup: number;
  session: number;
  readonly startTicks: number;
  state: 'alive' | 'stopped' | 'zombie';
  readonly uid: number;
  marks: ProcessMarks;
  command: string;
  readonly directory: string;
  role: Role;
  run?: RunTruth;
  program?: Program;
  wait: Wait;
  status?: Status;
  /** What a signal does that can be caught; it dies of it where nothing is said. */
  onSignal?: (signal: SignalName) => 'dies' | 'lives';
}

export type NewProcess = Partial<Pick<SimulatedProcess, 'processGroup' | 'session' | 'uid' | 'marks' | 'run'>> &
  Pick<SimulatedProcess, 'role' | 'command' | 'parent'>;

/** What the checks want to know of when it happens. */
export interface Observer {
  /** A service's program has begun. */
  onExec(process: SimulatedProcess, spec: ServiceSpec): void;
  /** A hook's, or a check's, command has begun. */
  onHook(process: SimulatedProcess): void;
  /** A service has changed the folder by which its health is judged. */
  onTouch(process: SimulatedProcess): void;
  /** The daemon sends a signal; `process` is who it hits, before it takes effect. */
  onSignal(pid: number, process: SimulatedProcess | undefined, signal: SignalName): void;
  /** The daemon starts a launcher. */
  onLaunch(key: string, launchId: string): void;
  /** A main process, the child before it became one, or the expression that starts it, is gone. */
  onMainEnd(process: SimulatedProcess): void;
  /** A launcher, or its child, has written its last word. */
  onLastWord(key: string, launchId: string, text: string): void;
}

const isOfRun = ({ role }: SimulatedProcess): boolean => role === 'main' || role === 'child' || role === 'expression';

export const OWN_UID = 1000;
export const OTHER_UID = 2000;
const TICK = 10;
/** So few that pids come back while somebody still remembers them. */
const PID_SPACE = 60;
/** A pid comes back no sooner than after this: a real one needs 32,768 forks. Members.isStill relies on as much. */
const REUSE_AFTER_TICKS = 110;

export class SimulatedMachine {
  readonly files: SimulatedFiles;
  readonly processes = new Map<number, SimulatedProcess>();
  readonly random: Random;
  wall: number;
  #latestWall: number;
  mono = 50_000;
  boots = 1;
  /** Boots after a power cut. */
  powerCuts = 0;
  /** All strangers are another user's: nobody can tell one of the own user's from what a pid file names. */
  hasForeignersOnly = false;
  /** Calls of the daemon take their time. */
  isSlow = false;
  observer: Observer | undefined;
  /** Open lock descriptions: who holds a descriptor, by inode. */
  readonly #locks = new Map<number, Set<number>>();
  readonly #freedAt = new Map<number, number>();
  #lastPid = 1;

  constructor(random: Random, wall = 1_700_000_000_000) {
    this.random = random;
    this.wall = wall;
    this.#latestWall = wall;
    this.files = new SimulatedFiles(() => this.wall, random);
    this.#boot();
  }

  get bootId(): string {
    return `boot-${this.boots}`;
  }

  readonly pidNamespace = 'pid:[1]';

  ticks(): number {
    return Math.floor(this.mono / TICK);
  }

  readonly ticksPerSecond = 1000 / TICK;

  advance(milliseconds: number): void {
    this.mono += milliseconds;
    this.wall += milliseconds;
  }

  /** The latest time that the wall clock ever showed. */
  get latestWall(): number {
    return Math.max(this.#latestWall, this.wall);
  }

  /** The wall clock is set, or the machine slept. */
  jump(milliseconds: number): void {
    this.#latestWall = this.latestWall;
    this.wall += milliseconds;
  }

  /** Somebody sees to the clock: it is no longer behind what it once showed. */
  mendClock(): void {
    this.wall = this.latestWall;
  }

  /** Power off and on: all processes are gone, the files stay, unless the power fails before they are on the disk. */
  reboot(isPowerCut = false): void {
    if (isPowerCut) this.powerCuts += 1;
    if (isPowerCut) this.files.cutPower();
    else this.files.syncAll();
    for (const process of this.processes.values()) {
      if (isOfRun(process)) this.observer?.onMainEnd(process);
    }
    this.processes.clear();
    this.#locks.clear();
    this.#freedAt.clear();
    this.boots += 1;
    this.wall += 20_000;
    this.mono = 3_000;
    this.#lastPid = 1;
    this.#boot();
  }

  #boot(): void {
    this.processes.set(1, {
      pid: 1, parent: 0, processGroup: 1, session: 1, startTicks: 0, state: 'alive', uid: 0, marks: {}, command: 'init',
      directory: '/', role: 'init', wait: () => false,
    }); // prettier-ignore
    for (let count = 0; count < 4; count += 1) this.stranger();
  }

  /* ---------------------------------------------------------------- processes */

  start(process: NewProcess, directory = '/'): SimulatedProcess {
    const pid = this.#freePid();
    const made: SimulatedProcess = {
      processGroup: pid,
      session: pid,
      uid: OWN_UID,
      marks: {},
      ...process,
      pid,
      startTicks: this.ticks(),
      state: 'alive',
      directory,
      wait: undefined,
    };
    this.processes.set(pid, made);
    return made;
  }

  /** A process that has nothing to do with any of this, but may get a pid, and a session number, that was a service's. */
  stranger(): SimulatedProcess {
    const uid = this.random.chance(0.7) && !this.hasForeignersOnly ? OWN_UID : OTHER_UID;
    const leader = this.start({ role: 'stranger', command: 'stranger', parent: 1, uid });
    leader.wait = () => false;
    return leader;
  }

  /** Processes that can take a step now. */
  ready(): SimulatedProcess[] {
    const ready: SimulatedProcess[] = [];
    for (const process of this.processes.values()) {
      if (process.state !== 'alive' || process.program === undefined) continue;
      if (process.wait === undefined || process.wait()) ready.push(process);
    }
    return ready;
  }

  step(process: SimulatedProcess): void {
    const next = process.program?.next();
    if (next === undefined || process.state === 'zombie') return;
    if (next.done === true) this.end(process, { code: next.value });
    else process.wait = next.value;
  }

  end(process: SimulatedProcess, status: Status): void {
    if (process.state === 'zombie') return;
    process.state = 'zombie';
    process.status = status;
    for (const holders of this.#locks.values()) holders.delete(process.pid);
    for (const child of [...this.processes.values()]) {
      if (child.parent !== process.pid) continue;
      child.parent = 1;
      if (child.state === 'zombie') this.#release(child);
    }
    if (isOfRun(process)) this.observer?.onMainEnd(process);
    const parent = this.processes.get(process.parent);
    // Launchers and the daemon reap in their own time; all others are taken to do it at once.
    if (parent?.role !== 'launcher' && parent?.role !== 'daemon') this.#release(process);
  }

  /** The parent has asked for the status. */
  reap(process: SimulatedProcess): void {
    if (process.state === 'zombie') this.#release(process);
  }

  #release(process: SimulatedProcess): void {
    if (this.processes.get(process.pid) !== process) return;
    this.processes.delete(process.pid);
    this.#freedAt.set(process.pid, this.ticks());
  }

  /** Whatever was stopped goes on. */
  thaw(): void {
    for (const process of this.processes.values()) if (process.state === 'stopped') process.state = 'alive';
  }

  /** The next pid that is no process's, group's or session's, as the kernel hands them out. */
  #freePid(): number {
    const used = new Set<number>();
    for (const { pid, processGroup, session } of this.processes.values()) used.add(pid).add(processGroup).add(session);
    for (let tries = 0; ; tries += 1) {
      const pid = tries < PID_SPACE ? 2 + ((this.#lastPid - 1 + tries) % PID_SPACE) : 2 + tries;
      if (used.has(pid)) continue;
      const freedAt = this.#freedAt.get(pid);
      if (freedAt !== undefined && this.ticks() - freedAt < REUSE_AFTER_TICKS) continue;
      if (pid <= PID_SPACE + 1) this.#lastPid = pid;
      return pid;
    }
  }

  /** Somebody sends a signal. */
  signal(process: SimulatedProcess, signal: SignalName): void {
    if (process.state === 'zombie') return;
    if (signal === 'KILL') {
      this.end(process, { signal });
      return;
    }
    if (signal === 'CONT') {
      process.state = 'alive';
    } else if (signal === 'STOP') {
      process.state = 'stopped';
    } else if ((process.onSignal?.(signal) ?? 'dies') === 'dies') {
      this.end(process, { signal });
    }
  }

  /** kill(2) by the daemon. */
  kill(pid: number, signal: SignalName): KillResult {
    if (signalNumber(signal) === undefined) throw new Error(`unknown signal ${signal}`);
    const process = this.processes.get(pid);
    this.observer?.onSignal(pid, process, signal);
    if (process === undefined) return 'gone';
    if (process.uid !== OWN_UID) return 'denied';
    this.signal(process, signal);
    return 'sent';
  }

  /** killpg(2) by the daemon. */
  killGroup(group: number, signal: SignalName): KillResult {
    const members = [...this.processes.values()].filter(({ processGroup }) => processGroup === group);
    const results = members.map(({ pid }) => this.kill(pid, signal));
    if (results.includes('sent')) return 'sent';
    return results.length === 0 ? 'gone' : 'denied';
  }

  /* ---------------------------------------------------------------- locks */

  /** flock(2), exclusive, without waiting, on a file that is there. */
  tryLock(path: string, pid: number): boolean {
    const inode = this.files.get(path)?.inode;
    if (inode === undefined || this.isLocked(path)) return false;
    this.#locks.set(inode, new Set([pid]));
    return true;
  }

  /** A fork has inherited the descriptor. */
  shareLock(path: string, pid: number): void {
    const inode = this.files.get(path)?.inode;
    if (inode !== undefined) this.#locks.get(inode)?.add(pid);
  }

  closeLock(path: string, pid: number): void {
    const inode = this.files.get(path)?.inode;
    if (inode !== undefined) this.#locks.get(inode)?.delete(pid);
  }

  isLocked(path: string): boolean {
    const inode = this.files.get(path)?.inode;
    return inode !== undefined && (this.#locks.get(inode)?.size ?? 0) > 0;
  }
}
