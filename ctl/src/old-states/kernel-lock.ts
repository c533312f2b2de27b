/** The kernel locks of daemons and launchers, seen from outside. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';

const TAKEN = 75;

/**
 * Takes a lock without waiting: as the daemon does it, by the tool `flock` and an inherited descriptor.
 *
 * @returns the descriptor, which holds it until it is closed; `absent` where there is no such file
 * @throws where it cannot be asked
 */
export function openLock(path: string): number | 'held' | 'absent' {
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
  const { status, error } = spawnSync('flock', ['-n', '-x', '-E', String(TAKEN), '3'], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  if (status === 0) return fd;
  fs.closeSync(fd);
  if (status === TAKEN) return 'held';
  throw error ?? new Error(`flock ${path}: ended with ${status ?? 'a signal'}`);
}

/** Looks and lets go at once: a launch that begins at this instant tries again by itself. */
export function isHeld(path: string): boolean {
  const lock = openLock(path);
  if (typeof lock === 'number') fs.closeSync(lock);
  return lock === 'held';
}
