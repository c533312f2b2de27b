/**
 * The door to the machine for one who only looks: reads go through, everything else does nothing. What recovery would put right
 * on its way stays as it is, so it can be run without a daemon's right to do so.
 */
import type { Now, WallTime } from '../core/model.ts';
import type { AccountLookup } from './accounts.ts';
import type { FolderTrust } from './log-file-owner.ts';
import type { DaemonIds } from './service-account.ts';
import {
  SystemError, type FileEnd, type FileText, type KillResult, type LauncherStart, type PidCursor, type ProcessMarks, type ProcessStat,
  type ProcessUsage, type System,
} from './system.ts'; // prettier-ignore

export class ReadOnlySystem implements System {
  readonly ticksPerSecond: number;
  readonly ids: DaemonIds;
  readonly accounts: AccountLookup;
  readonly #inner: System;

  constructor(inner: System) {
    this.#inner = inner;
    this.ticksPerSecond = inner.ticksPerSecond;
    this.ids = inner.ids;
    this.accounts = inner.accounts;
  }

  /* ---------------------------------------------------------------- what would change something */

  writeFile(): void {}

  /** As if there were nothing to rename: a permission to launch is not taken back, a broken file stays where it is. */
  rename(): boolean {
    return false;
  }

  remove(): void {}

  makeDirectory(): void {}

  makeDirectoryFor(): void {}

  removeDirectory(): void {}

  syncDirectory(): void {}

  giveLogFile(): void {}

  makeLogFile(): void {}

  kill(): KillResult {
    return 'denied';
  }

  killGroup(): KillResult {
    return 'denied';
  }

  /** A defect: one who only looks has nothing to launch. */
  startLauncher({ stem }: LauncherStart): void {
    throw new SystemError('start launcher of', stem, 'EROFS', 'this is a look only');
  }

  /* ---------------------------------------------------------------- what only looks */

  now(): Now {
    return this.#inner.now();
  }

  bootId(): string {
    return this.#inner.bootId();
  }

  pidNamespace(): string {
    return this.#inner.pidNamespace();
  }

  ticks(): number {
    return this.#inner.ticks();
  }

  readFile(path: string): FileText | undefined {
    return this.#inner.readFile(path);
  }

  readTail(path: string, bytes: number): string | undefined {
    return this.#inner.readTail(path, bytes);
  }

  readEnd(path: string, bytes: number, reader: number): FileEnd | undefined {
    return this.#inner.readEnd(path, bytes, reader);
  }

  list(path: string): string[] {
    return this.#inner.list(path);
  }

  exists(path: string): boolean {
    return this.#inner.exists(path);
  }

  newestChange(path: string): WallTime | undefined {
    return this.#inner.newestChange(path);
  }

  folderTrust(folder: string): FolderTrust {
    return this.#inner.folderTrust(folder);
  }

  pids(): number[] {
    return this.#inner.pids();
  }

  pidCursor(): PidCursor | undefined {
    return this.#inner.pidCursor();
  }

  stat(pid: number): ProcessStat | undefined {
    return this.#inner.stat(pid);
  }

  marks(pid: number): ProcessMarks {
    return this.#inner.marks(pid);
  }

  usage(pid: number): ProcessUsage | undefined {
    return this.#inner.usage(pid);
  }

  commandLine(pid: number): string {
    return this.#inner.commandLine(pid);
  }

  workingDirectory(pid: number): { readonly path: string; readonly deleted: boolean } | undefined {
    return this.#inner.workingDirectory(pid);
  }

  exists0(pid: number): boolean {
    return this.#inner.exists0(pid);
  }

  /** A shared lock, for an instant: a launcher waits two seconds for its own. */
  probeLock(path: string): 'free' | 'held' {
    return this.#inner.probeLock(path);
  }
}
