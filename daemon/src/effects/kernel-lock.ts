/** Kernel locks, by way of flock(1). */
import { spawnSync } from 'node:child_process';
import { SystemError } from './system.ts';
import { codeOf } from './system-failure.ts';
import { TOOL_PATH } from './tool-path.ts';

/** The exit code for "taken" that flock is told to use. */
const FLOCK_TAKEN = 75;

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
