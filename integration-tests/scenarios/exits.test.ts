/** How a service ended is known afterwards, also when no daemon saw it. */
import type { Row } from '@procman/protocol/views';
import { service } from '../harness/config.ts';
import { isAlive, parentOf, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Runs the service, kills the daemon, lets the service end, starts the next daemon. */
async function endsUnseen(
  world: World,
  program: string,
  settings = 'autorestart = "never"',
): Promise<{ row: Row; before: number; after: number }> {
  world.configure([service('web', program, settings)]);
  const daemon = await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  const pid = await world.pidOf('web');
  await world.killDaemon(daemon);
  const before = Date.now();
  world.open('gate');
  await world.waitForEnd(pid);
  const after = Date.now();
  await world.startDaemon();
  return { row: await world.row('web'), before, after };
}

describe('a service that ends while no daemon lives', () => {
  test('with code 7 is reported as code 7, at the time it ended', async ({ world }) => {
    const { row, before, after } = await endsUnseen(world, 'waits 7 gate');
    expect(row).toMatchObject({ state: 'EXITED', reason: { code: 'exit' }, lastExit: { code: 7 }, verdict: 'problem' });
    const at = Date.parse(row.lastExit?.at ?? '');
    // File times may lag behind by a kernel tick; the launcher writes a little after the end.
    expect(at).toBeGreaterThanOrEqual(before - 20);
    expect(at).toBeLessThanOrEqual(after + 500);
  });

  test.for([
    ['KILL', 'SIGKILL'],
    ['SEGV', 'SIGSEGV'],
    ['TERM', 'SIGTERM'],
    ['ABRT', 'SIGABRT'],
  ] as const)('of SIG%s is reported as that signal', async ([name, shown], { world }) => {
    const { row } = await endsUnseen(world, `dies ${name} gate`);
    expect(row.lastExit).toMatchObject({ signal: shown });
    expect(row.lastExit?.code).toBeUndefined();
  });

  test.for([150, 129, 137, 255])('with code %i, which is no signal', async (code, { world }) => {
    const { row } = await endsUnseen(world, `waits ${code} gate`);
    expect(row.lastExit).toMatchObject({ code });
    expect(row.lastExit?.signal).toBeUndefined();
  });

  test('is started again by the next daemon', async ({ world }) => {
    world.configure([service('web', 'waits 7 gate')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    await world.killDaemon(daemon);
    world.open('gate');
    await world.waitForEnd(pid);
    world.close('gate');
    await world.startDaemon();
    const row = await world.waitForState('web', 'RUNNING');
    expect(row).toMatchObject({ restarts: 1, lastExit: { code: 7 } });
    await world.expectStarts('web', 2);
  });
});

describe('with its launcher killed', () => {
  async function killLauncher(world: World, id: string): Promise<number> {
    const { pid = 0 } = await world.waitForState(id, 'RUNNING');
    const launcher = parentOf(pid) ?? 0;
    expect(world.marked().find((process) => process.pid === launcher)?.kind).toBe('launcher');
    signal(launcher, 'SIGKILL');
    await world.waitForEnd(launcher);
    return pid;
  }

  test('a service lives on, its end is seen, and its status is unknown', async ({ world }) => {
    world.configure([
      service('always', 'steady', 'autorestart = "always"'),
      service('on-failure', 'steady', 'autorestart = "on-failure"'),
      service('never', 'steady', 'autorestart = "never"'),
      service('job', 'waits 0 gate', 'one-shot = true'),
    ]);
    await world.startDaemon();
    const pids = new Map<string, number>();
    for (const id of ['always', 'on-failure', 'never', 'job']) pids.set(id, await killLauncher(world, id));
    for (const [id, pid] of pids) {
      expect(isAlive(pid)).toBe(true);
      expect(await world.row(id)).toMatchObject({ state: 'RUNNING', pid });
    }
    for (const pid of pids.values()) signal(pid, 'SIGKILL');

    for (const id of ['always', 'on-failure']) {
      const row = await world.waitForRow(id, 'a restart', (now) => now.state === 'RUNNING' && now.pid !== pids.get(id));
      expect(row).toMatchObject({ lastExit: { unknown: true }, restarts: 1 });
    }
    const never = await world.waitForState('never', 'EXITED');
    expect(never).toMatchObject({ verdict: 'problem', lastExit: { unknown: true }, reason: { code: 'exit' } });
    const job = await world.waitForState('job', 'EXITED');
    expect(job).toMatchObject({ verdict: 'problem', lastExit: { unknown: true } });
    await world.expectStarts('job', 1);
    expect((await world.ctl('status')).code).toBe(3);
  });

  test('a service can be stopped and started as ever', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    const pid = await killLauncher(world, 'web');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
  });

  test('and the daemon killed, too: the next one adopts it, and the one after sees its end', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    let daemon = await world.startDaemon();
    const pid = await killLauncher(world, 'web');
    daemon = await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
    await world.killDaemon(daemon);
    signal(pid, 'SIGTERM');
    await world.waitForEnd(pid);
    await world.startDaemon();
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ lastExit: { unknown: true }, restarts: 1 });
  });
});
