/** What the daemon makes is its own, whatever its umask; another user cannot read it, act through it, or lead it elsewhere. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeUser, type TestUser } from '../harness/accounts.ts';
import { processTable, service } from '../harness/config.ts';
import { entriesBelow, modeOf } from '../harness/permissions.ts';
import { isAlive } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';
import { afterAll, beforeAll } from 'vitest';

let user: TestUser;

beforeAll(() => {
  user = makeUser();
});
afterAll(() => user.remove());

const monitorOf = (world: World): string => join(world.root, 'monitor.sock');

/** A world in which everything is made that a daemon ever makes. */
async function startAll(world: World, umask: string): Promise<number> {
  // Everybody may enter the world itself: what protects the daemon's files has to be the daemon's doing.
  chmodSync(world.root, 0o755);
  world.configure(
    [
      service('web', 'steady', 'before = "echo prepared"; health-check = { command = "true", interval = "100ms" }'),
      service('job', 'exits 0', 'one-shot = true'),
      service('held', 'steady'),
      processTable('terminal', '/bin/sleep 5555', 'pty = true'),
      processTable('others', '/bin/sleep 5555', `user = "${user.name}"`),
      `[[process]]\nid = "late"\napply-on = "2020-01-01"\ncommand = { line = 'setsid sleep 5555 & echo $! >{{ PROCMAN_PID_FILE }}', type = "pid-file" }\n`,
    ],
    `monitor-socket = "${monitorOf(world)}"\nlog-file = "${world.root}/procmand.log"\nstream = true`,
  );
  const { pid } = await world.startDaemon({ prefix: ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'] });
  await world.waitForAll('RUNNING', ['web', 'held', 'terminal', 'others', 'late']);
  await world.waitForState('job', 'EXITED');
  expect((await world.ctl('stop', 'held')).code).toBe(0);
  return pid;
}

function allowedBits(world: World, path: string, isFolder: boolean, isUsersLog: boolean): number {
  const name = path.slice(world.stateDir.length + 1);
  if (isFolder) return 0o700;
  if (isUsersLog) return 0o640;
  // Made by launchers and services with the umask that services get; nobody else may enter these folders.
  if (/^(logs|runs\/(lock|record|pid))\//.test(name)) return 0o666;
  // A run record on its way to its place, by a check that begins just now.
  if (/^runs\/launch\/.*\.record$/.test(name)) return 0o666;
  return name.startsWith('runs/launch-') ? 0o500 : 0o600;
}

describe.each(['000', '077'])('with umask %s', (umask) => {
  test('nobody else may read or write what the daemon makes', async ({ world }) => {
    await startAll(world, umask);
    const entries = entriesBelow(world.stateDir);
    // The state of each, the launcher, the records: that this test looks at something.
    expect(entries.length).toBeGreaterThan(25);
    for (const { path, stats, mode } of entries) {
      const isUsersLog = stats.uid === user.uid && path.startsWith(`${world.stateDir}/logs/`);
      expect([path, mode, stats.mode & 0o777 & ~allowedBits(world, path, stats.isDirectory(), isUsersLog)]).toEqual([
        path,
        mode,
        0,
      ]);
      expect([path, stats.uid]).toEqual([path, isUsersLog ? user.uid : 0]);
    }
    const outside = [world.socket, monitorOf(world), join(world.root, 'procmand.log')];
    expect(outside.map(modeOf)).toEqual(['0600', '0666', '0600']);
  });

  test('so it is in the runtime folder, where anybody may see who serves what', async ({ world }) => {
    await startAll(world, umask);
    const at = (name: string): string => modeOf(join('/run/procman', name));
    expect([at(''), at(`${world.uid}.json`), at(`${world.uid}.lock`)]).toEqual(['0755', '0644', '0600']);
    const folders = entriesBelow('/run/procman').filter(({ path }) => path.includes(`${world.uid}.pid.`));
    for (const { path, mode, stats } of folders)
      expect([path, mode]).toEqual([path, stats.isDirectory() ? '0700' : mode]);
  });
});

describe('another user', () => {
  /** Runs a shell line as that user. */
  function asUser(line: string, ...words: string[]): { code: number | null; output: string } {
    const { uid, gid } = user;
    const become = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
    const result = spawnSync('setpriv', [...become, 'sh', '-c', line, 'sh', ...words], { encoding: 'utf8' });
    return { code: result.status, output: `${result.stdout}${result.stderr}` };
  }

  const SAY = `printf '%s\\n' "$2" | socat -t 5 - "UNIX-CONNECT:$1"`;
  const request = (method: string, params: object = {}): string =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

  test('cannot talk to the daemon, nor put another socket in its place', async ({ world }) => {
    await startAll(world, '000');
    const { code, output } = asUser(SAY, world.socket, request('ping'));
    expect(code).not.toBe(0);
    expect(output).toContain('Permission denied');
    expect(asUser('rm -f "$1" || mv "$1" "$1.away"', world.socket).code).not.toBe(0);
    expect(asUser('rm -f "$1"', join('/run/procman', `${world.uid}.json`)).code).not.toBe(0);
    await world.rpc('ping');
  });

  test('sees on the monitor socket, and acts on nothing', async ({ world }) => {
    await startAll(world, '000');
    const pid = await world.pidOf('web');
    expect(asUser(SAY, monitorOf(world), request('ping')).output).toContain(world.uid);
    for (const method of ['stop', 'restart', 'start']) {
      const { output } = asUser(SAY, monitorOf(world), request(method, { names: ['web'] }));
      expect(output).toContain('-32004');
    }
    expect(isAlive(pid)).toBe(true);
    expect(await world.pidOf('web')).toBe(pid);
  });

  test('reads nothing of the state, its own log no more than others’', async ({ world }) => {
    await startAll(world, '000');
    expect(asUser('ls "$1"', world.stateDir)).toMatchObject({ code: 2 });
    const files = entriesBelow(world.stateDir).filter(({ stats }) => stats.isFile());
    const { output } = asUser(
      'for file; do head -c 1 "$file" && echo "READ $file"; done; :',
      ...files.map(({ path }) => path),
    );
    expect(output).not.toContain('READ');
    expect(output.match(/Permission denied/g)).toHaveLength(files.length);
  });

  test('cannot signal the daemon or its launchers', async ({ world }) => {
    const daemon = await startAll(world, '000');
    // Those of runs: a launcher of the health check, `UID/web~0.health-check/LAUNCH`, ends by itself with each check.
    const launchers = world.marked().filter(({ kind, mark }) => kind === 'launcher' && /\/[^./]+\/[^/]+$/.test(mark));
    const roots = launchers.map(({ pid }) => pid);
    // web, held, terminal, others: that of late has gone once it had its pid file.
    expect(roots).toHaveLength(4);
    const { output } = asUser(
      'for pid; do kill -9 "$pid" && echo "KILLED $pid"; done; :',
      ...[daemon, ...roots].map(String),
    );
    expect(output).not.toContain('KILLED');
    expect(roots.every(isAlive)).toBe(true);
    expect(existsSync(world.socket)).toBe(true);
  });
});
