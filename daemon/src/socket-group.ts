import { execFileSync } from 'node:child_process';

/**
 * The number of a group, through the system's own lookup (files, LDAP, ...).
 *
 * @throws Error that names the group and says what to do
 */
export function groupId(name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  try {
    const [, , id] = execFileSync('getent', ['group', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split(':');
    if (id !== undefined && /^\d+$/.test(id)) return Number(id);
  } catch {
    // Said below.
  }
  throw new Error(`[daemon] socket-group: there is no group "${name}"; make it with groupadd, or name another`);
}
