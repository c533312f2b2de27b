/** The simulated machine as the daemon sees it. Every call may be its last: it is killed before, within or after it. */
import type { Now, SignalName, WallTime } from '../core/model.ts';
import {
  SystemError, type FileEnd, type FileText, type KillResult, type LauncherStart, type ProcessMarks, type ProcessStat, type ProcessUsage, type System,
  type WriteOptions,
} from '../effects/system.ts'; // prettier-ignore
import { startLauncher, type LauncherFlaws } from './launcher.ts';
import { OWN_UID, type SimulatedMachine, type SimulatedProcess } from './machine.ts';

/** kill -9 of the daemon: passes through everything, as no code runs after it. */
export class DaemonKilled extends Error {
  constructor() {
    super('the daemon was killed');
    this.name = 'DaemonKilled';
  }
}

export type Moment = 'before' | 'within' | 'after';

/** Far more than anything that a daemon is told of takes. */
export const MOST_CALLS = 20_000;

export class SimulatedSystem implements System {
  readonly ticksPerSecond: number;
  /** Nobody is root there, so all of it runs as the daemon. */
  readonly ids = { euid: OWN_UID, egid: OWN_UID };
  readonly accounts: System['accounts'] = { findUser: () => undefined, findGroup: () => undefined };
  readonly #machine: SimulatedMachine;
  readonly #daemon: SimulatedProcess;
  readonly #flaws: LauncherFlaws;
  #callsLeft: number | undefined;
  #moment: Moment = 'before';
  #isDead = false;
  calls = 0;
  /** So many calls in all it may have made when what it was told last is done. */
  restsBy = MOST_CALLS;
  /** How likely anybody else gets on between two calls. */
  interleaving = 0;
  /** How likely a call takes its time. */
  slowness = 0;
  between: (() => void) | undefined;

  constructor(machine: SimulatedMachine, daemon: SimulatedProcess, flaws: LauncherFlaws = {}) {
    this.#machine = machine;
    this.#daemon = daemon;
    this.#flaws = flaws;
    this.ticksPerSecond = machine.ticksPerSecond;
  }

  /** The daemon is to be killed after so many more calls. */
  killAfter(calls: number, moment: Moment): void {
    this.#callsLeft = calls;
    this.#moment = moment;
  }

  /** Every call of a dead daemon fails the same way. */
  get isDead(): boolean {
    return this.#isDead;
  }

  #call<T>(work: () => T, partly?: () => void): T {
    if (this.#isDead) throw new DaemonKilled();
    this.calls += 1;
    if (this.calls > this.restsBy) throw new Error(`it does not come to rest: ${MOST_CALLS} calls for one thing`);
    const { random } = this.#machine;
    if (this.interleaving > 0 && random.chance(this.interleaving)) {
      if (random.chance(0.1)) this.between?.();
      const other = random.pick(this.#machine.ready());
      if (other !== undefined) this.#machine.step(other);
    }
    const isLast = this.#callsLeft !== undefined && this.#callsLeft-- <= 0;
    if (!isLast) return this.#takingTime(work);
    this.#isDead = true;
    if (this.#moment === 'within') partly?.();
    if (this.#moment === 'after') work();
    throw new DaemonKilled();
  }

  /** A disk that is busy, a machine that swaps: what comes due meanwhile must not be missed. */
  #takingTime<T>(work: () => T): T {
    const { random } = this.#machine;
    if (this.slowness > 0 && random.chance(this.slowness)) this.#machine.advance(random.oneOf(2, 30, 300));
    return work();
  }

  now(): Now {
    return { wall: this.#machine.wall, mono: this.#machine.mono };
  }

  bootId(): string {
    return this.#machine.bootId;
  }

  pidNamespace(): string {
    return this.#machine.pidNamespace;
  }

  ticks(): number {
    return this.#machine.ticks();
  }

  readFile(path: string): FileText | undefined {
    return this.#call(() => {
      const file = this.#machine.files.get(path);
      return file && { text: file.text, modifiedAt: file.modifiedAt };
    });
  }

  /** Its texts are plain ASCII. */
  readTail(path: string, bytes: number): string | undefined {
    return this.#call(() => {
      const text = this.#machine.files.read(path);
      return text?.slice(Math.max(text.length - bytes, 0));
    });
  }

  readEnd(path: string, bytes: number): FileEnd | undefined {
    return this.#call(() => {
      const text = this.#machine.files.read(path);
      return text === undefined
        ? undefined
        : { bytes: Buffer.from(text).subarray(-bytes), size: Buffer.byteLength(text) };
    });
  }

  writeFile(path: string, text: string, options: WriteOptions = {}): void {
    const { files, random } = this.#machine;
    const write = (part: string, sync = false): void =>
      files.write(path, part, { exclusive: options.exclusive === true, sync });
    this.#call(
      () => write(text, options.sync),
      () => write(text.slice(0, random.below(text.length + 1))),
    );
  }

  rename(from: string, to: string): boolean {
    return this.#call(() => this.#machine.files.rename(from, to));
  }

  remove(path: string): void {
    this.#call(() => this.#machine.files.remove(path));
  }

  makeDirectory(path: string): void {
    this.#call(() => this.#machine.files.makeDirectory(path));
  }

  makeDirectoryFor(path: string): void {
    this.makeDirectory(path);
  }

  removeDirectory(): void {
    throw new SystemError('remove directory', 'any', 'ENOSYS');
  }

  giveLogFile(path: string): void {
    throw new SystemError('give away', path, 'EPERM');
  }

  makeLogFile(path: string): void {
    throw new SystemError('make for its owner', path, 'EPERM');
  }

  folderTrust(): 'own' {
    return 'own';
  }

  list(path: string): string[] {
    return this.#call(() => this.#machine.files.list(path));
  }

  exists(path: string): boolean {
    return this.#call(() => this.#machine.files.exists(path));
  }

  newestChange(path: string): WallTime | undefined {
    return this.#call(() => this.#machine.files.newestChange(path));
  }

  syncDirectory(path: string): void {
    this.#call(() => this.#machine.files.syncDirectory(path));
  }

  pids(): number[] {
    return this.#call(() => [...this.#machine.processes.keys()]);
  }

  /** Its pids come round far too soon for a cursor to tell anything. */
  pidCursor(): undefined {
    return undefined;
  }

  stat(pid: number): ProcessStat | undefined {
    return this.#call(() => {
      const process = this.#machine.processes.get(pid);
      if (process === undefined) return undefined;
      const { parent, processGroup, session, startTicks, uid, state } = process;
      return { pid, parent, processGroup, session, startTicks, uid, ended: state === 'zombie' };
    });
  }

  marks(pid: number): ProcessMarks {
    return this.#call(() => {
      const process = this.#machine.processes.get(pid);
      return process === undefined || process.state === 'zombie' ? {} : process.marks;
    });
  }

  usage(pid: number): ProcessUsage | undefined {
    return this.#call(() => {
      const process = this.#machine.processes.get(pid);
      return (
        process && {
          startTicks: process.startTicks,
          cpuTicks: 0,
          waitedTicks: 0,
          threads: 1,
          rssBytes: 0,
          openFiles: 0,
        }
      );
    });
  }

  commandLine(pid: number): string {
    return this.#call(() => this.#machine.processes.get(pid)?.command ?? '');
  }

  workingDirectory(pid: number): { path: string; deleted: boolean } | undefined {
    return this.#call(() => {
      const process = this.#machine.processes.get(pid);
      return process && { path: process.directory, deleted: false };
    });
  }

  exists0(pid: number): boolean {
    const { processes } = this.#machine;
    return this.#call(() =>
      pid > 0 ? processes.has(pid) : [...processes.values()].some(({ processGroup }) => processGroup === -pid),
    );
  }

  kill(pid: number, signal: SignalName): KillResult {
    return this.#call(() => this.#machine.kill(pid, signal));
  }

  killGroup(processGroup: number, signal: SignalName): KillResult {
    return this.#call(() => this.#machine.killGroup(processGroup, signal));
  }

  startLauncher(start: LauncherStart): void {
    this.#call(() => {
      if (this.#machine.random.chance(0.01)) throw new SystemError('start launcher of', start.stem, 'EAGAIN');
      startLauncher(this.#machine, this.#daemon.pid, start, this.#flaws);
    });
  }

  probeLock(path: string): 'free' | 'held' {
    return this.#call(() => (this.#machine.isLocked(path) ? 'held' : 'free'));
  }
}
