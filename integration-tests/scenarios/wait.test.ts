/** `wait`: for deploy scripts, with a real daemon. */
import { processTable, service } from '../harness/config.ts';
import type { Running } from '../harness/commands.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

async function begin(world: World, ...processes: string[]): Promise<Daemon> {
  world.configure([service('steady', 'steady'), ...processes]);
  const daemon = await world.startDaemon();
  await world.waitForState('steady', 'RUNNING');
  return daemon;
}

/** Waits for these beside one that is decided already: its line shows that the others are being waited for. */
async function waiting(world: World, decided: string, ...words: string[]): Promise<Running> {
  const wait = world.beginCtl('wait', decided, ...words);
  await world.waitFor('its first line', () => wait.printed().stdout.includes('\n'));
  return wait;
}

describe('wait', () => {
  test('for running: until it runs', async ({ world }) => {
    await begin(world, service('web', 'steady', 'autostart = false'));
    // By itself it would never run: that is told at once.
    expect(await world.ctl('wait', 'web', '--for', 'running')).toMatchObject({ code: 1 });
    const dependency = service('gate', 'waits 0 gate.end', 'one-shot = true');
    world.configure([
      service('steady', 'steady'),
      dependency,
      service('web', 'steady', 'depends-on = [{ id = "gate", condition = "finished" }]'),
    ]);
    expect((await world.ctl('update', '-y')).code).toBe(0);
    const wait = await waiting(world, 'steady', 'web', '--for', 'running');
    world.open('gate.end');
    expect(await wait.finished).toMatchObject({ code: 0, stdout: 'steady: running\nweb: running\n' });
    expect((await world.row('web')).state).toBe('RUNNING');
  });

  test('for stopped: until nothing of it is left', async ({ world }) => {
    await begin(world, service('web', 'steady'));
    await world.waitForState('web', 'RUNNING');
    const wait = world.beginCtl('wait', 'web', '--for', 'stopped');
    expect((await world.ctl('stop', 'web')).code).toBe(0);
    expect(await wait.finished).toMatchObject({ code: 0, stdout: 'web: stopped\n' });
  });

  test('for finished: a one-shot that ends well, and one that does not', async ({ world }) => {
    await begin(
      world,
      service('good', 'waits 0 good.end', 'one-shot = true'),
      service('bad', 'waits 3 bad.end', 'one-shot = true'),
    );
    const good = world.beginCtl('wait', 'good', '--for', 'finished');
    const bad = world.beginCtl('wait', 'bad', '--for', 'finished');
    world.open('good.end');
    world.open('bad.end');
    expect(await good.finished).toMatchObject({ code: 0, stdout: 'good: finished\n' });
    const { code, stdout, stderr } = await bad.finished;
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('code 3');
  });

  test('without a goal: until each is as it should be, whatever that is', async ({ world }) => {
    const gate = service('gate', 'waits 0 gate.end', 'one-shot = true');
    const late = service('late', 'steady', 'depends-on = [{ id = "gate", condition = "finished" }]');
    await begin(world, service('off', 'steady', 'autostart = false'), gate, late);
    const wait = await waiting(world, 'steady', 'all');
    expect(wait.printed().stdout).not.toContain('late: ');
    world.open('gate.end');
    const { code, stdout } = await wait.finished;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^gate: /m);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('gate: '))
        .sort(),
    ).toEqual(['late: running', 'off: stopped', 'steady: running']);
  });

  test.for([
    ['an id', ['worker'], ['worker:worker_00', 'worker:worker_01']],
    ['a name', ['worker:worker_01'], ['worker:worker_01']],
    ['an instance', ['worker_00'], ['worker:worker_00']],
    ['a group', ['shop:*'], ['shop:web']],
    ['a glob and a name', ['work*', 'steady'], ['steady', 'worker:worker_00', 'worker:worker_01']],
    ['all', ['all'], ['shop:web', 'steady', 'worker:worker_00', 'worker:worker_01']],
  ] as const)('by %s', async ([, given, meant], { world }) => {
    await begin(
      world,
      processTable('worker', 'sleep 1000000', 'numprocs = 2'),
      service('web', 'steady', 'group = "shop"'),
    );
    const { code, stdout } = await world.ctl('wait', ...given, '--for', 'running', '--timeout', '1m');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').sort()).toEqual(meant.map((name) => `${name}: running`));
  });

  test('no longer than told', async ({ world }) => {
    await begin(world, service('web', 'waits 0 web.end', 'one-shot = true'));
    const { code, stdout, stderr } = await world.ctl('wait', 'web', '--for', 'finished', '--timeout', '300ms');
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('web: ');
    expect((await world.row('web')).state).toBe('RUNNING');
  });

  test('not for a daemon that has gone', async ({ world }) => {
    const jobs = [service('done', 'exits 0', 'one-shot = true'), service('web', 'waits 0 web.end', 'one-shot = true')];
    const daemon = await begin(world, ...jobs);
    await world.waitForState('done', 'EXITED');
    const wait = await waiting(world, 'done', 'web', '--for', 'finished');
    await world.killDaemon(daemon);
    expect(await wait.finished).toMatchObject({ code: 5 });
  });

  test('a name that there is not is an error at once', async ({ world }) => {
    await begin(world);
    const { code, stderr } = await world.ctl('wait', 'stedy');
    expect(code).toBe(4);
    expect(stderr).toContain('steady');
  });
});
