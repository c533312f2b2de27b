/** The real machine: Node's file system and processes, and Linux's /proc. */

import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import type { Now, SignalName, WallTime } from '../core/model.ts';
import { RecentAccounts, systemAccounts } from './accounts.ts';
import { tailOf } from './file-tail.ts';
import { readEnd } from './file-end.ts';
import { newestChange } from './folder-activity.ts';
import { openFilesOf, usageOf } from './process-usage.ts';
import { folderTrust, giveLogFile, makeLogFile, type FolderTrust, type Owner } from './log-file-owner.ts';
import { signalNumber } from './signals.ts';
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

/** Nothing of the daemon's own environment reaches launchers and tools. */
const TOOL_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** The exit code for "taken" that flock is told to use. */
const FLOCK_TAKEN = 75;

/** Clock ticks per second in /proc: USER_HZ is 100 on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Far more than anything that the daemon keeps: what is larger was put there by somebody else. */
const MOST_BYTES = 64 * 1024 * 1024;

/** O_CLOEXEC in the flags of /proc/PID/fdinfo (octal). */
const CLOSE_ON_EXEC = 0o2000000;

export class NodeSystem implements System {
  readonly ticksPerSecond = TICKS_PER_SECOND;
  readonly ids = { euid: process.geteuid?.() ?? 0, egid: process.getegid?.() ?? 0 };
  readonly accounts = new RecentAccounts(systemAccounts, () => performance.now());
  readonly #bootId = readOptional('/proc/sys/kernel/random/boot_id').trim();
  readonly #pidNamespace = linkTarget('/proc/self/ns/pid') ?? '';
  /** Grows to the largest text read from /proc, and is used again: reading /proc is most of a sweep. */
  #buffer = Buffer.allocUnsafe(16 * 1024);
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
    const names = attempt('list', '/proc', () => fs.readdirSync('/proc'));
    return names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
  }

  /** proc(5): the last field of /proc/loadavg, and `processes` in /proc/stat. */
  pidCursor(): PidCursor | undefined {
    const last = Number(readOptional('/proc/loadavg').trim().split(' ')[4]);
    const forks = Number(/^processes (\d+)$/m.exec(readOptional('/proc/stat'))?.[1]);
    // Some sandboxes have these files filled with zeros.
    return last > 0 && forks > 0 ? { last, forks } : undefined;
  }

  stat(pid: number): ProcessStat | undefined {
    const read = this.#readProc(pid, 'stat');
    if (read === undefined) return undefined;
    // The name stands in brackets and may hold brackets and blanks itself.
    const text = read.bytes.toString('latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const startTicks = Number(fields[19]);
    if (!Number.isInteger(startTicks)) return undefined;
    return {
      pid,
      parent: Number(fields[1]),
      processGroup: Number(fields[2]),
      session: Number(fields[3]),
      startTicks,
      ended: hasEnded(pid, fields[0] ?? ''),
      uid: read.uid,
    };
  }

  marks(pid: number): ProcessMarks {
    const environ = this.#readProc(pid, 'environ')?.bytes;
    if (environ?.includes('PROCMAN_') !== true) return {};
    const run = variable(environ, 'PROCMAN_RUN=');
    const hook = variable(environ, 'PROCMAN_HOOK=');
    const launcher = variable(environ, 'PROCMAN_LAUNCHER=');
    return {
      ...(run !== undefined && { run }),
      ...(hook !== undefined && { hook }),
      ...(launcher !== undefined && { launcher }),
    };
  }

  usage(pid: number): ProcessUsage | undefined {
    const usage = usageOf(this.#readProc(pid, 'stat')?.bytes.toString('latin1') ?? '');
    if (usage === undefined) return undefined;
    const openFiles = openFilesOf(pid);
    return { ...usage, ...(openFiles === undefined ? {} : { openFiles }) };
  }

  commandLine(pid: number): string {
    const words =
      this.#readProc(pid, 'cmdline')?.bytes.toString('utf8').replace(/\0+$/, '').replaceAll('\0', ' ') ?? '';
    return words === '' ? readOptional(`/proc/${pid}/comm`).trimEnd() : words;
  }

  workingDirectory(pid: number): { path: string; deleted: boolean } | undefined {
    const path = linkTarget(`/proc/${pid}/cwd`);
    if (path === undefined) return undefined;
    const deleted = path.endsWith(' (deleted)') && !fs.existsSync(path);
    return { path: deleted ? path.slice(0, -' (deleted)'.length) : path, deleted };
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

  /** The content of a file of /proc, valid until the next read, and the owner of the process; undefined if it is gone or not ours to read. */
  #readProc(pid: number, name: string): { bytes: Buffer; uid: number } | undefined {
    let fd: number | undefined;
    try {
      fd = fs.openSync(`/proc/${pid}/${name}`, 'r');
      let length = 0;
      for (;;) {
        const count = fs.readSync(fd, this.#buffer, length, this.#buffer.length - length, null);
        length += count;
        if (count === 0) break;
        // A short read of /proc is not always the end of it, but stat is far shorter than a page.
        if (name === 'stat') break;
        if (length === this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer], this.#buffer.length * 2);
      }
      return { bytes: this.#buffer.subarray(0, length), uid: name === 'stat' ? fs.fstatSync(fd).uid : 0 };
    } catch {
      return undefined; // gone in the meantime (ENOENT, ESRCH), or another user's (EACCES)
    } finally {
      if (fd !== undefined) fs.closeSync(fd);
    }
  }
}

/**
 * Closes what the daemon's own starter left open and Node would pass on to services: descriptors without close-on-exec.
 * (At its start Node marks those up to the first gap above 16, no more. A shell cannot do it for us: dash knows one-digit
 * descriptors only.) To be called first, while nothing else is open.
 */
export function closeInheritedDescriptors(): void {
  for (const name of fs.readdirSync('/proc/self/fd')) {
    const flags = /^flags:\s*(\d+)/m.exec(readOptional(`/proc/self/fdinfo/${name}`))?.[1];
    if (Number(name) <= 2 || flags === undefined || (parseInt(flags, 8) & CLOSE_ON_EXEC) !== 0) continue;
    fs.closeSync(Number(name));
  }
}

/**
 * Takes a kernel lock by an open descriptor, without waiting. It belongs to the open file: it stays when flock has ended,
 * until the descriptor is closed, here and in whatever inherited it.
 *
 * @param mode - shared or exclusive
 * @returns false where it is taken
 */
export function lockDescriptor(fd: number, mode: '-s' | '-x', path: string): boolean {
  const { status, error, stderr } = spawnSync('flock', ['-n', mode, '-E', String(FLOCK_TAKEN), '3'], {
    env: { PATH: TOOL_PATH, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe', fd],
    encoding: 'utf8',
  });
  if (status === 0) return true;
  if (status === FLOCK_TAKEN) return false;
  if (error !== undefined) throw new SystemError('lock', path, codeOf(error), error.message);
  throw new SystemError('lock', path, 'EFLOCK', stderr.trim() || `flock ended with ${status ?? 'a signal'}`);
}

/** The code of a failed system call, as Node tells it: `ENOENT`. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

/** What the operating system refused, whoever asked it, told apart from a defect: only system calls leave a `syscall`. */
export function isSystemFailure(error: unknown): error is Error {
  return error instanceof SystemError || (error instanceof Error && 'syscall' in error && codeOf(error) !== 'UNKNOWN');
}

function attempt<T>(act: string, subject: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SystemError) throw error;
    throw new SystemError(act, subject, codeOf(error), error instanceof Error ? error.message : undefined);
  }
}

function openIfThere(path: string, flags: number): number | undefined {
  try {
    return fs.openSync(path, flags);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whatever stands there that is no file (a link that leads elsewhere, a pipe that nobody reads) gives way to a file. */
function openForWriting(path: string, mode: number): number {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  try {
    const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, mode);
    if (fs.fstatSync(fd).isFile()) return fd;
    fs.closeSync(fd);
  } catch (error) {
    // A link, and a pipe or a socket.
    if (!['ELOOP', 'ENXIO'].includes(codeOf(error))) throw error;
  }
  fs.unlinkSync(path);
  return fs.openSync(path, 'wx', mode);
}

/** undefined for a symbolic link, too. */
function openUnlessLink(path: string, flags: number): number | undefined {
  try {
    return openIfThere(path, flags);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}

function readOptional(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

function hasEnded(pid: number, state: string): boolean {
  if (state === 'X' || state === 'x') return true;
  if (state !== 'Z') return false;
  try {
    return fs.readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
}

/** The value of `NAME=` in an environment as /proc has it: entries divided by NUL. */
function variable(environ: Buffer, assignment: string): string | undefined {
  let at = environ.indexOf(assignment);
  while (at > 0 && environ[at - 1] !== 0) at = environ.indexOf(assignment, at + 1);
  if (at < 0) return undefined;
  const end = environ.indexOf(0, at);
  return environ.toString('utf8', at + assignment.length, end < 0 ? environ.length : end);
}

function numberOf(signal: SignalName): number {
  const number = signalNumber(signal);
  if (number === undefined) throw new SystemError('send', `signal ${signal}`, 'EINVAL');
  return number;
}

function send(pid: number, signal: number): KillResult {
  try {
    process.kill(pid, signal);
    return 'sent';
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ESRCH') return 'gone';
    if (code === 'EPERM') return 'denied';
    throw new SystemError('signal', String(pid), code);
  }
}

/** Node tells the cause of a failed spawn later, by an event; most often no process was left. */
function whyNotStarted(directory: string): string {
  return fs.existsSync(directory) ? 'EAGAIN' : 'ENOENT';
}
