/**
 * The socket in the file system. It is bound under another name, given its mode and group, and renamed into place: nobody can
 * connect before the mode is set, the path never points to nothing, and when libuv unlinks, late, what a server had bound, it
 * finds no such name instead of removing a successor's socket.
 */

import * as fs from 'node:fs';
import type { Server } from 'node:net';
import { basename, dirname } from 'node:path';
import {
  isSocketPathTooLong,
  maxSocketPathBytes,
  type PathContext,
  runtimeDirectory,
  temporaryDirectory,
} from '@procman/protocol/paths';

export interface SocketFileOptions {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Numeric group id. */
  readonly group?: number;
  readonly context: PathContext;
}

/** Which file a path named; the same path may be another file later. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** Lets `server` listen at the path; throws with the path and the cause. */
export async function bindSocket(server: Server, options: SocketFileOptions): Promise<FileIdentity> {
  try {
    return await bindInDirectory(server, options);
  } catch (error) {
    throw new Error(`cannot listen on ${options.path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** The file at the path, not followed; `undefined` where there is none. */
export function identify(path: string): FileIdentity | undefined {
  try {
    const { dev, ino } = fs.lstatSync(path);
    return { device: dev, inode: ino };
  } catch {
    return undefined;
  }
}

async function bindInDirectory(server: Server, options: SocketFileOptions): Promise<FileIdentity> {
  if (isSocketPathTooLong(options.path))
    throw new Error(`the path has more than ${maxSocketPathBytes} bytes; set a shorter [daemon] socket`);
  const directory = openSocketDirectory(dirname(options.path), directoryRules(dirname(options.path), options.context));
  try {
    // Reached through its descriptor the folder's name costs no bytes, and it stays the one that was checked.
    const folder = `/proc/self/fd/${directory}`;
    const final = `${folder}/${basename(options.path)}`;
    const temporary = temporaryName(folder, basename(options.path));
    refuseOtherFile(final);
    fs.rmSync(temporary, { force: true });
    await listenPrivately(server, temporary);
    if (options.group !== undefined) fs.chownSync(temporary, -1, options.group);
    fs.chmodSync(temporary, options.mode);
    fs.renameSync(temporary, final);
    const { dev, ino } = fs.lstatSync(final);
    return { device: dev, inode: ino };
  } finally {
    fs.closeSync(directory);
  }
}

/** Makes the folder of sockets and owner files, or checks the one that is there; throws with the path and the cause. */
export function prepareSocketDirectory(path: string, context: PathContext): void {
  fs.closeSync(openSocketDirectory(path, directoryRules(path, context)));
}

function temporaryName(folder: string, name: string): string {
  const telling = `${folder}/${name}.${process.pid}`;
  return isSocketPathTooLong(telling) ? `${folder}/.procman.${process.pid}` : telling;
}

/** A typo in `socket` must not cost anybody a file. */
function refuseOtherFile(path: string): void {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket()) throw new Error('there is a file that is no socket');
}

/** Node binds and listens before `listen` returns, so the narrow umask meets nothing but this socket. */
function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    try {
      server.listen({ path }, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/* ---------------------------------------------------------------- the folder */

export interface DirectoryRules {
  readonly euid: number;
  /** A folder of our own, at a place where others may have made it first: no symlink, our owner, this mode exactly. */
  readonly ownMode?: number;
}

function directoryRules(directory: string, context: PathContext): DirectoryRules {
  const { euid } = context;
  if (directory === runtimeDirectory(context)) return { euid, ownMode: euid === 0 ? 0o755 : 0o700 };
  return directory === temporaryDirectory(context) ? { euid, ownMode: 0o700 } : { euid };
}

/** Makes the folder where it lacks and opens it; throws when somebody else could put another socket in our place. */
export function openSocketDirectory(directory: string, rules: DirectoryRules): number {
  fs.mkdirSync(directory, { recursive: true, mode: rules.ownMode ?? 0o700 });
  const descriptor = openDirectory(directory, rules.ownMode !== undefined);
  try {
    const { uid, mode } = fs.fstatSync(descriptor);
    checkOwner(directory, uid, rules);
    checkMode(directory, mode, rules);
    if (rules.ownMode !== undefined) fs.fchmodSync(descriptor, rules.ownMode);
    return descriptor;
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
}

function openDirectory(directory: string, isOwn: boolean): number {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  if (isOwn && fs.lstatSync(directory).isSymbolicLink())
    throw new Error(`the folder ${directory} is a symbolic link; remove it`);
  return fs.openSync(directory, O_RDONLY | O_DIRECTORY | (isOwn ? O_NOFOLLOW : 0));
}

function checkOwner(directory: string, owner: number, rules: DirectoryRules): void {
  if (owner === rules.euid || (owner === 0 && rules.ownMode === undefined)) return;
  throw new Error(`the folder ${directory} belongs to user ${owner}, who could put another socket in its place`);
}

/** In a sticky folder, such as /tmp, nobody may take away what is another's. */
function checkMode(directory: string, mode: number, rules: DirectoryRules): void {
  if (rules.ownMode !== undefined || (mode & 0o002) === 0 || (mode & 0o1000) !== 0) return;
  throw new Error(
    `anybody may write to the folder ${directory}, and put another socket in its place: chmod o-w ${directory}`,
  );
}
