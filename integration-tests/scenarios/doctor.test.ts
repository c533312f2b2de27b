/** Dangers that can be made for real: each is found by `doctor`, and gone when its mend is done. */
import type { DoctorCheck, DoctorResult } from '@procman/protocol/views';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { service } from '../harness/config.ts';
import { mountTmpfs } from '../harness/mounts.ts';
import { isAlive, parentOf, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

async function examine(world: World): Promise<{ code: number | null; checks: readonly DoctorCheck[] }> {
  const { code, json } = await world.ctl('-c', world.config, 'doctor', '--json');
  const { ok, checks } = json as DoctorResult;
  expect(code).toBe(ok ? 0 : 1);
  expect(ok).toBe(checks.every(({ status }) => status !== 'problem'));
  return { code, checks };
}

async function check(world: World, id: string): Promise<DoctorCheck> {
  const { checks } = await examine(world);
  const found = checks.find((each) => each.id === id);
  if (!found) throw new Error(`there is no check ${id}`);
  return found;
}

async function start(world: World) {
  world.configure([service('web', 'steady'), service('db', 'steady')]);
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  return daemon;
}

describe('doctor', () => {
  test('looks at everything, and finds no problem where there is none', async ({ world }) => {
    await start(world);
    const { checks } = await examine(world);
    const status = Object.fromEntries(checks.map(({ id, status: each }) => [id, each]));
    for (const id of [
      'daemon',
      'config',
      'config-applied',
      'versions',
      'daemon-program',
      'in-doubt',
      'launchers',
      'stale',
    ])
      expect([id, status[id]]).toEqual([id, 'ok']);
    for (const id of [
      'socket',
      'locks',
      'broken-files',
      'log-folders',
      'owner-file',
      'identity',
      'tools',
      'node-version',
    ])
      expect([id, status[id]]).toEqual([id, 'ok']);
    const { stdout } = await world.ctl('-c', world.config, 'doctor', '-v');
    expect(stdout).toMatch(/^ok {2}daemon: the daemon answers, pid \d+$/m);
  });

  test('looks at the machine alone where there is neither daemon nor configuration', async ({ world }) => {
    const { json } = await world.ctl('-u', 'nobody-has-this', 'doctor', '--json');
    const { checks } = json as DoctorResult;
    expect(checks.find(({ id }) => id === 'tools')?.status).toBe('ok');
    expect(checks.find(({ id }) => id === 'state-dir')?.status).toBe('skipped');
  });

  test('the daemon is dead, and services live', async ({ world }) => {
    const daemon = await start(world);
    await world.killDaemon(daemon);
    expect(await check(world, 'daemon')).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('2 processes') as string,
    });
    const people = await world.ctl('-c', world.config, 'doctor');
    expect(people.code).toBe(1);
    expect(people.stdout).toMatch(/^problem {2}daemon: no daemon runs, and 2 processes .*\n {4}mend: procmand run /);
    await world.startDaemon();
    expect((await check(world, 'daemon')).status).toBe('ok');
  });

  test('the daemon is stopped and does not answer', { timeout: 180_000 }, async ({ world }) => {
    const daemon = await start(world);
    signal(daemon.pid, 'SIGSTOP');
    const found = await check(world, 'daemon');
    signal(daemon.pid, 'SIGCONT');
    expect(found).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('no answer within 10 s') as string,
    });
  });

  test('the configuration is broken, has changed, or may be written by others', async ({ world }) => {
    await start(world);
    const good = readFileSync(world.config, 'utf8');
    appendFileSync(world.config, '\n# one more line\n');
    expect((await check(world, 'config-applied')).status).toBe('warning');
    expect((await world.ctl('update')).code).toBe(0);
    expect((await check(world, 'config-applied')).status).toBe('ok');
    appendFileSync(world.config, '\nstop-timeuot = 3\n');
    const broken = await world.ctl('-u', world.uid, 'doctor', '--json');
    const checks = (broken.json as DoctorResult).checks;
    expect(checks.find(({ id }) => id === 'config')).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('stop-timeuot') as string,
    });
    expect((await check(world, 'config')).status).toBe('problem');
    world.writeConfig(good);
    chownSync(world.config, 12_345, 0);
    expect(await check(world, 'config-permissions')).toMatchObject({
      status: 'problem',
      message: expect.stringContaining(world.config) as string,
    });
    chownSync(world.config, 0, 0);
    expect((await check(world, 'config-permissions')).status).toBe('ok');
  });

  test('a reload is held, and a process is stale', async ({ world }) => {
    const daemon = await start(world);
    world.configure([service('web', 'steady', 'env = { NEW = "1" }'), service('db', 'steady')]);
    expect((await world.ctl('update')).code).toBe(0);
    expect(await check(world, 'stale')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('web') as string,
    });
    world.configure([]);
    signal(daemon.pid, 'SIGHUP');
    await world.waitFor('the reload to be held', async () => (await world.daemonView()).heldReload !== undefined);
    expect(await check(world, 'config-applied')).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('web, db') as string,
    });
  });

  test('locks, socket and state are tampered with', async ({ world }) => {
    await start(world);
    chmodSync(world.stateDir, 0o755);
    expect((await check(world, 'state-dir')).message).toContain('mode 0755');
    chmodSync(world.stateDir, 0o700);
    chmodSync(world.socket, 0o666);
    expect((await check(world, 'socket')).message).toContain('anybody may control');
    chmodSync(world.socket, 0o600);
    const folder = join(world.stateDir, 'runs/lock');
    const lock = readdirSync(folder).find((name) => name.startsWith('web')) ?? '';
    rmSync(join(folder, lock));
    expect(await check(world, 'locks')).toMatchObject({
      status: 'problem',
      message: expect.stringContaining(lock) as string,
    });
  });

  test('a state file had to be set aside', async ({ world }) => {
    const daemon = await start(world);
    await world.killDaemon(daemon);
    const folder = join(world.stateDir, 'instances');
    const file = readdirSync(folder).find((name) => /^web.*\.json$/.test(name)) ?? '';
    writeFileSync(join(folder, file), '{ half');
    await world.startDaemon();
    expect(await check(world, 'broken-files')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining(file) as string,
    });
  });

  test('a launcher was killed', async ({ world }) => {
    await start(world);
    const pid = await world.pidOf('web');
    const launcher = parentOf(pid) ?? 0;
    signal(launcher, 'SIGKILL');
    await world.waitFor('the launcher to end', () => !isAlive(launcher));
    expect(await check(world, 'launchers')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('web') as string,
    });
    expect((await world.ctl('restart', 'web')).code).toBe(0);
    expect((await check(world, 'launchers')).status).toBe('ok');
  });

  test('all proof of a live process is lost', async ({ world }) => {
    const daemon = await start(world);
    await world.killDaemon(daemon);
    rmSync(world.stateDir, { recursive: true });
    for (const { pid, kind } of world.marked()) if (kind === 'launcher') signal(pid, 'SIGKILL');
    await world.waitFor('the end of the launchers', () => !world.marked().some(({ kind }) => kind === 'launcher'));
    await world.startDaemon();
    await world.waitForState('web', 'BLOCKED');
    expect(await check(world, 'in-doubt')).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('web') as string,
    });
  });

  test('a service forks away from its supervisor', async ({ world }) => {
    world.configure([service('away', 'daemonizes', 'start-retries = 0')]);
    await world.startDaemon();
    await world.waitFor('doctor to see it', async () => (await check(world, 'forks-away')).status === 'problem');
  });

  test('the state is in memory, on a disk that is full and cannot shorten a log', async ({ world }) => {
    mountTmpfs(world.stateDir, '20m');
    await start(world);
    expect((await check(world, 'state-dir')).message).toContain('in memory');
    expect(await check(world, 'log-folders')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('cannot shorten') as string,
    });
    expect(await check(world, 'disk-space')).toMatchObject({ status: 'problem' });
    expect(readdirSync(join(world.stateDir, 'logs')).filter((name) => name.includes('doctor'))).toEqual([]);
    expect(existsSync(join(world.stateDir, 'procmand.lock'))).toBe(true);
  });
});
