/** The daemon, a hook's launcher and the state are lost while a hook runs: it is found again, or cleanly redone, and never runs twice at a time. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '@procman/protocol/views';
import { service } from '../harness/config.ts';
import { begun, hookProcesses, HOOKS, hook, waitForHook, type HookName } from '../harness/hooks.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

// The programs shout where two runs of one hook, or two services, are alive at a time; each test checks that at its end.

/** `web` with one hook that ends, with this code, once the gate `go` is open. */
async function inTheMiddleOf(world: World, name: HookName, code = 0): Promise<{ daemon: Daemon; pid: number }> {
  world.configure([service('web', 'steady', hook(name, `waits go ${code}`))]);
  const daemon = await world.startDaemon();
  if (isOfStop(name)) {
    await world.waitForState('web', 'RUNNING');
    await world.ctl('stop', 'web', '--no-wait');
  }
  return { daemon, pid: await waitForHook(world, `web.${name}`) };
}

const isOfStop = (name: HookName): boolean => name === 'stop' || name === 'after-stop';

/** What is shown while the hook runs. */
const MIDDLE: Readonly<Record<HookName, Partial<Row>>> = {
  before: { state: 'STARTING', phase: 'before' },
  init: { state: 'STARTING', phase: 'init' },
  'after-start': { state: 'RUNNING' },
  stop: { state: 'STOPPING', phase: 'stop-hook' },
  'after-stop': { state: 'STOPPING', phase: 'after-stop' },
};

/** All is as it is meant to be: `web` runs, or has ended, once, with nothing left of the hook. */
async function settled(world: World, name: HookName): Promise<void> {
  await world.waitForState('web', isOfStop(name) ? 'STOPPED' : 'RUNNING');
  await world.waitFor('the hook to be over', () => hookProcesses(world, name, 'hook').length === 0);
  expect(world.starts('web').filter((pid) => isAlive(pid))).toHaveLength(isOfStop(name) ? 0 : 1);
}

function loseState(world: World): void {
  rmSync(join(world.stateDir, 'instances'), { recursive: true });
}

describe.each(HOOKS)('%s', (name) => {
  test('goes on when the daemon is killed, and its result is used', async ({ world }) => {
    const { daemon, pid } = await inTheMiddleOf(world, name);
    const next = await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject(MIDDLE[name]);
    await world.crashDaemon(next);
    expect(await world.row('web')).toMatchObject(MIDDLE[name]);
    expect(isAlive(pid)).toBe(true);
    world.open('go');
    await settled(world, name);
    expect(begun(world, `web.${name}`)).toEqual([pid]);
    await world.expectStarts('web', 1);
  });

  test('that ends while there is no daemon has a result all the same', async ({ world }) => {
    const { daemon, pid } = await inTheMiddleOf(world, name);
    await world.killDaemon(daemon);
    world.open('go');
    await world.waitForEnd(pid);
    await world.waitFor('its launcher to end', () => hookProcesses(world, name, 'launcher').length === 0);
    await world.startDaemon();
    await settled(world, name);
    expect(begun(world, `web.${name}`)).toEqual([pid]);
    await world.expectStarts('web', 1);
  });

  test('that fails while there is no daemon has failed', async ({ world }) => {
    const { daemon, pid } = await inTheMiddleOf(world, name, 7);
    await world.killDaemon(daemon);
    world.open('go');
    await world.waitForEnd(pid);
    world.close('go');
    const next = await world.startDaemon();
    switch (name) {
      case 'before':
      case 'init':
        // Tried again: a failed start.
        await waitForHook(world, `web.${name}`, 2);
        expect(next.log()).toContain(`${name} exited with code 7`);
        world.open('go');
        break;
      default:
        await settled(world, name);
        expect(begun(world, `web.${name}`)).toEqual([pid]);
        expect(next.log()).toContain(`${name} exited with code 7`);
    }
  });

  test('is killed by its timeout also after the daemon was', async ({ world }) => {
    world.configure([service('web', 'steady', hook(name, 'hangs', '3s'))]);
    const daemon = await world.startDaemon();
    if (isOfStop(name)) {
      await world.waitForState('web', 'RUNNING');
      await world.ctl('stop', 'web', '--no-wait');
    }
    const pid = await waitForHook(world, `web.${name}`);
    const next = await world.crashDaemon(daemon);
    await world.waitForEnd(pid, 'the hook');
    await world.waitFor('its line', () => next.log().includes('did not end within 3 s'));
    await world.ctl('stop', 'web');
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED' });
  });

  test('goes on when its launcher is killed, and is over when it ends', async ({ world }) => {
    const { pid } = await inTheMiddleOf(world, name);
    for (const launcher of hookProcesses(world, name, 'launcher')) signal(launcher.pid, 'SIGKILL');
    world.open('go');
    await world.waitForEnd(pid);
    // How it ended is not known: where that matters it counts as failed.
    await settled(world, name);
    const isRedone = name === 'before' || name === 'init';
    expect(begun(world, `web.${name}`)).toHaveLength(isRedone ? 2 : 1);
  });

  test('survives launcher and daemon', async ({ world }) => {
    const { daemon, pid } = await inTheMiddleOf(world, name);
    for (const launcher of hookProcesses(world, name, 'launcher')) signal(launcher.pid, 'SIGKILL');
    await world.crashDaemon(daemon);
    expect(isAlive(pid)).toBe(true);
    expect(await world.row('web')).toMatchObject(MIDDLE[name]);
    world.open('go');
    await settled(world, name);
  });

  test('that dies with launcher and daemon is over', async ({ world }) => {
    const { daemon, pid } = await inTheMiddleOf(world, name);
    await world.killDaemon(daemon);
    for (const launcher of hookProcesses(world, name, 'launcher')) signal(launcher.pid, 'SIGKILL');
    signal(pid, 'SIGKILL');
    world.open('go');
    await world.startDaemon();
    await settled(world, name);
    expect(begun(world, `web.${name}`).length).toBeLessThanOrEqual(2);
  });

  test('that the state does not know any more is ended before anything starts beside it', async ({ world }) => {
    const { daemon, pid } = await inTheMiddleOf(world, name);
    await world.killDaemon(daemon);
    loseState(world);
    const next = await world.startDaemon();
    await world.waitForEnd(pid, 'the hook');
    world.open('go');
    // Of the stop, and of its hold, nothing is known any more.
    await world.waitForState('web', 'RUNNING');
    expect(next.log()).toContain(`did not know of a running ${name}; it is ended`);
    expect(world.starts('web').filter((started) => isAlive(started))).toHaveLength(1);
    await world.expectStarts('web', name === 'after-stop' ? 2 : 1);
  });
});

describe('daemons that are killed one after the other', () => {
  test('run each hook of a start and a stop one at a time, and come to an end', async ({ world }) => {
    const hooks = HOOKS.map((name) => hook(name, 'leaves', name === 'stop' ? '2s' : '10m'));
    world.configure([service('web', 'steady', hooks.join('\n'))]);
    for (let round = 0; round < 8; round += 1) {
      const daemon = await world.startDaemon({ wait: false });
      // Each round somewhat further on.
      await world.waitFor('the round', () => world.lines('order').length >= Math.min(round, 3));
      await world.killDaemon(daemon);
    }
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect(world.starts('web').filter((pid) => isAlive(pid))).toHaveLength(1);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
  });
});
