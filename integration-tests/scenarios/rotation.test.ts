/** Logs are rotated while their services write, whatever becomes of the daemon: no line is lost, none is there twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mountTmpfs } from '../harness/mounts.ts';
import { leftOfOldLogs } from '../harness/old-logs.ts';
import { backups, expectLines, expectNumbers, numbers, phases, written } from '../harness/rotated-logs.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const ALL = 'log-max-bytes = "400KB"; log-backups = 1000';

const logOf = (world: World): string => join(world.stateDir, 'logs', 'writer.out.log');

/** Lets it come to its end, and then compares. */
async function finish(world: World, log: string): Promise<void> {
  world.open('enough');
  const last = await world.waitFor('the last number', () => written(world.playground));
  expect((await world.row('writer')).restarts).toBe(0);
  expect((await world.ctl('stop', 'writer')).code).toBe(0);
  await world.waitFor('the rotation to be over', () => phases(log).length === 0);
  expect(firstByte(log)).not.toBe(0);
  expectNumbers(log, last);
}

function firstByte(path: string): number {
  const fd = openSync(path, 'r');
  const byte = Buffer.alloc(1, 0xff);
  readSync(fd, byte, 0, 1, 0);
  closeSync(fd);
  return byte[0] ?? 0;
}

/** Looks without a pause: some of what is waited for is there for a millisecond. */
function seesWithin(milliseconds: number, isThere: () => boolean): boolean {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) if (isThere()) return true;
  return false;
}

/** Each daemon goes on with what the last one left, and begins anew. */
async function killAtEveryStep(world: World, first: Daemon, log: string): Promise<Set<string>> {
  let daemon = first;
  const seen = new Set<string>();
  for (let round = 0; round < 16; round += 1) {
    const wanted = ['part', 'done', 'punched', 'collapsed'][round % 4] ?? '';
    if (seesWithin(700, () => phases(log).includes(wanted))) seen.add(wanted);
    daemon = await world.crashDaemon(daemon);
  }
  return seen;
}

describe('the daemon is killed at every step of the rotation', () => {
  test('where the file system can collapse', { timeout: 240_000 }, async ({ world }) => {
    world.configure([numbers('writer', world.playground, ALL)]);
    const daemon = await world.startDaemon();
    await world.waitForState('writer', 'RUNNING');
    const seen = await killAtEveryStep(world, daemon, logOf(world));
    expect(seen).toContain('done');
    await world.waitFor('a rotation by a daemon that has adopted it', () => backups(logOf(world)).length > 2);
    await finish(world, logOf(world));
  });

  test('on tmpfs, which can only punch', { timeout: 240_000 }, async ({ world }) => {
    const logs = join(world.root, 'logs');
    mountTmpfs(logs, '3g');
    world.configure([numbers('writer', world.playground, ALL)], `child-log-dir = "${logs}"`);
    const daemon = await world.startDaemon();
    await world.waitForState('writer', 'RUNNING');
    const log = join(logs, 'writer.out.log');
    const seen = await killAtEveryStep(world, daemon, log);
    expect(seen).toContain('done');
    await world.waitFor('a rotation', () => backups(log).length > 2);
    expect(firstByte(log)).toBe(0);
    await finish(world, log);
    const { size, blocks } = statSync(log);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
  });

  test('and its child comes late', { timeout: 240_000 }, async ({ world }) => {
    world.configure([numbers('writer', world.playground, ALL)]);
    const daemon = await world.startDaemon();
    const log = logOf(world);
    await world.waitFor('a rotation', () => backups(log).length > 0);
    const lock = `${join(world.stateDir, 'logs')}/.writer.out.log.lock`;
    const holder = spawn('flock', [lock, 'sh', '-c', 'echo; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(holder.stdout, 'data');
    const count = backups(log).length;
    await world.waitFor('a child that waits', () => phases(log).includes('done'));
    const next = await world.crashDaemon(daemon);
    const after = await world.crashDaemon(next);
    expect(after.pid).toBeGreaterThan(0);
    // The sleep has the lock, too.
    process.kill(holder.pid ?? 0, 'SIGKILL');
    killHolders(lock);
    await world.waitFor('further rotations', () => backups(log).length > count + 1);
    await finish(world, log);
  });
});

/** Who has the lock file open as our own holder: its `sleep`. */
function killHolders(lock: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sleep')) continue;
      const holds = readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === lock);
      if (holds) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

describe('logs', () => {
  for (const collapse of [true, false]) {
    test(`-f shows every line once across rotations, log-collapse = ${collapse}`, async ({ world }) => {
      const settings = `log-max-bytes = "400KB"; log-backups = 3; log-collapse = ${collapse}; autostart = false`;
      // So slowly that the client keeps up.
      world.configure([numbers('writer', world.playground, settings, '0.1')]);
      await world.startDaemon();
      const following = world.beginCtl('logs', 'writer', '-f', '--json');
      following.finished.catch(() => undefined);
      await world.waitFor('the client to follow', () => following.printed().stdout.includes('\n'));
      await world.ctl('start', 'writer');
      await world.waitFor('some rotations', () => backups(logOf(world)).length === 3);
      world.open('enough');
      const last = await world.waitFor('the last number', () => written(world.playground));
      await world.waitFor('the last line', () => following.printed().stdout.trimEnd().endsWith(`"${last}"]}`));
      following.child.kill('SIGINT');
      const replies = following.printed().stdout.trimEnd().split('\n');
      const lines = replies.flatMap((reply) => (JSON.parse(reply) as { lines: string[] }).lines);
      expectLines(Buffer.from(`${lines.join('\n')}\n`), last);
      const { stdout } = await world.ctl('logs', 'writer', '-n', '200000');
      // Where a fourth backup had to go, the oldest one begins within a line.
      const [oldest = '', ...shown] = stdout.trimEnd().split('\n');
      const wanted = shown.map((_, index) => String(last - shown.length + 1 + index));
      expect(shown).toEqual(wanted);
      expect(String(last - shown.length).endsWith(oldest)).toBe(true);
      expect(backups(logOf(world))).toEqual([3, 2, 1]);
    });
  }

  test('with log-collapse = false the offsets stay, and the space is freed; once it has ended the file begins with text', async ({
    world,
  }) => {
    world.configure([numbers('writer', world.playground, `${ALL}; log-collapse = false`)]);
    await world.startDaemon();
    const log = logOf(world);
    await world.waitFor('some rotations', () => backups(log).length > 2);
    const { size, blocks } = statSync(log);
    expect(firstByte(log)).toBe(0);
    expect(blocks * 512).toBeLessThan(size);
    await finish(world, log);
  });
});

describe('old automatic logs', () => {
  test('are removed at the start, where nobody has written to them for a week', async ({ world }) => {
    const left = await leftOfOldLogs(world);
    expect(left.filter((name) => name !== 'stays.out.log')).toEqual(['fresh.out.log', 'alien.out.log']);
  });

  test('are kept with --no-cleanup', async ({ world }) => {
    expect(await leftOfOldLogs(world, { args: ['--no-cleanup'] })).toHaveLength(6);
  });
});
