/** A stop ends all that belongs to the run, in time, and only that. */
import { processTable, service } from '../harness/config.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Pids that a program noted as `WORD PID`. */
function noted(world: World, id: string, word: string): number[] {
  return world
    .lines(`log.${id}`)
    .flatMap((line) => (line.startsWith(`${word} `) ? [Number(line.slice(word.length + 1))] : []));
}

async function running(world: World, ...processes: string[]): Promise<void> {
  world.configure(processes);
  await world.startDaemon();
  await world.waitForAll('RUNNING');
}

/** Services, launchers: nothing of any run is left. */
function expectNothingLeft(world: World): void {
  expect(world.marked().filter(({ kind }) => kind === 'run' || kind === 'launcher')).toEqual([]);
}

async function timed<T>(act: Promise<T>): Promise<{ result: T; ms: number }> {
  const from = performance.now();
  return { result: await act, ms: performance.now() - from };
}

describe('what does not end by itself', () => {
  test('a service that ignores SIGTERM is gone after stop-timeout', async ({ world }) => {
    await running(world, service('web', 'ignores-term', 'stop-timeout = "700ms"'));
    const { result, ms } = await timed(world.ctl('stop', 'web'));
    expect(result.stdout).toBe('web: stopped\n');
    expect(ms).toBeGreaterThan(650);
    expect(ms).toBeLessThan(4000);
    expectNothingLeft(world);
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGKILL' });
  });

  test('a child that ignores SIGTERM, of a main process that does not', async ({ world }) => {
    await running(world, service('web', 'child-ignores-term'));
    await world.waitFor('the child', () => noted(world, 'web', 'child').length === 1);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expectNothingLeft(world);
  });

  test('a service that forks in a loop while it is stopped', async ({ world }) => {
    await running(world, service('web', 'forks-when-stopped'));
    await world.waitFor('the trap', () => world.lines('log.web').includes('ready'));
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expectNothingLeft(world);
  });

  test('leftovers of a main process that ended by itself are ended before the next run', async ({ world }) => {
    await running(world, service('web', 'child-ignores-term'));
    await world.waitFor('the child', () => noted(world, 'web', 'child').length === 1);
    const pid = await world.pidOf('web');
    signal(pid, 'SIGKILL');
    await world.waitForRow('web', 'another run', (row) => row.state === 'RUNNING' && row.pid !== pid);
    await world.waitFor('the second child', () => noted(world, 'web', 'child').length === 2);
    const [first = 0, second = 0] = noted(world, 'web', 'child');
    expect(isAlive(first)).toBe(false);
    expect(isAlive(second)).toBe(true);
  });

  test('a frozen service is ended, too', async ({ world }) => {
    await running(world, service('web', 'steady'));
    signal(await world.pidOf('web'), 'SIGSTOP');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expectNothingLeft(world);
  });
});

describe('grace', () => {
  test('belongs to the whole run: a child that drains is given it, though main dies at once', async ({ world }) => {
    await running(world, service('web', 'drains 0.8', 'stop-timeout = "5s"'));
    await world.waitFor('the child', () => noted(world, 'web', 'child').length === 1);
    const { result, ms } = await timed(world.ctl('stop', 'web'));
    expect(result.stdout).toBe('web: stopped\n');
    expect(world.lines('log.web')).toContain('drained');
    expect(ms).toBeGreaterThan(750);
    expectNothingLeft(world);
  });

  test('counts from the first signal', async ({ world }) => {
    await running(world, service('web', 'drains 60', 'stop-timeout = "700ms"'));
    await world.waitFor('the child', () => noted(world, 'web', 'child').length === 1);
    const { ms } = await timed(world.ctl('stop', 'web'));
    expect(ms).toBeLessThan(3000);
    expect(world.lines('log.web')).not.toContain('drained');
    expectNothingLeft(world);
  });

  test('is not waited for where it is not needed', async ({ world }) => {
    await running(world, service('web', 'steady', 'stop-timeout = "10m"'));
    expect((await timed(world.ctl('stop', 'web'))).ms).toBeLessThan(5000);
  });

  test('`stop --now` gives none, also in the middle of a stop', async ({ world }) => {
    await running(
      world,
      service('a', 'ignores-term', 'stop-timeout = "10m"'),
      service('b', 'child-ignores-term', 'stop-timeout = "10m"'),
    );
    await world.waitFor('the child', () => noted(world, 'b', 'child').length === 1);
    expect((await world.ctl('stop', 'b', '--now')).stdout).toBe('b: stopped\n');
    const stop = world.beginCtl('stop', 'a');
    await world.waitForState('a', 'STOPPING');
    expect((await world.ctl('stop', 'a', '--now')).stdout).toBe('a: stopped\n');
    await stop.finished;
    expectNothingLeft(world);
  });

  test('stop-signal is what is sent', async ({ world }) => {
    await running(world, service('web', 'notes-signals', 'stop-signal = "USR1"; stop-timeout = "500ms"'));
    await world.waitFor('the trap', () => world.lines('log.web').includes('ready'));
    await world.ctl('stop', 'web');
    expect(world.lines('log.web')).toContain('USR1');
  });
});

describe('kill-mode', () => {
  test('process: the others are left alone, and the stop is done', async ({ world }) => {
    await running(world, service('web', 'spares-child', 'kill-mode = "process"'));
    await world.waitFor('the child', () => noted(world, 'web', 'child').length === 1);
    const [child = 0] = noted(world, 'web', 'child');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(child)).toBe(true);
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    expect(isAlive(child)).toBe(true);
  });

  test('process: a spared child blocks no later daemon', async ({ world }) => {
    world.configure([service('web', 'spares-child', 'kill-mode = "process"')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.waitFor('the child', () => noted(world, 'web', 'child').length === 1);
    const [child = 0] = noted(world, 'web', 'child');
    await world.ctl('restart', 'web');
    await world.crashDaemon(daemon);
    await world.waitForState('web', 'RUNNING');
    expect(isAlive(child)).toBe(true);
  });

  test('mixed: the stop signal goes to main alone, SIGKILL to all', async ({ world }) => {
    const line = `sh -c 'trap "echo child-term >>$PLAYGROUND/log.web" TERM; echo ready >>$PLAYGROUND/log.web; while :; do sleep 0.02; done' & exec sleep 1000`;
    await running(world, processTable('web', line, 'kill-mode = "mixed"; stop-timeout = "500ms"'));
    await world.waitFor('the trap', () => world.lines('log.web').includes('ready'));
    const pid = await world.pidOf('web');
    const stop = world.beginCtl('stop', 'web');
    await world.waitForEnd(pid);
    expect((await stop.finished).stdout).toBe('web: stopped\n');
    expectNothingLeft(world);
  });
});

describe('order', () => {
  /** Index of the first line of a log that all programs share. */
  const chain = [
    service('db', 'slow-term 0.3', 'stop-timeout = "5s"'),
    service('api', 'slow-term 0.3', 'stop-timeout = "5s"; depends-on = "db"'),
    service('web', 'slow-term 0.3', 'stop-timeout = "5s"; depends-on = ["api"]'),
  ];

  test('a dependent stops before its dependency, and starts after it', async ({ world }) => {
    await running(world, ...chain);
    await world.waitFor('the traps', () =>
      ['db', 'api', 'web'].every((id) => world.lines(`log.${id}`).includes('ready')),
    );
    const stop = world.beginCtl('stop', 'db');
    await world.waitFor('web to get its signal', () => world.lines('log.web').includes('term'));
    expect(world.lines('log.api')).not.toContain('term');
    await world.waitFor('api to get its signal', () => world.lines('log.api').includes('term'));
    expect(world.lines('log.web')).toContain('end');
    expect(world.lines('log.db')).not.toContain('term');
    await stop.finished;
    expect(world.lines('log.api')).toContain('end');
    expect(await world.waitForState('web', 'PENDING')).toMatchObject({
      reason: { code: 'dependency' },
      verdict: 'ok',
      held: false,
    });

    expect((await world.ctl('start', 'db')).stdout).toBe('db: started\n');
    await world.waitForAll('RUNNING');
    const [db, api, web] = await Promise.all(
      ['db', 'api', 'web'].map(async (id) => Date.parse((await world.row(id)).since)),
    );
    expect(api).toBeGreaterThanOrEqual(db ?? NaN);
    expect(web).toBeGreaterThanOrEqual(api ?? NaN);
  });

  test('a dependency that dies takes its dependents down, and they come back after it', async ({ world }) => {
    await running(
      world,
      service('db', 'steady'),
      service('web', 'steady', 'depends-on = "db"'),
      service('tail', 'steady', 'depends-on = { id = "db", on-loss = "keep" }'),
    );
    const tail = await world.pidOf('tail');
    const web = await world.pidOf('web');
    signal(await world.pidOf('db'), 'SIGKILL');
    await world.waitForRow('web', 'another run', (row) => row.state === 'RUNNING' && row.pid !== web);
    expect(await world.pidOf('tail')).toBe(tail);
    expect((await world.row('web')).restarts).toBe(0);
  });

  test('`restart` of a dependency restarts its dependents, in order', async ({ world }) => {
    await running(world, service('db', 'steady'), service('web', 'steady', 'depends-on = "db"'));
    const before = await world.pidOf('web');
    expect((await world.ctl('restart', 'db')).stdout).toContain('db: restarted\n');
    await world.waitForRow('web', 'another run', (row) => row.state === 'RUNNING' && row.pid !== before);
  });

  test('`shutdown` stops all in reverse order, then the daemon, and sets no holds', async ({ world }) => {
    world.configure(chain);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    await world.waitFor('the traps', () =>
      ['db', 'api', 'web'].every((id) => world.lines(`log.${id}`).includes('ready')),
    );
    const shutdown = world.beginCtl('shutdown', '-y');
    await world.waitFor('api to get its signal', () => world.lines('log.api').includes('term'));
    expect(world.lines('log.web')).toContain('end');
    expect(world.lines('log.db')).not.toContain('term');
    expect((await shutdown.finished).code).toBe(0);
    expect(await daemon.ended).toMatchObject({ code: 0 });
    expectNothingLeft(world);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
  });
});

describe('a service that forks into the background', () => {
  test('is told so', async ({ world }) => {
    world.configure([
      service('web', 'daemonizes', 'start-secs = "1s"; restart-delay = "10m"; restart-max-delay = "10m"'),
    ]);
    await world.startDaemon();
    const row = await world.waitForState('web', 'BACKOFF');
    expect(row.reason.message).toMatch(/forks into the background.*foreground/);
    expectNothingLeft(world);
  });
});
