/** Type `pid-file` (SPEC 2.2): an expression names the real process. It is that or nothing: a second copy is worse than waiting. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processTable, service } from '../harness/config.ts';
import { hook } from '../harness/hooks.ts';
import { programs } from '../harness/paths.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

/** `web` by an expression that names it as it is told to. */
function handsOver(how: string, settings = ''): string {
  const line = `'${programs}/hands-over.sh' web "{{ PROCMAN_PID_FILE }}" ${how}`;
  const table = processTable('web', 'x', settings);
  return table.replace('command = "x"', `command = { line = ${JSON.stringify(line)}, type = "pid-file" }`);
}

async function started(world: World, how: string, settings = ''): Promise<Daemon> {
  world.configure([handsOver(how, settings)]);
  return world.startDaemon();
}

/** BLOCKED, with its reason's message. */
async function blocked(world: World): Promise<string> {
  const row = await world.waitForState('web', 'BLOCKED');
  expect(row).toMatchObject({ reason: { code: 'pid-file' }, verdict: 'problem' });
  return row.reason.message;
}

const latest = (world: World): number => world.starts('web').at(-1) ?? 0;
const expressions = (world: World): number =>
  world.lines('log.web').filter((line) => line.startsWith('expression')).length;
const left = (world: World): unknown[] => world.marked().filter(({ kind }) => kind === 'run' || kind === 'launcher');

describe('the process that the file names', () => {
  test('is the service, and a stop ends it', async ({ world }) => {
    await started(world, 'ends');
    const row = await world.waitForState('web', 'RUNNING');
    expect(row.pid).toBe(latest(world));
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(left(world)).toEqual([]);
    expect(readdirSync(join(world.stateDir, 'runs', 'pid'))).toEqual([]);
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    await world.expectStarts('web', 2);
  });

  test('is the service also while its expression stays; a stop ends both', async ({ world }) => {
    await started(world, 'stays');
    expect((await world.waitForState('web', 'RUNNING')).pid).toBe(latest(world));
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(left(world)).toEqual([]);
  });

  test('is started again when it ends', async ({ world }) => {
    await started(world, 'ends');
    const { pid = 0 } = await world.waitForState('web', 'RUNNING');
    signal(pid, 'SIGKILL');
    const row = await world.waitForRow('web', 'another run', (now) => now.state === 'RUNNING' && now.pid !== pid);
    expect(row).toMatchObject({ restarts: 1, lastExit: { unknown: true } });
    expect(row.pid).toBe(latest(world));
  });

  test('may be named in two pieces', async ({ world }) => {
    await started(world, 'half complete');
    const row = await world.waitForRow('web', 'its expression to run', ({ phase }) => phase === 'pid-file');
    expect(row).toMatchObject({ state: 'STARTING', verdict: 'pending' });
    await world.waitFor('the first piece', () => world.starts('web').length === 1);
    world.open('complete');
    expect((await world.waitForState('web', 'RUNNING')).pid).toBe(latest(world));
  });

  test('may be named a moment after the end of the expression', async ({ world }) => {
    await started(world, 'late');
    expect((await world.waitForState('web', 'RUNNING')).pid).toBe(latest(world));
  });

  test('has its hooks, with its pid', async ({ world }) => {
    await started(world, 'ends', [hook('init', 'tells'), hook('after-stop', 'tells')].join('\n'));
    const { pid } = await world.waitForState('web', 'RUNNING');
    expect(world.lines('env.web.init')).toContain(`PROCMAN_PID=${pid}`);
    await world.ctl('stop', 'web');
    expect(world.lines('env.web.after-stop')).toContain(`PROCMAN_PID=${pid}`);
  });
});

describe('waiting for the file', () => {
  test('too long is a problem, and nothing else', async ({ world }) => {
    await started(world, 'waits go', 'pid-file-timeout = "300ms"');
    const row = await world.waitForRow('web', 'a problem', ({ verdict }) => verdict === 'problem');
    expect(row).toMatchObject({ state: 'STARTING', phase: 'pid-file' });
    world.open('go');
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ verdict: 'ok' });
    expect(expressions(world)).toBe(1);
  });

  test('ends with a stop, and with it all that was begun', async ({ world }) => {
    await started(world, 'waits never');
    await world.waitFor('the process', () => world.starts('web').length === 1);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(left(world)).toEqual([]);
  });
});

describe('an expression that names no process', () => {
  test('and left something: BLOCKED, and nothing is started or ended', async ({ world }) => {
    await started(world, 'none');
    expect(await blocked(world)).toContain('its expression ended and wrote no pid file');
    expect((await world.ctl('start', 'web')).stdout).toMatch(/web: ERROR .*unblock/);
    expect(isAlive(latest(world))).toBe(true);
    expect(expressions(world)).toBe(1);
  });

  test('but one that does not live', async ({ world }) => {
    await started(world, 'dead');
    expect(await blocked(world)).toMatch(/process \d+, which it named, does not live/);
  });

  test('but one that is older: this very test', async ({ world }) => {
    await started(world, `other ${process.pid}`);
    expect(await blocked(world)).toContain(`process ${process.pid}, which it named, is older than its launch`);
    const { code, stdout } = await world.ctl('unblock', 'web');
    expect(code).toBe(1);
    expect(stdout).toContain(String(process.pid));
  });

  test("but one of another service's", async ({ world }) => {
    world.configure([service('db', 'steady'), handsOver('other $(cat "$PLAYGROUND/pid")', 'autostart = false')]);
    await world.startDaemon();
    await world.waitForState('db', 'RUNNING');
    // Younger than the launch: the pid is put there once the expression waits for it.
    world.configure([
      service('db', 'steady'),
      handsOver('other $(while ! cat "$PLAYGROUND/pid" 2>/dev/null; do sleep 0.02; done)', 'autostart = false'),
    ]);
    await world.ctl('update');
    await world.ctl('start', 'web', '--no-wait');
    await world.waitForRow('web', 'its expression to wait', (row) => row.phase === 'pid-file');
    await world.ctl('restart', 'db');
    world.write('pid', String(await world.pidOf('db')));
    expect(await blocked(world)).toMatch(/which it named, belongs to a run of db~0/);
    const { stdout } = await world.ctl('unblock', 'web', '--adopt', String(await world.pidOf('db')));
    expect(stdout).toContain('belongs to a run of db~0');
    expect(await world.row('db')).toMatchObject({ state: 'RUNNING' });
  });

  test('and fails: BLOCKED as well, as it may have started something', async ({ world }) => {
    await started(world, 'fails 3');
    expect(await blocked(world)).toContain('wrote no pid file');
  });

  test('and nothing lives: `unblock` starts it again', async ({ world }) => {
    await started(world, 'fails 3');
    await blocked(world);
    expect((await world.ctl('unblock', 'web')).code).toBe(0);
    await world.waitFor('another try', () => expressions(world) === 2);
  });

  test('stays BLOCKED when the daemon is killed, or its file changed', async ({ world }) => {
    const daemon = await started(world, 'none');
    const message = await blocked(world);
    await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ state: 'BLOCKED', reason: { code: 'pid-file', message } });
    world.configure([handsOver('none', 'stop-timeout = "1s"')]);
    await world.ctl('update');
    expect(await world.row('web')).toMatchObject({ state: 'BLOCKED' });
    expect(expressions(world)).toBe(1);
  });
});

describe('`unblock`', () => {
  test('names the candidates and changes nothing', async ({ world }) => {
    await started(world, 'none');
    await blocked(world);
    const { code, stdout } = await world.ctl('unblock', 'web');
    expect(code).toBe(1);
    expect(stdout).toMatch(/web: ERROR .*--adopt PID or --kill/);
    expect(stdout).toContain(`may be it: pid ${latest(world)}, user`);
    expect(await world.row('web')).toMatchObject({ state: 'BLOCKED' });
  });

  test('--gone is refused while a process with the mark of the run lives, and believed afterwards', async ({
    world,
  }) => {
    await started(world, 'none');
    await blocked(world);
    const refused = await world.ctl('unblock', 'web', '--gone');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('refused: it is not gone');
    expect(isAlive(latest(world))).toBe(true);
    const first = latest(world);
    signal(first, 'SIGKILL');
    await world.waitForEnd(first);
    expect((await world.ctl('unblock', 'web', '--gone')).code).toBe(0);
    await world.waitFor('another try', () => expressions(world) === 2);
  });

  test('--kill ends what lives, and starts anew', async ({ world }) => {
    await started(world, 'none');
    await blocked(world);
    const first = latest(world);
    expect((await world.ctl('unblock', 'web', '--kill')).code).toBe(0);
    expect(isAlive(first)).toBe(false);
    await world.waitFor('another try', () => world.starts('web').length === 2);
  });

  test('--adopt makes a process the service, as if the file had named it', async ({ world }) => {
    const daemon = await started(world, 'none', 'autorestart = "never"');
    await blocked(world);
    const pid = latest(world);
    expect((await world.ctl('unblock', 'web', '--adopt', String(pid))).code).toBe(0);
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid, verdict: 'ok' });
    await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
    signal(pid, 'SIGKILL');
    const row = await world.waitForState('web', 'EXITED');
    expect(row).toMatchObject({ lastExit: { unknown: true } });
    expect(row.pid).toBeUndefined();
  });

  test('--adopt takes one without a mark, too; a stop ends it', async ({ world }) => {
    await started(world, 'unmarked');
    await blocked(world);
    const pid = latest(world);
    // Nothing proves whose it is, so it is no candidate by itself.
    expect((await world.ctl('unblock', 'web', '--adopt', String(pid))).code).toBe(0);
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid });
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
  });

  test('--adopt of any other process is refused', async ({ world }) => {
    await started(world, 'none');
    await blocked(world);
    for (const pid of [process.pid, 1, 4_194_303]) {
      const { code, stdout } = await world.ctl('unblock', 'web', '--adopt', String(pid));
      expect(code).toBe(1);
      expect(stdout).toContain(`process ${pid} is not one of its candidates`);
    }
    expect(await world.row('web')).toMatchObject({ state: 'BLOCKED' });
  });

  test('of one that is held only ends the doubt', async ({ world }) => {
    await started(world, 'none');
    await blocked(world);
    expect((await world.ctl('stop', 'web')).stdout).toMatch(/web: ERROR/);
    expect((await world.ctl('unblock', 'web', '--kill')).code).toBe(0);
    expect(await world.waitForState('web', 'STOPPED')).toMatchObject({ held: true, reason: { code: 'manual' } });
    expect(expressions(world)).toBe(1);
  });
});

describe('a daemon that is killed', () => {
  test('before the process is named: the next one takes it over', async ({ world }) => {
    const daemon = await started(world, 'waits go');
    await world.waitFor('the process', () => world.starts('web').length === 1);
    await world.killDaemon(daemon);
    world.open('go');
    await world.waitFor('the expression to end', () => !world.marked().some(({ kind }) => kind === 'launcher'));
    await world.startDaemon();
    expect((await world.waitForState('web', 'RUNNING')).pid).toBe(latest(world));
    expect(expressions(world)).toBe(1);
  });

  test('while the expression is at work, which goes on', async ({ world }) => {
    const daemon = await started(world, 'waits go');
    await world.waitFor('the process', () => world.starts('web').length === 1);
    await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ state: 'STARTING', phase: 'pid-file' });
    world.open('go');
    expect((await world.waitForState('web', 'RUNNING')).pid).toBe(latest(world));
    expect(expressions(world)).toBe(1);
  });

  test('afterwards: the same process is known, with its state or without', async ({ world }) => {
    const daemon = await started(world, 'ends');
    const { pid } = await world.waitForState('web', 'RUNNING');
    const next = await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
    await world.killDaemon(next);
    rmSync(join(world.stateDir, 'instances'), { recursive: true });
    await world.startDaemon();
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid });
    expect(expressions(world)).toBe(1);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(left(world)).toEqual([]);
  });

  test('and all of its state lost: nothing is started beside what lives', async ({ world }) => {
    const daemon = await started(world, 'ends');
    const { pid = 0 } = await world.waitForState('web', 'RUNNING');
    await world.killDaemon(daemon);
    rmSync(world.stateDir, { recursive: true });
    await world.startDaemon();
    expect(await world.waitForState('web', 'BLOCKED')).toMatchObject({ reason: { code: 'identity' } });
    expect((await world.ctl('unblock', 'web', '--adopt', String(pid))).code).toBe(0);
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid });
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
  });
});
