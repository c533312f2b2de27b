/** One daemon per uid; how it starts, ends, and is told to. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PingResult } from '@procman/protocol/views';
import { begin } from '../harness/commands.ts';
import { service } from '../harness/config.ts';
import { procmand, programs } from '../harness/paths.ts';
import { identityOf, isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import { World, type Daemon } from '../harness/world.ts';

async function start(world: World, processes = [service('web', 'steady')], daemon = ''): Promise<Daemon> {
  world.configure(processes, daemon);
  const started = await world.startDaemon();
  await world.waitForAll('RUNNING');
  return started;
}

const ping = (world: World): Promise<PingResult> => world.rpc<PingResult>('ping');

describe('two daemons', () => {
  test('started at the same instant, 50 times: one owner, the other names it', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    for (let round = 0; round < 50; round += 1) {
      const pair = await Promise.all([world.startDaemon({ wait: false }), world.startDaemon({ wait: false })]);
      const loser = await Promise.race(pair.map(async (daemon) => (await daemon.ended, daemon)));
      const winner = pair.find((daemon) => daemon !== loser)!;
      expect(await loser.ended).toEqual({ code: 1, signal: null });
      expect(loser.log()).toContain(String(winner.pid));
      await world.waitFor('the winner to serve', async () => (await ping(world)).pid === winner.pid);
      expect(isAlive(winner.pid)).toBe(true);
      await world.killDaemon(winner);
    }
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.expectStarts('web', 1);
  });

  test('started at the same instant with state directories of their own: one owner all the same', async () => {
    for (let round = 0; round < 10; round += 1) {
      // Nothing from the round before may tell one of them of the other.
      const world = new World();
      try {
        world.configure([service('web', 'steady')]);
        const elsewhere = [
          '--state-dir',
          join(world.root, 'elsewhere'),
          '--socket',
          join(world.root, 'elsewhere.sock'),
        ];
        const pair = [elsewhere, []].map((args) => world.startDaemon({ wait: false, args }));
        const pids = (await Promise.all(pair)).map(({ pid }) => pid);
        await world.waitFor('one of them to give way', () => pids.some((pid) => !isAlive(pid)));
        expect(world.shouts()).toEqual([]);
      } finally {
        await world.tearDown();
      }
    }
  });

  test('the second changes nothing', async ({ world }) => {
    const first = await start(world);
    const pid = await world.pidOf('web');
    world.configure([service('other', 'steady')]);
    const second = await world.startDaemon({ wait: false });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.log()).toContain(String(first.pid));
    expect(await world.rows()).toMatchObject([{ name: 'web', pid }]);
  });

  test('the second sees a clock hours ahead: it does not take over', async ({ world }) => {
    const first = await start(world);
    const second = await world.startDaemon({ wait: false, prefix: ['faketime', '-f', '+6h'] });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.log()).toContain(String(first.pid));
    expect((await ping(world)).pid).toBe(first.pid);
  });

  test('the first is frozen: the second does not take over', async ({ world }) => {
    const first = await start(world);
    signal(first.pid, 'SIGSTOP');
    const second = await world.startDaemon({ wait: false });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    signal(first.pid, 'SIGCONT');
    expect((await ping(world)).pid).toBe(first.pid);
  });

  test('with uids of their own do not disturb each other', async ({ world }) => {
    await start(world);
    const other = new World();
    try {
      await start(other);
      expect((await other.ctl('shutdown', '-y')).code).toBe(0);
      expect((await world.row('web')).state).toBe('RUNNING');
    } finally {
      await other.tearDown();
    }
  });
});

describe('after kill -9', () => {
  test('the next daemon starts at once', async ({ world }) => {
    let daemon = await start(world);
    const pid = await world.pidOf('web');
    for (let round = 0; round < 5; round += 1) {
      await world.killDaemon(daemon);
      const from = performance.now();
      daemon = await world.startDaemon();
      expect(performance.now() - from).toBeLessThan(5000);
      expect(await world.pidOf('web')).toBe(pid);
    }
  });

  test('with a clock hours ahead: nothing stops, nothing is doubled', async ({ world }) => {
    const daemon = await start(world);
    const pid = await world.pidOf('web');
    await world.killDaemon(daemon);
    await world.startDaemon({ prefix: ['faketime', '-f', '+6h'], wait: false });
    const ahead = await world.waitFor('the daemon to serve', () => ping(world));
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
    signal(ahead.pid, 'SIGKILL');
    await world.waitForEnd(ahead.pid);
    await world.startDaemon();
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
  });

  test.for([
    ['left by a crash', (path: string) => existsSync(path)],
    ['gone', (path: string) => rmSync(path, { force: true })],
  ] as const)('a socket file that is %s is no hindrance', async ([, prepare], { world }) => {
    const daemon = await start(world);
    await world.killDaemon(daemon);
    prepare(world.socket);
    await world.startDaemon();
  });

  test('a plain file where the socket should be is left alone: refused, naming it', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    writeFileSync(world.socket, 'precious');
    const daemon = await world.startDaemon({ wait: false });
    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.log()).toContain(world.socket);
    expect(readFileSync(world.socket, 'utf8')).toBe('precious');
    expect(world.starts('web')).toEqual([]);
  });

  test('a socket that vanishes under a living daemon is made anew', async ({ world }) => {
    const daemon = await start(world);
    // As libuv does when a listener of old closes late.
    rmSync(world.socket);
    await world.waitFor('the socket', async () => (await ping(world)).pid === daemon.pid);
  });
});

describe('SIGTERM', () => {
  test('with on-exit = leave: services go on, and it says so', async ({ world }) => {
    const daemon = await start(world, [service('web', 'steady'), service('db', 'steady')]);
    const before = identityOf(await world.pidOf('web'));
    signal(daemon.pid, 'SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    const last = daemon.log().trimEnd().split('\n').at(-1) ?? '';
    expect(last).toMatch(/\b2\b/);
    expect(last).toMatch(/shutdown|on-exit/);
    await world.startDaemon();
    expect(identityOf(await world.pidOf('web'))).toBe(before);
  });

  test.for(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    'with on-exit = stop, by %s: all is stopped, and no hold is set',
    async (name, { world }) => {
      const daemon = await start(world, [service('web', 'steady'), service('db', 'ignores-term')], 'on-exit = "stop"');
      signal(daemon.pid, name);
      expect(await daemon.ended).toEqual({ code: 0, signal: null });
      expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
      await world.startDaemon();
      await world.waitForAll('RUNNING');
    },
  );

  test('the flag --on-exit wins over the file', async ({ world }) => {
    world.configure([service('web', 'steady')], 'on-exit = "leave"');
    const daemon = await world.startDaemon({ args: ['--on-exit', 'stop'] });
    await world.waitForState('web', 'RUNNING');
    signal(daemon.pid, 'SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(world.marked().filter(({ kind }) => kind === 'run')).toEqual([]);
  });

  test('a second one while stopping: the rest is left, and it ends', async ({ world }) => {
    const daemon = await start(
      world,
      [service('stubborn', 'ignores-term', 'stop-timeout = "10m"')],
      'on-exit = "stop"\nshutdown-timeout = "20m"',
    );
    const pid = await world.pidOf('stubborn');
    signal(daemon.pid, 'SIGTERM');
    await world.waitForState('stubborn', 'STOPPING');
    signal(daemon.pid, 'SIGTERM');
    await daemon.ended;
    expect(isAlive(pid)).toBe(true);
  });

  test('shutdown-timeout bounds it: what is left then is killed, whatever its own stop-timeout', async ({ world }) => {
    const daemon = await start(
      world,
      [
        service('stubborn', 'ignores-term', 'stop-timeout = "10m"; depends-on = "below"'),
        service('below', 'ignores-term', 'stop-timeout = "10m"'),
        service(
          'hooked',
          'steady',
          `stop = { command = "'${programs}/hook.sh' hooked.stop waits for-ever", timeout = "10m" }`,
        ),
      ],
      'on-exit = "stop"\nshutdown-timeout = "500ms"',
    );
    signal(daemon.pid, 'SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
    expect(daemon.log()).toContain('SIGKILL for what is left');
  });

  test('stops what depends on others first, each with its own stop-timeout', async ({ world }) => {
    const daemon = await start(
      world,
      [
        service('db', 'notes-term'),
        service('api', 'notes-term', 'depends-on = "db"; stop-timeout = "5s"'),
        service('web', 'slow-term 0.6', 'depends-on = "api"; stop-timeout = "5s"'),
        service('stubborn', 'ignores-term', 'depends-on = "db"; stop-timeout = "400ms"'),
      ],
      'on-exit = "stop"',
    );
    await world.waitFor('the traps', () => ['db', 'api'].every((id) => world.lines(`log.${id}`).includes('ready')));
    signal(daemon.pid, 'SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(world.lines('order')).toEqual(['api', 'db']);
    const ended = ['web', 'stubborn', 'api', 'db'].map((id) => daemon.log().indexOf(`${id}: STOPPING -> STOPPED`));
    expect(ended.every((at) => at > 0)).toBe(true);
    const [web = 0, stubborn = 0, api = 0, db = 0] = ended;
    expect([web < api, api < db, stubborn < db]).toEqual([true, true, true]);
  });
});

describe('`shutdown`', () => {
  test('--leave-running ends only the daemon', async ({ world }) => {
    const daemon = await start(world);
    const pid = await world.pidOf('web');
    expect((await world.ctl('shutdown', '--leave-running')).code).toBe(0);
    expect(isAlive(daemon.pid)).toBe(false);
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(isAlive(pid)).toBe(true);
    await world.startDaemon();
    expect(await world.pidOf('web')).toBe(pid);
  });

  test('stops all, then the daemon, and tells each', async ({ world }) => {
    const daemon = await start(world, [service('web', 'steady'), service('db', 'steady')]);
    const result = await world.ctl('shutdown', '-y');
    expect(result.code).toBe(0);
    expect(isAlive(daemon.pid)).toBe(false);
    expect(result.stdout).toContain('web: stopped\n');
    expect(result.stdout).toContain('db: stopped\n');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect((await world.ctl('status')).code).toBe(5);
  });
});

describe('in the background', () => {
  test('--daemonize returns once it serves; the log is in the state directory', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const { code, stderr } = await begin(procmand, ['run', world.config, '--daemonize'], world.env).finished;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { pid } = await ping(world);
    await world.waitForState('web', 'RUNNING');
    expect(existsSync(join(world.stateDir, 'procmand.log'))).toBe(true);
    expect((await world.ctl('shutdown', '-y')).code).toBe(0);
    await world.waitForEnd(pid, 'the daemon');
  });

  test('--daemonize tells of a failure with its exit code', async ({ world }) => {
    world.configure([service('web', 'steady', 'nonsense = 1')]);
    const broken = await begin(procmand, ['run', world.config, '-d'], world.env).finished;
    expect(broken.code).toBe(6);
    expect(broken.stderr).toContain('nonsense');
    const first = await start(world);
    const second = await begin(procmand, ['run', world.config, '-d'], world.env).finished;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(String(first.pid));
  });

  test('SIGUSR2 reopens the log', async ({ world }) => {
    const log = join(world.root, 'own.log');
    world.configure([service('web', 'steady')], `log-file = "${log}"`);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    renameSync(log, `${log}.1`);
    signal(daemon.pid, 'SIGUSR2');
    await world.waitFor('the new log', () => existsSync(log));
    expect((await world.ctl('restart', 'web')).code).toBe(0);
    expect((await world.ctl('logs', '--daemon')).stdout).toContain('web');
  });
});

describe('command line', () => {
  test.for([
    [['--version'], 0, /\d+\.\d+\.\d+/],
    [['--help'], 0, /run/],
    [['--no-such-flag'], 2, /no-such-flag/],
    [['run', '/no/such/file.toml'], 6, /\/no\/such\/file\.toml/],
  ] as const)('%j ends with %i', async ([args, code, text], { world }) => {
    const result = await begin(procmand, [...args], world.env).finished;
    expect(result.code).toBe(code);
    expect(result.stdout + result.stderr).toMatch(text);
  });

  test.for([['-c'], ['--config'], ['--configuration'], ['run'], []])('%j FILE', async (words, { world }) => {
    world.configure([]);
    const { finished } = begin(procmand, [...words, world.config], world.env);
    await world.waitFor('it to serve', async () => (await ping(world)).pid);
    await world.ctl('shutdown', '-y');
    expect((await finished).code).toBe(0);
  });
});
