/** What `status` tells of a run's processes: what they use, when asked, and which are zombies. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Resources, Row, StatusResult } from '@procman/protocol/views';
import { processTable, service } from '../harness/config.ts';
import { programs } from '../harness/paths.ts';
import { processState, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const MIB = 1024 ** 2;
const uses = (id: string, files: number, bytes: number, workers: number): string =>
  processTable(id, `${process.execPath} ${programs}/uses.mjs ${id} ${files} ${bytes} ${workers}`);

async function resourcesOf(world: World, name: string): Promise<Resources | undefined> {
  const { processes } = await world.rpc<StatusResult>('status', { names: [name], resources: true });
  return processes[0]?.resources;
}

/** As the kernel tells it in words, where the daemon reads numbers: a field of /proc/PID/status. */
function statusField(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

async function childOf(world: World, id: string): Promise<number> {
  return world.waitFor('the child', () => {
    const line = world.lines(`log.${id}`).find((each) => each.startsWith('child '));
    return line === undefined ? undefined : Number(line.slice(6));
  });
}

test('are those of the whole run, what left its session included', async ({ world }) => {
  world.configure([uses('web', 60, 80 * MIB, 3)]);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  await world.expectStarts('web', 1);
  const pids = [await world.pidOf('web'), await childOf(world, 'web')];
  const total = (count: (pid: number) => number): number => pids.reduce((sum, pid) => sum + count(pid), 0);
  // Node begins and ends threads of its own as it likes: until nothing moves.
  const resources = await world.waitFor('what is used', async () => {
    const used = await resourcesOf(world, 'web');
    return used?.threads === total((pid) => statusField(pid, 'Threads')) && used;
  });
  expect(resources.processes).toBe(2);
  expect(resources.threads).toBeGreaterThan(4);
  expect(resources.openFiles).toBe(total((pid) => readdirSync(`/proc/${pid}/fd`).length));
  expect(resources.openFiles).toBeGreaterThan(60);
  const rss = total((pid) => statusField(pid, 'VmRSS') * 1024);
  expect(Math.abs(resources.rssBytes - rss)).toBeLessThan(16 * MIB);
  expect(resources.rssBytes).toBeGreaterThan(80 * MIB);

  // What has gone is none of it any more.
  const [, child = 0] = pids;
  signal(child, 'SIGKILL');
  await world.waitForEnd(child);
  expect((await resourcesOf(world, 'web'))?.processes).toBe(1);
});

test('tell who is busy', async ({ world }) => {
  world.configure([processTable('busy', 'while :; do :; done & wait'), service('idle', 'steady')]);
  await world.startDaemon();
  await world.waitForAll('RUNNING');
  // The first answer measures for half a second, the second one since then.
  const asked = async (): Promise<number[]> => {
    const { processes } = await world.rpc<StatusResult>('status', { resources: true });
    return processes.map(({ resources }) => resources?.cpuPercent ?? NaN);
  };
  const [first, second] = [await asked(), await world.waitFor('the next measurement', asked)];
  for (const [busyShare = NaN, idleShare = NaN] of [first, second]) {
    expect(busyShare).toBeGreaterThan(5);
    expect(busyShare).toBeLessThan(150);
    expect(idleShare).toBeLessThan(busyShare);
  }
});

test('are told only when asked for, of what runs, and in columns', async ({ world }) => {
  world.configure([service('web', 'steady'), service('off', 'steady', 'autostart = false')]);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  for (const row of await world.rows()) expect(row).not.toHaveProperty('resources');
  expect(await resourcesOf(world, 'off')).toBeUndefined();
  const { stdout, code } = await world.ctl('status', '--resources');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^web +RUNNING +\d+\.\d% +\d[\d.]*[KM]iB +\d+ +\d+ +\d+ +pid \d+, uptime/m);
  expect(stdout).toMatch(/^off +STOPPED +- +- +- +- +- /m);
  const { json } = await world.ctl('status', '--resources', '--json', 'web');
  expect((json as StatusResult).processes[0]?.resources).toMatchObject({ cpuPercent: expect.any(Number) as number });
  expect(await world.ctl('status', '--resources', 'nobody')).toMatchObject({ code: 4 });
  expect(await world.ctl('status', '--resources', '--at', '18:00')).toMatchObject({ code: 2 });
  await expect(world.rpc('status', { at: '18:00', resources: true })).rejects.toThrow('exclude each other');
});

test('a service that ends while it is asked for does no harm', async ({ world }) => {
  world.configure([
    service('web', 'steady'),
    ...Array.from({ length: 5 }, (_, number) => service(`s${number}`, 'steady')),
  ]);
  await world.startDaemon();
  await world.waitForAll('RUNNING');
  const asking = world.rpc<StatusResult>('status', { resources: true });
  const stopping = world.ctl('stop', 's*', '-y');
  const { processes } = await asking;
  expect(processes[0]?.resources?.processes).toBeGreaterThan(0);
  expect((await stopping).code).toBe(0);
});

describe('zombies', () => {
  const ofRow = async (world: World, name: string, isWanted: (row: Row) => boolean): Promise<Row> =>
    world.waitForRow(name, 'its zombies', isWanted);

  test('among its processes are found, also outside of its session, and told without being asked', async ({
    world,
  }) => {
    // A shell that has become another program never takes note of its children. They end at a gate.
    const ends = `while [ ! -e $PLAYGROUND/end ]; do sleep 0.05; done`;
    const leaves = `${ends} & ${ends} & exec sleep 1000`;
    const line = `echo start $$ >>$PLAYGROUND/log.web; setsid sh -c '${ends} & exec sleep 1000' & ${leaves}`;
    world.configure([processTable('web', line), service('other', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    expect(await world.row('web')).not.toHaveProperty('zombies');
    world.open('end');
    // The look behind the replies.
    expect(await ofRow(world, 'web', ({ zombies }) => zombies === 3)).toMatchObject({
      state: 'RUNNING',
      verdict: 'ok',
    });
    expect(await world.row('other')).not.toHaveProperty('zombies');
    expect((await world.ctl('status', 'web')).stdout).toContain('3 zombies');
    // The first reply of a daemon waits for its first look.
    await world.crashDaemon(daemon);
    expect((await world.waitForState('web', 'RUNNING')).zombies).toBe(3);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(await world.row('web')).not.toHaveProperty('zombies');
  });

  test('are looked at anew with the resources, and gone once their parent has taken note', async ({ world }) => {
    const waits =
      'while [ ! -e $PLAYGROUND/end ]; do sleep 0.02; done & echo start $$ >>$PLAYGROUND/log.web; wait; exec sleep 1000';
    world.configure([processTable('web', waits)]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.expectStarts('web', 1);
    const asked = async (): Promise<number> =>
      (await world.rpc<StatusResult>('status', { resources: true })).processes[0]?.zombies ?? 0;
    // A frozen parent takes note of nothing.
    const pid = await world.pidOf('web');
    signal(pid, 'SIGSTOP');
    await world.waitFor('it to be frozen', () => processState(pid) === 'T');
    expect(await asked()).toBe(0);
    world.open('end');
    await world.waitFor('the zombie', async () => (await asked()) === 1);
    signal(pid, 'SIGCONT');
    await world.waitFor('it to be gone', async () => (await asked()) === 0);
  });
});
