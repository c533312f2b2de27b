/** Subordinate uids: what a user's processes may be mapped to in rootless containers, subuid(5). */
import type { System } from '../effects/system.ts';

/** Whether /etc/subuid gives the owner's uid to the user. Lines are NAME:FIRST:COUNT; the name may be a uid. */
export function isSubordinate(system: Pick<System, 'readFile'>, user: number, owner: number): boolean {
  const names = [String(user), ...nameOf(system, user)];
  const lines = (system.readFile('/etc/subuid')?.text ?? '').split('\n');
  return lines.some((line) => {
    const [name = '', first, count] = line.split(':');
    return names.includes(name) && owner >= Number(first) && owner < Number(first) + Number(count);
  });
}

function nameOf(system: Pick<System, 'readFile'>, user: number): string[] {
  const lines = (system.readFile('/etc/passwd')?.text ?? '').split('\n').map((line) => line.split(':'));
  return lines.filter(([, , uid]) => uid === String(user)).flatMap(([name]) => (name === undefined ? [] : [name]));
}
