/** The daemon is dead: its files and /proc answer in its place, and nothing of them is changed by that. */
import { createHash } from 'node:crypto';
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogsResult, Row, StatusAtResult, StatusResult, TimelineResult } from '@procman/protocol/views';
import { makeUser } from '../harness/accounts.ts';
import { begin, type Finished } from '../harness/commands.ts';
import { service } from '../harness/config.ts';
import { launcherPids } from '../harness/launchers.ts';
import { mountReadOnly, unmount } from '../harness/mounts.ts';
import { procmanctl } from '../harness/paths.ts';
import { identityOf, signal } from '../harness/processes.ts';
import { powerOff } from '../harness/reboot.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const CLOSED = 'schedule = { start-time = "03:00", stop-time = "03:01", week-days = "mon", timezone = "UTC" }';
/** A window that is not open now, whenever the test runs: on another day of the week. */
const NIGHT = CLOSED.replace('mon', new Date().getUTCDay() === 1 ? 'thu' : 'mon');

const ALL = [
  service('web', 'steady'),
  service('ends', 'waits 7 gate', 'autorestart = "always"'),
  service('orphan', 'steady'),
  service('held', 'steady'),
  service('night', 'steady', NIGHT),
  service('once', 'exits 0', 'one-shot = true'),
  service('after', 'steady', 'depends-on = ["held"]'),
];

async function startAll(world: World, daemonLines = ''): Promise<Daemon> {
  world.configure(ALL, daemonLines);
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING', ['web', 'ends', 'orphan', 'held', 'after']);
  await world.waitForState('once', 'EXITED');
  expect((await world.ctl('stop', 'held', '-y')).code).toBe(0);
  await world.waitForState('after', 'PENDING');
  return daemon;
}

interface Unsupervised {
  readonly daemon: StatusResult['daemon'];
  readonly row: (name: string) => Row;
}

async function look(world: World, ...words: string[]): Promise<Unsupervised> {
  const { code, json } = await world.ctl('status', '--json', ...words);
  expect(code).toBe(5);
  const { daemon, processes } = json as StatusResult;
  const row = (name: string): Row => {
    const found = processes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`${name} is not in the status`);
    return found;
  };
  return { daemon, row };
}

/** All that is below a folder, with what it holds and when it was changed. */
function printOf(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const lines = ['', ...names].map((name) => {
    const path = join(folder, name);
    const { mtimeMs, ctimeMs, mode, ino, size } = lstatSync(path);
    const text = lstatSync(path).isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
    return [name, mtimeMs, ctimeMs, mode, ino, size, text].join(' ');
  });
  return lines.join('\n');
}

/** An exit is on record once its launcher has filled the file. */
async function waitForExitOf(world: World, id: string): Promise<void> {
  const folder = join(world.stateDir, 'runs/exit');
  await world.waitFor(`the exit file of ${id}`, () =>
    readdirSync(folder).some(
      (name) => name.startsWith(`${id}~0.`) && readFileSync(join(folder, name), 'utf8').includes('end'),
    ),
  );
}

describe('with a daemon that was killed', () => {
  test('each instance is told as it is, nothing is touched, and the next daemon adopts all', async ({ world }) => {
    const daemon = await startAll(world);
    const web = identityOf(await world.pidOf('web'));
    const pidOfOrphan = await world.pidOf('orphan');
    for (const launcher of launcherPids(world, 'orphan')) signal(launcher, 'SIGKILL');
    await world.waitFor('its launcher to be gone', () => launcherPids(world, 'orphan').length === 0);
    const killedAt = Date.now();
    await world.killDaemon(daemon);
    signal(pidOfOrphan, 'SIGKILL');
    await world.waitForEnd(pidOfOrphan);
    world.open('gate');
    await waitForExitOf(world, 'ends');

    const before = printOf(world.stateDir);
    const { daemon: view, row } = await look(world);
    expect(view).toMatchObject({ pid: null, uid: world.uid, configPath: world.config });
    const since = Date.parse(view.unsupervised?.since ?? '');
    // It gives a sign of life every five seconds.
    expect(since).toBeGreaterThan(killedAt - 10_000);
    expect(since).toBeLessThanOrEqual(Date.now());
    expect(identityOf(row('web').pid ?? 0)).toBe(web);
    expect(row('web')).toMatchObject({ state: 'RUNNING', expected: 'running', verdict: 'ok', stale: false });
    expect(row('ends')).toMatchObject({ state: 'EXITED', verdict: 'problem', lastExit: { code: 7 } });
    expect(row('ends').reason).toMatchObject({ code: 'exit', data: { exit: { code: 7 } } });
    expect(row('orphan')).toMatchObject({ state: 'EXITED', verdict: 'problem', lastExit: { unknown: true } });
    expect(row('held')).toMatchObject({ state: 'STOPPED', verdict: 'ok', held: true, reason: { code: 'manual' } });
    expect(row('night')).toMatchObject({ state: 'STOPPED', verdict: 'ok', reason: { code: 'schedule' } });
    expect(row('once')).toMatchObject({ state: 'EXITED', verdict: 'ok', reason: { code: 'finished' } });
    expect(row('after')).toMatchObject({
      state: 'STOPPED',
      expected: 'stopped',
      verdict: 'ok',
      reason: { code: 'dependency' },
    });
    for (const name of ['ends', 'night']) {
      expect(row(name)).not.toHaveProperty('next');
      expect(row(name)).not.toHaveProperty('retryAt');
    }
    expect((await look(world, '--resources')).row('web').resources?.processes).toBe(1);
    for (const words of [['status'], ['logs', 'web'], ['timeline'], ['status', '--at', '03:00']])
      expect(await world.ctl(...words), words.join(' ')).toMatchObject({ code: 5 });
    expect(printOf(world.stateDir)).toBe(before);

    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect(identityOf(await world.pidOf('web'))).toBe(web);
    await world.expectStarts('web', 1);
    await world.expectStarts('once', 1);
    await world.waitForState('orphan', 'RUNNING');
    expect((await world.ctl('status', 'web')).stdout).not.toContain('unsupervised');
  });

  test('the first line says so, and since when; the rows stay as they are', async ({ world }) => {
    world.configure([service('web', 'steady'), service('ends', 'waits 1 gate')]);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    await world.killDaemon(daemon);
    const { stdout, stderr } = await world.ctl('status');
    const [first, ...rows] = stdout.trimEnd().split('\n');
    expect(first).toMatch(/^unsupervised since .*\d\d:\d\d:\d\d: no daemon runs for uid "\w+" \(pid \d+ has gone\)$/);
    expect(first).toContain(`pid ${daemon.pid} `);
    expect(rows.map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ['web', 'RUNNING'],
      ['ends', 'RUNNING'],
    ]);
    expect(stderr).toContain(`procmand run ${world.config}`);
    world.open('gate');
    await waitForExitOf(world, 'ends');
    const problems = (await world.ctl('status', '--problems')).stdout.trimEnd().split('\n');
    expect(problems).toHaveLength(2);
    expect(problems[1]).toMatch(/^ends {2,}EXITED {2,}exited .*, code 1$/);
  });

  test('other commands say that they need one, and which do not', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.killDaemon(await world.startDaemon());
    for (const words of [['ping'], ['start', 'web'], ['plan'], ['signal', 'HUP', 'web']]) {
      const { code, stdout, stderr } = await world.ctl(...words);
      expect([code, stdout], words.join(' ')).toEqual([5, '']);
      expect(stderr).toMatch(/nobody listens on its socket.*procmand run[^]*"status"/);
    }
    expect(await world.ctl('status', 'wbe')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('"web"') as string,
    });
  });

  test("logs are read and followed, the daemon's own too", async ({ world }) => {
    world.configure([service('tells', 'waits 0 gate')], `log-file = "${join(world.root, 'own.log')}"`);
    const daemon = await world.startDaemon({ args: ['-l', join(world.root, 'other.log')] });
    await world.waitForState('tells', 'RUNNING');
    await world.killDaemon(daemon);
    const path = ((await world.ctl('logs', 'tells', '--json')).json as LogsResult).path ?? '';
    writeFileSync(path, 'one\ntwo\nthree\n');
    const last = await world.ctl('logs', 'tells', '-n', '2', '--json');
    expect(last).toMatchObject({ code: 5, json: { lines: ['two', 'three'], unsupervised: {} } });
    expect((await world.ctl('logs', '--daemon')).stdout).toMatch(/^unsupervised since [^]* serves /);
    expect(existsSync(join(world.root, 'own.log'))).toBe(false);
    const following = world.beginCtl('logs', 'tells', '-f', '-n', '1');
    await world.waitFor('the last line', () => following.printed().stdout.endsWith('three\n'));
    writeFileSync(path, 'four\n', { flag: 'a' });
    await world.waitFor('the line to come', () => following.printed().stdout.endsWith('four\n'));
    following.child.kill('SIGINT');
    expect((await following.finished).code).toBe(130);
    // A stream without text says where there is some.
    expect((await world.ctl('logs', 'tells', '--stderr')).stderr).toContain('stdout has text');
  });

  test('what is to come is told from the configuration that was applied', async ({ world }) => {
    world.configure([
      service('shop', 'steady', 'schedule = { start-time = "08:00", stop-time = "18:00", timezone = "UTC" }'),
    ]);
    await world.killDaemon(await world.startDaemon());
    const timeline = (await world.ctl('timeline', '--from', '2030-06-07', '--json')).json as TimelineResult;
    expect(timeline.entries.map(({ name, action }) => `${name} ${action}`)).toEqual(['shop start', 'shop stop']);
    expect(timeline.unsupervised).toBeDefined();
    const at = (await world.ctl('status', '--at', '2030-06-07T12:00', '--json')).json as StatusAtResult;
    expect(at).toMatchObject({ processes: [{ name: 'shop', expected: 'running' }], unsupervised: {} });
  });

  test('leftovers of a run that has ended are a problem', async ({ world }) => {
    world.configure([service('parent', 'family', 'autorestart = "never"; stop-timeout = "60s"')]);
    const daemon = await world.startDaemon();
    const pid = await world.pidOf('parent');
    await world.waitFor('its children', () => world.marked().filter(({ kind }) => kind !== 'launcher').length > 1);
    await world.killDaemon(daemon);
    signal(pid, 'SIGKILL');
    await waitForExitOf(world, 'parent');
    const { row } = await look(world);
    expect(row('parent')).toMatchObject({ state: 'EXITED', verdict: 'problem', lastExit: { signal: 'SIGKILL' } });
    expect(row('parent').reason.data?.pids?.length).toBeGreaterThan(0);
  });
});

describe('with files that are not as they should be', () => {
  test('a broken state file: the one before it is taken, and both are left where they are', async ({ world }) => {
    const daemon = await startAll(world);
    await world.killDaemon(daemon);
    const file = join(world.stateDir, 'instances', 'web~0.json');
    writeFileSync(file, 'not { json');
    const before = printOf(world.stateDir);
    const { code, stdout, stderr } = await world.ctl('status', 'web');
    expect(code).toBe(5);
    expect(stdout).toMatch(/\nweb {2,}RUNNING {2,}pid \d+/);
    expect(stderr).toContain(`${file} cannot be read`);
    expect(stderr).not.toContain('set aside');
    expect(printOf(world.stateDir)).toBe(before);
  });

  test('a configuration that was changed, or broken, since: what was applied is told, and that it differs', async ({
    world,
  }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.killDaemon(daemon);
    world.configure([service('other', 'steady')]);
    const changed = await world.ctl('status');
    expect(changed.stdout).toMatch(/\nweb {2,}RUNNING/);
    expect(changed.stdout).not.toContain('other');
    expect(changed.stderr).toContain(`${world.config} has changed since it was applied`);
    world.writeConfig('uid = ');
    const { daemon: view, row } = await look(world);
    expect(row('web')).toMatchObject({ state: 'RUNNING', verdict: 'ok' });
    expect(view.configError?.problems.length).toBeGreaterThan(0);
  });

  test('a state directory that is gone: the configuration and /proc answer', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    const pid = await world.pidOf('web');
    await world.killDaemon(daemon);
    rmSync(world.stateDir, { recursive: true });
    const { code, stdout, stderr } = await world.ctl('status');
    expect(code).toBe(5);
    expect(stdout).toMatch(/^unsupervised: no daemon runs/);
    expect(stderr).toContain(`${world.stateDir} is gone`);
    // The launcher that works in the folder that is gone still vouches for its child.
    expect((await look(world)).row('web')).toMatchObject({ state: 'RUNNING', pid });
    expect(existsSync(world.stateDir)).toBe(false);
  });

  test('no state at all: says what was looked for', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const { code, stdout, stderr } = await world.ctl('-c', world.config, 'status');
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toMatch(/no daemon is running for uid/);
    expect(stderr).toContain(`looked for ${world.stateDir}`);
    expect((await world.ctl('-c', world.config, 'status', '--json')).json).toMatchObject({
      error: { code: 'no-daemon' },
    });
  });

  test('a read-only disk', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    const pid = await world.pidOf('web');
    await world.killDaemon(daemon);
    mountReadOnly(world.stateDir);
    try {
      expect((await look(world)).row('web')).toMatchObject({ state: 'RUNNING', pid });
    } finally {
      unmount(world.stateDir);
    }
  });
});

describe('at other times', () => {
  test('after a reboot nothing of before it is taken for alive', async ({ world }) => {
    const daemon = await startAll(world);
    await powerOff(world, daemon);
    const before = printOf(world.stateDir);
    const { row } = await look(world);
    expect(row('web')).toMatchObject({ state: 'EXITED', verdict: 'problem', lastExit: { unknown: true } });
    expect(row('web')).not.toHaveProperty('pid');
    expect(row('once')).toMatchObject({ state: 'EXITED', verdict: 'ok' });
    expect(row('held')).toMatchObject({ state: 'STOPPED', verdict: 'ok', held: true });
    expect(printOf(world.stateDir)).toBe(before);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.expectStarts('once', 1);
  });

  test('after an end that was meant, and with nothing alive', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect((await world.ctl('shutdown', '-y')).code).toBe(0);
    await daemon.ended;
    const { code, stdout } = await world.ctl('-c', world.config, 'status');
    expect(code).toBe(5);
    expect(stdout).toMatch(/^unsupervised since .*\nweb {2,}STOPPED/);
  });

  test('while it starts, nobody who looks keeps the next daemon from it', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const first = await world.startDaemon();
    const pid = await world.pidOf('web');
    await world.killDaemon(first);
    let isUp = false;
    const lookOn = async (): Promise<void> => {
      while (!isUp) {
        const { code, stdout } = await world.ctl('status', '--json');
        expect([0, 5], stdout).toContain(code);
        const answer = JSON.parse(stdout) as StatusResult | { error: { message: string } };
        if ('error' in answer) {
          // Seen alive and not listening for all the time that a client waits; or killed before it had answered.
          expect(code).toBe(5);
          expect(answer.error.message).toMatch(
            /yet a daemon lives \(pid \d+\): it is starting, ending, or stuck|^the connection to the daemon was lost before it answered;/,
          );
          continue;
        }
        const { daemon, processes } = answer;
        expect(code === 5).toBe(daemon.pid === null);
        expect(processes[0]).toMatchObject({ state: 'RUNNING', pid });
      }
    };
    const lookers = Promise.all([lookOn(), lookOn()]);
    // Of interest when all is over; until then a failure waits without being "unhandled".
    lookers.catch(() => undefined);
    try {
      await world.crashDaemon(await world.startDaemon());
    } finally {
      isUp = true;
    }
    await lookers;
    expect(await world.ctl('status')).toMatchObject({ code: 0 });
  });
});

describe('as a user who is not root', () => {
  const asUser = (world: World, uid: number, gid: number, ...words: string[]): Promise<Finished> => {
    const user = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', procmanctl];
    return begin('setpriv', [...user, ...words], { PATH: world.env.PATH, HOME: '/nonexistent', LANG: 'C.UTF-8' })
      .finished;
  };

  test("root's files are not open: the error names what may not be read", async ({ world }) => {
    const user = makeUser();
    try {
      world.configure([service('web', 'steady')]);
      await world.killDaemon(await world.startDaemon());
      const { code, stdout, stderr } = await asUser(world, user.uid, user.gid, '-u', world.uid, 'status');
      expect([code, stdout]).toEqual([5, '']);
      expect(stderr).toMatch(/nor can its files answer: cannot list \S+: .*permission denied/);
    } finally {
      user.remove();
    }
  });

  test('a daemon of their own: all of it works', async ({ world }) => {
    const user = makeUser();
    try {
      for (const path of [world.root, world.playground]) chownSync(path, user.uid, user.gid);
      world.configure([service('web', 'steady')]);
      chownSync(world.config, user.uid, user.gid);
      const prefix = ['setpriv', '--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
      const env = { XDG_RUNTIME_DIR: world.root };
      const daemon = await world.startDaemon({ prefix, env });
      const pid = await world.pidOf('web');
      await world.killDaemon(daemon);
      const words = [...prefix.slice(1), procmanctl, 'status', '--json'];
      const { code, stdout } = await begin('setpriv', words, { ...world.env, ...env }).finished;
      expect(code).toBe(5);
      expect((JSON.parse(stdout) as StatusResult).processes[0]).toMatchObject({ state: 'RUNNING', pid, verdict: 'ok' });
    } finally {
      user.remove();
    }
  });
});
