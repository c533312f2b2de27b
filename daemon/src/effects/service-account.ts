/** As whom a process runs (SPEC 2.2 `user`, `group-name`), and what stands in the way of it (SPEC 2.4). */
import { parseId, type AccountLookup, type UserEntry } from './accounts.ts';

/** As whom the daemon itself runs. */
export interface DaemonIds {
  readonly euid: number;
  readonly egid: number;
}

/** What the configuration says. */
export interface AccountKeys {
  readonly user?: string;
  readonly groupName?: string;
}

/** As whom a launch runs; numbers, so that nothing has to be looked up in it. */
export interface LaunchAccount {
  readonly uid: number;
  readonly gid: number;
  /** The user's supplementary groups are set; false where it has no entry, and thus none. */
  readonly initGroups: boolean;
}

export interface ServiceAccount {
  /** undefined: as the daemon itself, nothing has to be changed. */
  readonly launch?: LaunchAccount;
  /** Variables that follow the user; undefined: this one is none of its. */
  readonly variables: Readonly<Partial<Record<UserVariable, string | undefined>>>;
}

type UserVariable = 'HOME' | 'USER' | 'LOGNAME' | 'SHELL';

export interface AccountProblem {
  readonly key: 'user' | 'group-name';
  readonly message: string;
  readonly hint: string;
}

export type ResolvedAccount = { readonly account: ServiceAccount } | { readonly problem: AccountProblem };

/** Looks nothing up where neither key is given. */
export function resolveAccount(keys: AccountKeys, own: DaemonIds, lookup: AccountLookup): ResolvedAccount {
  const { user, groupName } = keys;
  if (user === undefined && groupName === undefined) return { account: { variables: {} } };
  const entry = lookup.findUser(user ?? String(own.euid));
  const uid = user === undefined ? own.euid : (entry?.uid ?? parseId(user));
  const gid = groupName === undefined ? entry?.gid : lookup.findGroup(groupName);
  if (uid === undefined) return { problem: unknown('user', user ?? '', 'useradd --system') };
  if (gid === undefined)
    return { problem: groupName === undefined ? homeless(uid) : unknown('group-name', groupName, 'groupadd --system') };
  const problem = own.euid === 0 ? undefined : notAllowed(keys, { uid, gid }, own);
  if (problem !== undefined) return { problem };
  const variables = user === undefined ? {} : variablesOf(entry);
  // Without root there is nothing to change: it is the daemon's own user and group.
  if (own.euid !== 0) return { account: { variables } };
  return { account: { launch: { uid, gid, initGroups: entry !== undefined }, variables } };
}

function variablesOf(entry: UserEntry | undefined): ServiceAccount['variables'] {
  // Those of the daemon's user would be wrong.
  if (entry === undefined) return { HOME: '/', USER: undefined, LOGNAME: undefined, SHELL: undefined };
  return { HOME: entry.home, USER: entry.name, LOGNAME: entry.name, SHELL: entry.shell };
}

function unknown(key: AccountProblem['key'], name: string, command: string): AccountProblem {
  const what = key === 'user' ? 'user' : 'group';
  return { key, message: `there is no ${what} "${name}"`, hint: `make it with: ${command} ${name}; or name another` };
}

function homeless(uid: number): AccountProblem {
  return {
    key: 'user',
    message: `the user ${uid} has no entry in the user database that tells its group`,
    hint: 'set group-name, too, or make an entry for it',
  };
}

function notAllowed(
  { user, groupName }: AccountKeys,
  { uid, gid }: { uid: number; gid: number },
  { euid, egid }: DaemonIds,
): AccountProblem | undefined {
  if (user !== undefined && uid !== euid)
    return {
      key: 'user',
      message: `only a daemon that is root can run it as "${user}" (this one has uid ${euid})`,
      hint: 'start procmand as root, or take user out',
    };
  if (groupName !== undefined && gid !== egid)
    return {
      key: 'group-name',
      message: `only a daemon that is root can run it in the group "${groupName}" (this one has gid ${egid})`,
      hint: 'start procmand as root, or take group-name out',
    };
  return undefined;
}
