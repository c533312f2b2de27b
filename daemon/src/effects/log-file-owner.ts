/** Whose a log file is (SPEC 6): root's daemon opens it for a service of another user, in folders that may not be root's alone. */
import * as fs from 'node:fs';
import { dirname } from 'node:path';

/** Who else may put something into a folder, or take something in it away. */
export type FolderTrust =
  /** Nobody but root, and the daemon's own user. */
  | 'own'
  /** A group, too. */
  | 'group'
  /** Another user, or anybody. */
  | 'others';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Its user may write it, its group may read it. */
const MODE = 0o640;

/**
 * Makes a log file, or gives the one that is there to its owner. Follows no link. In a folder that others may write to, what
 * stands there may have been put there to be given away: there only a file that is its owner's already will do.
 *
 * @param own - uid of the daemon
 * @throws Error of Node, with code EPERM where it is not to be had
 */
export function giveLogFile(path: string, owner: Owner, own: number): void {
  if (makeLogFile(path, owner)) return;
  const { O_APPEND, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const fd = fs.openSync(path, O_APPEND | O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fs.fstatSync(fd);
    if (!stats.isFile()) throw refusal('it is no regular file');
    if (stats.uid === owner.uid && stats.gid === owner.gid) return;
    if (stats.nlink > 1) throw refusal('it has a second name');
    if (stats.uid !== owner.uid && folderTrust(dirname(path), own) !== 'own')
      throw refusal(`it belongs to uid ${stats.uid}, in a folder that others may write to: remove it`);
    give(fd, owner);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Makes a log file for its owner where there is none; leaves anything that is there as it is.
 *
 * @returns whether it was made
 */
export function makeLogFile(path: string, owner: Owner): boolean {
  let fd: number;
  try {
    fd = fs.openSync(path, 'ax', MODE);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  try {
    give(fd, owner);
    return true;
  } finally {
    fs.closeSync(fd);
  }
}

/** The mode comes last, whatever the umask: a change of owner may take bits away. */
function give(fd: number, { uid, gid }: Owner): void {
  fs.fchownSync(fd, uid, gid);
  fs.fchmodSync(fd, MODE);
}

/**
 * The least trust on the way to a folder, with all that the links on it lead through: who may point one elsewhere decides where it
 * ends. `others` where it cannot be told.
 */
export function folderTrust(folder: string, own: number): FolderTrust {
  let trust: FolderTrust = 'own';
  try {
    const { folders, linkOwners } = wayTo(folder);
    if (linkOwners.some((uid) => uid !== own && uid !== 0)) return 'others';
    for (const [index, path] of folders.entries()) {
      const { uid, gid, mode } = fs.lstatSync(path);
      const isSticky = (mode & 0o1000) !== 0 && index < folders.length - 1;
      // In a sticky folder above, nobody may move what is another's.
      if ((uid !== own && uid !== 0) || ((mode & 0o002) !== 0 && !isSticky)) return 'others';
      if ((mode & 0o020) !== 0 && gid !== 0 && !isSticky) trust = 'group';
    }
    return trust;
  } catch {
    return 'others';
  }
}

/** As many as Linux follows in one path. */
const MOST_LINKS = 40;

/** Every folder that a path leads through, the one itself last, and whose the links on it are. */
function wayTo(folder: string): { readonly folders: readonly string[]; readonly linkOwners: readonly number[] } {
  const folders = ['/'];
  const linkOwners: number[] = [];
  const rest = folder.split('/');
  let at = '/';
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '' || name === '.') continue;
    const path = name === '..' ? dirname(at) : `${at === '/' ? '' : at}/${name}`;
    const stats = fs.lstatSync(path);
    if (!stats.isSymbolicLink()) {
      at = path;
      folders.push(at);
      continue;
    }
    linkOwners.push(stats.uid);
    if (linkOwners.length > MOST_LINKS) throw refusal('too many links');
    const target = fs.readlinkSync(path);
    if (target.startsWith('/')) at = '/';
    rest.unshift(...target.split('/'));
  }
  return { folders, linkOwners };
}

function refusal(text: string): Error {
  return Object.assign(new Error(text), { code: 'EPERM' });
}
