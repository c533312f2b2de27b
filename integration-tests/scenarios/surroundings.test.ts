/** What a service finds around it (SPEC 2.2, 6): exactly what is documented, and nothing of the daemon's. */
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { processTable } from '../harness/config.ts';
import { limitsOf, surroundingsOf } from '../harness/surroundings.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const CLEAN = '0000000000000000';

describe('a service without keys of its own', () => {
  test('has the daemon’s user, limits and environment, and nothing else of it', async ({ world }) => {
    world.configure([processTable('web', '/bin/sleep 5555')]);
    const daemon = await world.startDaemon({
      env: { NOTIFY_SOCKET: '/nowhere', NODE_OPTIONS: '--no-warnings', LOUD: '1' },
    });
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    const own = surroundingsOf(daemon.pid);
    const found = surroundingsOf(pid);

    expect(found).toEqual({
      uids: own.uids,
      gids: own.gids,
      groups: own.groups,
      umask: own.umask,
      nice: own.nice,
      session: pid,
      processGroup: pid,
      terminal: 0,
      workDir: realpathSync(world.root),
      environment: { ...inherited(world), LOUD: '1', ...marks('web', pid) },
      descriptors: { 0: '/dev/null', 1: `${world.stateDir}/logs/web.out.log`, 2: `${world.stateDir}/logs/web.err.log` },
      signals: [CLEAN, CLEAN, CLEAN],
      oomScoreAdj: Math.max(own.oomScoreAdj, 0),
    });
    expect(limitsOf(pid)).toEqual(limitsOf(daemon.pid));
  });
});

describe('a service with keys of its own', () => {
  test('has umask, priority, work-dir, limits and environment as written, and its hooks have the same', async ({
    world,
  }) => {
    const folder = join(world.root, 'work');
    mkdirSync(folder);
    const hook = `(umask && pwd && nice && ulimit -n && echo $A) >'${world.playground}/hook'`;
    world.configure([
      processTable(
        'web',
        '/bin/sleep 5555',
        `umask = "027"
        nice = 7
        work-dir = "${folder}"
        inherit-env = ["PATH"]
        env = { A = "it's", LANG = "C" }
        limits = { nofile = 123, core = 0, memory = "1GiB", cpu = "90500ms", nproc = 100 }
        stdout-log = "none"
        stderr-log = "stdout"
        init = ${JSON.stringify(hook)}`,
      ),
    ]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    const found = surroundingsOf(pid);
    expect(found).toMatchObject({
      umask: '0027',
      nice: 7,
      workDir: realpathSync(folder),
      signals: [CLEAN, CLEAN, CLEAN],
    });
    expect(found.environment).toEqual({ PATH: world.env['PATH'], A: "it's", LANG: 'C', ...marks('web', pid) });
    expect(found.descriptors).toEqual({ 0: '/dev/null', 1: '/dev/null', 2: '/dev/null' });
    expect(limitsOf(pid)).toMatchObject({
      'Max open files': '123 123',
      'Max core file size': '0 0',
      'Max address space': '1073741824 1073741824',
      'Max cpu time': '91 91',
      'Max processes': '100 100',
    });
    expect(world.lines('hook')).toEqual(['0027', realpathSync(folder), '7', '123', "it's"]);
  });

  test('whose limit cannot be set is not run, and says why', async ({ world }) => {
    const most = Number(readFileSync('/proc/sys/fs/nr_open', 'utf8'));
    world.configure([processTable('web', '/bin/sleep 5555', `limits = { nofile = ${most + 1} }\nstart-retries = 0`)]);
    await world.startDaemon();
    const row = await world.waitForState('web', 'FATAL');
    expect(row.reason).toMatchObject({ code: 'spawn-error' });
    expect(row.reason.message).toContain(`cannot set the limits (nofile ${most + 1})`);
  });
});

test('descriptors that the daemon itself was started with do not reach its services', async ({ world }) => {
  world.configure([processTable('web', '/bin/sleep 5555')]);
  // The shell opens what a careless starter would leave open.
  const starter = await world.startDaemon({
    prefix: ['/bin/sh', '-c', 'exec 7</dev/zero 9>/dev/full; exec "$@"', 'sh'],
  });
  await world.waitForState('web', 'RUNNING');
  expect(Object.keys(surroundingsOf(await world.pidOf('web')).descriptors)).toEqual(['0', '1', '2']);
  expect(starter.pid).toBeGreaterThan(0);
});

test('neither its command line nor its environment shows in the launcher', async ({ world }) => {
  world.configure([processTable('web', '/bin/sleep 5555', 'env = { SECRET = "hush-hush" }')]);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  const launcher = world.marked().find(({ kind }) => kind === 'launcher');
  expect(launcher?.command).not.toMatch(/sleep|5555|hush/);
  expect(readFileSync(`/proc/${launcher?.pid ?? 0}/environ`, 'utf8')).not.toContain('hush-hush');
});

/** What the harness starts daemons with, without what is the daemon's own business. */
function inherited({ env }: World): Record<string, string | undefined> {
  const { PROCMAN_SOCKET: _socket, ...rest } = env;
  return rest;
}

function marks(id: string, pid: number): Record<string, unknown> {
  const run: unknown = expect.stringMatching(new RegExp(`^t[0-9a-f]{12}/${id}~0/\\w+$`));
  expect(pid).toBeGreaterThan(1);
  return { PROCMAN_ID: id, PROCMAN_INSTANCE: id, PROCMAN_NUM: '0', PROCMAN_RUN: run };
}
