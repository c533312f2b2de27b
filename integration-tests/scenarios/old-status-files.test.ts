/** `delete-old-status-files`: what is dead for certain and old goes, nothing else is touched. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isStateFile } from '@procman/protocol/state-files';
import { service } from '../harness/config.ts';
import { waitForEvent } from '../harness/events.ts';
import { signal } from '../harness/processes.ts';
import { Terminal } from '../harness/terminal.ts';
import { procmanctl } from '../harness/paths.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const MONTH_MS = 30 * 86_400_000;

interface Result {
  readonly old: readonly { uid: string; stateDir: string; lastRun: string }[];
  readonly removed: readonly { uid: string; left: readonly string[] }[];
  readonly kept: readonly { uid: string; stateDir: string; why: string }[];
}

/** As if nobody had been there for a month. */
function age(folder: string): void {
  const then = (Date.now() - MONTH_MS) / 1000;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isSymbolicLink()) utimesSync(path, then, then);
  }
  utimesSync(folder, then, then);
}

/** Of this world's uid alone: others' are none of ours. */
async function clean(world: World, ...words: string[]): Promise<Result> {
  const { code, json } = await world.ctl('-c', world.config, 'delete-old-status-files', '--json', ...words);
  expect(code).toBe(0);
  return json as Result;
}

async function runAndStop(world: World): Promise<void> {
  world.configure([service('web', 'steady')]);
  const { pid } = await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  expect((await world.ctl('-y', 'shutdown')).code).toBe(0);
  // Its last writes (history, lock) come after the client has gone, and would make the folder young again.
  await world.waitForEnd(pid, 'the daemon');
}

describe('delete-old-status-files', () => {
  test('removes old state, and leaves what is not of procman', async ({ world }) => {
    await runAndStop(world);
    const outside = join(world.root, 'outside.log');
    writeFileSync(outside, 'mine\n');
    symlinkSync(world.playground, join(world.stateDir, 'logs', 'link'));
    writeFileSync(join(world.stateDir, 'notes.txt'), 'of a person\n');
    expect(await clean(world)).toMatchObject({
      old: [],
      kept: [{ uid: world.uid, why: expect.stringContaining('last 7 days') as string }],
    });
    age(world.stateDir);
    const dry = await clean(world, '--dry-run');
    expect(dry).toMatchObject({ old: [{ uid: world.uid, stateDir: world.stateDir }], removed: [] });
    expect(existsSync(join(world.stateDir, 'instances'))).toBe(true);
    expect((await clean(world)).removed).toMatchObject([{ uid: world.uid, left: ['notes.txt'] }]);
    expect(readdirSync(world.stateDir)).toEqual(['notes.txt']);
    expect(readFileSync(outside, 'utf8')).toBe('mine\n');
    expect(existsSync(world.playground)).toBe(true);
    expect(existsSync(`/run/procman/${world.uid}.json`)).toBe(false);
    // And a daemon begins anew.
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
  });

  test('knows every file that a daemon with all switched on, a crash and a restore leave there', async ({ world }) => {
    mkdirSync(world.stateDir, { mode: 0o700 });
    const log = join(world.stateDir, 'procmand.log');
    const daemon = `stream = true\nlog-file = "${log}"\nlog-max-bytes = "1kB"\nlog-backups = 2\nevents-max-bytes = "1MB"`;
    world.configure(
      [service('web', 'steady'), service('job', 'exits 3', 'one-shot = true'), service('held', 'steady')],
      daemon,
    );
    appendFileSync(world.config, '[[notify]]\nname = "ops"\ncommand = "true"\ngroup-interval = 0\n');
    const first = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.ctl('stop', 'held');
    await waitForEvent(world, 'that people were told', ({ message }) => message.startsWith('ops: sent'));
    await world.killDaemon(first);
    // What cannot be read is set aside, with its time. SQLite would mend the database from the log of its changes.
    rmSync(join(world.stateDir, 'events.db-wal'), { force: true });
    for (const name of ['notify.json', 'events.db']) writeFileSync(join(world.stateDir, name), 'spoilt '.repeat(1_000));
    const second = await world.startDaemon();
    await world.waitFor('both to be set aside', () => {
      const aside = readdirSync(world.stateDir).filter((name) => name.includes('.broken-'));
      return aside.some((name) => name.startsWith('notify.json')) && aside.some((name) => name.startsWith('events.db'));
    });
    await world.waitFor('the log to be rotated', () => existsSync(`${log}.1`));
    const backup = join(world.root, 'backup.tar.gz');
    expect((await world.ctl('backup', backup)).code).toBe(0);
    // While it serves there are files that its end takes away.
    expect(readdirSync(world.stateDir).filter((name) => !isStateFile(name))).toEqual([]);
    expect((await world.ctl('-y', 'shutdown')).code).toBe(0);
    await world.waitForEnd(second.pid, 'the daemon');
    expect((await world.ctl('restore', backup, '--force')).code).toBe(0);
    const names = readdirSync(world.stateDir);
    for (const file of ['notify.json', 'stream.json', 'auto-logs', 'events.seq', 'procmand.log.1'])
      expect(names).toContain(file);
    expect(names.some((name) => name.startsWith('replaced-'))).toBe(true);
    expect(names.filter((name) => !isStateFile(name))).toEqual([]);
    age(world.stateDir);
    expect((await clean(world)).removed).toEqual([{ uid: world.uid, stateDir: world.stateDir, left: [] }]);
    expect(existsSync(world.stateDir)).toBe(false);
  });

  test('a state at the usual place goes as a whole, also without an owner file', async ({ world }) => {
    await runAndStop(world);
    const usual = join('/var/lib/procman', world.uid);
    mkdirSync(join(usual, 'instances'), { recursive: true });
    writeFileSync(join(usual, 'procmand.lock'), '1\n');
    age(usual);
    const { removed, kept } = await clean(world);
    expect(removed).toEqual([{ uid: world.uid, stateDir: usual, left: [] }]);
    expect(kept.map(({ stateDir }) => stateDir)).toEqual([world.stateDir]);
    expect(existsSync(usual)).toBe(false);
    expect(statSync(dirname(usual)).isDirectory()).toBe(true);
    expect(existsSync(world.stateDir)).toBe(true);
  });

  test('of a daemon that runs nothing goes', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    age(world.stateDir);
    expect((await clean(world)).kept).toMatchObject([{ why: expect.stringContaining('its daemon runs') as string }]);
  });

  test('of a service that lives nothing goes, with and without its record, its launcher, its locks', async ({
    world,
  }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.killDaemon(daemon);
    age(world.stateDir);
    expect((await clean(world)).kept).toMatchObject([{ why: expect.stringMatching(/lives, pid \d+/) as string }]);
    const record = join(world.stateDir, 'runs/record');
    for (const name of readdirSync(record)) {
      const path = join(record, name);
      // Of another process: what remains is the lock.
      const [, , launch = '', boot = '', namespace = ''] = readFileSync(path, 'utf8').split(' ');
      const words = ['1', '1', launch, boot, namespace, '1', '1'].join(' ');
      writeFileSync(path, `${words} ${words} end\n`);
    }
    age(world.stateDir);
    expect((await clean(world)).kept).toMatchObject([{ why: expect.stringContaining('the lock of') as string }]);
    for (const { pid, kind } of world.marked()) if (kind === 'launcher') signal(pid, 'SIGKILL');
    await world.waitFor('the launchers to end', () => !world.marked().some(({ kind }) => kind === 'launcher'));
    age(world.stateDir);
    expect((await clean(world)).kept).toMatchObject([
      { why: expect.stringMatching(/process \d+ carries its mark/) as string },
    ]);
    expect(readdirSync(record)).not.toEqual([]);
  });

  test('a person is asked first', async ({ world }) => {
    await runAndStop(world);
    age(world.stateDir);
    const terminal = new Terminal(world, `${procmanctl} -c ${world.config} delete-old-status-files`);
    await terminal.waitFor('remove it for good? [y/N]');
    expect(terminal.screen().replaceAll('\n', '')).toContain(`${world.uid}  ${world.stateDir}`);
    terminal.enter('n');
    await terminal.waitFor('ended 1');
    terminal.close();
    expect(existsSync(join(world.stateDir, 'instances'))).toBe(true);
    const { code, stdout } = await world.ctl('-y', '-c', world.config, 'delete-old-status-files');
    expect(code).toBe(0);
    expect(stdout).toContain(`${world.uid}: removed ${world.stateDir}\n`);
    expect(existsSync(world.stateDir)).toBe(false);
  });
});
