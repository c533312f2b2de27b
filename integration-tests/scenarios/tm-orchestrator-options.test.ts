/** A test for each row of TM Orchestrator's configuration, under the name that it has there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeUser } from '../harness/accounts.ts';
import { processTable, service } from '../harness/config.ts';
import { programs } from '../harness/paths.ts';
import { signal } from '../harness/processes.ts';
import { surroundingsOf } from '../harness/surroundings.ts';
import { describe, expect, test } from '../harness/test.ts';

describe('[timeouts]', () => {
  test('post_script_timeout: after-start is killed after its timeout, the service goes on', async ({ world }) => {
    world.configure([
      service(
        'web',
        'steady',
        'after-start = { command = "touch \\"$PLAYGROUND/begun\\" && sleep 1000", timeout = "300ms" }',
      ),
    ]);
    const daemon = await world.startDaemon();
    await world.waitFor('the failure', () => /web: after-start did not end within 0.3 s/.test(daemon.log()));
    await world.waitFor('its process to be gone', () => world.marked().every(({ kind }) => kind !== 'hook'));
    expect((await world.row('web')).state).toBe('RUNNING');
  });

  test('service_shutdown_timeout: after stop-timeout it is killed', async ({ world }) => {
    world.configure([service('web', 'ignores-term', 'stop-timeout = "400ms"')]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.waitFor('its trap', () => world.starts('web').length === 1);
    const before = performance.now();
    expect((await world.ctl('stop', 'web')).stdout).toContain('web: stopped');
    expect(performance.now() - before).toBeGreaterThanOrEqual(400);
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGKILL' });
  });

  test('global_shutdown_timeout: after shutdown-timeout what is left is killed', async ({ world }) => {
    world.configure(
      [service('web', 'ignores-term', 'stop-timeout = "10m"')],
      'on-exit = "stop"\nshutdown-timeout = "400ms"',
    );
    const daemon = await world.startDaemon();
    await world.waitFor('its trap', () => world.starts('web').length === 1);
    signal(daemon.pid, 'SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
  });

  test('dependency_wait_timeout: waiting longer than dependency-timeout is a problem', async ({ world }) => {
    world.configure(
      [service('db', 'exits 1', 'restart-delay = "1m"'), service('app', 'steady', 'depends-on = "db"')],
      'dependency-timeout = "300ms"',
    );
    await world.startDaemon();
    const row = await world.waitForRow('app', 'a problem', ({ verdict }) => verdict === 'problem');
    expect(row).toMatchObject({ state: 'PENDING', reason: { code: 'dependency' } });
  });
});

describe('[[services]]', () => {
  test('name', async ({ world }) => {
    world.configure([service('my-nginx_1', 'steady')]);
    await world.startDaemon();
    await world.waitForState('my-nginx_1', 'RUNNING');
  });

  test('command and args: arguments are passed on as they are, never through a shell', async ({ world }) => {
    const args = 'args = ["app", "-g", "daemon off;", "$HOME *", ""]';
    world.configure([processTable('app', `'${programs}/tells.sh'`).replace('\napply-on', `\n${args}\napply-on`)]);
    await world.startDaemon();
    await world.waitForState('app', 'RUNNING');
    const [pid = 0] = await world.waitFor('its start', () => world.starts('app').length === 1 && world.starts('app'));
    expect(pid).toBeGreaterThan(0);
    await world.waitFor('its arguments', () => world.lines('log.app').includes('told -g daemon off; $HOME * '));
  });

  test('enabled = false: autostart = false, only an operator starts it', async ({ world }) => {
    world.configure([service('web', 'steady', 'autostart = false'), service('other', 'steady')]);
    await world.startDaemon();
    await world.waitForState('other', 'RUNNING');
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED', reason: { code: 'autostart' }, verdict: 'ok' });
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
  });

  test('depends_on: started after what it needs, stopped before', async ({ world }) => {
    world.configure([service('app', 'steady', 'depends-on = "nginx"'), service('nginx', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    await world.ctl('stop', 'all', '-y');
    const log = daemon.log();
    expect(log.indexOf('nginx: STARTING -> RUNNING')).toBeLessThan(log.indexOf('app: STARTING -> RUNNING'));
    expect(log.indexOf('app: STOPPING -> STOPPED')).toBeLessThan(log.indexOf('nginx: STOPPING -> STOPPED'));
  });

  test.for([
    ['required = true', 1],
    ['required = false', undefined],
  ] as const)('%s', async ([setting, code], { world }) => {
    world.configure([
      service('app', 'waits 3 fail', `${setting}; start-retries = 0; start-secs = "1m"`),
      service('web', 'steady'),
    ]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    world.open('fail');
    if (code !== undefined) expect(await daemon.ended).toEqual({ code, signal: null });
    else expect((await world.waitForState('app', 'FATAL')).verdict).toBe('problem');
    expect(world.marked().filter(({ kind }) => kind === 'run')).toHaveLength(code === undefined ? 1 : 0);
  });

  test('user: it runs as that user, in its groups', async ({ world }) => {
    const user = makeUser();
    try {
      world.configure([processTable('app', 'sleep 100000', `user = "${user.name}"`)]);
      await world.startDaemon();
      await world.waitForState('app', 'RUNNING');
      const { uids, gids, groups } = surroundingsOf(await world.pidOf('app'));
      expect(uids).toEqual(Array(4).fill(user.uid));
      expect(gids).toEqual(Array(4).fill(user.gid));
      expect(groups).toContain(user.teamGid);
      await world.ctl('stop', 'app');
    } finally {
      user.remove();
    }
  });

  test('wait_after: it waits so long after its dependency is there', async ({ world }) => {
    world.configure([
      service('nginx', 'steady'),
      service('app', 'steady', 'depends-on = "nginx"\nwait-after = "700ms"'),
    ]);
    const daemon = await world.startDaemon();
    await world.waitForState('app', 'RUNNING');
    const at = (line: RegExp): number => Date.parse(line.exec(daemon.log())?.[1] ?? '');
    const ready = at(/^(\S+) .*nginx: STARTING -> RUNNING/m);
    expect(at(/^(\S+) .*app: PENDING -> STARTING/m) - ready).toBeGreaterThanOrEqual(690);
  });

  test('pre_script: before runs first, and the service starts only after its success', async ({ world }) => {
    world.configure([service('worker', 'steady', 'before = "test -e \\"$PLAYGROUND/set-up\\""')]);
    await world.startDaemon();
    await world.waitForRow('worker', 'a failed before', ({ reason }) => reason.code === 'before');
    expect(world.starts('worker')).toEqual([]);
    world.open('set-up');
    await world.waitForState('worker', 'RUNNING');
  });

  test('pos_script: after-start runs once it is RUNNING', async ({ world }) => {
    world.configure([service('worker', 'steady', 'after-start = "echo $PROCMAN_PID >\\"$PLAYGROUND/posted\\""')]);
    await world.startDaemon();
    await world.waitForState('worker', 'RUNNING');
    await world.waitFor('the script', () => world.lines('posted').length === 1);
    expect(world.lines('posted')).toEqual([String(await world.pidOf('worker'))]);
  });

  test('log_file: both streams in one file', async ({ world }) => {
    const path = join(world.root, 'worker.log');
    world.configure([
      processTable('worker', 'echo to stdout && echo to stderr >&2 && sleep 1000', `log-file = "${path}"`),
    ]);
    await world.startDaemon();
    await world.waitForState('worker', 'RUNNING');
    await world.waitFor('both lines', () => readFileSync(path, 'utf8') === 'to stdout\nto stderr\n');
  });
});
