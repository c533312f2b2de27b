/** The machine goes down and comes up again: all that was on record has ended, holds and ledgers stay, the rules start what is wanted. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { service } from '../harness/config.ts';
import { begun, hookLine } from '../harness/hooks.ts';
import { signal } from '../harness/processes.ts';
import { powerOff } from '../harness/reboot.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const logged = (name: string): string => `{ command = ${JSON.stringify(hookLine(`web.${name}`, 'exit 0'))} }`;
const HOOKS = `init = ${logged('init')}\nafter-start = ${logged('after-start')}\nafter-stop = ${logged('after-stop')}`;

function configure(world: World): void {
  world.configure([
    service('web', 'steady', HOOKS),
    service('told', 'waits 3 told.end', 'autorestart = "never"'),
    service('cut', 'steady', 'autorestart = "never"'),
    service('held', 'steady'),
    service('job', 'exits 0', 'one-shot = true'),
  ]);
}

const steady = ['web', 'told', 'cut', 'held'];

describe('after the machine went down', () => {
  test('what ran has ended, holds and ledgers are kept, and the rules start what is wanted', async ({ world }) => {
    configure(world);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING', steady);
    await world.waitForState('job', 'EXITED');
    await world.waitFor('after-start', () => begun(world, 'web.after-start').length === 1);
    expect((await world.ctl('stop', 'held')).code).toBe(0);
    // Its exit file is filled while nobody looks.
    signal(daemon.pid, 'SIGSTOP');
    world.open('told.end');
    await world.waitFor('its launcher to end', () => !world.marked().some(({ mark }) => mark.includes('/told~0/')));
    await powerOff(world, daemon);
    world.close('told.end');

    await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'told', 'cut']);
    await world.waitFor('after-start', () => begun(world, 'web.after-start').length === 2);
    for (const id of ['web', 'told', 'cut']) await world.expectStarts(id, 2);
    for (const id of ['held', 'job']) await world.expectStarts(id, 1);
    expect(begun(world, 'web.init')).toHaveLength(2);
    expect(await world.row('held')).toMatchObject({ state: 'STOPPED', held: true });
    expect(await world.row('job')).toMatchObject({ state: 'EXITED', verdict: 'ok' });
    const last = async (id: string) => (await world.row(id)).lastExit;
    expect(await last('told')).toMatchObject({ code: 3 });
    expect(await last('cut')).toMatchObject({ unknown: true });
    expect(world.shouts()).toEqual([]);
  });

  test('also where the states are lost: a launch of the other boot has ended, and no hook of it runs any more', async ({
    world,
  }) => {
    configure(world);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING', steady);
    await world.waitForState('job', 'EXITED');
    await world.waitFor('after-start', () => begun(world, 'web.after-start').length === 1);
    expect((await world.ctl('stop', 'held')).code).toBe(0);
    await powerOff(world, daemon);
    const folder = join(world.stateDir, 'instances');
    for (const name of readdirSync(folder)) if (/^(web|cut|held)~0\.json/.test(name)) rmSync(join(folder, name));

    const next = await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'told', 'cut']);
    await world.waitFor('after-start', () => begun(world, 'web.after-start').length === 2);
    for (const id of ['web', 'told', 'cut']) await world.expectStarts(id, 2);
    for (const id of ['held', 'job']) await world.expectStarts(id, 1);
    expect(next.log()).toContain('web~0: its state did not know launch');
    expect(begun(world, 'web.init')).toHaveLength(2);
    expect(await world.row('held')).toMatchObject({ state: 'STOPPED', held: true });
    expect(world.shouts()).toEqual([]);
  });
});
