/**
 * One daemon per uid, whatever their state directories: a kernel lock beside the owner file, held for life. The owner file tells
 * of a daemon that serves; of two that start at the same instant neither has written it yet.
 */
import { dirname } from 'node:path';
import { ownerFilePath, type PathContext } from '@procman/protocol/paths';
import { takeKernelLock } from './effects/daemon-lock.ts';
import { prepareSocketDirectory } from './rpc/socket-file.ts';

export function uidLockPath(uid: string, context: PathContext): string {
  return ownerFilePath(uid, context).replace(/\.json$/, '.lock');
}

/**
 * Never unlinked. Where the runtime folder cannot be used the lock of the state directory has to do.
 *
 * @returns false where another daemon of this uid holds it
 */
export function takeUidLock(path: string, context: PathContext, log: (message: string) => void): boolean {
  try {
    prepareSocketDirectory(dirname(path), context);
    return takeKernelLock(path, log) !== undefined;
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
    return true;
  }
}
