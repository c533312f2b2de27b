/** Daemon and launcher are killed or frozen between any two steps of a launch and of a stop: one live copy, or none. */
import { join } from 'node:path';
import { service } from '../harness/config.ts';
import { catchLauncher, freeze, launcherPids, thaw } from '../harness/launchers.ts';
import { holdLock } from '../harness/locks.ts';
import { allPids, isAlive, parentOf, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

/** Restarted at once, as often as it takes. */
const AT_ONCE = 'start-secs = 0; restart-delay = 0; max-runs = 0';

/** A launch takes a few milliseconds: these moments lie before, in and after each of its steps. */
const MOMENTS = [0, 300, 700, 1200, 1800, 2500, 3500, 5000, 8000];

async function start(world: World, program = 'steady', settings = AT_ONCE): Promise<Daemon> {
  world.configure([service('web', program, settings)]);
  const daemon = await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  return daemon;
}

/** Ends the service, so that the daemon launches it anew, and catches the launcher so long after its beginning. */
async function catchNextLaunch(world: World, delay: number, id = 'web'): Promise<number> {
  const pid = await world.pidOf(id);
  const known = new Set(allPids());
  signal(pid, 'SIGKILL');
  return catchLauncher(world, id, known, delay);
}

/** Live processes of a service, launchers left out. */
function copies(world: World, id: string): number[] {
  const isIts = ({ kind, mark }: { kind: string; mark: string }): boolean =>
    kind === 'run' && mark.split('/')[1] === `${id}~0`;
  return world.marked().flatMap((process) => (isIts(process) ? [process.pid] : []));
}

async function oneCopy(world: World, id = 'web'): Promise<void> {
  await world.waitFor(`exactly one copy of ${id}, known to the daemon`, async () => {
    const { state, pid } = await world.row(id);
    const alive = copies(world, id);
    return state === 'RUNNING' && alive.length === 1 && alive[0] === pid;
  });
}

/** `web` is stopped, held, and stays so: nothing of it or its launchers is left. */
async function noCopy(world: World): Promise<void> {
  await world.waitForState('web', 'STOPPED');
  await world.waitFor('the launchers to end', () => launcherPids(world, 'web').length === 0);
  expect(copies(world, 'web')).toEqual([]);
}

describe('in the middle of a launch', () => {
  test('the daemon is killed', async ({ world }) => {
    let daemon = await start(world);
    for (const moment of MOMENTS) {
      await catchNextLaunch(world, moment);
      daemon = await world.crashDaemon(daemon);
      await oneCopy(world);
    }
  });

  const launcherDeaths: readonly [string, (world: World, id: string, launcher: number) => Promise<void> | void][] = [
    ['alone', (_world, _id, launcher) => signal(launcher, 'SIGKILL')],
    ['all', (world, id) => launcherPids(world, id).forEach((pid) => signal(pid, 'SIGKILL'))],
    [
      'frozen',
      async (world, id) => {
        const frozen = launcherPids(world, id);
        await freeze(world, frozen);
        await world.rows();
        for (const pid of frozen) signal(pid, 'SIGKILL');
      },
    ],
  ];

  test('the launcher is killed: alone, with all that it has begun, or after a while in the ice', async ({ world }) => {
    // A service for each moment and death, because a launch is given some seconds before it is given up.
    const trials = launcherDeaths.flatMap(([name, kill]) =>
      MOMENTS.map((moment, at) => ({ id: `${name}${at}`, moment, kill })),
    );
    world.configure(trials.map(({ id }) => service(id, 'steady', AT_ONCE)));
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    for (const { id, moment, kill } of trials) await kill(world, id, await catchNextLaunch(world, moment, id));
    for (const { id } of trials) await oneCopy(world, id);
  });

  test('daemon and launcher are killed', async ({ world }) => {
    // The end of a service without launcher is seen in the slow sweep only: each is ended once.
    const trials = MOMENTS.map((moment, at) => ({ id: `web${at}`, moment }));
    world.configure(trials.map(({ id }) => service(id, 'steady', AT_ONCE)));
    let daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    for (const { id, moment } of trials) {
      const launcher = await catchNextLaunch(world, moment, id);
      signal(daemon.pid, 'SIGKILL');
      signal(launcher, 'SIGKILL');
      daemon = await world.crashDaemon(daemon);
      await oneCopy(world, id);
    }
  });

  test('the launcher is frozen, the daemon killed; it wakes under the next one', async ({ world }) => {
    let daemon = await start(world);
    for (const moment of MOMENTS) {
      await catchNextLaunch(world, moment);
      const frozen = launcherPids(world, 'web');
      await freeze(world, frozen);
      daemon = await world.crashDaemon(daemon);
      await world.rows();
      thaw(frozen);
      await oneCopy(world);
    }
  });

  test('the launcher is frozen, the daemon killed, and an operator stops it meanwhile: none', async ({ world }) => {
    let daemon = await start(world);
    for (const moment of MOMENTS) {
      await catchNextLaunch(world, moment);
      const frozen = launcherPids(world, 'web');
      await freeze(world, frozen);
      daemon = await world.crashDaemon(daemon);
      await world.ctl('stop', 'web', '--no-wait');
      thaw(frozen);
      await noCopy(world);
      expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
      await oneCopy(world);
    }
  });
});

describe('a launcher that waits for the lock of its instance', () => {
  /** Holds the lock of `web`, and has a launcher wait for it. */
  async function waitingLauncher(
    world: World,
  ): Promise<{ daemon: Daemon; release: () => Promise<void>; launchers: number[] }> {
    const daemon = await start(world);
    await world.ctl('stop', 'web');
    const lock = await holdLock(join(world.stateDir, 'runs/lock/web~0'));
    await world.ctl('start', 'web', '--no-wait');
    const launchers = await world.waitFor('the launcher to wait', () => {
      const found = launcherPids(world, 'web');
      return found.length > 1 && found;
    });
    return { daemon, release: lock.release, launchers };
  }

  test('the daemon is killed meanwhile', async ({ world }) => {
    const { daemon, release } = await waitingLauncher(world);
    await world.crashDaemon(daemon);
    await release();
    await oneCopy(world);
    await world.expectStarts('web', 2);
  });

  test('the launcher is killed meanwhile', async ({ world }) => {
    const { release, launchers } = await waitingLauncher(world);
    for (const pid of launchers) signal(pid, 'SIGKILL');
    await release();
    await oneCopy(world);
  });

  test('it is stopped meanwhile: a launcher that wakes late starts nothing', async ({ world }) => {
    const { release, launchers } = await waitingLauncher(world);
    await freeze(world, launchers);
    await release();
    expect((await world.ctl('stop', 'web', '--timeout', '5s')).stdout).toBe('web: stopped\n');
    thaw(launchers);
    await noCopy(world);
    await world.expectStarts('web', 1);
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
  });

  test('it is stopped meanwhile, and the daemon killed: the same', async ({ world }) => {
    const { daemon, release, launchers } = await waitingLauncher(world);
    await freeze(world, launchers);
    await world.ctl('stop', 'web', '--no-wait');
    await world.crashDaemon(daemon);
    thaw(launchers);
    await release();
    await noCopy(world);
    await world.expectStarts('web', 1);
  });

  test('frozen for longer than the daemon waits: tried again, and the late one starts nothing', async ({ world }) => {
    const { release, launchers } = await waitingLauncher(world);
    await freeze(world, launchers);
    await world.waitFor('another launcher', () => launcherPids(world, 'web').some((pid) => !launchers.includes(pid)));
    await release();
    thaw(launchers);
    await oneCopy(world);
    await world.expectStarts('web', 2);
  });

  test('a refusal is no fault of the service: never FATAL, and it starts once the lock is free', async ({ world }) => {
    const { release, launchers } = await waitingLauncher(world);
    await world.waitFor('the launcher to be refused', () => !launchers.some(isAlive));
    await release();
    await oneCopy(world);
    expect((await world.row('web')).restarts).toBe(0);
  });
});

describe('in the middle of a stop', () => {
  const STUBBORN = `${AT_ONCE}; stop-timeout = "600ms"`;

  test('the daemon is killed before SIGKILL: the next one goes on', async ({ world }) => {
    let daemon = await start(world, 'ignores-term', STUBBORN);
    for (const _ of MOMENTS.slice(0, 3)) {
      await world.ctl('stop', 'web', '--no-wait');
      await world.waitForState('web', 'STOPPING');
      daemon = await world.crashDaemon(daemon);
      await noCopy(world);
      expect((await world.row('web')).held).toBe(true);
      expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    }
  });

  test('the daemon is killed in the middle of a restart: it becomes no stop', async ({ world }) => {
    const daemon = await start(world, 'ignores-term', `${STUBBORN}; autorestart = "never"`);
    const pid = await world.pidOf('web');
    await world.ctl('restart', 'web', '--no-wait');
    await world.waitForState('web', 'STOPPING');
    await world.crashDaemon(daemon);
    await world.waitForEnd(pid);
    await oneCopy(world);
    expect(await world.row('web')).toMatchObject({ restarts: 0, held: false });
  });

  test('the service ends while no daemon lives, in the middle of a restart', async ({ world }) => {
    const daemon = await start(world, 'slow-term 0.3', `${AT_ONCE}; stop-timeout = "5s"; autorestart = "never"`);
    await world.waitFor('the trap', () => world.lines('log.web').includes('ready'));
    const pid = await world.pidOf('web');
    await world.ctl('restart', 'web', '--no-wait');
    await world.waitFor('the signal', () => world.lines('log.web').includes('term'));
    await world.killDaemon(daemon);
    await world.waitForEnd(pid);
    await world.startDaemon();
    await oneCopy(world);
    expect(await world.row('web')).toMatchObject({ restarts: 0 });
  });

  test('the daemon is killed while a child drains: it keeps its grace', async ({ world }) => {
    const daemon = await start(world, 'drains 1', `${AT_ONCE}; stop-timeout = "10s"`);
    await world.waitFor('the child', () => world.lines('log.web').some((line) => line.startsWith('child ')));
    const pid = await world.pidOf('web');
    await world.ctl('stop', 'web', '--no-wait');
    await world.waitForEnd(pid);
    await world.crashDaemon(daemon);
    await noCopy(world);
    expect(world.lines('log.web')).toContain('drained');
  });

  test('the launcher is killed', async ({ world }) => {
    await start(world, 'ignores-term', STUBBORN);
    const launcher = parentOf(await world.pidOf('web')) ?? 0;
    const stop = world.beginCtl('stop', 'web');
    await world.waitForState('web', 'STOPPING');
    signal(launcher, 'SIGKILL');
    expect((await stop.finished).stdout).toBe('web: stopped\n');
    await noCopy(world);
  });

  test('the launcher is frozen: the stop wakes it', async ({ world }) => {
    await start(world);
    await freeze(world, [parentOf(await world.pidOf('web')) ?? 0]);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGTERM' });
  });

  test('the launcher is frozen: the next daemon wakes it to tell the status', async ({ world }) => {
    const daemon = await start(world, 'steady', `${AT_ONCE}; autorestart = "never"`);
    const pid = await world.pidOf('web');
    await freeze(world, [parentOf(pid) ?? 0]);
    signal(pid, 'SIGTERM');
    await world.crashDaemon(daemon);
    expect(await world.waitForState('web', 'EXITED')).toMatchObject({ lastExit: { signal: 'SIGTERM' } });
  });

  test('the daemon is killed right after a new version took over', async ({ world }) => {
    let daemon = await start(world, 'ignores-term', STUBBORN);
    for (const year of [2021, 2022]) {
      const pid = await world.pidOf('web');
      world.configure([service('web', 'ignores-term', `${STUBBORN}; apply-on = "${year}-01-01"`)]);
      await world.ctl('update');
      daemon = await world.crashDaemon(daemon);
      await world.waitForEnd(pid);
      await oneCopy(world);
      expect((await world.row('web')).applyOn).toContain(String(year));
    }
  });
});
