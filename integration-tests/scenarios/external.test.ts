/** Type `external` (SPEC 2.2): the expression only starts something without a pid to watch. Alive = healthy. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { processTable } from '../harness/config.ts';
import { programs } from '../harness/paths.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

/** As the last of it sees it: the pid that noted itself last. */
const ALIVE = `kill -0 $(sed -n 's/^start //p' "$PLAYGROUND/log.web" | tail -n 1)`;
const END = ALIVE.replace('-0', '-TERM');

/** `web`, which detaches; another health-check or stop where they are given. */
async function started(world: World, { alive = ALIVE, stop = END, settings = '' } = {}): Promise<Daemon> {
  const check = `health-check = { command = ${JSON.stringify(alive)}, interval = "100ms", retries = 2 }`;
  const table = processTable('web', 'x', [check, `stop = ${JSON.stringify(stop)}`, settings].join('\n'));
  const line = JSON.stringify(`'${programs}/detaches.sh' web`);
  world.configure([table.replace('command = "x"', `command = { line = ${line}, type = "external" }`)]);
  return world.startDaemon();
}

const latest = (world: World): number => world.starts('web').at(-1) ?? 0;

describe('what was started', () => {
  test('is RUNNING without a pid; its stop hook ends it', async ({ world }) => {
    await started(world);
    const row = await world.waitForState('web', 'RUNNING');
    expect(row).toMatchObject({ verdict: 'ok' });
    expect(row.pid).toBeUndefined();
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(latest(world))).toBe(false);
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    await world.expectStarts('web', 2);
  });

  test('goes on while daemons come and go, with their state or without', async ({ world }) => {
    const daemon = await started(world);
    await world.waitForState('web', 'RUNNING');
    const next = await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', restarts: 0 });
    await world.killDaemon(next);
    rmSync(join(world.stateDir, 'instances'), { recursive: true });
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.expectStarts('web', 1);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(latest(world))).toBe(false);
  });

  test('is stopped and started again when its check fails', async ({ world }) => {
    await started(world);
    await world.waitForState('web', 'RUNNING');
    signal(latest(world), 'SIGKILL');
    await world.waitFor('another run', () => world.starts('web').length === 2);
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ restarts: 1 });
  });

  test('is named while it does not end; the stop is not done before it has', async ({ world }) => {
    await started(world, { stop: 'true' });
    await world.waitForState('web', 'RUNNING');
    const stop = world.beginCtl('stop', 'web');
    const row = await world.waitForRow('web', 'a survivor', ({ reason }) => reason.code === 'survivors');
    expect(row).toMatchObject({ state: 'STOPPING', verdict: 'problem' });
    expect(row.reason.message).toContain('its health-check says that it is alive still');
    await world.expectStarts('web', 1);
    signal(latest(world), 'SIGKILL');
    await stop.finished;
    await world.waitForState('web', 'STOPPED');
  });

  test('is not started a second time while a stop that failed goes on', async ({ world }) => {
    const daemon = await started(world, { stop: 'false' });
    await world.waitForState('web', 'RUNNING');
    await world.ctl('restart', 'web', '--no-wait');
    await world.waitForState('web', 'STOPPING');
    await world.crashDaemon(daemon);
    await world.waitForRow('web', 'a survivor', ({ reason }) => reason.code === 'survivors');
    await world.expectStarts('web', 1);
    signal(latest(world), 'SIGKILL');
    await world.waitForState('web', 'RUNNING');
    await world.expectStarts('web', 2);
  });
});

describe('an expression', () => {
  test('that fails is a failed start', async ({ world }) => {
    const table = processTable('web', 'x', 'health-check = "true"; stop = "true"; start-retries = 0');
    world.configure([table.replace('command = "x"', 'command = { line = "exit 3", type = "external" }')]);
    await world.startDaemon();
    expect((await world.waitForState('web', 'FATAL')).reason).toMatchObject({
      code: 'exit',
      data: { exit: { code: 3 } },
    });
  });

  test('needs a health-check and a stop', async ({ world }) => {
    const table = processTable('web', 'x');
    world.configure([table.replace('command = "x"', 'command = { line = "true", type = "external" }')]);
    const { code, stdout } = await world.ctl('check', world.config);
    expect(code).toBe(6);
    expect(stdout).toMatch(/health-check/);
    expect(stdout).toMatch(/stop/);
  });
});
