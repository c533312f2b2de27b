/** Finding the state directory of a configuration that does not load: for `--last-good`. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defaultStateDirectory } from '@procman/protocol/paths';
import type { LoadContext } from './config/load.ts';

/** @returns undefined where not even the uid can be made out */
export function stateDirectoryOfBroken(path: string, context: LoadContext): string | undefined {
  const text = read(path);
  const uid = valueOf(text, 'uid');
  const written = valueOf(text, 'state[-_]dir');
  if (written !== undefined) return resolve(dirname(path), written);
  return uid === undefined ? undefined : defaultStateDirectory(uid, context);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The first plain string given to a key, wherever it stands: the file may be anything but TOML. */
function valueOf(text: string, key: string): string | undefined {
  return new RegExp(`^\\s*${key}\\s*=\\s*(["'])([^"'\\n]+)\\1`, 'm').exec(text)?.[2];
}
