/**
 * The one door to the operating system. Everything else of the daemon goes through this interface, so that tests can put a
 * simulated machine in its place and kill the daemon between any two calls.
 *
 * All calls are synchronous: a decision and its effects are one turn of the supervisor, and nothing can slip in between.
 * Calls that fail throw a `SystemError` unless their comment says otherwise.
 */

import type { Now, SignalName, WallTime } from '../core/model.ts';
import type { AccountLookup } from './accounts.ts';
import type { FolderTrust, Owner } from './log-file-owner.ts';
import type { DaemonIds } from './service-account.ts';

/** An operating-system call that failed: the act, what it was done to, and the cause (`ENOSPC`, `EROFS`, `EACCES`...). */
export class SystemError extends Error {
  readonly act: string;
  readonly subject: string;
  readonly code: string;

  constructor(act: string, subject: string, code: string, text?: string) {
    super(`cannot ${act} ${subject}: ${text ?? code}`);
    this.name = 'SystemError';
    this.act = act;
    this.subject = subject;
    this.code = code;
  }
}

export interface WriteOptions {
  /** Permission bits; 0o600 unless told. */
  readonly mode?: number;
  /** fsync the file: for what must survive a power cut. */
  readonly sync?: boolean;
  /** Fail with EEXIST where the file exists. */
  readonly exclusive?: boolean;
}

/** A file's text and its modification time. */
export interface FileText {
  readonly text: string;
  /** Wall time in milliseconds. */
  readonly modifiedAt: number;
}

/** The end of a file, and the size of all of it. */
export interface FileEnd {
  readonly bytes: Uint8Array;
  readonly size: number;
}

/** One process as /proc/PID/stat has it. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly processGroup: number;
  readonly session: number;
  /** Clock ticks since boot: with the pid, the boot id and the pid namespace this is the process's identity. */
  readonly startTicks: number;
  /** Ended: state Z with one entry in task/ (a leader gone by pthread_exit is Z while its threads serve), or X. */
  readonly ended: boolean;
  readonly uid: number;
}

/** What a process's environment says of its origin. */
export interface ProcessMarks {
  /** `PROCMAN_RUN`: UID/STEM/LAUNCH. */
  readonly run?: string;
  /** `PROCMAN_HOOK`: UID/STEM/LAUNCH; a hook or check, in place of a run's mark. */
  readonly hook?: string;
  /** `PROCMAN_LAUNCHER`: UID/STEM/LAUNCH; a launcher, or its child before it became the service. */
  readonly launcher?: string;
}

/** What a process uses. */
export interface ProcessUsage {
  /** Tells whether it is still the process that was meant. */
  readonly startTicks: number;
  /** Processor time of all its threads since its start, in clock ticks. */
  readonly cpuTicks: number;
  /** The same of its children that have ended and that it has waited for, with all that those had waited for. */
  readonly waitedTicks: number;
  readonly threads: number;
  /** Its memory that is not swapped out; what it shares with others is counted for each of them. */
  readonly rssBytes: number;
  /** undefined where that may not be read: another user's. */
  readonly openFiles?: number;
}

/** Pids are given out in a circle: what is outside the stretch since an earlier cursor is the process that it was then. */
export interface PidCursor {
  /** The pid given out last in this pid namespace. */
  readonly last: number;
  /** Processes and threads begun on the machine since it started: a bound on how far the circle was gone round. */
  readonly forks: number;
}

export type KillResult = 'sent' | 'gone' | 'denied';

/** What is handed to a launcher. Its plan, exit file and intent are on disk already. */
export interface LauncherStart {
  /** Absolute path of the launcher script's copy in the state directory. */
  readonly script: string;
  /** Working directory: the state directory's `runs`. */
  readonly directory: string;
  readonly stem: string;
  readonly launchId: string;
  readonly uid: string;
}

export interface System {
  /** Both clocks. */
  now(): Now;
  bootId(): string;
  pidNamespace(): string;
  /** Now, as clock ticks since boot: comparable with `ProcessStat.startTicks`. */
  ticks(): number;
  /** Clock ticks per second. */
  readonly ticksPerSecond: number;

  /**
   * The file's text, or undefined where it does not exist. Never waits: what is no regular file, or far too large, reads as empty,
   * which is no valid content of anything.
   */
  readFile(path: string): FileText | undefined;
  /**
   * The end of a regular file as text, read without the rest; undefined where it does not exist, or is no regular file (no
   * link either). A character that the limit cuts is left out.
   */
  readTail(path: string, bytes: number): string | undefined;
  /**
   * The end of a log file, and its size, read without waiting; undefined where there is no regular file (no link either). For root's
   * daemon also where it is not certain that `reader`, a uid, might read it: neither his own, nor in a folder that is root's alone.
   */
  readEnd(path: string, bytes: number, reader: number): FileEnd | undefined;
  /** Writes or overwrites a file; not atomic. Never waits, and follows no link: a link or pipe at that place is replaced. */
  writeFile(path: string, text: string, options?: WriteOptions): void;
  /** @returns false where `from` does not exist */
  rename(from: string, to: string): boolean;
  /** Removes a file; nothing happens where there is none. */
  remove(path: string): void;
  /** Makes a directory and its parents, 0700. */
  makeDirectory(path: string): void;
  /** Makes a directory, 0700, that belongs to another user; its parent is there. Nothing happens where it exists. */
  makeDirectoryFor(path: string, owner: Owner): void;
  /** Removes an empty directory; nothing happens where there is none, or where something is in it. */
  removeDirectory(path: string): void;
  /** The names in a directory; empty where it does not exist. */
  list(path: string): string[];
  exists(path: string): boolean;
  /**
   * When a folder was changed last: the newest modification time of itself and its direct entries (not of what those links
   * point to); undefined where there is no folder. Reads each entry: about 0.1 s for 10,000 of them.
   */
  newestChange(path: string): WallTime | undefined;
  /** fsync of a directory, so that a rename in it survives a power cut. */
  syncDirectory(path: string): void;

  /** As whom the daemon runs. */
  readonly ids: DaemonIds;
  /** Users and groups, as they were a few seconds ago. */
  readonly accounts: AccountLookup;
  /** Makes a log file for its owner, or gives it the one that is there; see `giveLogFile`. */
  giveLogFile(path: string, owner: Owner): void;
  /** Makes a log file for its owner where there is none. */
  makeLogFile(path: string, owner: Owner): void;
  /** Who else may put something into a folder. */
  folderTrust(folder: string): FolderTrust;

  /** The pids of this pid namespace, threads left out. */
  pids(): number[];
  /** Where the giving out of pids stands; undefined where that cannot be told. */
  pidCursor(): PidCursor | undefined;
  /** undefined where there is no such process. */
  stat(pid: number): ProcessStat | undefined;
  /** Empty where the process is gone or its environment may not be read. */
  marks(pid: number): ProcessMarks;
  /** What it uses now; undefined where it is gone. */
  usage(pid: number): ProcessUsage | undefined;
  /** Its command line for people, or its name where it has none. */
  commandLine(pid: number): string;
  /** Where a process's working directory is, and whether that still exists; undefined where it cannot be told. */
  workingDirectory(pid: number): { readonly path: string; readonly deleted: boolean } | undefined;
  /** kill(pid, 0). Cheap: one system call. */
  exists0(pid: number): boolean;
  kill(pid: number, signal: SignalName): KillResult;
  /** Signals a whole process group at once: atomic against forks. */
  killGroup(processGroup: number, signal: SignalName): KillResult;
  /** Starts a launcher in a session of its own and forgets it. */
  startLauncher(start: LauncherStart): void;
  /** Tries a shared lock on a launch lock file, without waiting; `free` where the file does not exist. */
  probeLock(path: string): 'free' | 'held';
}
