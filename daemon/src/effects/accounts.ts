/** Users and groups of the system, through its own lookup (files, LDAP...): `getent`, or the files where there is no getent. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SystemError } from './system.ts';

/** An entry of the user database, passwd(5). */
export interface UserEntry {
  readonly name: string;
  readonly uid: number;
  /** Of its primary group. */
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** What a lookup of accounts can be asked; both throw a `SystemError` where there is no answer (a directory server is down). */
export interface AccountLookup {
  /** By name or number; undefined where there is no such entry. */
  readonly findUser: (name: string) => UserEntry | undefined;
  /** The number of a group; one that is a number already needs no entry. */
  readonly findGroup: (name: string) => number | undefined;
}

/** getent(1): the key was not found. */
const NOT_FOUND = 2;
/** A server that does not answer must not hold up the daemon for long. */
const LIMIT_MS = 3_000;
/** The highest that the kernel takes: -1 means "leave it". */
const HIGHEST_ID = 2 ** 32 - 2;

export const systemAccounts: AccountLookup = {
  findUser: (name) => {
    const [entry, , uid, gid, , home, shell] = fieldsOf('passwd', name) ?? [];
    const numbers = [parseId(uid), parseId(gid)] as const;
    if (entry === undefined || numbers[0] === undefined || numbers[1] === undefined) return undefined;
    return { name: entry, uid: numbers[0], gid: numbers[1], home: home || '/', shell: shell || '/bin/sh' };
  },
  findGroup: (name) => parseId(name) ?? parseId(fieldsOf('group', name)?.[2]),
};

/** A user's or group's number as text; undefined for a name, and for what no kernel takes. */
export function parseId(text: string | undefined): number | undefined {
  const isNumber = text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= HIGHEST_ID;
  return isNumber ? Number(text) : undefined;
}

function fieldsOf(database: 'passwd' | 'group', key: string): string[] | undefined {
  // No account is called so, and getent would take the first for an option, or list everything.
  if (key === '' || key.startsWith('-') || /[:\s\0]/.test(key)) return undefined;
  const { status, stdout, error } = spawnSync('getent', [database, key], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' },
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  if (status === 0) return stdout.split('\n', 1)[0]?.split(':');
  if (status === NOT_FOUND) return undefined;
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return fieldsInFile(database, key);
  const what = database === 'passwd' ? 'user' : 'group';
  const why = status === null ? 'getent gave no answer in time' : `getent ended with ${status}`;
  throw new SystemError('look up', `the ${what} "${key}"`, 'EACCOUNT', why);
}

/** As getent would with nothing but files: by name, or by number. */
function fieldsInFile(database: 'passwd' | 'group', key: string): string[] | undefined {
  const entries = readFileSync(`/etc/${database}`, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  return entries.find(([name]) => name === key) ?? entries.find(([, , id]) => id === key);
}

/** For so long an answer is taken for true: many launches at once ask once. */
const FRESH_MS = 5_000;

/** Remembers answers for a moment, and the last one for when there is none. */
export class RecentAccounts implements AccountLookup {
  readonly #lookup: AccountLookup;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly value: UserEntry | number; readonly at: number }>();

  /** @param now - in milliseconds, monotonic */
  constructor(lookup: AccountLookup, now: () => number) {
    this.#lookup = lookup;
    this.#now = now;
  }

  readonly findUser = (name: string): UserEntry | undefined =>
    this.#find(`user ${name}`, () => this.#lookup.findUser(name)) as UserEntry | undefined;

  readonly findGroup = (name: string): number | undefined =>
    this.#find(`group ${name}`, () => this.#lookup.findGroup(name)) as number | undefined;

  #find(key: string, ask: () => UserEntry | number | undefined): UserEntry | number | undefined {
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() - known.at < FRESH_MS) return known.value;
    try {
      const value = ask();
      if (value === undefined) this.#known.delete(key);
      else this.#known.set(key, { value, at: this.#now() });
      return value;
    } catch (error) {
      if (known === undefined) throw error;
      return known.value;
    }
  }
}
