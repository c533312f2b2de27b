/** As whom a run is launched, and was. */
import type { LaunchGround } from '../effects/launch-plan.ts';
import { resolveAccount, type AccountKeys, type ServiceAccount } from '../effects/service-account.ts';
import { SystemError, type System } from '../effects/system.ts';

/** @throws SystemError that says what is missing, and what to do */
export function accountOf({ ids, accounts }: System, keys: AccountKeys): ServiceAccount {
  const resolved = resolveAccount(keys, ids, accounts);
  if ('account' in resolved) return resolved.account;
  const { message, hint } = resolved.problem;
  throw new SystemError(
    'launch as',
    keys.user ?? `the group ${keys.groupName ?? ''}`,
    'EACCOUNT',
    `${message}: ${hint}`,
  );
}

/** The uid of a run that was launched on this ground. */
export function userOf({ ids }: System, ground: LaunchGround | undefined): number {
  return ground?.account?.uid ?? ids.euid;
}

/** The uid that a version would be launched with; undefined where that user is not known. */
export function configuredUser(system: System, keys: AccountKeys): number | undefined {
  try {
    return accountOf(system, keys).launch?.uid ?? system.ids.euid;
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}
