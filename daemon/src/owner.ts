/** Who serves a uid: the owner file that clients and other daemons find it by (SPEC 6). */
import { dirname } from 'node:path';
import { ownerFilePath, parseOwnerFile, type OwnerFile, type PathContext } from '@procman/protocol/paths';
import { replaceFile } from './effects/atomic-file.ts';
import type { System } from './effects/system.ts';

/** The owner file of a uid, as the last daemon left it. In a folder that others could have made first (below /tmp) it says nothing. */
export function readOwner(system: System, uid: string, context: PathContext): OwnerFile | undefined {
  const path = ownerFilePath(uid, context);
  if (system.folderTrust(dirname(path)) === 'others') return undefined;
  const file = system.readFile(path);
  return file === undefined ? undefined : parseOwnerFile(file.text);
}

/** The daemon that it names still lives: the very process, not one that got its pid. */
export function isOwnerAlive(system: System, owner: OwnerFile): boolean {
  if (owner.bootId !== system.bootId() || owner.pidNamespace !== system.pidNamespace()) return false;
  const stat = system.stat(owner.pid);
  return stat !== undefined && stat.startTicks === owner.startTicks && !stat.ended;
}

export function writeOwner(system: System, owner: OwnerFile, context: PathContext): void {
  // Anybody may ask which daemons there are; only the socket's mode says who may talk to them.
  replaceFile(system, ownerFilePath(owner.uid, context), `${JSON.stringify(owner)}\n`, {
    mode: context.euid === 0 ? 0o644 : 0o600,
  });
}
