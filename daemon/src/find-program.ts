/** Looks for programs that the daemon itself calls. */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** The path of a program, in the absolute folders of a PATH. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(':')
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
