/** Puts exported files into a folder: nothing of somebody else is replaced unless that is asked for. */
import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../whole-file.ts';
import type { ExportedFile } from './model.ts';
import { SEAL } from './systemd.ts';

export interface Written {
  /** Absolute, in order. */
  readonly written: readonly string[];
  /** What is in the way: nothing was written then. */
  readonly refused: readonly { readonly path: string; readonly why: string }[];
}

/** @throws the file system's error */
export function writeFiles(folder: string, files: readonly ExportedFile[], force: boolean): Written {
  const refused = files.flatMap(({ name }) => {
    const path = join(folder, name);
    const why = obstacle(path, force);
    return why === undefined ? [] : [{ path, why }];
  });
  if (refused.length > 0) return { written: [], refused };
  mkdirSync(folder, { recursive: true });
  const written = files.map(({ name, text, mode }) => {
    const path = join(folder, name);
    // systemd must never find half a unit, and nobody a secret before its mode is set.
    writeWhole(path, text, mode);
    return path;
  });
  return { written, refused: [] };
}

function obstacle(path: string, force: boolean): string | undefined {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return undefined;
  if (!there.isFile()) return there.isDirectory() ? 'is a folder' : 'is no plain file';
  if (force || readFileSync(path, 'utf8').startsWith(SEAL)) return undefined;
  return 'was not written by `procmanctl export`';
}
