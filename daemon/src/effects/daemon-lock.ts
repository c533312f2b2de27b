/**
 * One daemon per state directory: a kernel lock decides.
 *
 * The lock file is opened here, and `flock` locks this open file description by its inherited descriptor. So the lock stays
 * when flock has ended, is freed by the kernel as soon as the daemon dies, however it dies, and is not passed on to
 * services (Node opens with O_CLOEXEC).
 *
 * `proper-lockfile` adds the sign that people and tools look for. Only the holder of the kernel lock makes it, so it is never
 * contended: alone it would not be safe (takeover of a stale one can have two winners, and it trusts the wall clock).
 */

import * as fs from 'node:fs';
import { lockSync } from 'proper-lockfile';
import { lockDescriptor } from './kernel-lock.ts';
import { codeOf } from './system-failure.ts';
import { SystemError } from './system.ts';

export interface DaemonLock {
  /** Whether the locked file is still the one at the path: else another daemon may hold a lock there. */
  stillHeld(): boolean;
  release(): void;
}

/** How often a lock file that was replaced in the very moment of locking is tried again. */
const TRIES = 5;

/** How long others take the sign for live without an update. */
const SIGN_STALE_MS = 10_000;

/**
 * Takes the lock without waiting.
 *
 * @param log - told what is wrong with the outward sign; that never stops a daemon
 * @returns undefined where another daemon holds it
 * @throws SystemError where the file cannot be opened or locked at all
 */
export function takeDaemonLock(path: string, log: (message: string) => void): DaemonLock | undefined {
  const fd = takeKernelLock(path, log);
  return fd === undefined ? undefined : hold(fd, path, log);
}

/**
 * The kernel lock alone: held until this process ends, or the descriptor is closed.
 *
 * @returns the descriptor; undefined where another process holds it
 */
export function takeKernelLock(path: string, log: (message: string) => void): number | undefined {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const fd = openLockFile(path);
    let isOurs = false;
    try {
      if (!lockDescriptor(fd, '-x', path)) return undefined;
      isOurs = isFileAt(fd, path);
    } finally {
      if (!isOurs) fs.closeSync(fd);
    }
    if (!isOurs) continue;
    writePid(fd, path, log);
    return fd;
  }
  throw new SystemError('lock', path, 'EAGAIN', 'the file is replaced again and again');
}

function hold(fd: number, path: string, log: (message: string) => void): DaemonLock {
  const sign = new OutwardSign(`${path}.lock`, path, log);
  sign.put();
  let isOpen = true;
  return {
    stillHeld: () => isOpen && isFileAt(fd, path),
    release: () => {
      if (!isOpen) return;
      isOpen = false;
      sign.takeAway();
      fs.closeSync(fd);
    },
  };
}

/** Says at once who holds it: another daemon that was started at the same instant names it. */
function writePid(fd: number, path: string, log: (message: string) => void): void {
  try {
    fs.ftruncateSync(fd);
    fs.writeSync(fd, `${process.pid}\n`, 0);
  } catch (error) {
    log(`cannot write ${path}: ${String(error)}`);
  }
}

/** The pid that the last holder wrote into its lock file; it may have died since. */
export function lastHolder(path: string): number | undefined {
  try {
    const text = fs.readFileSync(path, 'utf8');
    return /^[1-9]\d{0,9}\n$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function openLockFile(path: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = fs.constants;
  try {
    return fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw new SystemError('open lock file', path, codeOf(error));
  }
}

function isFileAt(fd: number, path: string): boolean {
  const there = fs.lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return false;
  const here = fs.fstatSync(fd);
  return here.ino === there.ino && here.dev === there.dev;
}

/** The folder that proper-lockfile keeps beside the lock file while the daemon lives. */
class OutwardSign {
  #remove: (() => void) | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #folder: string;
  readonly #file: string;
  readonly #log: (message: string) => void;

  constructor(folder: string, file: string, log: (message: string) => void) {
    this.#folder = folder;
    this.#file = file;
    this.#log = log;
  }

  put(): void {
    try {
      // Whatever is there was left by a daemon that died: this one holds the kernel lock.
      fs.rmSync(this.#folder, { recursive: true, force: true });
      this.#remove = lockSync(this.#file, {
        lockfilePath: this.#folder,
        realpath: false,
        stale: SIGN_STALE_MS,
        onCompromised: (error) => this.#renew(error),
      });
      fs.chmodSync(this.#folder, 0o700); // whatever the umask
    } catch (error) {
      this.#log(`cannot make ${this.#folder}: ${String(error)}`);
      this.#remove = undefined;
    }
  }

  takeAway(): void {
    clearTimeout(this.#retry);
    try {
      this.#remove?.();
    } catch {
      // Gone already, or a read-only disk: the next daemon clears it away.
    }
    this.#remove = undefined;
  }

  /** Someone removed it, or the clock jumped: it only means that the sign has to be made again. */
  #renew(error: Error): void {
    this.#log(`${this.#folder} was tampered with (${error.message}); it is made again`);
    this.#remove = undefined;
    // Not at once: proper-lockfile forgets the old one after this callback.
    this.#retry = setTimeout(() => this.put(), 1000).unref();
  }
}
