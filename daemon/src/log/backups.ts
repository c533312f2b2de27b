/** The earlier files of a log: `LOG.1` is the newest, `LOG.N` the oldest. */
import * as fs from 'node:fs';

/**
 * Makes `LOG` to `LOG.1`, `LOG.1` to `LOG.2` and so on; the oldest is given up. Every step is one rename of a whole file, from the oldest
 * on: whoever dies in between leaves a gap, and the next shift ends at the gap.
 *
 * @throws the file system's error
 */
export function shiftBackups(path: string, backups: number): void {
  let free = 1;
  while (free < backups && exists(`${path}.${free}`)) free += 1;
  for (let n = free; n > 1; n -= 1) fs.renameSync(`${path}.${n - 1}`, `${path}.${n}`);
  fs.renameSync(path, `${path}.1`);
}

/**
 * Removes those beyond the last that is kept, as far as they follow one another without a gap: `LOG.2024` is somebody else's.
 *
 * @throws the file system's error
 */
export function dropSurplus(path: string, backups: number): void {
  for (let n = backups + 1; exists(`${path}.${n}`); n += 1) fs.unlinkSync(`${path}.${n}`);
}

function exists(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
