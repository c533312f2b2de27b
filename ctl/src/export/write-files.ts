/** Puts exported files into a folder: nothing of somebody else is replaced unless that is asked for. */
import { closeSync, fchmodSync, fsyncSync, lstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { join } from 'node:path';
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
  return { written: files.map((file) => writeFile(join(folder, file.name), file)), refused: [] };
}

function obstacle(path: string, force: boolean): string | undefined {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return undefined;
  if (!there.isFile()) return there.isDirectory() ? 'is a folder' : 'is no plain file';
  if (force || readFileSync(path, 'utf8').startsWith(SEAL)) return undefined;
  return 'was not written by `procmanctl export`';
}

/** systemd must never find half a unit, and nobody a secret before its mode is set. */
function writeFile(path: string, { text, mode }: ExportedFile): string {
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(descriptor, text);
    fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, path);
  return path;
}
