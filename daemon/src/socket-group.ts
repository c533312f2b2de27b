import { systemAccounts } from './effects/accounts.ts';

/**
 * The number of the group that the socket belongs to.
 *
 * @throws Error that names the group and says what to do
 */
export function groupId(name: string): number {
  const id = systemAccounts.findGroup(name);
  if (id !== undefined) return id;
  throw new Error(`[daemon] socket-group: there is no group "${name}"; make it with groupadd, or name another`);
}
