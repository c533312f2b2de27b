/** Units of systemd, imported and run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { makeUser, type TestUser } from '../harness/accounts.ts';
import { importInto, openToOthers, placeSample, remarksOf, toldTo } from '../harness/imported.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { limitsOf, surroundingsOf } from '../harness/surroundings.ts';
import { expect, test } from '../harness/test.ts';

let user: TestUser;
beforeAll(() => {
  user = makeUser();
});
afterAll(() => user.remove());

test('services keep their commands, variables, hooks, users, limits and what they need', async ({ world }) => {
  openToOthers(world);
  const files = ['web.service', 'cache.service'].map((name) =>
    placeSample(world, `systemd/${name}`, { webuser: user.name }),
  );
  const text = await importInto(world, 'systemd', files);
  const remarks = remarksOf(text).join('\n');
  for (const what of [
    'web.service:13: ExecReload=/bin/kill -HUP $MAINPID: no counterpart: procmanctl signal HUP web',
    `web.service:16: EnvironmentFile=-${world.root}/none.env: is not there now`,
    'web.service:21: LimitNOFILE=4096:8192: soft and hard limit are one here',
    'web.service:27: ProtectSystem=strict: no counterpart',
    'web.service:28: WatchdogSec=30: no counterpart',
    'web.service:3: After=network-online.target: is not imported',
  ]) {
    expect(remarks).toContain(what);
  }
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  // Words as systemd splits them, variables as it fills them in.
  expect(await toldTo(world, 'web~0')).toBe('told --mode two words -a -b a;b web');
  const pid = await world.pidOf('web');
  const surroundings = surroundingsOf(pid);
  expect(surroundings).toMatchObject({
    uids: Array(4).fill(user.uid) as number[],
    umask: '0027',
    nice: 5,
    workDir: join(world.root, 'work'),
    environment: { GREETING: 'good day', MODE: 'two words', FLAGS: '-a -b' },
  });
  // What the daemon has in its environment is not the service's.
  expect(surroundings.environment).not.toHaveProperty('TEST_WORLD');
  expect(limitsOf(pid)).toMatchObject({ 'Max open files': '4096 4096' });
  expect(world.lines('hooks')).toEqual(['pre good day']);
  // The one that forks is watched by the pid in its file.
  const cache = await world.pidOf('cache');
  expect(await toldTo(world, 'cache~0')).toBe('told');
  expect(world.starts('cache~0')).toEqual([cache]);
  // on-failure; what it needs takes it along, and it comes back with it.
  signal(pid, 'SIGKILL');
  await world.waitForRow('web', 'started again', ({ restarts, state }) => restarts === 1 && state === 'RUNNING');
  expect((await world.ctl('stop', 'cache', '-y')).code).toBe(0);
  expect(world.lines('log.web~0')).toContain('signal INT');
  expect(await world.row('web')).toMatchObject({ state: 'PENDING', reason: { code: 'dependency' } });
  expect(isAlive(cache)).toBe(false);
  expect(world.lines('hooks').filter((line) => line === 'post')).toHaveLength(2);
  await world.killDaemon(daemon);
});

test('a timer makes its service a one-shot at these times', async ({ world }) => {
  const files = ['backup.timer', 'backup.service'].map((name) => placeSample(world, `systemd/${name}`));
  const text = await importInto(world, 'systemd', files);
  expect(text).toContain('schedule.cron = "30 3 * * 1-5"');
  expect(text).toContain('catch-up = true');
  expect(remarksOf(text).join('\n')).toContain('backup.timer:3: OnCalendar=Sun 05:00: a process has one schedule');
  await world.startDaemon();
  expect(await world.row('backup')).toMatchObject({ next: { action: 'run' } });
  expect((await world.ctl('start', 'backup')).code).toBe(0);
  expect(world.lines('backup')).toEqual(['first', 'second']);
  expect(await world.row('backup')).toMatchObject({ state: 'EXITED', reason: { code: 'finished' } });
});

test('what cannot be is told with its line', async ({ world }) => {
  const timer = placeSample(world, 'systemd/backup.timer');
  const alone = await world.ctl('import', '--from', 'systemd', timer);
  expect(alone.code).toBe(6);
  expect(alone.stderr).toContain('backup.timer:1: error: starts backup.service, which is not among the files');
  const file = join(world.root, 'bad.service');
  writeFileSync(
    file,
    '[Service]\nExecStart=/bin/sleep "5\nRestart=sometimes\nTimeoutStopSec=long\nUser=%u\nKillSignal=SIGX\n',
  );
  const { stderr } = await world.ctl('import', '--from', 'systemd', file);
  for (const problem of [
    `${file}:2: error: process "bad.service": ExecStart: is no command line (found `,
    `${file}:3: error: process "bad.service": Restart: is none of the possible values (found "sometimes"; allowed no, always, on-failure`,
    `${file}:4: error: process "bad.service": TimeoutStopSec: is no time span (found "long"; allowed 90, 1min 30s`,
    `${file}:5: error: process "bad.service": User: is a specifier that only systemd knows (found "%u"; allowed %i`,
    `${file}:6: error: process "bad.service": KillSignal: is not a signal on this system (found "SIGX"`,
  ]) {
    expect(stderr).toContain(problem);
  }
});
