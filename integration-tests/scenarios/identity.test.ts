/** State lost or moved, launchers killed, pids given out again: never a second copy, never a signal to a stranger. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { service } from '../harness/config.ts';
import { isAlive, markedProcesses, parentOf, processState, signal, startTicks } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Runs `web`, kills the daemon and removes its state. */
async function runThenLoseState(world: World): Promise<number> {
  world.configure([service('web', 'steady'), service('other', 'steady')]);
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  const pid = await world.pidOf('web');
  await world.killDaemon(daemon);
  rmSync(world.stateDir, { recursive: true });
  return pid;
}

/** As `runThenLoseState`, with the launchers killed as well: nobody can prove what the survivor is. */
async function runThenLoseAllProof(world: World): Promise<number> {
  const pid = await runThenLoseState(world);
  for (const { pid: launcher, kind } of world.marked()) if (kind === 'launcher') signal(launcher, 'SIGKILL');
  await world.waitFor('the end of the launchers', () => !world.marked().some(({ kind }) => kind === 'launcher'));
  await world.startDaemon();
  await world.waitForState('web', 'BLOCKED');
  return pid;
}

describe('the state directory is lost while services live', () => {
  test('they are adopted through their launchers', async ({ world }) => {
    const pid = await runThenLoseState(world);
    await world.startDaemon();
    const row = await world.waitForState('web', 'RUNNING');
    expect(row.pid).toBe(pid);
    await world.expectStarts('web', 1);
    expect((await world.ctl('restart', 'web')).stdout).toBe('web: restarted\n');
    expect(isAlive(pid)).toBe(false);
  });

  test('and under a living daemon, too: it says so, and doubles nothing', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    rmSync(world.stateDir, { recursive: true });
    signal(pid, 'SIGTERM');
    await world.waitForEnd(pid);
    await world.crashDaemon(daemon);
    await world.waitForState('web', 'RUNNING');
  });

  test('with the launchers dead as well it is BLOCKED, naming the process', async ({ world }) => {
    const pid = await runThenLoseAllProof(world);
    expect(await world.row('web')).toMatchObject({
      verdict: 'problem',
      reason: { code: 'identity', data: { pids: [pid] } },
    });
    const unblock = await world.ctl('unblock', 'web', '--json');
    expect(unblock.code).toBe(1);
    expect(unblock.json).toMatchObject({
      results: [{ ok: false, code: 'in-doubt', candidates: [{ pid, marked: true }] }],
    });
    expect((await world.ctl('unblock', 'web', '--gone')).code).toBe(1);
    for (const verb of ['start', 'restart', 'stop']) {
      expect((await world.ctl(verb, 'web', '--json')).json).toMatchObject({ results: [{ code: 'in-doubt' }] });
    }
    expect(isAlive(pid)).toBe(true);
    await world.expectStarts('web', 1);
    expect((await world.row('web')).held).toBe(true);
  });

  test('`unblock --adopt PID` takes it over', async ({ world }) => {
    const pid = await runThenLoseAllProof(world);
    expect((await world.ctl('unblock', 'web', '--adopt', String(pid))).code).toBe(0);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
    expect((await world.ctl('restart', 'web')).stdout).toBe('web: restarted\n');
    expect(isAlive(pid)).toBe(false);
  });

  test('`unblock --adopt` refuses a process that is none of its candidates', async ({ world }) => {
    const pid = await runThenLoseAllProof(world);
    expect((await world.ctl('unblock', 'web', '--adopt', String(process.pid))).code).toBe(1);
    expect(await world.row('web')).toMatchObject({ state: 'BLOCKED', reason: { data: { pids: [pid] } } });
  });

  test('`unblock --kill` ends it and starts anew', async ({ world }) => {
    const pid = await runThenLoseAllProof(world);
    expect((await world.ctl('unblock', 'web', '--kill')).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
    const row = await world.waitForState('web', 'RUNNING');
    expect(row.pid).not.toBe(pid);
  });

  test('once the process is gone `unblock` goes on', async ({ world }) => {
    const pid = await runThenLoseAllProof(world);
    signal(pid, 'SIGKILL');
    await world.waitForEnd(pid);
    expect((await world.ctl('unblock', 'web')).code).toBe(0);
    await world.waitForState('web', 'RUNNING');
    await world.expectStarts('web', 2);
  });
});

describe('another state directory', () => {
  test('while the daemon lives: refused, naming it', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const first = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const second = await world.startDaemon({ args: ['--state-dir', join(world.root, 'elsewhere')], wait: false });
    expect(await second.ended).toMatchObject({ code: 1 });
    expect(second.log()).toContain(String(first.pid));
    await world.expectStarts('web', 1);
  });

  test('while services of the first one live: refused, naming the state directory', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const first = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    await world.killDaemon(first);
    const second = await world.startDaemon({ args: ['--state-dir', join(world.root, 'elsewhere')], wait: false });
    expect(await second.ended).toMatchObject({ code: 1 });
    expect(second.log()).toContain(world.stateDir);
    expect(existsSync(join(world.root, 'elsewhere'))).toBe(false);
    expect(isAlive(pid)).toBe(true);
    await world.startDaemon();
    expect((await world.row('web')).pid).toBe(pid);
  });

  test('moved together with its files: the services are adopted', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const first = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    await world.killDaemon(first);
    const moved = join(world.root, 'moved');
    renameSync(world.stateDir, moved);
    await world.startDaemon({ args: ['--state-dir', moved] });
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid });
    await world.expectStarts('web', 1);
  });
});

describe('a pid that was given out again', () => {
  test('is neither adopted nor signalled', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    await world.killDaemon(daemon);
    signal(parentOf(pid) ?? 0, 'SIGKILL');
    signal(pid, 'SIGKILL');
    await world.waitForEnd(pid);

    const stranger = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env: world.env });
    const strangerPid = stranger.pid ?? 0;
    try {
      expect(replacePid(world.stateDir, pid, strangerPid)).toBeGreaterThan(0);
      await world.startDaemon();
      const row = await world.waitForState('web', 'RUNNING');
      expect(row.pid).not.toBe(strangerPid);
      expect(row.lastExit).toMatchObject({ unknown: true });
      expect((await world.ctl('stop', 'web')).code).toBe(0);
      expect((await world.ctl('shutdown', '-y')).code).toBe(0);
      expect(isAlive(strangerPid)).toBe(true);
      expect(processState(strangerPid)).toBe('S');
    } finally {
      signal(strangerPid, 'SIGKILL');
    }
  });

  test('nor is a daemon taken for alive by its pid alone', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.killDaemon(daemon);
    // The test itself is the stranger that has the pid now.
    const ownerFile = `/run/procman/${world.uid}.json`;
    writeFileSync(ownerFile, readFileSync(ownerFile, 'utf8').replace(`"pid":${daemon.pid}`, `"pid":${process.pid}`));
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect(startTicks(process.pid)).toBeDefined();
  });
});

/** Puts another pid in the place of one in all files of a directory that name it; counts the files. */
function replacePid(directory: string, from: number, to: number): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const word = new RegExp(`(?<![0-9])${from}(?![0-9])`, 'g');
  let count = 0;
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    if (path.endsWith('.log')) continue;
    const text = readFileSync(path, 'latin1');
    if (!word.test(text)) continue;
    writeFileSync(path, text.replaceAll(word, String(to)), 'latin1');
    count += 1;
  }
  return count;
}

describe('marks', () => {
  test('of another uid are none of our business', async ({ world }) => {
    const other = spawn('sleep', ['1000'], {
      detached: true,
      stdio: 'ignore',
      env: { ...world.env, PROCMAN_RUN: `${world.uid}x/web~0/abc` },
    });
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect((await world.ctl('shutdown', '-y')).code).toBe(0);
    expect(isAlive(other.pid ?? 0)).toBe(true);
    expect(markedProcesses(world.uid).filter(({ kind }) => kind !== 'world')).toEqual([]);
  });
});
