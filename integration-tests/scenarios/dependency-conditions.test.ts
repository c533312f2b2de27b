/** Dependencies (SPEC 4): what each condition waits for, what its loss does, commands outside, and the order of stops. */
import { processTable, service } from '../harness/config.ts';
import { begun, hookLine, waitForHook } from '../harness/hooks.ts';
import { programs } from '../harness/paths.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

async function started(world: World, processes: readonly string[], daemon = ''): Promise<void> {
  world.configure(processes, daemon);
  await world.startDaemon();
}

const dependsOn = (condition: string, more = ''): string =>
  `depends-on = { id = "db", condition = "${condition}"${more} }`;

/** PENDING for db, with the message. */
async function waits(world: World, message: string): Promise<void> {
  const row = await world.waitForRow('web', message, ({ reason }) => reason.message.includes(message));
  expect(row).toMatchObject({ state: 'PENDING', reason: { code: 'dependency', data: { waitsFor: ['db'] } } });
  expect(world.starts('web')).toEqual([]);
}

/** A db that is well while the gate is open. */
const watched = (settings = ''): string =>
  service(
    'db',
    'steady',
    `health-check = { command = "test -e $PLAYGROUND/well", interval = "100ms", retries = 1000 }\n${settings}`,
  );

describe('the condition', () => {
  test('started: launched is enough', async ({ world }) => {
    await started(world, [
      service(
        'db',
        'steady',
        'start-health-check = { command = "test -e $PLAYGROUND/well", interval = "50ms", timeout = "10m" }',
      ),
      service('web', 'steady', dependsOn('started')),
    ]);
    await world.waitForState('web', 'RUNNING');
    expect(await world.row('db')).toMatchObject({ state: 'STARTING', phase: 'start-health-check' });
  });

  test('running: RUNNING, with all that its start waits for', async ({ world }) => {
    await started(world, [
      service(
        'db',
        'steady',
        `init = { command = ${JSON.stringify(hookLine('db.init', 'waits well'))}, timeout = "10m" }`,
      ),
      service('web', 'steady', dependsOn('running')),
    ]);
    await waits(world, 'db is not running (STARTING)');
    world.open('well');
    await world.waitForState('web', 'RUNNING');
  });

  test('healthy: its check has succeeded', async ({ world }) => {
    await started(world, [watched(), service('web', 'steady', dependsOn('healthy'))]);
    await waits(world, 'db is not healthy (RUNNING)');
    world.open('well');
    await world.waitForState('web', 'RUNNING');
  });

  test('finished: its run has ended well; one that failed does not do', async ({ world }) => {
    const db = (code: number): string => service('db', `waits ${code} done`, 'one-shot = true');
    await started(world, [db(4), service('web', 'steady', dependsOn('finished'))]);
    await waits(world, 'db is not finished (RUNNING)');
    world.open('done');
    await waits(world, 'db is not finished (EXITED)');
    world.configure([db(0), service('web', 'steady', dependsOn('finished'))]);
    await world.ctl('update');
    expect((await world.ctl('start', 'db')).code).toBe(0);
    await world.waitForState('web', 'RUNNING');
  });

  test('running of a one-shot means finished', async ({ world }) => {
    await started(world, [
      service('db', 'waits 0 done', 'one-shot = true'),
      service('web', 'steady', 'depends-on = "db"'),
    ]);
    await waits(world, 'db is not finished');
    world.open('done');
    await world.waitForState('web', 'RUNNING');
  });

  test('is about all instances', async ({ world }) => {
    const line = `test $PROCMAN_NUM = 0 || ${hookLine('db.init', 'waits well')}`;
    const db = processTable(
      'db',
      `'${programs}/steady.sh' -`,
      `numprocs = 2\ninit = { command = ${JSON.stringify(line)}, timeout = "10m" }`,
    );
    await started(world, [db, service('web', 'steady', 'depends-on = "db"')]);
    await world.waitForState('db:db_00', 'RUNNING');
    await waits(world, 'db is not running');
    world.open('well');
    await world.waitForState('web', 'RUNNING');
    // The loss of one is the loss of all.
    const web = await world.pidOf('web');
    await world.ctl('stop', 'db:db_00', '-y');
    expect(await world.waitForState('web', 'PENDING')).toMatchObject({ verdict: 'ok' });
    expect(isAlive(web)).toBe(false);
    expect(await world.row('db:db_01')).toMatchObject({ state: 'RUNNING' });
  });
});

describe('the loss of a condition', () => {
  test('stops what depends on it, and its return starts that again', async ({ world }) => {
    world.open('well');
    const settings = 'health-check = { command = "test -e $PLAYGROUND/well", interval = "100ms", retries = 1 }';
    await started(world, [service('db', 'steady', settings), service('web', 'steady', dependsOn('healthy'))]);
    const { pid: web = 0 } = await world.waitForState('web', 'RUNNING');
    const db = await world.pidOf('db');
    world.close('well');
    await world.waitForEnd(web, 'web');
    await world.waitForEnd(db, 'db');
    world.open('well');
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ restarts: 0 });
    await world.expectStarts('web', 2);
  });

  test('is none with on-loss = "keep": it was needed for the start only', async ({ world }) => {
    await started(world, [
      service('db', 'steady'),
      service('web', 'steady', dependsOn('running', ', on-loss = "keep"')),
    ]);
    const { pid } = await world.waitForState('web', 'RUNNING');
    await world.ctl('stop', 'db', '-y');
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid, verdict: 'ok' });
    await world.ctl('stop', 'web');
    await world.ctl('start', 'web', '--no-wait');
    expect(await world.waitForState('web', 'PENDING')).toMatchObject({ reason: { code: 'dependency' } });
  });

  test('of finished is none', async ({ world }) => {
    await started(world, [
      service('db', 'exits 0', 'one-shot = true'),
      service('web', 'steady', dependsOn('finished')),
    ]);
    const { pid } = await world.waitForState('web', 'RUNNING');
    world.configure([
      service('db', 'waits 1 never', 'one-shot = true; apply-on = "2021-01-01"'),
      service('web', 'steady', dependsOn('finished')),
    ]);
    await world.ctl('update');
    await world.waitForState('db', 'RUNNING');
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
  });
});

describe('a command outside', () => {
  const outside = (act: string, settings: string): string =>
    `depends-on = [{ command = ${JSON.stringify(hookLine('web.outside', act))}, ${settings} }]`;

  test('is asked until it succeeds, and not again while it runs', async ({ world }) => {
    await started(world, [service('web', 'steady', outside('asks there', 'interval = "100ms"'))]);
    await waitForHook(world, 'web.outside', 3);
    const row = await world.waitForState('web', 'PENDING');
    expect(row).toMatchObject({ reason: { code: 'dependency' }, verdict: 'pending' });
    expect(row.reason.message).toMatch(/has not succeeded: it exited with code 1/);
    world.open('there');
    const { pid } = await world.waitForState('web', 'RUNNING');
    world.close('there');
    const count = begun(world, 'web.outside').length;
    signal(pid ?? 0, 'SIGKILL');
    await waitForHook(world, 'web.outside', count + 2);
    await world.expectStarts('web', 1);
  });

  test('that hangs is killed with its session, and asked again', async ({ world }) => {
    await started(world, [service('web', 'steady', outside('hangs', 'interval = "100ms", timeout = "300ms"'))]);
    await waitForHook(world, 'web.outside', 2);
    const row = await world.waitForRow('web', 'why', ({ reason }) => reason.message.includes('did not end'));
    expect(row.reason.message).toContain('it did not end within 0.3 s');
    expect(isAlive(begun(world, 'web.outside')[0] ?? 0)).toBe(false);
  });

  test('is killed by a stop, and found again by the next daemon', async ({ world }) => {
    world.configure([service('web', 'steady', outside('waits there', 'timeout = "10m"'))]);
    const daemon = await world.startDaemon();
    const pid = await waitForHook(world, 'web.outside');
    await world.crashDaemon(daemon);
    await world.waitForState('web', 'PENDING');
    expect(begun(world, 'web.outside')).toEqual([pid]);
    await world.ctl('stop', 'web');
    await world.waitForEnd(pid);
    await world.ctl('start', 'web', '--no-wait');
    await waitForHook(world, 'web.outside', 2);
    world.open('there');
    await world.waitForState('web', 'RUNNING');
  });
});

describe('waiting', () => {
  test('wait-after counts from when the dependencies are met', async ({ world }) => {
    await started(world, [service('db', 'steady'), service('web', 'steady', 'depends-on = "db"; wait-after = "1s"')]);
    expect(await world.waitForRow('web', 'wait-after', ({ reason }) => reason.code === 'wait-after')).toMatchObject({
      state: 'PENDING',
    });
    await world.waitForState('web', 'RUNNING');
    const [db, web] = await Promise.all(['db', 'web'].map(async (id) => Date.parse((await world.row(id)).since)));
    expect((web ?? 0) - (db ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  test('longer than dependency-timeout is a problem, and goes on', async ({ world }) => {
    await started(world, [watched(), service('web', 'steady', dependsOn('healthy'))], 'dependency-timeout = "500ms"');
    expect(await world.waitForRow('web', 'a problem', ({ verdict }) => verdict === 'problem')).toMatchObject({
      state: 'PENDING',
    });
    world.open('well');
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ verdict: 'ok' });
  });

  test('for what an operator stopped is none', async ({ world }) => {
    await started(
      world,
      [service('db', 'steady'), service('web', 'steady', 'depends-on = "db"')],
      'dependency-timeout = "300ms"',
    );
    await world.waitForAll('RUNNING');
    await world.ctl('stop', 'db', '-y');
    const { since } = await world.waitForState('web', 'PENDING');
    await world.waitFor('longer than the timeout', () => Date.now() - Date.parse(since) > 600);
    expect(await world.row('web')).toMatchObject({ state: 'PENDING', expected: 'stopped', verdict: 'ok' });
  });
});

describe('the order of stops', () => {
  test('is that of starts, reversed, through hooks and instances', async ({ world }) => {
    const note = (id: string): string => `after-stop = "echo ${id} >>$PLAYGROUND/order"`;
    await started(world, [
      service('db', 'steady', note('db')),
      processTable('api', `'${programs}/steady.sh' -`, `numprocs = 2; depends-on = "db"; ${note('api')}`),
      service('web', 'steady', `depends-on = "api"; ${note('web')}`),
    ]);
    await world.waitForAll('RUNNING');
    expect((await world.ctl('stop', 'all', '-y')).code).toBe(0);
    expect(world.lines('order')).toEqual(['web', 'api', 'api', 'db']);
  });
});
