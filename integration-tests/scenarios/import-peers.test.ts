/** The samples of Taskmaster, TM Orchestrator, PROCRUST and PROCMAN, imported and run. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { makeUser, type TestUser } from '../harness/accounts.ts';
import { importInto, openToOthers, placeSample, remarksOf, toldTo } from '../harness/imported.ts';
import { programs } from '../harness/paths.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { environmentOf, surroundingsOf } from '../harness/surroundings.ts';
import { expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

let user: TestUser;
beforeAll(() => {
  user = makeUser();
});
afterAll(() => user.remove());

const obeys = `${programs}/obeys.sh`;

function writeScript(world: World, name: string, line: string): string {
  const path = join(world.root, name);
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("Taskmaster's example keeps its meaning", async ({ world }) => {
  openToOthers(world);
  mkdirSync(join(world.root, 'app'));
  const file = placeSample(world, 'taskmasterd.yaml', {
    '/usr/sbin/nginx': obeys,
    '/app/worker': obeys,
    'user: app': `user: ${user.name}`,
    'www-data': user.name,
    'workingdir: /app': `workingdir: ${join(world.root, 'app')}`,
  });
  const text = await importInto(world, 'taskmaster', [file]);
  expect(remarksOf(text)).toEqual([]);
  await world.startDaemon();
  const rows = await world.waitForAll('RUNNING');
  expect(rows.map(({ name }) => name)).toEqual(['nginx', ...[0, 1, 2, 3].map((number) => `worker:worker_0${number}`)]);
  expect(await toldTo(world, 'nginx~0')).toBe('told -g daemon off;');
  const pid = await world.pidOf('worker:worker_02');
  expect(surroundingsOf(pid)).toMatchObject({
    uids: Array(4).fill(user.uid) as number[],
    umask: '0044',
    workDir: join(world.root, 'app'),
    descriptors: { 1: join(world.root, 'logs', 'worker_02.out.log') },
    environment: { LOG_LEVEL: 'info' },
  });
  expect(environmentOf(await world.pidOf('nginx'))).toMatchObject({ PATH: '/usr/local/bin:/usr/bin:/bin' });
  // on-failure: 0 is the end of it, SIGKILL is not; nginx is always started again.
  signal(pid, 'SIGUSR1');
  expect(await world.waitForState('worker:worker_02', 'EXITED')).toMatchObject({ verdict: 'ok' });
  signal(await world.pidOf('worker:worker_01'), 'SIGKILL');
  await world.waitForRow('worker:worker_01', 'started again', ({ restarts }) => restarts === 1);
  signal(await world.pidOf('nginx'), 'SIGTERM');
  await world.waitForRow('nginx', 'started again', ({ restarts }) => restarts === 1);
  expect((await world.ctl('stop', 'worker:worker_03')).code).toBe(0);
  expect(world.lines('log.worker~3')).toContain('signal USR1');
});

test("TM Orchestrator's example keeps its meaning and its comments", async ({ world }) => {
  openToOthers(world);
  const file = placeSample(world, 'services.toml', {
    '/usr/sbin/nginx': obeys,
    '/usr/local/bin/myapp': obeys,
    '/usr/local/bin/worker': obeys,
    '/scripts/setup-worker.sh': writeScript(world, 'setup worker.sh', 'echo pre >>"$PLAYGROUND/scripts"'),
    '/scripts/post-worker.sh': writeScript(world, 'post-worker.sh', 'echo post >>"$PLAYGROUND/scripts"'),
    appuser: user.name,
  });
  const text = await importInto(world, 'tm-orchestrator', [file]);
  for (const kept of [
    '# The example of TM Orchestrator',
    '# seconds',
    '# The server in front.\n[[process]]',
    'id = "app"  # ours',
    '# It talks to nginx at once.\ndepends-on = ',
    '# The end.',
  ]) {
    expect(text).toContain(kept);
  }
  expect(remarksOf(text)).toEqual([
    expect.stringContaining('services.toml:21: depends_on = nginx: where nginx is a task that ends'),
    expect.stringContaining('services.toml:41: restart_policy = "always": no counterpart'),
  ]);
  const daemon = await world.startDaemon();
  await world.waitForState('app', 'RUNNING');
  await world.waitForState('worker', 'RUNNING');
  expect(await world.row('spare')).toMatchObject({ state: 'STOPPED', reason: { code: 'autostart' } });
  await world.waitFor('both scripts', () => world.lines('scripts').join() === 'pre,post');
  const [nginx, app, worker] = [await world.pidOf('nginx'), await world.pidOf('app'), await world.pidOf('worker')];
  expect(await toldTo(world, 'nginx~0')).toBe('told -g daemon off;');
  expect(surroundingsOf(app)).toMatchObject({ uids: Array(4).fill(user.uid) as number[] });
  const log = join(world.root, 'logs', 'worker.log');
  expect(surroundingsOf(worker)).toMatchObject({ descriptors: { 1: log, 2: log } });
  // A service that ends is not started again; the loss of a dependency stops nothing; the end of a required one ends all.
  signal(nginx, 'SIGKILL');
  await world.waitForState('nginx', 'EXITED');
  expect(await world.row('app')).toMatchObject({ state: 'RUNNING', pid: app });
  signal(app, 'SIGKILL');
  expect((await daemon.ended).code).toBe(1);
  expect(isAlive(worker)).toBe(false);
});

test("PROCRUST's examples keep their times, versions and comments", async ({ world }) => {
  const file = placeSample(world, 'procrust.toml', { '23:59:00': '24:00' });
  const text = await importInto(world, 'procrust', [file]);
  expect(text).toContain('uid = "550e8400-e29b-41d4-a716-446655440000"');
  for (const kept of [
    "# The examples of PROCRUST's README.",
    '# optional  normal/fake',
    '# week_days = "mon-fri"   # also valid\nweek-days = "all"  # also valid',
    '[process.start-health-check]  # optional',
    '# Two versions; the second is a mistake.\n[[process]]',
  ]) {
    expect(text).toContain(kept);
  }
  expect(remarksOf(text)).toEqual([expect.stringContaining('procrust.toml:34: colour = "red": no counterpart')]);
  await world.startDaemon();
  await world.waitForRow('example_process', 'its check', ({ phase }) => phase === 'start-health-check');
  expect(await world.row('example_process 2')).toMatchObject({ state: 'PENDING', reason: { code: 'dependency' } });
  world.open('healthy');
  await world.waitForAll('RUNNING');
  // The version that is fake does not run.
  expect(await toldTo(world, 'example_process%202~0')).toBe('told first');
});

test("PROCMAN's examples are taken over as they are", async ({ world }) => {
  const file = placeSample(world, 'procman.toml');
  const text = await importInto(world, 'procrust', [file]);
  expect(remarksOf(text)).toEqual([]);
  expect(text).toContain('"example_process", # first');
  expect(text).toContain('# With what it needs.\n[[process]]');
  await world.startDaemon();
  await world.waitForAll('RUNNING');
  expect(await toldTo(world, 'B~0')).toBe('told of B');
  expect(world.lines('before')).toEqual(['of B']);
  expect(await toldTo(world, 'example_process~0')).toBe('told simple');
});
