import { clientExit } from '@procman/protocol/exit-codes';
import { writeFileSync } from 'node:fs';
import { Failure } from '../failure.ts';

/**
 * Writes a file that is not there yet.
 *
 * @throws Failure where it is there, or cannot be written
 */
export function writeNewFile(file: string, text: string, mode?: number): void {
  try {
    writeFileSync(file, text, { flag: 'wx', ...(mode === undefined ? {} : { mode }) });
  } catch (cause) {
    const exists = (cause as { code?: unknown }).code === 'EEXIST';
    const why = exists ? `${file} exists already: it is not overwritten` : `cannot write ${file}: ${String(cause)}`;
    throw new Failure(why, { exitCode: clientExit.failure, code: exists ? 'exists' : 'write', cause });
  }
}
