/** A user of its own for tests that need a second one; only root can make it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

export interface TestUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** A supplementary group that it is a member of. */
  readonly team: string;
  readonly teamGid: number;
  readonly home: string;
  readonly shell: string;
  /** Removes it, also while something of it runs. */
  readonly remove: () => void;
}

export function makeUser(home = '/nonexistent'): TestUser {
  const name = `pm${randomBytes(5).toString('hex')}`;
  const team = `${name}t`;
  const shell = '/bin/sh';
  run('groupadd', ['--system', team]);
  run('useradd', ['--system', '--user-group', '--no-create-home', '-d', home, '-s', shell, '-G', team, name]);
  const [, , uid, gid] = run('getent', ['passwd', name]).split(':');
  const [, , teamGid] = run('getent', ['group', team]).split(':');
  const remove = (): void => {
    spawnSync('userdel', ['--force', name], { stdio: 'ignore' });
    for (const group of [name, team]) spawnSync('groupdel', [group], { stdio: 'ignore' });
  };
  return { name, uid: Number(uid), gid: Number(gid), team, teamGid: Number(teamGid), home, shell, remove };
}

function run(file: string, args: readonly string[]): string {
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}
