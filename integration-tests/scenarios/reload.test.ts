/** A reload does what was asked for, and nothing stops by confusion. */
import { chmodSync, copyFileSync, readFileSync, rmSync } from 'node:fs';
import type { UpdateResult } from '@procman/protocol/views';
import { configText, processTable, service } from '../harness/config.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

async function update(world: World): Promise<UpdateResult> {
  return (await world.ctl('update', '--json')).json as UpdateResult;
}

async function start(world: World, processes: string[], daemon = ''): Promise<Daemon> {
  world.configure(processes, daemon);
  const started = await world.startDaemon();
  await world.waitForAll('RUNNING');
  return started;
}

const FIVE = ['a', 'b', 'c', 'd', 'e'];
const five = (): string[] => FIVE.map((id) => service(id, 'steady'));

async function pids(world: World): Promise<(number | undefined)[]> {
  return (await world.rows()).map(({ pid }) => pid);
}

/** Both ways to ask for a reload. */
const WAYS = [
  ['update', (world: World): Promise<unknown> => world.ctl('update')],
  ['SIGHUP', (_: World, daemon: Daemon): Promise<unknown> => Promise.resolve(process.kill(daemon.pid, 'SIGHUP'))],
] as const;

describe.for(WAYS)('a reload by %s', ([, reload]) => {
  test('starts what was added and ends what was removed', async ({ world }) => {
    const daemon = await start(world, five());
    const before = await pids(world);
    world.configure([...five().slice(0, 4), service('new', 'steady')]);
    await reload(world, daemon);
    await world.waitForState('new', 'RUNNING');
    await world.waitForEnd(before[4] ?? 0);
    await world.waitFor('the removed one to leave the status', async () => (await world.rows()).length === 5);
    expect((await pids(world)).slice(0, 4)).toEqual(before.slice(0, 4));
  });

  test('with a broken file changes nothing, and says so', async ({ world }) => {
    const daemon = await start(world, five());
    const before = await pids(world);
    world.writeConfig(readFileSync(world.config, 'utf8').replace('[[process]]', '[[process'));
    await reload(world, daemon);
    await world.waitFor('configError', async () => (await world.daemonView()).configError);
    expect(await pids(world)).toEqual(before);
    world.configure(five());
    await reload(world, daemon);
    await world.waitFor('no configError', async () => (await world.daemonView()).configError === undefined);
    expect(await pids(world)).toEqual(before);
  });

  test('with another uid is refused', async ({ world }) => {
    const daemon = await start(world, five());
    const before = await pids(world);
    world.writeConfig(configText({ uid: `${world.uid}x`, stateDir: world.stateDir, socket: world.socket }, five(), ''));
    await reload(world, daemon);
    const { configError } = await world.waitFor('configError', async () => {
      const view = await world.daemonView();
      return view.configError && { configError: view.configError };
    });
    expect(configError.problems.map(({ key, message }) => `${key ?? ''} ${message}`).join()).toMatch(/uid/);
    expect(await pids(world)).toEqual(before);
  });
});

describe('what `update` tells', () => {
  test('each name is in one list; a changed apply-on restarts, a changed command does not', async ({ world }) => {
    await start(world, [
      service('same', 'steady'),
      service('newer', 'steady'),
      service('stale', 'steady'),
      service('live', 'steady'),
      service('gone', 'steady'),
    ]);
    const [same, newer, stale, live] = await pids(world);
    world.configure([
      service('same', 'steady'),
      service('newer', 'steady', 'apply-on = "2021-01-01"'),
      service('stale', 'tells x'),
      service('live', 'steady', 'stop-timeout = "1s"'),
      service('added', 'steady'),
    ]);
    const result = await update(world);
    expect(result).toMatchObject({
      ok: true,
      applied: true,
      added: ['added'],
      removed: ['gone'],
      restarted: ['newer'],
      stale: ['stale'],
      changed: ['live'],
      unchanged: ['same'],
    });
    await world.waitForAll('RUNNING', ['same', 'newer', 'stale', 'live', 'added']);
    expect(await world.pidOf('same')).toBe(same);
    expect(await world.pidOf('live')).toBe(live);
    expect(await world.row('stale')).toMatchObject({ pid: stale, stale: true, verdict: 'ok' });
    await world.waitForRow('newer', 'another run', (row) => row.pid !== newer && row.state === 'RUNNING');
    expect((await world.row('newer')).restarts).toBe(0);
  });

  test('`restart` applies what is stale, and stale survives the daemon', async ({ world }) => {
    const daemon = await start(world, [service('web', 'tells old')]);
    world.configure([service('web', 'tells new')]);
    expect((await world.ctl('update')).stdout).toContain('procmanctl restart web');
    await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ stale: true, state: 'RUNNING' });
    expect(world.lines('log.web')).not.toContain('told new');
    await world.ctl('restart', 'web');
    expect(world.lines('log.web')).toContain('told new');
    expect((await world.row('web')).stale).toBe(false);
  });

  test('stale ends when the definition is changed back', async ({ world }) => {
    await start(world, [service('web', 'tells old')]);
    world.configure([service('web', 'tells new')]);
    await update(world);
    expect((await world.row('web')).stale).toBe(true);
    world.configure([service('web', 'tells old')]);
    await update(world);
    expect((await world.row('web')).stale).toBe(false);
    await world.expectStarts('web', 1);
  });

  test('numprocs up and down starts and ends only the difference', async ({ world }) => {
    const workers = (count: number): string[] => [processTable('worker', 'sleep 1000', `numprocs = ${count}`)];
    await start(world, workers(3));
    const before = await pids(world);
    world.configure(workers(4));
    await update(world);
    await world.waitForState('worker:worker_03', 'RUNNING');
    expect((await pids(world)).slice(0, 3)).toEqual(before);
    world.configure(workers(1));
    await update(world);
    await world.waitForEnd(before[2] ?? 0);
    // One alone has no group: it is renamed, not restarted.
    expect(await world.waitForState('worker', 'RUNNING')).toMatchObject({ pid: before[0] });
  });

  test('the hash of a plan guards against a world that has moved', async ({ world }) => {
    await start(world, five());
    world.configure(five().slice(1));
    const plan = (await world.ctl('plan', '--json')).json as UpdateResult;
    expect(plan).toMatchObject({ applied: false, removed: ['a'], actions: [{ name: 'a', action: 'stop' }] });
    expect((await world.ctl('update', '--plan', 'other')).code).toBe(1);
    expect(isAlive(await world.pidOf('a'))).toBe(true);
    expect((await world.ctl('update', '--plan', plan.hash)).code).toBe(0);
    await world.waitFor('a to leave', async () => (await world.rows()).length === 4);
  });

  test('every problem of a broken file at once, exit 6', async ({ world }) => {
    await start(world, five());
    world.configure([
      service('a', 'steady', 'no-such-key = 1'),
      service('b', 'steady', 'depends-on = "nobody"'),
      service('c', 'steady', 'stop-timeout = "soon"'),
      processTable('d', '/no/such/program'),
    ]);
    const result = await world.ctl('update');
    expect(result.code).toBe(6);
    for (const text of ['no-such-key', 'nobody', 'soon', '/no/such/program']) expect(result.stdout).toContain(text);
    const { configError } = await world.daemonView();
    expect(configError?.problems.filter(({ severity }) => severity === 'error')).toHaveLength(4);
    await world.waitForAll('RUNNING');
    expect((await world.rows()).length).toBe(5);
  });
});

describe('the reload guard', () => {
  test('holds a SIGHUP that would stop most of what runs; `update` confirms it', async ({ world }) => {
    const daemon = await start(world, five());
    const before = await pids(world);
    world.configure(five().slice(0, 1));
    signal(daemon.pid, 'SIGHUP');
    const held = await world.waitFor('a held reload', async () => (await world.daemonView()).heldReload);
    expect(held.stops).toEqual(['b', 'c', 'd', 'e']);
    expect(await pids(world)).toEqual(before);
    expect(await world.row('b')).toMatchObject({
      state: 'RUNNING',
      verdict: 'problem',
      reason: { code: 'not-in-config' },
    });
    expect((await world.ctl('update')).code).toBe(0);
    for (const pid of before.slice(1)) await world.waitForEnd(pid ?? 0);
    expect((await world.daemonView()).heldReload).toBeUndefined();
    expect(isAlive(before[0] ?? 0)).toBe(true);
  });

  test('holds at the start of a daemon, too', async ({ world }) => {
    const daemon = await start(world, five());
    const before = await pids(world);
    await world.killDaemon(daemon);
    const text = readFileSync(world.config, 'utf8');
    // Cut off between two tables, as by a full disk or an interrupted copy: still valid TOML.
    world.writeConfig(text.slice(0, text.indexOf('[[process]]', text.indexOf('[[process]]') + 1)));
    const next = await world.startDaemon();
    expect((await world.daemonView()).heldReload?.stops).toEqual(['b', 'c', 'd', 'e']);
    expect((await pids(world)).toSorted()).toEqual(before.toSorted());
    world.writeConfig(text);
    signal(next.pid, 'SIGHUP');
    await world.waitFor('nothing held', async () => (await world.daemonView()).heldReload === undefined);
    expect(await pids(world)).toEqual(before);
    await world.waitForAll('RUNNING');
  });

  test('survives a further crash', async ({ world }) => {
    const daemon = await start(world, five());
    const before = await pids(world);
    world.configure([]);
    signal(daemon.pid, 'SIGHUP');
    await world.waitFor('a held reload', async () => (await world.daemonView()).heldReload);
    await world.crashDaemon(daemon);
    expect((await world.daemonView()).heldReload?.stops).toEqual(FIVE);
    expect(await pids(world)).toEqual(before);
    expect((await world.ctl('update')).code).toBe(0);
    await world.waitFor('all to end', () => before.every((pid) => !isAlive(pid ?? 0)));
  });

  test('can be turned off', async ({ world }) => {
    const daemon = await start(world, five(), 'reload-guard = "off"');
    const before = await pids(world);
    world.configure(five().slice(0, 1), 'reload-guard = "off"');
    signal(daemon.pid, 'SIGHUP');
    await world.waitForEnd(before[4] ?? 0);
  });
});

describe('a start with a broken configuration', () => {
  test('ends with 6 and every problem; services go on', async ({ world }) => {
    const daemon = await start(world, five());
    const before = await pids(world);
    await world.killDaemon(daemon);
    world.configure([service('a', 'steady', 'nonsense = true'), service('b', 'steady', 'stop-signal = "LOUD"')]);
    const refused = await world.startDaemon({ wait: false });
    expect(await refused.ended).toMatchObject({ code: 6 });
    expect(refused.log()).toContain('nonsense');
    expect(refused.log()).toContain('LOUD');
    expect(before.every((pid) => isAlive(pid ?? 0))).toBe(true);
  });

  test.for([
    ['a typo at its end', (text: string) => `${text}\n[[process`, []],
    ['nothing of it left', () => 'uid = [', ['--state-dir']],
  ] as const)('`--last-good` goes on with the one applied last: %s', async ([, damage, flags], { world }) => {
    const daemon = await start(world, five());
    const before = await pids(world);
    await world.killDaemon(daemon);
    world.writeConfig(damage(readFileSync(world.config, 'utf8')));
    await world.startDaemon({ args: ['--last-good', ...flags.flatMap((flag) => [flag, world.stateDir])] });
    expect((await world.daemonView()).configError?.problems.length).toBeGreaterThan(0);
    expect(await pids(world)).toEqual(before);
    signal(before[0] ?? 0, 'SIGKILL');
    await world.waitForRow('a', 'another run', (row) => row.state === 'RUNNING' && row.pid !== before[0]);
  });

  test('the file is as it was, and a program is gone since: what runs is taken over, and told of', async ({
    world,
  }) => {
    const program = `${world.root}/program`;
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o755);
    const daemon = await start(world, [processTable('a', `${program} 1000`), service('b', 'steady')]);
    const before = await pids(world);
    await world.killDaemon(daemon);
    rmSync(program);
    const next = await world.startDaemon();
    expect(await pids(world)).toEqual(before);
    expect(next.log()).toContain(`the program "${program}" does not exist`);
    signal(before[0] ?? 0, 'SIGKILL');
    await world.waitForState('a', 'BACKOFF');
    await world.killDaemon(next);
    world.configure([processTable('a', `${program} 2000`)]);
    const refused = await world.startDaemon({ wait: false });
    expect(await refused.ended).toMatchObject({ code: 6 });
  });

  test('without a file: 6', async ({ world }) => {
    const daemon = await world.startDaemon({ wait: false });
    expect(await daemon.ended).toMatchObject({ code: 6 });
    expect(daemon.log()).toContain(world.config);
  });
});

describe('an empty process list', () => {
  test('is valid', async ({ world }) => {
    await start(world, []);
    expect(await world.rows()).toEqual([]);
    expect((await world.ctl('status')).code).toBe(0);
    world.configure(five());
    await update(world);
    await world.waitForAll('RUNNING', FIVE);
  });
});
