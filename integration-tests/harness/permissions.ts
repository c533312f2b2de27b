/** Who may do what with the files below a folder. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

export interface Entry {
  readonly path: string;
  readonly stats: Stats;
  /** Permission bits, as people write them: `0600`. */
  readonly mode: string;
}

export function modeOf(path: string): string {
  return bits(lstatSync(path));
}

/** A folder and all in it, without what goes away meanwhile; links are not followed. */
export function entriesBelow(folder: string): Entry[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return [folder, ...names.map((name) => join(folder, name))].flatMap((path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ path, stats, mode: bits(stats) }];
  });
}

const bits = (stats: Stats): string => (stats.mode & 0o7777).toString(8).padStart(4, '0');
