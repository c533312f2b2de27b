/** Type `podman-cid` (SPEC 2.2), with a stand-in for podman: the expression prints an id, `podman inspect` tells the pid. */
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processTable } from '../harness/config.ts';
import { programs } from '../harness/paths.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const RUN = `podman run -d --name web '${programs}/steady.sh' web`;

/** As `[[process]]` with a `podman` in its PATH. */
async function started(world: World, line = RUN, settings = ''): Promise<Daemon> {
  const bin = join(world.root, 'bin');
  mkdirSync(bin);
  symlinkSync(`${programs}/podman.sh`, join(bin, 'podman'));
  const path = `env = { PATH = "${bin}:${process.env['PATH'] ?? ''}" }`;
  const table = processTable('web', 'x', [path, settings].join('\n'));
  world.configure([
    table.replace('command = "x"', `command = { line = ${JSON.stringify(line)}, type = "podman-cid" }`),
  ]);
  return world.startDaemon();
}

const container = (world: World): number =>
  Number(readFileSync(join(world.playground, 'containers', 'web', 'pid'), 'utf8'));
const count = (world: World, verb: string): number =>
  world.lines('podman').filter((line) => line === `podman ${verb}`).length;

describe('a container', () => {
  test('is the service by the pid that podman tells; a stop ends it', async ({ world }) => {
    await started(world);
    const { pid = 0 } = await world.waitForState('web', 'RUNNING');
    expect(pid).toBe(container(world));
    expect(world.starts('web')).toEqual([pid]);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    expect(await world.pidOf('web')).toBe(container(world));
  });

  test('may be ended by its stop hook', async ({ world }) => {
    await started(world, RUN, 'stop = "podman stop web"; stop-timeout = "10m"');
    const { pid = 0 } = await world.waitForState('web', 'RUNNING');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
    expect(count(world, 'stop')).toBe(1);
  });

  test('that ends is run again', async ({ world }) => {
    await started(world);
    const { pid = 0 } = await world.waitForState('web', 'RUNNING');
    signal(pid, 'SIGKILL');
    const row = await world.waitForRow('web', 'another run', (now) => now.state === 'RUNNING' && now.pid !== pid);
    expect(row).toMatchObject({ pid: container(world), restarts: 1, lastExit: { unknown: true } });
  });

  test('outlives the daemon, and is known to the next one, with its state or without', async ({ world }) => {
    const daemon = await started(world);
    const { pid } = await world.waitForState('web', 'RUNNING');
    const next = await world.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
    await world.killDaemon(next);
    rmSync(join(world.stateDir, 'instances'), { recursive: true });
    await world.startDaemon();
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid });
    expect(count(world, 'run')).toBe(1);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(world.starts('web')).toEqual([pid]);
  });

  test('that was started while the daemon was killed is taken over by the next one', async ({ world }) => {
    const daemon = await started(world, `until [ -e "$PLAYGROUND/go" ]; do sleep 0.02; done; ${RUN}`);
    await world.waitForRow('web', 'its expression to wait', ({ phase }) => phase === 'pid-file');
    await world.killDaemon(daemon);
    world.open('go');
    await world.waitFor('the expression to end', () => !world.marked().some(({ kind }) => kind === 'launcher'));
    await world.startDaemon();
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid: container(world) });
    expect(count(world, 'run')).toBe(1);
  });
});

describe('an expression', () => {
  test('that fails has started nothing: it is tried again', async ({ world }) => {
    world.open('no-image');
    await started(world);
    const row = await world.waitForState('web', 'BACKOFF');
    expect(row.reason).toMatchObject({ code: 'exit', data: { exit: { code: 125 } } });
    world.close('no-image');
    await world.waitForState('web', 'RUNNING');
    await world.expectStarts('web', 1);
  });

  test('that prints no id leaves it BLOCKED, and says why', async ({ world }) => {
    await started(world, `${RUN} >/dev/null; echo done`);
    const row = await world.waitForState('web', 'BLOCKED');
    expect(row.reason).toMatchObject({ code: 'pid-file' });
    expect(row.reason.message).toContain('its command printed no container id');
    expect(count(world, 'run')).toBe(1);
  });

  test('whose container podman does not know leaves it BLOCKED, until an operator names the process', async ({
    world,
  }) => {
    await started(world, `${RUN} >/dev/null; printf '%064d\\n' 1`);
    const row = await world.waitForState('web', 'BLOCKED');
    expect(row.reason.message).toMatch(
      /podman inspect named no process \(exited with code 125: .*no such container 0+1\)/,
    );
    const pid = container(world);
    expect((await world.ctl('unblock', 'web', '--adopt', String(pid))).code).toBe(0);
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid });
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
  });
});
