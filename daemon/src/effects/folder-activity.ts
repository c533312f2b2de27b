import * as fs from 'node:fs';
import type { WallTime } from '../core/model.ts';

/**
 * The newest modification time of a folder and its direct entries. Entries that vanish meanwhile are skipped.
 * Links count with their own time.
 *
 * One system call per entry, however many there are, and the daemon does nothing else meanwhile.
 *
 * @throws Error (of Node) where there is no such folder, or it may not be read
 */
export function newestChange(path: string): WallTime {
  // As bytes: a name need not be UTF-8, and would not be found again by its text.
  const names = fs.readdirSync(path, { encoding: 'buffer' });
  const prefix = Buffer.from(`${path}/`);
  return names.reduce((newest, name) => {
    const entry = fs.lstatSync(Buffer.concat([prefix, name]), { throwIfNoEntry: false });
    return entry === undefined ? newest : Math.max(newest, entry.mtimeMs);
  }, fs.statSync(path).mtimeMs);
}
