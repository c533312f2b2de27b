/** The history of events (SPEC 10): what happens is told once, in order, and whatever becomes of its file, services are looked after. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as SqliteModule from '@photostructure/sqlite';
import type { Event, EventsResult } from '@procman/protocol/views';
import { Clock } from '../harness/clock.ts';
import { service } from '../harness/config.ts';
import { eventsOf, waitForEvent } from '../harness/events.ts';
import { hook, hookLine } from '../harness/hooks.ts';
import { mountFile, mountTmpfs } from '../harness/mounts.ts';
import { signal } from '../harness/processes.ts';
import { rpcCall } from '../harness/rpc.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

async function started(world: World, processes: readonly string[], daemon = ''): Promise<Daemon> {
  world.configure(processes, daemon);
  return world.startDaemon();
}

const brief = ({ type, message }: Event): string => `${type}: ${message}`;
const seqs = (events: readonly Event[]): number[] => events.map(({ seq }) => seq);

const { DatabaseSync } = createRequire(import.meta.url)('@photostructure/sqlite') as typeof SqliteModule;

const database = (world: World): string => join(world.stateDir, 'events.db');

/** Numbers in the file. */
function stored(world: World): number[] {
  const db = new DatabaseSync(database(world), { readOnly: true });
  try {
    return db
      .prepare('SELECT seq FROM events ORDER BY seq')
      .all()
      .map((row) => (row as { seq: number }).seq);
  } finally {
    db.close();
  }
}

/** Each number once, growing. */
function expectInOrder(events: readonly Event[]): void {
  expect(seqs(events)).toEqual([...new Set(seqs(events))].sort((a, b) => a - b));
}

describe.concurrent('a service tells', () => {
  test('its states, and its exit with code and run time', async ({ world }) => {
    await started(world, [service('web', 'exits 3 0.5', 'autorestart = "never"')]);
    await world.waitForState('web', 'EXITED', 'FATAL');
    const exit = await waitForEvent(world, 'the exit', ({ type }) => type === 'exit');
    expect(exit).toMatchObject({
      name: 'web',
      exit: { code: 3 },
      message: expect.stringMatching(/code 3 after \d+\.\d s$/) as string,
    });
    expect(exit.durationSeconds).toBeGreaterThanOrEqual(0.5);
    expect(exit.durationSeconds).toBeLessThan(20);
    expect(exit.run).toMatch(/./);
    const events = await eventsOf(world, { names: ['web'] });
    expectInOrder(events);
    const states = events.filter(({ type }) => type === 'state');
    expect(states.at(-1)).toMatchObject({ from: 'RUNNING', to: 'EXITED', reason: { code: 'exit' } });
    // Each begins where the one before has led to.
    expect(states.slice(1).map(({ from }) => from)).toEqual(states.slice(0, -1).map(({ to }) => to));
    expect(events.filter(({ type }) => type === 'exit')).toHaveLength(1);
  });

  test('problem, then recovered', async ({ world }) => {
    await started(world, [service('web', 'dies TERM once', 'autorestart = "never"')]);
    await world.waitForState('web', 'RUNNING');
    world.open('once');
    const problem = await waitForEvent(world, 'problem', ({ type }) => type === 'problem');
    expect(problem).toMatchObject({ name: 'web', to: 'EXITED' });
    world.close('once');
    expect((await world.ctl('start', 'web')).code).toBe(0);
    const recovered = await waitForEvent(world, 'recovered', ({ type }) => type === 'recovered');
    expect(recovered.seq).toBeGreaterThan(problem.seq);
    expect(recovered.name).toBe('web');
  });

  test('who stopped it, the hold, and its release', async ({ world }) => {
    await started(world, [service('web', 'steady'), service('db', 'steady')]);
    await world.waitForAll('RUNNING');
    expect((await world.ctl('stop', 'web')).code).toBe(0);
    expect((await world.ctl('start', 'web')).code).toBe(0);
    await world.waitForState('web', 'RUNNING');
    const events = await eventsOf(world, { names: ['web'], types: ['command', 'hold'] });
    expect(events).toMatchObject([
      { type: 'command', by: 'operator', message: 'stop' },
      { type: 'hold', by: 'operator', message: 'held until `start`', reason: { code: 'manual' } },
      { type: 'command', by: 'operator', message: 'start' },
      { type: 'hold', by: 'operator', message: 'the hold is released' },
    ]);
    expect(events[3]?.reason).toBeUndefined();
    expect(await eventsOf(world, { names: ['db'], types: ['command', 'hold'] })).toEqual([]);
  });

  test('hooks that fail, health that is bad and good again', async ({ world }) => {
    const check = `health-check = { command = ${JSON.stringify(hookLine('web.check', 'asks well'))}, interval = "100ms", retries = 1 }`;
    world.open('well');
    await started(world, [service('web', 'steady', `${check}\n${hook('after-start', 'fails 3')}`)]);
    const failed = await waitForEvent(world, 'the hook', ({ type }) => type === 'hook');
    expect(failed).toMatchObject({ name: 'web', message: expect.stringMatching(/^after-start .*3/) as string });
    await waitForEvent(world, 'healthy', (event) => brief(event) === 'health: healthy');
    world.close('well');
    const bad = await waitForEvent(world, 'unhealthy', (event) => brief(event).startsWith('health: unhealthy'));
    expect(bad.message).toContain('no well');
    world.open('well');
    const good = await waitForEvent(world, 'good', ({ type, seq, message }) =>
      type === 'health' && seq > bad.seq && message.startsWith('healthy')); // prettier-ignore
    expect(good.name).toBe('web');
  });
});

describe.concurrent('the daemon tells', () => {
  test('its start and end, a reload that is applied and one that is refused', async ({ world }) => {
    const daemon = await started(world, [service('web', 'steady')]);
    world.configure([service('web', 'steady'), service('db', 'steady')]);
    signal(daemon.pid, 'SIGHUP');
    const applied = await waitForEvent(world, 'reload', ({ type }) => type === 'reload');
    expect(applied).toMatchObject({ by: 'SIGHUP' });
    expect(applied.message).toBe('applied: 1 added (db)');
    expect(applied.changes).toEqual({ added: { count: 1, names: ['db'] } });
    expect((await world.ctl('events', '--type', 'reload')).stdout).toContain('applied: 1 added (db) (by SIGHUP)');
    expect(applied.name).toBeUndefined();
    world.writeConfig('uid = 7 [');
    signal(daemon.pid, 'SIGHUP');
    const refused = await waitForEvent(world, 'refused', ({ message }) => message.startsWith('refused'));
    expect(refused).toMatchObject({ type: 'reload', by: 'SIGHUP' });
    world.configure([service('web', 'steady')]);
    signal(daemon.pid, 'SIGTERM');
    await daemon.ended;
    await world.startDaemon();
    const told = await eventsOf(world, { types: ['daemon'] });
    expect(told.map(({ message }) => message.replace(/ \(.*/, ''))).toEqual(['started', 'ended', 'started']);
    expect(told[1]).toMatchObject({ message: 'ended (code 0)', by: 'SIGTERM' });
    expectInOrder(await eventsOf(world));
  });
});

describe.concurrent('the history', () => {
  test('goes on after kill -9 of the daemon: numbers grow, nothing is told twice, nor is what happened meanwhile missing', async ({
    world,
  }) => {
    const daemon = await started(world, [service('web', 'steady'), service('job', 'steady')]);
    await world.waitForAll('RUNNING');
    const pid = await world.pidOf('web');
    // Told by the store, not by memory alone: what is not there yet may be lost with the daemon.
    const before = await world.waitFor('the store to have all', async () => {
      const events = await eventsOf(world);
      return stored(world).length === events.length && events;
    });
    await world.killDaemon(daemon);
    signal(pid, 'SIGKILL');
    await world.waitForEnd(pid);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const exit = await waitForEvent(world, 'the exit', ({ type, name }) => type === 'exit' && name === 'web');
    expect(exit).toMatchObject({ exit: { signal: 'SIGKILL' } });
    const after = await eventsOf(world);
    expectInOrder(after);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(exit.seq).toBeGreaterThan(before.at(-1)?.seq ?? Infinity);
    expect(after.filter(({ type, name }) => type === 'exit' && name === 'web')).toHaveLength(1);
    expect(after.filter(({ name, run, type }) => name === 'job' && type === 'exit' && run !== undefined)).toEqual([]);
    expect(after.filter(({ type }) => type === 'daemon')).toHaveLength(2);
  });

  test('answers by type, time and number, and says that there is more', async ({ world }) => {
    await started(world, [service('web', 'steady')]);
    await world.waitForState('web', 'RUNNING');
    for (let round = 0; round < 3; round += 1) {
      await world.ctl('stop', 'web');
      await world.ctl('start', 'web');
    }
    const all = await eventsOf(world);
    const commands = await eventsOf(world, { types: ['command'] });
    expect(commands).toEqual(all.filter(({ type }) => type === 'command'));
    expect(commands).toHaveLength(6);
    const few = await world.rpc<EventsResult>('events', { limit: 4, types: ['command'] });
    expect([few.events, few.more]).toEqual([commands.slice(-4), true]);
    expect(await world.rpc('events', { types: ['command'], limit: 6 })).toEqual({ events: commands, more: false });
    const third = commands[2]?.at ?? '';
    expect(seqs(await eventsOf(world, { types: ['command'], since: third }))).toEqual(seqs(commands.slice(2)));
    expect(seqs(await eventsOf(world, { types: ['command'], until: third }))).toEqual(seqs(commands.slice(0, 2)));
    const shown = await world.ctl('events', 'web', '--type', 'command', '--since', '1h', '--json');
    expect(seqs((shown.json as EventsResult).events)).toEqual(seqs(commands));
    const { stdout } = await world.ctl('events', '--type', 'command', '--lines', '2');
    expect(stdout).toMatch(/web +command +stop \(by operator\)\n.*web +command +start \(by operator\)\n/);
    expect(stdout.match(/ command /g)).toHaveLength(2);
  });

  test('knows names that have left the configuration, and refuses those that never were', async ({ world }) => {
    const daemon = await started(world, [service('web', 'steady'), service('gone', 'steady')]);
    await world.waitForAll('RUNNING');
    world.configure([service('web', 'steady')]);
    expect((await world.ctl('update', '--yes')).code).toBe(0);
    await waitForEvent(world, 'its exit', ({ name, type }) => name === 'gone' && type === 'exit');
    await world.waitFor('it to have left', async () => (await world.rows()).every(({ name }) => name !== 'gone'));
    signal(daemon.pid, 'SIGTERM');
    await daemon.ended;
    await world.startDaemon();
    const told = await eventsOf(world, { names: ['gone'] });
    expect(told.map(({ type }) => type)).toContain('exit');
    expect(told.every(({ name }) => name === 'gone')).toBe(true);
    await expect(eventsOf(world, { names: ['never'] })).rejects.toThrow(/never/);
  });

  test('is there on the monitor socket, without what checks and hooks printed', async ({ world }) => {
    const path = join(world.root, 'monitor.sock');
    const check = `health-check = { command = ${JSON.stringify(hookLine('web.check', 'asks hush'))}, interval = "100ms", retries = 1 }`;
    const settings = `autorestart = "never"\n${check}\n${hook('after-start', 'fails 3')}`;
    world.open('hush');
    await started(world, [service('web', 'steady', settings)], `monitor-socket = "${path}"`);
    await waitForEvent(world, 'the hook', ({ type }) => type === 'hook');
    world.close('hush');
    await waitForEvent(world, 'its exit', ({ type }) => type === 'exit');
    await world.waitForState('web', 'EXITED');
    const types = ['hook', 'health', 'state'];
    const told = await eventsOf(world, { types });
    expect(JSON.stringify(told.filter(({ type }) => type === 'health'))).toContain('no hush');
    expect(JSON.stringify(told.filter(({ type }) => type === 'state'))).toContain('no hush');
    const { events } = await rpcCall<EventsResult>(path, 'events', { types });
    expect(seqs(events)).toEqual(seqs(told));
    expect(events.map(brief)).toEqual(expect.arrayContaining(['hook: after-start failed', 'health: unhealthy']));
    expect(JSON.stringify(events)).not.toMatch(/hush|complains/);
  });
});

describe.concurrent('what the clock does is told', () => {
  test('a version that takes over, a window that was missed', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:00:00+02:00');
    const daily = 'one-shot = true; schedule = { start-time = "09:00", stop-time = "18:00" }';
    clock.configure([
      service('web', 'steady'),
      service('web', 'steady', 'apply-on = "2030-06-05T08:30:00"'),
      service('job', 'exits 0', daily),
    ]);
    const daemon = await clock.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await clock.jump('2030-06-05T08:30:01+02:00');
    const version = await waitForEvent(world, 'the version', ({ type }) => type === 'version');
    expect(version).toMatchObject({
      name: 'web',
      message: expect.stringMatching(/^version 2030-06-05.* takes over from 2020-01-01/) as string,
    });
    await world.killDaemon(daemon);
    clock.set('2030-06-05T18:30:00+02:00');
    await clock.startDaemon();
    const missed = await waitForEvent(world, 'the window', ({ type }) => type === 'missed');
    expect(missed).toMatchObject({
      name: 'job',
      message: expect.stringMatching(/^missed its window of .*09:00/) as string,
    });
  });
});

/** A service that is killed comes back. */
async function expectCare(world: World): Promise<void> {
  const pid = await world.pidOf('web');
  signal(pid, 'SIGKILL');
  await world.waitForRow('web', 'another run', (row) => row.state === 'RUNNING' && (row.pid ?? pid) !== pid);
}

describe.concurrent('services are looked after', () => {
  test('where events.db is garbage: it is set aside', async ({ world }) => {
    mkdirSync(world.stateDir, { mode: 0o700 });
    writeFileSync(database(world), 'no database at all, but long enough for a header'.repeat(100), { mode: 0o600 });
    const daemon = await started(world, [service('web', 'steady')]);
    await world.waitForState('web', 'RUNNING');
    await expectCare(world);
    await world.waitFor('a warning', () => /warning .*events\.db cannot be read .*set aside as/.test(daemon.log()));
    expect(readdirSync(world.stateDir).filter((name) => name.startsWith('events.db.broken-'))).toHaveLength(1);
    await world.waitFor(
      'a new file with all of it',
      async () => stored(world).length === (await eventsOf(world)).length,
    );
    expect(statSync(database(world)).mode & 0o777).toBe(0o600);
  });

  test('where events.db is locked: what waits is written once it is free', async ({ world }) => {
    const daemon = await started(world, [service('web', 'steady')]);
    await world.waitForState('web', 'RUNNING');
    await world.waitFor('the file', () => stored(world).length > 0);
    signal(daemon.pid, 'SIGTERM');
    await daemon.ended;
    const db = new DatabaseSync(database(world));
    db.exec('BEGIN EXCLUSIVE');
    try {
      const next = await world.startDaemon();
      await world.waitForState('web', 'RUNNING');
      await expectCare(world);
      await world.waitFor('a warning', () => /warning .*history of events cannot be kept .*locked/.test(next.log()));
      await expect(eventsOf(world)).rejects.toThrow(/cannot be read: database is locked/);
      db.exec('COMMIT');
      await world.waitFor('the good news', () => next.log().includes('can be written again'));
    } finally {
      db.close();
    }
    const events = await eventsOf(world);
    expectInOrder(events);
    expect(events.filter(({ type, exit }) => type === 'exit' && exit?.signal === 'SIGKILL')).toHaveLength(1);
    await world.waitFor('the file to have all', () => stored(world).length === events.length);
  });

  test('where events.db is on a full disk', async ({ world }) => {
    const folder = join(world.root, 'full');
    mountTmpfs(folder, '64k');
    mkdirSync(world.stateDir, { mode: 0o700 });
    // Only its: without room for the state of services none is started, see state-files.test.ts.
    for (const name of ['events.db', 'events.db-wal']) {
      for (const parent of [folder, world.stateDir]) writeFileSync(join(parent, name), '', { mode: 0o600 });
      mountFile(join(folder, name), join(world.stateDir, name));
    }
    const ballast = fillUp(folder);
    const daemon = await started(world, [service('web', 'steady')]);
    await world.waitForState('web', 'RUNNING');
    await world.waitFor('a warning', () => /warning .*history of events cannot be kept .*full/.test(daemon.log()));
    await expectCare(world);
    rmSync(ballast);
    await world.waitFor('the good news', () => daemon.log().includes('can be written again'));
    const events = await eventsOf(world);
    expectInOrder(events);
    expect(events.filter(({ type, name }) => type === 'exit' && name === 'web')).toHaveLength(1);
  });
});

/** To the last block. */
function fillUp(folder: string): string {
  const ballast = join(folder, 'ballast');
  for (const size of [4096, 1]) {
    try {
      for (;;) writeFileSync(ballast, 'x'.repeat(size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  return ballast;
}
