/** The daemon is killed while services of all kinds run: nothing stops, nothing runs twice, the next daemon knows all. */
import type { Row } from '@procman/protocol/views';
import { processTable, service } from '../harness/config.ts';
import { programs } from '../harness/paths.ts';
import { identityOf } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const STEADY = ['s1', 's2', 's3', 's4', 's5', 's6'];
const FLAPPING = ['f1', 'f2', 'f3', 'f4'];
const SLOW_STARTERS = ['slow1', 'slow2'];

/** Twenty instances of all kinds. */
const ALL_KINDS = [
  ...STEADY.map((id) => service(id, 'steady')),
  processTable('pair', `'${programs}/steady.sh' -`, 'numprocs = 2'),
  ...FLAPPING.map((id) => service(id, 'exits 0 0.1', 'start-secs = 0; max-runs = 0; restart-delay = 0')),
  ...SLOW_STARTERS.map((id) => service(id, 'steady', 'start-secs = "10m"')),
  service('stubborn', 'ignores-term', 'stop-timeout = "10m"'),
  service('done', 'exits 0', 'one-shot = true'),
  service('working', 'waits 0 finish', 'one-shot = true'),
  service('held', 'steady'),
  service('base', 'steady'),
  service('dependent', 'steady', 'depends-on = "base"'),
];

/** What has to survive the daemon, for those that do not flap. */
function facts(rows: readonly Row[]): unknown[] {
  return rows
    .filter(({ name }) => !FLAPPING.includes(name))
    .map(({ name, state, phase, pid, held, restarts, lastExit, since }) => {
      const process = pid === undefined ? undefined : identityOf(pid);
      return { name, state, phase, process, held, restarts, lastExit, since };
    });
}

async function allKindsRunning(world: World): Promise<void> {
  await world.waitForAll('RUNNING', [
    ...STEADY,
    'pair:pair_00',
    'pair:pair_01',
    'stubborn',
    'held',
    'base',
    'dependent',
  ]);
  await world.waitForAll('STARTING', SLOW_STARTERS);
  await world.waitForState('done', 'EXITED');
  await world.waitForState('working', 'RUNNING');
  expect((await world.ctl('stop', 'held')).code).toBe(0);
  expect((await world.ctl('stop', 'stubborn', '--no-wait')).code).toBe(0);
  await world.waitForState('stubborn', 'STOPPING');
}

describe('kill -9 of the daemon', () => {
  test('stops nothing and doubles nothing, round after round', async ({ world }) => {
    world.configure(ALL_KINDS);
    let daemon = await world.startDaemon();
    await allKindsRunning(world);
    for (const name of STEADY.slice(0, 2)) process.kill(await world.pidOf(name), 'SIGKILL');
    await world.waitFor('two restarts', async () => {
      const rows = await world.rows();
      return (
        rows.filter(({ name, restarts, state }) => STEADY.includes(name) && restarts === 1 && state === 'RUNNING')
          .length === 2
      );
    });

    for (let round = 0; round < 6; round += 1) {
      const before = facts(await world.rows());
      const flaps = FLAPPING.map((id) => world.starts(id).length);
      await world.killDaemon(daemon);
      daemon = await world.startDaemon();
      expect(facts(await world.rows())).toEqual(before);
      expect((await world.daemonView()).adopted).toBeGreaterThanOrEqual(before.filter((row) => hasProcess(row)).length);
      await world.waitFor('the flapping ones to go on', () =>
        FLAPPING.every((id, at) => world.starts(id).length > (flaps[at] ?? 0) + 1),
      );
    }

    await world.expectStarts('done', 1);
    world.open('finish');
    expect((await world.waitForState('working', 'EXITED')).reason.code).toBe('finished');
  });

  test('restart counters go on where they were', async ({ world }) => {
    world.configure([service('flapping', 'exits 3 0.05', 'start-secs = 0; max-runs = 0; restart-delay = 0')]);
    let daemon = await world.startDaemon();
    for (let round = 0; round < 5; round += 1) {
      const { restarts } = await world.waitForRow('flapping', 'some restarts', (row) => row.restarts > 2 * round);
      daemon = await world.crashDaemon(daemon);
      expect((await world.row('flapping')).restarts).toBeGreaterThanOrEqual(restarts);
    }
    await world.ctl('stop', 'flapping');
    // Each launch after the first followed an ending that nobody asked for.
    const noted = world.starts('flapping').length;
    // The last one may have been stopped before it wrote its line.
    expect([noted - 1, noted]).toContain((await world.row('flapping')).restarts);
  });

  test('a hold is kept, and a start after it works', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.ctl('stop', 'web');
    await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED', held: true, reason: { code: 'manual' } });
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    await world.expectStarts('web', 2);
  });

  test('right after the start: whatever was under way ends with one copy of each', async ({ world }) => {
    world.configure([...STEADY, ...FLAPPING].map((id) => service(id, 'steady')));
    for (let round = 0; round < 12; round += 1) {
      const daemon = await world.startDaemon({ wait: false });
      // Each round at another moment of the first launches.
      await world.waitFor(
        'some launches',
        () => world.marked().filter(({ kind }) => kind !== 'world').length >= Math.min(round, 10),
      );
      await world.killDaemon(daemon);
    }
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    for (const id of [...STEADY, ...FLAPPING]) await world.expectStarts(id, 1);
  });
});

function hasProcess(row: unknown): boolean {
  return (row as { process?: string }).process !== undefined;
}
