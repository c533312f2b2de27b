/** What follows an ending: restarted, delayed, blocked for a while, given up, or left alone. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '@procman/protocol/views';
import { processTable, service } from '../harness/config.ts';
import { signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

async function start(world: World, ...processes: string[]): Promise<void> {
  world.configure(processes);
  await world.startDaemon();
}

/** From the end of the run to the next try, in milliseconds. (The state begins somewhat later, on a busy machine.) */
function delayOf(row: Row): number {
  return Date.parse(row.retryAt ?? '') - Date.parse(row.lastExit?.at ?? '');
}

describe('max-runs', () => {
  const FLAPPING = 'start-secs = 0; restart-delay = 0; max-runs = 3';

  test('BLOCKED too-many-runs, and on by itself when the window has room', async ({ world }) => {
    await start(world, service('web', 'exits 1', `${FLAPPING}; max-runs-window = "2s"`));
    const row = await world.waitForState('web', 'BLOCKED');
    expect(row).toMatchObject({ reason: { code: 'too-many-runs' }, verdict: 'problem' });
    await world.expectStarts('web', 3);
    const wait = Date.parse(row.retryAt ?? '') - Date.now();
    expect(wait).toBeLessThan(2100);
    await world.waitFor('another launch', () => world.starts('web').length > 3);
  });

  test('`unblock` goes on at once; until then status shows how it ended', async ({ world }) => {
    await start(world, service('web', 'exits 1', `${FLAPPING}; max-runs-window = "1h"`));
    await world.waitForState('web', 'BLOCKED');
    expect((await world.ctl('status', 'web')).stdout).toMatch(/^web +BLOCKED +last exit code 1, 3 runs within /);
    await world.ctl('unblock', 'web');
    await world.waitFor('more launches', () => world.starts('web').length > 3);
    await world.waitForState('web', 'BLOCKED');
  });

  test('a daemon restart clears nothing', async ({ world }) => {
    world.configure([service('web', 'exits 1', `${FLAPPING}; max-runs-window = "1h"`)]);
    const daemon = await world.startDaemon();
    const { retryAt, since } = await world.waitForState('web', 'BLOCKED');
    await world.crashDaemon(daemon);
    const row = await world.row('web');
    expect(row).toMatchObject({ state: 'BLOCKED', since });
    expect(Math.abs(Date.parse(row.retryAt ?? '') - Date.parse(retryAt ?? ''))).toBeLessThan(1000);
    await world.expectStarts('web', 3);
  });

  test('launches for an operator do not count', async ({ world }) => {
    await start(world, service('web', 'steady', 'max-runs = 2; max-runs-window = "1h"'));
    await world.waitForState('web', 'RUNNING');
    for (let round = 0; round < 4; round += 1) {
      expect((await world.ctl('restart', 'web')).stdout).toBe('web: restarted\n');
    }
  });

  test('a service that had been RUNNING is restarted at once', async ({ world }) => {
    await start(world, service('web', 'steady', 'restart-delay = "10m"; restart-max-delay = "10m"'));
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    signal(pid, 'SIGKILL');
    const row = await world.waitForRow('web', 'another run', (now) => now.state === 'RUNNING' && now.pid !== pid);
    expect(row.restarts).toBe(1);
  });
});

describe('failed starts', () => {
  test('BACKOFF doubles, and is capped', async ({ world }) => {
    await start(
      world,
      service(
        'web',
        'exits 1',
        'start-secs = "10s"; restart-delay = "100ms"; restart-max-delay = "500ms"; max-runs = 0',
      ),
    );
    const delays: number[] = [];
    await world.waitFor('five delays', async () => {
      const row = await world.row('web');
      if (row.state === 'BACKOFF') delays[row.reason.data?.tries ?? 0] ??= delayOf(row);
      return delays.length > 5;
    });
    const wanted = [100, 200, 400, 500, 500];
    for (const [at, ms] of wanted.entries()) {
      const delay = delays[at + 1];
      // A delay that nobody caught in the act is none to judge.
      if (delay === undefined) continue;
      expect(delay).toBeGreaterThan(ms - 60);
      expect(delay).toBeLessThan(ms + 60);
    }
    expect(await world.row('web')).toMatchObject({ lastExit: { code: 1 } });
  });

  test('FATAL after start-retries; `start` tries again', async ({ world }) => {
    await start(world, service('web', 'exits 3', 'start-secs = "10s"; start-retries = 2; restart-delay = "20ms"'));
    const row = await world.waitForState('web', 'FATAL');
    expect(row).toMatchObject({ verdict: 'problem', reason: { code: 'exit' }, lastExit: { code: 3 } });
    await world.expectStarts('web', 3);
    expect((await world.ctl('status')).code).toBe(3);
    expect((await world.ctl('start', 'web')).code).toBe(1);
    expect(world.starts('web').length).toBeGreaterThan(3);
  });

  test('FATAL is kept over daemons, and acknowledged by `stop`', async ({ world }) => {
    world.configure([service('web', 'exits 3', 'start-secs = "10s"; start-retries = 0')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'FATAL');
    await world.crashDaemon(daemon);
    expect((await world.row('web')).state).toBe('FATAL');
    expect((await world.ctl('stop', 'web')).code).toBe(0);
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED', verdict: 'ok', reason: { code: 'manual' } });
    await world.expectStarts('web', 1);
  });

  test('a changed definition clears FATAL', async ({ world }) => {
    await start(world, service('web', 'exits 3', 'start-secs = "10s"; start-retries = 0'));
    await world.waitForState('web', 'FATAL');
    world.configure([service('web', 'steady', 'start-retries = 0')]);
    expect((await world.ctl('update')).code).toBe(0);
    await world.waitForState('web', 'RUNNING');
  });

  test('a program that vanished after the check is a spawn-error, tried again, then FATAL', async ({ world }) => {
    const program = join(world.root, 'program');
    writeFileSync(program, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
    await start(world, processTable('web', program, 'start-retries = 1; restart-delay = "50ms"'));
    await world.waitForState('web', 'RUNNING');
    rmSync(program);
    signal(await world.pidOf('web'), 'SIGKILL');
    const row = await world.waitForState('web', 'FATAL');
    expect(row).toMatchObject({ verdict: 'problem', reason: { code: 'spawn-error' } });
    expect(row.reason.message).toContain(program);
  });

  test('`start` reports a failed start with its reason', async ({ world }) => {
    await start(world, service('web', 'exits 9 0.05', 'autostart = false; start-secs = "10s"'));
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED', reason: { code: 'autostart' }, verdict: 'ok' });
    const result = await world.ctl('start', 'web');
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/^web: ERROR \(.*code 9.*\)\n$/);
  });
});

describe('autorestart and exit-codes', () => {
  test.for([
    ['always', 0, 'restarted'],
    ['always', 3, 'restarted'],
    ['on-failure', 0, 'ok'],
    ['on-failure', 3, 'restarted'],
    ['never', 0, 'ok'],
    ['never', 3, 'problem'],
  ] as const)('autorestart = %s, code %i: %s', async ([policy, code, outcome], { world }) => {
    await start(world, service('web', `waits ${code} gate`, `autorestart = "${policy}"`));
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    world.open('gate');
    await world.waitForEnd(pid);
    world.close('gate');
    if (outcome === 'restarted') {
      await world.waitFor('another launch', () => world.starts('web').length > 1);
      return;
    }
    const row = await world.waitForState('web', 'EXITED');
    expect(row).toMatchObject({
      verdict: outcome,
      reason: { code: outcome === 'ok' ? 'finished' : 'exit' },
      lastExit: { code },
    });
    await world.expectStarts('web', 1);
  });

  test('128 + n in exit-codes stands for signal n', async ({ world }) => {
    await start(world, service('web', 'steady', 'autorestart = "on-failure"; exit-codes = [0, 143]'));
    await world.waitForState('web', 'RUNNING');
    signal(await world.pidOf('web'), 'SIGTERM');
    expect(await world.waitForState('web', 'EXITED')).toMatchObject({ verdict: 'ok', lastExit: { signal: 'SIGTERM' } });
  });

  test('EXITED is left alone by the next daemon, and started by `start`', async ({ world }) => {
    world.configure([service('web', 'exits 0', 'autorestart = "never"; start-secs = 0')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'EXITED');
    await world.crashDaemon(daemon);
    expect((await world.row('web')).state).toBe('EXITED');
    await world.ctl('start', 'web');
    await world.waitFor('a second launch', () => world.starts('web').length === 2);
  });
});

describe('one-shots', () => {
  test('finish well, and stay finished over daemons and reloads', async ({ world }) => {
    world.configure([service('job', 'exits 0', 'one-shot = true')]);
    let daemon = await world.startDaemon();
    const row = await world.waitForState('job', 'EXITED');
    expect(row).toMatchObject({
      reason: { code: 'finished' },
      verdict: 'ok',
      expected: 'finished',
      lastExit: { code: 0 },
    });
    for (let round = 0; round < 3; round += 1) daemon = await world.crashDaemon(daemon);
    await world.ctl('update');
    expect((await world.row('job')).state).toBe('EXITED');
    await world.expectStarts('job', 1);
    expect((await world.ctl('start', 'job')).stdout).toBe('job: already finished\n');
  });

  test('that fail are a problem, not run again by themselves; `start` runs them', async ({ world }) => {
    await start(world, service('job', 'exits 4', 'one-shot = true'));
    expect(await world.waitForState('job', 'EXITED')).toMatchObject({ verdict: 'problem', lastExit: { code: 4 } });
    expect((await world.ctl('start', 'all')).stdout).toContain('job: skipped');
    await world.expectStarts('job', 1);
    expect((await world.ctl('start', 'job')).code).toBe(1);
    await world.expectStarts('job', 2);
  });

  test('run at most once, whenever the daemon is killed', async ({ world }) => {
    const jobs = Array.from({ length: 8 }, (_, at) => `job${at}`);
    world.configure(jobs.map((id) => service(id, 'exits 0 0.05', 'one-shot = true')));
    for (let round = 0; round < 10; round += 1) {
      const daemon = await world.startDaemon({ wait: false });
      await world.waitFor('a launch, or all done', () => {
        const started = jobs.filter((id) => world.starts(id).length > 0).length;
        return started >= Math.min(round, jobs.length);
      });
      await world.killDaemon(daemon);
    }
    await world.startDaemon();
    await world.waitForAll('EXITED');
    for (const id of jobs) await world.expectStarts(id, 1);
  });

  test('a new apply-on runs it again', async ({ world }) => {
    await start(world, service('job', 'exits 0', 'one-shot = true'));
    await world.waitForState('job', 'EXITED');
    world.configure([service('job', 'exits 0', 'one-shot = true; apply-on = "2021-01-01"')]);
    await world.ctl('update');
    await world.waitFor('a second run', () => world.starts('job').length === 2);
  });

  test('`finished` waits for a one-shot that ends well', async ({ world }) => {
    await start(
      world,
      service('migrate', 'waits 0 gate', 'one-shot = true'),
      service('web', 'steady', 'depends-on = "migrate"'),
    );
    expect(await world.waitForState('web', 'PENDING')).toMatchObject({
      reason: { code: 'dependency', data: { waitsFor: ['migrate'] } },
    });
    world.open('gate');
    await world.waitForState('web', 'RUNNING');
  });

  test('`start` of a one-shot waits for its end', async ({ world }) => {
    await start(world, service('job', 'exits 0 0.3', 'one-shot = true; autostart = false'));
    expect((await world.ctl('start', 'job')).code).toBe(0);
    expect(world.lines('log.job')).toContain('end 0');
  });
});

describe('apply-on', () => {
  test('in the future: not yet; reached: it takes over', async ({ world }) => {
    const soon = new Date(Date.now() + 3000).toISOString().slice(0, 19);
    await start(
      world,
      service('web', 'tells old'),
      service('web', 'tells new', `apply-on = "${soon}Z"`),
      service('later', 'steady', 'apply-on = "2999-01-01"'),
    );
    expect(await world.row('later')).toMatchObject({
      state: 'STOPPED',
      reason: { code: 'not-yet-applied' },
      verdict: 'ok',
    });
    expect(world.lines('log.web').join()).not.toContain('new');
    await world.waitFor('the new version', () => world.lines('log.web').includes('told new'));
    expect((await world.waitForState('web', 'RUNNING')).restarts).toBe(0);
    await world.expectStarts('web', 2);
  });

  test('a fake newest version rolls back', async ({ world }) => {
    await start(
      world,
      service('web', 'tells old'),
      service('web', 'tells new', 'apply-on = "2021-01-01"; fake = true'),
    );
    await world.waitFor('the old version', () => world.lines('log.web').includes('told old'));
    expect((await world.row('web')).applyOn).toContain('2020-01-01');
  });
});
