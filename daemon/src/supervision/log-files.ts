/** How the log file of a run or hook is opened, and whose it is (SPEC 6). */
import { dirname } from 'node:path';
import type { LogFile } from '../effects/launch-plan.ts';
import type { LaunchAccount } from '../effects/service-account.ts';
import type { System } from '../effects/system.ts';

/**
 * Prepares a log file. `auto` ones, in the daemon's own folder, belong to the service's user. Explicit ones are opened by root
 * where only root can have put there what it finds; else by the service's user, so that a link leads to nothing that it could
 * not write to anyway.
 *
 * @throws SystemError
 */
export function logFile(system: System, path: string, isAuto: boolean, account: LaunchAccount | undefined): LogFile {
  const { euid, egid } = system.ids;
  if (euid !== 0 || path.startsWith('/dev/')) return { path, auto: isAuto };
  const owner = account ?? { uid: euid, gid: egid };
  if (isAuto) {
    if (account !== undefined || system.exists(path)) system.giveLogFile(path, owner);
    return { path, auto: true };
  }
  const trust = system.folderTrust(dirname(path));
  if (trust === 'others' && account !== undefined && account.uid !== 0) return { path, auto: false, byUser: true };
  if (account !== undefined) system.makeLogFile(path, owner);
  return { path, auto: trust !== 'own' };
}
