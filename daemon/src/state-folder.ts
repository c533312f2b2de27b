/**
 * The state directory is the daemon's alone: whoever could write there would decide what runs, and where root writes. One that
 * others own or may write to is refused; its own is made private, so that nobody looks into it either.
 */
import { stateFiles } from '@procman/protocol/state-files';
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { folderTrust } from './effects/log-file-owner.ts';

export interface FolderRemarks {
  /** Why it cannot be used, with the mend. */
  readonly refusal?: string;
  readonly warning?: string;
}

/** What is in the folder only where a daemon has used it. */
const SIGN = stateFiles.lock;
const OTHERS_WRITE = 0o022;
const OTHERS = 0o077;

/** Before anything is made: a link on the way that others have laid leads where they want. */
export function refuseForeignLinks(path: string, euid: number): string | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const part = `/${parts.slice(0, depth).join('/')}`;
    const stats = fs.lstatSync(part, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (stats.isSymbolicLink() && stats.uid !== 0 && stats.uid !== euid)
      return `${part} is a symbolic link of user ${stats.uid}, who could let it lead anywhere: remove it`;
  }
  return undefined;
}

/** Makes a state directory that is there private, as far as it is certain that it is one. */
export function claimStateFolder(path: string, euid: number): FolderRemarks {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    const { uid, mode } = fs.fstatSync(fd);
    if (uid !== euid)
      return { refusal: `it belongs to user ${uid}; name a folder of its own, or hand it over: chown ${euid} ${path}` };
    const refusal = (mode & OTHERS) === 0 ? undefined : narrow(fd, mode);
    if (refusal !== undefined) return { refusal: `${refusal}: chmod 0700 ${path}` };
    return aroundIt(path, euid, fs.fstatSync(fd).mode);
  } finally {
    fs.closeSync(fd);
  }
}

/** A slip in `state-dir` must not close /tmp or /var/lib to everybody, so only an empty folder and a known one are changed. */
function narrow(fd: number, mode: number): string | undefined {
  const names = (): string[] => fs.readdirSync(`/proc/self/fd/${fd}`);
  const isEmpty = names().length === 0;
  if ((mode & OTHERS_WRITE) === 0) {
    if (isEmpty || names().includes(SIGN)) fs.fchmodSync(fd, 0o700);
    return undefined;
  }
  const text = `others may write to it (mode ${(mode & 0o7777).toString(8)}), so anybody may have put there what is in it; make sure of that, then`;
  if (!isEmpty) return text;
  fs.fchmodSync(fd, 0o700);
  // Somebody may have been faster than the new mode.
  if (names().length === 0) return undefined;
  fs.fchmodSync(fd, mode & 0o7777);
  return text;
}

function aroundIt(path: string, euid: number, mode: number): FolderRemarks {
  if ((mode & OTHERS) !== 0)
    return { warning: `the state-dir ${path} was not empty, and others may look into it: chmod 0700 ${path}` };
  const above = dirname(fs.realpathSync(path));
  if (folderTrust(above, euid) !== 'others') return {};
  return { warning: `others may write to ${above} or above, and could put another state-dir in the place of ${path}` };
}
