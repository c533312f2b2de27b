/** A test for each row of Taskmaster's "Taskmasterd Section" and of its command line. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { begin } from '../harness/commands.ts';
import { service } from '../harness/config.ts';
import { leftOfOldLogs } from '../harness/old-logs.ts';
import { procmand } from '../harness/paths.ts';
import { standIn } from '../harness/stand-in.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const say = 'says';

/** The output of `chatty` ends up in this folder. */
async function expectChildLogs(world: World, folder: string): Promise<void> {
  await world.waitForState('chatty', 'RUNNING');
  world.write('say.chatty', 'a word\n');
  await world.waitFor('the output', () => textOf(join(folder, 'chatty.out.log')).includes('a word'));
}

describe('the Taskmasterd section', () => {
  test('nocleanup: false', async ({ world }) => {
    const left = await leftOfOldLogs(world, {});
    expect(left.filter((name) => name.startsWith('gone'))).toEqual([]);
    expect(left).toContain('alien.out.log');
  });

  test('nocleanup: true', async ({ world }) => {
    expect(await leftOfOldLogs(world, { daemon: 'no-cleanup = true' })).toHaveLength(6);
  });

  test('childlogdir', async ({ world }) => {
    const folder = join(world.root, 'children');
    mkdirSync(folder);
    world.configure([service('chatty', say)], `child-log-dir = "${folder}"`);
    await world.startDaemon();
    await expectChildLogs(world, folder);
  });

  test('logfile', async ({ world }) => {
    const path = join(world.root, 'taskmasterd.log');
    world.configure([service('web', 'steady')], `log-file = "${path}"`);
    const daemon = await world.startDaemon();
    await world.waitFor('the line', () => textOf(path).includes('web: STARTING -> RUNNING'));
    expect(daemon.log()).toBe('');
  });

  test('logfile: syslog', async ({ world }) => {
    const { folder, env } = standIn(world, 'logger', '[ "$1" = --help ] || exec cat >>"$HERE/syslog"');
    world.configure([service('web', 'steady')], 'log-file = "syslog"');
    await world.startDaemon({ env });
    await world.waitFor('the line', () => textOf(join(folder, 'syslog')).includes('web: STARTING -> RUNNING'));
  });

  test.each([
    ['critical', []],
    ['error', ['error']],
    ['warning', ['error', 'warning']],
    ['info', ['error', 'warning', 'info']],
    ['debug', ['error', 'warning', 'info', 'debug']],
  ] as const)('loglevel: %s', async (level, expected) => {
    const { World: NewWorld } = await import('../harness/world.ts');
    const world = new NewWorld();
    try {
      await checkLevel(world, level, expected);
    } finally {
      await world.tearDown();
    }
  });

  /** Makes lines of all levels: a start (info), a failure (warning), a broken file (error), a client cut off in its line (debug). */
  async function checkLevel(world: World, level: string, expected: readonly string[]): Promise<void> {
    const configure = (): void =>
      world.configure([service('bad', 'exits 3')], `log-level = "${level}"\nwatch-config = true`);
    configure();
    const daemon = await world.startDaemon();
    await world.waitForState('bad', 'BACKOFF', 'BLOCKED');
    // Read again and found unchanged: a line of debug.
    world.writeConfig(`${readFileSync(world.config, 'utf8')}\n# touched`);
    world.writeConfig(readFileSync(world.config, 'utf8').replace('\n# touched', ''));
    if (level === 'debug') await world.waitFor('a line of debug', () => / debug /.test(daemon.log()));
    world.writeConfig('nonsense');
    await world.waitFor('the error', async () => (await world.daemonView()).configError !== undefined);
    const levels = new Set([...daemon.log().matchAll(/^\S+ (\w+) /gm)].map(([, name]) => name));
    expect([...levels].sort()).toEqual([...expected].sort());
  }
});

describe('the command line', () => {
  test.each([['-c'], ['--configuration']])('%s: path of the configuration', async (flag) => {
    const { World: NewWorld } = await import('../harness/world.ts');
    const world = new NewWorld();
    world.configure([service('web', 'steady')]);
    const child = begin(procmand, [flag, world.config], world.env);
    try {
      await world.waitForState('web', 'RUNNING');
      expect((await world.daemonView()).configPath).toBe(world.config);
    } finally {
      child.child.kill('SIGKILL');
      await child.finished;
      await world.tearDown();
    }
  });

  test.for([['-k'], ['--no-cleanup'], ['--nocleanup']])('%s', async ([flag = ''], { world }) => {
    expect(await leftOfOldLogs(world, { args: [flag] })).toHaveLength(6);
  });

  test('-q, --childlogdir', async ({ world }) => {
    for (const flag of ['-q', '--childlogdir']) {
      const folder = join(world.root, flag);
      world.configure([service('chatty', say)]);
      const daemon = await world.startDaemon({ args: [flag, folder] });
      await expectChildLogs(world, folder);
      await world.ctl('stop', 'all', '-y');
      await world.ctl('start', 'all');
      await world.ctl('shutdown', '-y');
      await daemon.ended;
    }
  });

  test('-l, --logfile', async ({ world }) => {
    for (const flag of ['-l', '--logfile']) {
      const path = join(world.root, `by${flag}.log`);
      world.configure([service('web', 'steady')], 'log-file = "-"');
      const daemon = await world.startDaemon({ args: [flag, path] });
      await world.waitFor('the line', () => textOf(path).includes(`serves ${world.uid}`));
      await world.killDaemon(daemon);
    }
  });

  test('-e, --loglevel', async ({ world }) => {
    for (const flag of ['-e', '--loglevel']) {
      world.configure([service('bad', 'exits 3', 'max-runs = 1')]);
      const daemon = await world.startDaemon({ args: [flag, 'critical'] });
      await world.waitForState('bad', 'BACKOFF', 'BLOCKED');
      expect(daemon.log()).toBe('');
      await world.killDaemon(daemon);
    }
    const refused = await begin(procmand, ['-e', 'loud', world.config], world.env).finished;
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('critical, error, warning, info, debug'),
    ]);
  });

  test('-v, --version', async ({ world }) => {
    for (const flag of ['-v', '--version']) {
      const { code, stdout } = await begin(procmand, [flag], world.env).finished;
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^procmand \d+\.\d+\.\d+\n$/)]);
    }
  });
});
