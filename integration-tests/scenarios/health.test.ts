/** Health (SPEC 5): asked by command, http, tcp and folder; unhealthy means fully stopped, then started, never two copies. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '@procman/protocol/views';
import { processTable, service } from '../harness/config.ts';
import { begun, hook, hookLine, hookProcesses, noted, waitForHook } from '../harness/hooks.ts';
import { portFor } from '../harness/ports.ts';
import { programs } from '../harness/paths.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** A line of TOML: a check of `web` by `programs/hook.sh`, which notes itself as `web.check`. */
function check(act: string, settings: string, key = 'health-check'): string {
  return `${key} = { command = ${JSON.stringify(hookLine('web.check', act))}, ${settings} }`;
}

const OFTEN = 'interval = "100ms", timeout = "10s"';
/** What is unhealthy is left as it ended, so that the reason can be read. */
const LEFT = 'autorestart = "never"';

async function started(world: World, ...processes: string[]): Promise<void> {
  world.configure(processes);
  await world.startDaemon();
}

/** The folder or server says no: what `web` came to. */
async function unhealthy(world: World): Promise<Row> {
  const row = await world.waitForState('web', 'EXITED');
  expect(row).toMatchObject({ reason: { code: 'health-check' }, verdict: 'problem' });
  return row;
}

describe('a check by command', () => {
  test('that fails `retries` times in a row has the process stopped, then started', async ({ world }) => {
    const guarded = `'${programs}/comes-after.sh' web web.check`;
    await started(world, processTable('web', guarded, check('asks well', `${OFTEN}, retries = 3`)));
    await world.waitFor('another run', () => world.starts('web').length === 2);
    expect(isAlive(world.starts('web')[0] ?? 0)).toBe(false);
    expect(world.lines('order').slice(0, 5)).toEqual(['web', 'web.check', 'web.check', 'web.check', 'web']);
    world.open('well');
    const row = await world.waitForState('web', 'RUNNING');
    expect(row.restarts).toBeGreaterThanOrEqual(1);
    expect(row.lastExit).toMatchObject({ signal: 'SIGTERM' });
  });

  test('that succeeds between failures keeps it running', async ({ world }) => {
    world.open('well');
    await started(world, service('web', 'steady', check('asks well', `${OFTEN}, retries = 1000`)));
    const pid = await world.waitForState('web', 'RUNNING').then((row) => row.pid);
    await waitForHook(world, 'web.check', 2);
    world.close('well');
    await waitForHook(world, 'web.check', begun(world, 'web.check').length + 4);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid, verdict: 'ok' });
  });

  test('within start-period does not count', async ({ world }) => {
    await started(world, service('web', 'steady', check('asks well', `${OFTEN}, retries = 1, start-period = "10m"`)));
    await waitForHook(world, 'web.check', 5);
    await world.expectStarts('web', 1);
    world.open('well');
    await world.waitFor('a good answer', () => world.lines('log.web.check').includes('end'));
    // It has come up: from now on each failure counts.
    world.close('well');
    await world.waitFor('another run', () => world.starts('web').length === 2);
  });

  test('that hangs is killed with all of its session, and counts as failed', async ({ world }) => {
    await started(
      world,
      service('web', 'steady', [check('hangs', 'interval = "100ms", timeout = "400ms", retries = 2'), LEFT].join('\n')),
    );
    const row = await unhealthy(world);
    expect(row.reason.message).toContain('did not end within 0.4 s');
    const pids = [...begun(world, 'web.check'), ...noted(world, 'web.check', 'child')];
    expect(pids).toHaveLength(4);
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
  });

  test('that leaves a child in its session leaves none', async ({ world }) => {
    await started(world, service('web', 'steady', check('leaves', OFTEN)));
    await waitForHook(world, 'web.check', 4);
    const children = noted(world, 'web.check', 'child');
    for (const child of children.slice(0, 3)) expect(isAlive(child)).toBe(false);
    await world.ctl('stop', 'web');
    expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
  });

  test('names what it printed, in the state and in the log of the daemon', async ({ world }) => {
    world.configure([service('web', 'steady', [check('asks well', `${OFTEN}, retries = 1`), LEFT].join('\n'))]);
    const daemon = await world.startDaemon();
    const row = await unhealthy(world);
    expect(row.reason.message).toContain('exited with code 1: no well');
    expect(daemon.log()).toContain('web: health-check exited with code 1: no well');
  });
});

describe('an unhealthy process', () => {
  test('that ignores SIGTERM, with a child that does so, too, is gone before the next one starts', async ({
    world,
  }) => {
    const settings = [check('asks well', `${OFTEN}, retries = 1`), 'stop-timeout = "500ms"', 'max-runs = 0'].join('\n');
    await started(world, service('web', 'child-ignores-term', settings));
    // The lock of the program is inherited by its child: a second copy beside either of them would shout.
    await world.waitFor('four runs', () => world.starts('web').length >= 4);
    world.open('well');
    await world.waitForState('web', 'RUNNING');
    await world.ctl('stop', 'web');
    expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
  });

  test('is shown as such while it is stopped', async ({ world }) => {
    const settings = [check('asks well', `${OFTEN}, retries = 1`), 'stop-timeout = "10m"'].join('\n');
    await started(world, service('web', 'ignores-term', settings));
    const row = await world.waitForState('web', 'STOPPING');
    expect(row).toMatchObject({ phase: 'signal', verdict: 'problem', reason: { code: 'health-check' } });
    expect(row.reason.message).toContain('no well');
  });

  test('has its stop hook and its after-stop', async ({ world }) => {
    const settings = [
      check('asks well', `${OFTEN}, retries = 1`),
      hook('stop', 'tells'),
      hook('after-stop', 'tells'),
      LEFT,
    ];
    await started(world, service('web', 'steady', settings.join('\n')));
    await unhealthy(world);
    expect(world.lines('order').filter((line) => line !== 'web.check')).toEqual(['web.stop', 'web.after-stop']);
  });

  test('is BLOCKED once it had too many runs', async ({ world }) => {
    await started(
      world,
      service('web', 'steady', [check('asks well', `${OFTEN}, retries = 1`), 'max-runs = 2'].join('\n')),
    );
    expect(await world.waitForState('web', 'BLOCKED')).toMatchObject({ reason: { code: 'too-many-runs' } });
    await world.expectStarts('web', 2);
  });
});

/** A node server whose answers the test says. */
async function server(world: World, probe: (port: number) => string, more = ''): Promise<void> {
  const port = await portFor(world, 'web');
  await started(world, processTable('web', `'${programs}/server.mjs' web`, [probe(port), more].join('\n')));
}

const answer = (world: World, how: string): void => writeFileSync(join(world.playground, 'answer.web'), how);
const http =
  (settings: string) =>
  (port: number): string =>
    `health-check = { http = "http://127.0.0.1:${port}/health", ${settings} }`;
/** Asked so often that the first such answer has arrived: the next question comes only after it. */
const asked = (world: World, how: string, times = 2): Promise<boolean> =>
  world.waitFor(
    `to be asked, and to answer ${how}`,
    () => world.lines('log.web').filter((line) => line === `asked ${how}`).length >= times,
  );

describe('a check by http', () => {
  const settings = 'interval = "100ms", timeout = "1s", retries = 2, start-period = "10m"';

  test('takes 2xx and 3xx, and follows no redirection', async ({ world }) => {
    await server(world, http(settings));
    await asked(world, '200');
    answer(world, '302');
    await asked(world, '302');
    const count = world.lines('log.web').length;
    await world.waitFor('some more questions', () => world.lines('log.web').length > count + 4);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', verdict: 'ok', restarts: 0 });
  });

  test.for([
    ['503', /HTTP 503.*answer 503/],
    ['404', /HTTP 404/],
    ['hangs', /no complete answer within 1 s/],
  ] as const)('a server that answers %s is unhealthy', async ([how, message], { world }) => {
    await server(world, http(settings), LEFT);
    await asked(world, '200');
    answer(world, how);
    expect((await unhealthy(world)).reason.message).toMatch(message);
  });

  test('a frozen server is unhealthy, is ended, and comes back', async ({ world }) => {
    await server(world, http(settings));
    await asked(world, '200');
    const pid = await world.pidOf('web');
    signal(pid, 'SIGSTOP');
    await world.waitForRow('web', 'another run', (row) => row.state === 'RUNNING' && row.pid !== pid);
    expect(isAlive(pid)).toBe(false);
    await world.expectStarts('web', 2);
  });

  test('where nobody listens says so', async ({ world }) => {
    const port = await portFor(world, 'nobody');
    await started(world, service('web', 'steady', [http('interval = "100ms", retries = 1')(port), LEFT].join('\n')));
    expect((await unhealthy(world)).reason.message).toContain('ECONNREFUSED');
  });
});

describe('a check by tcp', () => {
  test('takes a server that listens, and misses one that does not', async ({ world }) => {
    const tcp = (port: number): string =>
      `health-check = { tcp = ${port}, interval = "100ms", retries = 2, start-period = "10m" }`;
    await server(world, tcp, 'start-health-check = "true"');
    await world.waitForState('web', 'RUNNING');
    const port = await portFor(world, 'nobody');
    world.configure([service('web', 'steady', [tcp(port).replace(', start-period = "10m"', ''), LEFT].join('\n'))]);
    expect((await world.ctl('update')).code).toBe(0);
    expect((await unhealthy(world)).reason.message).toContain('ECONNREFUSED');
    await world.expectStarts('web', 1);
  });
});

describe('a check of a folder', () => {
  test('that changes is good; one that stops changing is not', async ({ world }) => {
    const folder = join(world.playground, 'beats');
    mkdirSync(folder);
    const command = `exec 9>/dev/null; while [ ! -e "$PLAYGROUND/still" ]; do : >"${folder}/beat"; echo beat >>"$PLAYGROUND/log.web"; sleep 0.1; done; exec sleep 1000000`;
    const settings = [`health-check = { folder = "${folder}", inactive-time = "2s" }`, LEFT].join('\n');
    await started(world, processTable('web', command, settings));
    await world.waitFor('more than its time', () => world.lines('log.web').length > 40);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', verdict: 'ok' });
    world.open('still');
    expect((await unhealthy(world)).reason.message).toMatch(/nothing has changed in .*\/beats for \d+ s/);
  });

  test('that does not exist is told so, in its time', async ({ world }) => {
    const settings = [`health-check = { folder = "${world.root}/nowhere", inactive-time = "1s" }`, LEFT].join('\n');
    await started(world, service('web', 'steady', settings));
    expect((await unhealthy(world)).reason.message).toContain('nowhere (it does not exist) for 1 s');
  });
});

describe('a start-health-check', () => {
  const startCheck = (act: string, settings: string): string => check(act, settings, 'start-health-check');

  test('is tried until it succeeds; init comes after it', async ({ world }) => {
    await started(
      world,
      service('web', 'steady', [startCheck('asks go', 'interval = "50ms"'), hook('init', 'tells')].join('\n')),
    );
    await waitForHook(world, 'web.check', 3);
    expect(await world.row('web')).toMatchObject({
      state: 'STARTING',
      phase: 'start-health-check',
      verdict: 'pending',
    });
    expect(begun(world, 'web.init')).toEqual([]);
    world.open('go');
    await world.waitForState('web', 'RUNNING');
    expect(world.lines('order').at(-1)).toBe('web.init');
  });

  test('that does not succeed in its time is a failed start', async ({ world }) => {
    const settings = [startCheck('asks go', 'interval = "50ms", timeout = "700ms"'), 'start-retries = 1'].join('\n');
    await started(world, service('web', 'steady', settings));
    const row = await world.waitForState('web', 'FATAL');
    expect(row.reason.code).toBe('start-health-check');
    expect(row.reason.message).toMatch(
      /did not succeed within 0.7 s: (exited with code 1: no go|its last try did not end)/,
    );
    await world.expectStarts('web', 2);
    expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
  });

  test('that hangs is killed, and is a failed start', async ({ world }) => {
    const settings = [startCheck('hangs', 'timeout = "500ms"'), 'start-retries = 0'].join('\n');
    await started(world, service('web', 'steady', settings));
    const row = await world.waitForState('web', 'FATAL');
    expect(row.reason.message).toContain('did not succeed within 0.5 s: its last try did not end');
    for (const pid of [...begun(world, 'web.check'), ...noted(world, 'web.check', 'child')])
      expect(isAlive(pid)).toBe(false);
  });

  test('ends with the process: that is a failed start at once', async ({ world }) => {
    const settings = [startCheck('waits go', 'timeout = "10m"'), 'start-retries = 0'].join('\n');
    await started(world, service('web', 'steady', settings));
    const asking = await waitForHook(world, 'web.check');
    signal(await world.pidOf('web'), 'SIGKILL');
    expect((await world.waitForState('web', 'FATAL')).reason.code).toBe('exit');
    expect(isAlive(asking)).toBe(false);
  });

  test('by http waits for the server', async ({ world }) => {
    answer(world, '503');
    await server(world, (port) => `start-health-check = { http = "http://127.0.0.1:${port}/", interval = "100ms" }`);
    await asked(world, '503');
    expect(await world.row('web')).toMatchObject({ state: 'STARTING', phase: 'start-health-check' });
    answer(world, '200');
    await world.waitForState('web', 'RUNNING');
  });
});

describe('a daemon that is killed', () => {
  test('while a check runs: the next one finds it, and asks no second one beside it', async ({ world }) => {
    world.configure([
      service('web', 'steady', check('waits go 1', 'interval = "100ms", timeout = "10m", retries = 1')),
    ]);
    const daemon = await world.startDaemon();
    const asking = await waitForHook(world, 'web.check');
    const pid = await world.pidOf('web');
    await world.crashDaemon(daemon);
    expect(isAlive(asking)).toBe(true);
    expect(hookProcesses(world, 'health-check', 'hook').map((process) => process.pid)).toContain(asking);
    world.open('go');
    await world.waitForRow('web', 'another run', (row) => row.state === 'RUNNING' && row.pid !== pid);
  });

  test('while it asks by http: the next one asks anew, at once', async ({ world }) => {
    answer(world, 'hangs');
    const port = await portFor(world, 'web');
    const probe = `start-health-check = { http = "http://127.0.0.1:${port}/", timeout = "10m" }`;
    world.configure([processTable('web', `'${programs}/server.mjs' web`, probe)]);
    const daemon = await world.startDaemon();
    await asked(world, 'hangs', 1);
    await world.killDaemon(daemon);
    answer(world, '200');
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.expectStarts('web', 1);
  });
});

describe('a reload of a running process', () => {
  /** Puts these settings in force; the process is the same afterwards. */
  async function reloaded(world: World, program: string, settings: readonly string[]): Promise<void> {
    const pid = await world.pidOf('web');
    world.configure([service('web', program, settings.join('\n'))]);
    const { stdout, code } = await world.ctl('update');
    expect(code, stdout).toBe(0);
    expect(await world.row('web')).toMatchObject({ pid, stale: false });
    await world.expectStarts('web', 1);
  }

  test('a health-check that is added is asked', async ({ world }) => {
    await started(world, service('web', 'steady'));
    await world.waitForState('web', 'RUNNING');
    await reloaded(world, 'steady', [check('waits go 1', `${OFTEN}, retries = 1`), LEFT]);
    world.open('go');
    expect((await unhealthy(world)).reason.message).toContain('exited with code 1');
    await world.expectStarts('web', 1);
  });

  test('a health-check that is changed, or taken away, counts as it is now', async ({ world }) => {
    await started(world, service('web', 'steady', check('asks well', 'interval = "100ms", retries = 1000')));
    await waitForHook(world, 'web.check', 2);
    await reloaded(world, 'steady', [check('tells', OFTEN)]);
    await world.waitFor('the new check', () => world.lines('env.web.check').length > 0);
    await reloaded(world, 'steady', [LEFT]);
    const ofCheck = (): number =>
      (['hook', 'launcher'] as const).flatMap((kind) => hookProcesses(world, 'health-check', kind)).length;
    await world.waitFor('the last check to end', () => ofCheck() === 0);
    const count = begun(world, 'web.check').length;
    await reloaded(world, 'steady', [LEFT, 'stop-timeout = "400ms"']);
    expect(begun(world, 'web.check').length).toBe(count);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', verdict: 'ok' });
  });

  test('a shorter interval brings the next question forward', async ({ world }) => {
    await started(world, service('web', 'steady', check('asks well', 'interval = "1h", retries = 1000')));
    await waitForHook(world, 'web.check');
    await world.waitForState('web', 'RUNNING');
    await reloaded(world, 'steady', [check('asks well', 'interval = "100ms", retries = 1000')]);
    await waitForHook(world, 'web.check', 3);
  });

  test('a check that hangs gives way to the new one, and its failures do not count', async ({ world }) => {
    await started(world, service('web', 'steady', check('hangs', 'timeout = "10m", retries = 1')));
    const asking = await waitForHook(world, 'web.check');
    await world.waitForState('web', 'RUNNING');
    await reloaded(world, 'steady', [check('tells', `${OFTEN}, retries = 1`)]);
    await world.waitForEnd(asking, 'the old check');
    await waitForHook(world, 'web.check', 4);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', verdict: 'ok', restarts: 0 });
  });

  test('a start-health-check that is changed while it is waited for', async ({ world }) => {
    await started(world, service('web', 'steady', check('waits go', 'timeout = "10m"', 'start-health-check')));
    const asking = await waitForHook(world, 'web.check');
    await reloaded(world, 'steady', [check('tells', 'timeout = "10m"', 'start-health-check')]);
    await world.waitForState('web', 'RUNNING');
    expect(isAlive(asking)).toBe(false);
  });

  test('stop-timeout and stop-signal are those of now', async ({ world }) => {
    await started(world, service('web', 'ignores-term', 'stop-timeout = "10m"'));
    await world.waitForState('web', 'RUNNING');
    await reloaded(world, 'ignores-term', ['stop-timeout = "200ms"']);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGKILL' });
  });

  test('stop-timeout changes also a stop that is under way', async ({ world }) => {
    await started(world, service('web', 'ignores-term', 'stop-timeout = "10m"'));
    await world.waitForState('web', 'RUNNING');
    const stop = world.beginCtl('stop', 'web');
    await world.waitForState('web', 'STOPPING');
    world.configure([service('web', 'ignores-term', 'stop-timeout = "200ms"')]);
    expect((await world.ctl('update')).code).toBe(0);
    expect((await stop.finished).stdout).toBe('web: stopped\n');
  });

  test('hooks that are added, changed and taken away', async ({ world }) => {
    await started(world, service('web', 'steady', hook('stop', 'fails 9')));
    await world.waitForState('web', 'RUNNING');
    await reloaded(world, 'steady', [hook('after-stop', 'tells')]);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(world.lines('order')).toEqual(['web.after-stop']);
  });
});
