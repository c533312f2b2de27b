import { describe, expect, test } from 'vitest';
import { parseId, RecentAccounts, systemAccounts, type AccountLookup, type UserEntry } from './accounts.ts';
import { resolveAccount } from './service-account.ts';
import { SystemError } from './system.ts';

const app: UserEntry = { name: 'app', uid: 1001, gid: 1002, home: '/srv/app', shell: '/bin/sh' };
const me: UserEntry = { name: 'me', uid: 1000, gid: 1000, home: '/home/me', shell: '/bin/bash' };
const lookup: AccountLookup = {
  findUser: (name) => [app, me].find((entry) => entry.name === name || String(entry.uid) === name),
  findGroup: (name) => parseId(name) ?? { web: 33, me: 1000 }[name],
};
const root = { euid: 0, egid: 0 };
const ordinary = { euid: 1000, egid: 1000 };
const OF_APP = { HOME: '/srv/app', USER: 'app', LOGNAME: 'app', SHELL: '/bin/sh' };

describe('as whom a process runs', () => {
  test.each([
    [{}, root, { variables: {} }],
    [{ user: 'app' }, root, { launch: { uid: 1001, gid: 1002, initGroups: true }, variables: OF_APP }],
    [{ user: '1001', groupName: 'web' }, root, { launch: { uid: 1001, gid: 33, initGroups: true }, variables: OF_APP }],
    [{ groupName: '33' }, root, { launch: { uid: 0, gid: 33, initGroups: false }, variables: {} }],
    [
      { user: '54321', groupName: 'web' },
      root,
      { launch: { uid: 54321, gid: 33, initGroups: false }, variables: { HOME: '/' } },
    ],
    [{ user: 'me', groupName: 'me' }, ordinary, { variables: { USER: 'me' } }],
  ])('%j for %j', (keys, ids, account) => {
    expect(resolveAccount(keys, ids, lookup)).toMatchObject({ account });
  });

  test.each([
    [{ user: 'nobody-here' }, root, 'user', 'there is no user "nobody-here"'],
    [{ user: 'app', groupName: 'none' }, root, 'group-name', 'there is no group "none"'],
    [{ user: '54321' }, root, 'user', 'the user 54321 has no entry in the user database that tells its group'],
    [{ user: 'app' }, ordinary, 'user', 'only a daemon that is root can run it as "app" (this one has uid 1000)'],
    [
      { groupName: 'web' },
      ordinary,
      'group-name',
      'only a daemon that is root can run it in the group "web" (this one has gid 1000)',
    ],
  ])('%j cannot be for %j', (keys, ids, key, message) => {
    const resolved = resolveAccount(keys, ids, lookup);
    expect(resolved).toMatchObject({ problem: { key, message } });
  });
});

describe('accounts', () => {
  test('of the system are found by name and by number; odd names are none', () => {
    expect(systemAccounts.findUser('root')).toMatchObject({ uid: 0, gid: 0, name: 'root' });
    expect(systemAccounts.findUser('0')).toMatchObject({ name: 'root' });
    expect(systemAccounts.findGroup('root')).toBe(0);
    expect(systemAccounts.findGroup('4242')).toBe(4242);
    for (const name of ['', '-i', 'a b', 'a:b', 'pm-nobody-here']) {
      expect(systemAccounts.findUser(name)).toBeUndefined();
      expect(systemAccounts.findGroup(name)).toBeUndefined();
    }
    expect(parseId('4294967295')).toBeUndefined();
  });

  test('are asked for once in a while, and the last answer holds while there is none', () => {
    let now = 0;
    let asked = 0;
    let isDown = false;
    const findUser = (): UserEntry | undefined => {
      asked += 1;
      if (isDown) throw new SystemError('look up', 'app', 'EACCOUNT');
      return app;
    };
    const recent = new RecentAccounts({ ...lookup, findUser }, () => now);
    expect([recent.findUser('app'), recent.findUser('app'), asked]).toEqual([app, app, 1]);
    now = 60_000;
    isDown = true;
    expect([recent.findUser('app'), asked]).toEqual([app, 2]);
    expect(() => recent.findUser('other')).toThrow('cannot look up');
  });
});
