/** `numprocs` and `group` by a reload (SPEC 1): only the difference is started or stopped, and a new name restarts nothing. */
import type { UpdateResult } from '@procman/protocol/views';
import { processTable } from '../harness/config.ts';
import { programs } from '../harness/paths.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Each instance notes its starts under its own key. */
const worker = (settings: string): string => processTable('worker', `'${programs}/steady.sh' -`, settings);

/** @returns what the reload did, in order */
async function update(world: World, settings: string): Promise<string[]> {
  world.configure([worker(settings)]);
  const result = await world.ctl('update', '--json');
  expect(result.code).toBe(0);
  return (result.json as UpdateResult).actions.map(({ action, name }) => `${action} ${name}`);
}

async function pids(world: World): Promise<Map<number, number | undefined>> {
  return new Map((await world.rows()).map(({ num, pid }) => [num, pid]));
}

describe('a reload', () => {
  test('of fewer instances stops the highest numbers, these first; of more starts only what is new', async ({
    world,
  }) => {
    world.configure([worker('numprocs = 4')]);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    const before = await pids(world);
    expect(before.size).toBe(4);

    expect(await update(world, 'numprocs = 2')).toEqual(['stop worker:worker_03', 'stop worker:worker_02']);
    await world.waitFor('two to be left', async () => (await pids(world)).size === 2);
    expect([...(await pids(world))]).toEqual([...before].slice(0, 2));
    expect(await update(world, 'numprocs = 3')).toEqual(['start worker:worker_02']);
    await world.waitFor('three', async () => (await world.waitForAll('RUNNING')).length === 3);
    expect([...(await pids(world))].slice(0, 2)).toEqual([...before].slice(0, 2));
    const counts = [0, 1, 2, 3].map((num) => world.starts(`worker~${num}`).length);
    expect(counts).toEqual([1, 1, 2, 1]);
  });

  test.for([
    ['numprocs = 1', 'numprocs = 2', 'worker', 'worker:worker_00'],
    ['group = "a"', 'group = "b"', 'a:worker', 'b:worker'],
    ['numprocs = 2', 'numprocs = 1', 'worker:worker_00', 'worker'],
  ] as const)('from %s to %s renames, and restarts nothing', async ([from, to, oldName, newName], { world }) => {
    world.configure([worker(from)]);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    const pid = await world.pidOf(oldName);
    const actions = await update(world, to);
    expect(actions.filter((action) => action.endsWith(oldName) || action.endsWith(newName))).toEqual([]);
    expect(await world.pidOf(newName)).toBe(pid);
    await world.waitForAll('RUNNING', [newName]);
    await world.crashDaemon(daemon);
    expect(await world.pidOf(newName)).toBe(pid);
    expect(world.starts('worker~0')).toEqual([pid]);
  });
});
