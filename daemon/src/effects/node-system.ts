/** The real machine: Node's file system and processes, and Linux's /proc. */

import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import type { Now, SignalName, WallTime } from '../core/model.ts';
import { RecentAccounts, systemAccounts } from './accounts.ts';
import { tailOf } from './file-tail.ts';
import { readEnd } from './file-end.ts';
import { newestChange } from './folder-activity.ts';
import { folderTrust, giveLogFile, makeLogFile, type FolderTrust, type Owner } from './log-file-owner.ts';
import { lockDescriptor } from './kernel-lock.ts';
import { openForWriting, openIfThere, openUnlessLink } from './open-file.ts';
import { linkTarget, Proc, readOptional } from './proc.ts';
import { numberOf, send } from './send-signal.ts';
import { attempt, codeOf } from './system-failure.ts';
import { TOOL_PATH } from './tool-path.ts';
import {
  SystemError,
  type FileEnd,
  type FileText,
  type KillResult,
  type LauncherStart,
  type PidCursor,
  type ProcessMarks,
  type ProcessStat,
  type ProcessUsage,
  type System,
  type WriteOptions,
} from './system.ts';

/** Clock ticks per second in /proc: USER_HZ is 100 on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Far more than anything that the daemon keeps: what is larger was put there by somebody else. */
const MOST_BYTES = 64 * 1024 * 1024;

export class NodeSystem implements System {
  readonly ticksPerSecond = TICKS_PER_SECOND;
  readonly ids = { euid: process.geteuid?.() ?? 0, egid: process.getegid?.() ?? 0 };
  readonly accounts = new RecentAccounts(systemAccounts, () => performance.now());
  readonly #bootId = readOptional('/proc/sys/kernel/random/boot_id').trim();
  readonly #pidNamespace = linkTarget('/proc/self/ns/pid') ?? '';
  readonly #proc = new Proc();
  /** Boot-time ticks at the zero of the monotonic clock; undefined until it was measured. */
  #ticksAtZero: number | undefined;

  now(): Now {
    return { wall: Date.now(), mono: Number(process.hrtime.bigint() / 1000n) / 1000 };
  }

  bootId(): string {
    return this.#bootId;
  }

  pidNamespace(): string {
    return this.#pidNamespace;
  }

  ticks(): number {
    this.#ticksAtZero ??= this.#measureTicks();
    const atZero = this.#ticksAtZero ?? this.#ticksFrom(process.pid) ?? 0;
    return Math.floor(atZero + this.now().mono * (TICKS_PER_SECOND / 1000));
  }

  readFile(path: string): FileText | undefined {
    return attempt('read', path, () => {
      // Without waiting: a pipe at this place must not hold the daemon up.
      const fd = openIfThere(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      if (fd === undefined) return undefined;
      try {
        const stats = fs.fstatSync(fd);
        const isText = stats.isFile() && stats.size <= MOST_BYTES;
        return { text: isText ? fs.readFileSync(fd, 'utf8') : '', modifiedAt: stats.mtimeMs };
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  readTail(path: string, bytes: number): string | undefined {
    return attempt('read the end of', path, () => {
      // Without waiting: a service may have put a pipe there that nobody writes to.
      const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = fs.constants;
      const fd = openUnlessLink(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
      if (fd === undefined) return undefined;
      try {
        return tailOf(fd, bytes);
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  readEnd(path: string, bytes: number, reader: number): FileEnd | undefined {
    return attempt('read the end of', path, () => readEnd(path, bytes, reader, this.ids.euid));
  }

  writeFile(path: string, text: string, options: WriteOptions = {}): void {
    const mode = options.mode ?? 0o600;
    attempt('write', path, () => {
      const fd = options.exclusive === true ? fs.openSync(path, 'wx', mode) : openForWriting(path, mode);
      try {
        fs.fchmodSync(fd, mode); // whatever the umask, and for a file that was there
        fs.writeFileSync(fd, text);
        if (options.sync === true) fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  rename(from: string, to: string): boolean {
    return attempt('rename', from, () => {
      try {
        fs.renameSync(from, to);
        return true;
      } catch (error) {
        // ENOENT is also a missing target folder: that is an error, not an answer.
        if (codeOf(error) === 'ENOENT' && !fs.existsSync(from)) return false;
        throw error;
      }
    });
  }

  remove(path: string): void {
    attempt('remove', path, () => {
      try {
        fs.unlinkSync(path);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    });
  }

  makeDirectory(path: string): void {
    attempt('make directory', path, () => {
      // One by one: Node 20 never comes back from a recursive mkdir below /proc.
      const parts = path.split('/').filter((part) => part !== '');
      for (let depth = 1; depth <= parts.length; depth += 1) {
        const folder = `${path.startsWith('/') ? '/' : ''}${parts.slice(0, depth).join('/')}`;
        if (fs.existsSync(folder)) continue;
        try {
          fs.mkdirSync(folder, { mode: 0o700 });
        } catch (error) {
          // Two daemons that start at the same instant both find it missing; which of them makes it is all one.
          if (codeOf(error) === 'EEXIST') continue;
          throw error;
        }
        fs.chmodSync(folder, 0o700); // the umask may have taken more away
      }
      if (!fs.statSync(path).isDirectory()) throw Object.assign(new Error('it is no directory'), { code: 'ENOTDIR' });
    });
  }

  makeDirectoryFor(path: string, { uid, gid }: Owner): void {
    attempt('make directory', path, () => {
      try {
        fs.mkdirSync(path, { mode: 0o700 });
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        return;
      }
      fs.chownSync(path, uid, gid);
    });
  }

  removeDirectory(path: string): void {
    attempt('remove directory', path, () => {
      try {
        fs.rmdirSync(path);
      } catch (error) {
        if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
      }
    });
  }

  giveLogFile(path: string, owner: Owner): void {
    attempt('give away the log file', path, () => giveLogFile(path, owner, this.ids.euid));
  }

  makeLogFile(path: string, owner: Owner): void {
    attempt('make the log file', path, () => makeLogFile(path, owner));
  }

  folderTrust(folder: string): FolderTrust {
    return folderTrust(folder, this.ids.euid);
  }

  list(path: string): string[] {
    return attempt('list', path, () => {
      try {
        return fs.readdirSync(path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      }
    });
  }

  exists(path: string): boolean {
    return attempt('look at', path, () => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  }

  newestChange(path: string): WallTime | undefined {
    return attempt('look into', path, () => {
      try {
        return newestChange(path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    });
  }

  syncDirectory(path: string): void {
    attempt('sync', path, () => {
      const fd = fs.openSync(path, 'r');
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  pids(): number[] {
    return this.#proc.pids();
  }

  pidCursor(): PidCursor | undefined {
    return this.#proc.pidCursor();
  }

  stat(pid: number): ProcessStat | undefined {
    return this.#proc.stat(pid);
  }

  marks(pid: number): ProcessMarks {
    return this.#proc.marks(pid);
  }

  usage(pid: number): ProcessUsage | undefined {
    return this.#proc.usage(pid);
  }

  commandLine(pid: number): string {
    return this.#proc.commandLine(pid);
  }

  workingDirectory(pid: number): { path: string; deleted: boolean } | undefined {
    return this.#proc.workingDirectory(pid);
  }

  exists0(pid: number): boolean {
    return send(pid, 0) !== 'gone';
  }

  kill(pid: number, signal: SignalName): KillResult {
    // 0 and below mean groups, 1 is never ours.
    return pid > 1 ? send(pid, numberOf(signal)) : 'denied';
  }

  killGroup(processGroup: number, signal: SignalName): KillResult {
    return processGroup > 1 ? send(-processGroup, numberOf(signal)) : 'denied';
  }

  startLauncher({ script, directory, stem, launchId, uid }: LauncherStart): void {
    const env = {
      PATH: TOOL_PATH,
      LC_ALL: 'C',
      PROCMAN_LAUNCHER: `${uid}/${stem}/${launchId}`,
      PROCMAN_PID_NAMESPACE: this.#pidNamespace,
    };
    attempt('start launcher of', stem, () => {
      const launcher = spawn('/bin/sh', [script, stem, launchId], {
        cwd: directory,
        env,
        detached: true,
        stdio: 'ignore',
      });
      // How it ends is told by its exit file; Node reaps it. Its error event only repeats what is thrown here.
      launcher.on('error', () => undefined);
      launcher.unref();
      if (launcher.pid === undefined) throw new SystemError('start launcher of', stem, whyNotStarted(directory));
      this.#ticksAtZero = this.#ticksFrom(launcher.pid) ?? this.#ticksAtZero;
    });
  }

  probeLock(path: string): 'free' | 'held' {
    return attempt('probe lock', path, () => {
      // Opened here, because flock would make the file.
      const fd = openIfThere(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      if (fd === undefined) return 'free';
      try {
        return lockDescriptor(fd, '-s', path) ? 'free' : 'held';
      } finally {
        fs.closeSync(fd); // and with it goes the lock
      }
    });
  }

  /**
   * The start time of a new process is the time of now, on the clock that counts start times. (Containers fake /proc/uptime,
   * and the daemon's own start may be that of a shell long before its exec.) Each launch measures anew: only this clock
   * counts time asleep.
   */
  /** undefined where no process can be started just now. */
  #measureTicks(): number | undefined {
    const probe = spawn('/bin/sh', ['-c', ':'], { env: {}, stdio: 'ignore' });
    probe.on('error', () => undefined);
    probe.unref();
    return probe.pid === undefined ? undefined : this.#ticksFrom(probe.pid);
  }

  /** From a process that was started just now. It cannot be gone: Node reaps it in a later turn. */
  #ticksFrom(pid: number): number | undefined {
    const stat = this.stat(pid);
    return stat && stat.startTicks + 1 - this.now().mono * (TICKS_PER_SECOND / 1000);
  }
}

/** Node tells the cause of a failed spawn later, by an event; most often no process was left. */
function whyNotStarted(directory: string): string {
  return fs.existsSync(directory) ? 'EAGAIN' : 'ENOENT';
}
