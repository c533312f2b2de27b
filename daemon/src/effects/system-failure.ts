/** What the operating system refuses, in the words of `SystemError`. */
import { SystemError } from './system.ts';

/** The code of a failed system call, as Node tells it: `ENOENT`. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

/** What the operating system refused, whoever asked it, told apart from a defect: only system calls leave a `syscall`. */
export function isSystemFailure(error: unknown): error is Error {
  return error instanceof SystemError || (error instanceof Error && 'syscall' in error && codeOf(error) !== 'UNKNOWN');
}

/**
 * Does what may fail, and names it.
 *
 * @throws SystemError
 */
export function attempt<T>(act: string, subject: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SystemError) throw error;
    throw new SystemError(act, subject, codeOf(error), error instanceof Error ? error.message : undefined);
  }
}
