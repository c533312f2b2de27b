/** Hooks (SPEC 5): in order, with what they are told; failing, hanging, leaving others behind, printing without end; stopped in the middle. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '@procman/protocol/views';
import { processTable, service } from '../harness/config.ts';
import { begun, HOOKS, hook, noted, waitForChild, waitForHook, type HookName } from '../harness/hooks.ts';
import { programs } from '../harness/paths.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

/** Failed starts are tried again by and by, not while the test looks. */
const LATER = 'restart-delay = "10m"; restart-max-delay = "10m"';

/** `web` with one hook; its log is `web.log` of the playground. */
async function withHook(world: World, name: HookName, act: string, timeout = '10m', more = LATER): Promise<Daemon> {
  world.configure([service('web', 'steady', [hook(name, act, timeout), logTo(world), more].join('\n'))]);
  return world.startDaemon();
}

const logTo = (world: World): string => `log-file = "${join(world.root, 'web.log')}"`;
const log = (world: World): string => readFileSync(join(world.root, 'web.log'), 'utf8');

/** Where the hook's outcome shows: after it `web` is up, or being stopped. */
const isOfStart = (name: HookName): boolean => name === 'before' || name === 'init' || name === 'after-start';

/** Brings `web` to where the hook runs, and waits for what follows on the hook's end. */
async function outcome(world: World, name: HookName): Promise<{ row: Row; printed: string }> {
  if (isOfStart(name)) {
    const isOver = (row: Row): boolean => row.state === 'RUNNING' || row.state === 'BACKOFF';
    return { row: await world.waitForRow('web', `over with ${name}`, isOver), printed: '' };
  }
  await world.waitForState('web', 'RUNNING');
  const { stdout } = await world.ctl('stop', 'web');
  return { row: await world.row('web'), printed: stdout };
}

/** Of the service, of its launcher and of its hooks nothing is left. */
function expectNothingLeft(world: World): void {
  expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
}

describe('hooks that do their work', () => {
  const all = HOOKS.map((name) => hook(name, 'tells'));

  test('run in order, and are told what they need', async ({ world }) => {
    const command = `'${programs}/comes-after.sh' web web.before`;
    const rest = ['numprocs = 1', 'env = { COLOUR = "blue" }', `work-dir = "${world.playground}"`, logTo(world)];
    world.configure([processTable('web', command, [...all, ...rest].join('\n'))]);
    await world.startDaemon();
    await waitForHook(world, 'web.after-start');
    const pid = await world.pidOf('web');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    const order = ['web.before', 'web', 'web.init', 'web.after-start', 'web.stop', 'web.after-stop'];
    expect(world.lines('order')).toEqual(order);

    for (const name of HOOKS) {
      const told = world.lines(`env.web.${name}`);
      expect(told[0]).toBe(world.playground);
      const of = (variable: string): string | undefined =>
        told.find((line) => line.startsWith(`${variable}=`))?.slice(variable.length + 1);
      expect(of('PROCMAN_ID')).toBe('web');
      expect(of('PROCMAN_INSTANCE')).toBe('web');
      expect(of('PROCMAN_NUM')).toBe('0');
      expect(of('COLOUR')).toBe('blue');
      expect(of('PROCMAN_HOOK')).toMatch(new RegExp(`^${world.uid}/web~0\\.${name}/`));
      expect(of('PROCMAN_RUN')).toBeUndefined();
      expect(of('PROCMAN_PID')).toBe(name === 'before' ? undefined : String(pid));
      expect(of('PROCMAN_EXIT_SIGNAL')).toBe(name === 'after-stop' ? 'SIGTERM' : undefined);
      expect(of('PROCMAN_EXIT_CODE')).toBe(name === 'after-stop' ? '' : undefined);
      expect(log(world)).toContain(`web.${name} speaks\nweb.${name} complains\n`);
    }
    expectNothingLeft(world);
  });

  test('know their instance, and the exit code of what ended by itself', async ({ world }) => {
    const line = (name: string): string => `${name} = "env >$PLAYGROUND/env.${name}.$PROCMAN_NUM"`;
    const rest = ['numprocs = 2', 'autorestart = "never"', 'start-secs = 0', line('before'), line('after-stop')];
    world.configure([processTable('pair', `'${programs}/waits.sh' - 7 finish`, rest.join('\n'))]);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    world.open('finish');
    await world.waitForAll('EXITED');
    for (const num of [0, 1]) {
      expect(world.lines(`env.before.${num}`)).toContain(`PROCMAN_INSTANCE=pair_0${num}`);
      expect(world.lines(`env.after-stop.${num}`)).toContain('PROCMAN_EXIT_CODE=7');
      expect(world.lines(`env.after-stop.${num}`)).toContain('PROCMAN_EXIT_SIGNAL=');
    }
  });

  test('run with each start and each stop, one at a time', async ({ world }) => {
    world.configure([service('web', 'steady', [...all, logTo(world)].join('\n'))]);
    await world.startDaemon();
    for (let times = 1; times <= 3; times += 1) {
      await waitForHook(world, 'web.after-start', times);
      await world.waitFor(
        'its end',
        () => world.lines('log.web.after-start').filter((l) => l === 'end').length === times,
      );
      expect((await world.ctl('restart', 'web')).stdout).toBe('web: restarted\n');
    }
    await waitForHook(world, 'web.after-start', 4);
    expect(HOOKS.map((name) => begun(world, `web.${name}`).length)).toEqual([4, 4, 4, 3, 3]);
  });
});

describe.each(HOOKS)('%s', (name) => {
  /** What follows on a hook that did not succeed. */
  function expectFailed(
    { row, printed }: { row: Row; printed: string },
    how: string,
    world: World,
    daemon: Daemon,
  ): void {
    switch (name) {
      case 'before':
        expect(row).toMatchObject({ state: 'BACKOFF', reason: { code: 'before' }, verdict: 'problem' });
        expect(row.reason.message).toContain(`\`before\` ${how}`);
        expect(world.starts('web')).toEqual([]);
        break;
      case 'init':
        expect(row).toMatchObject({ state: 'BACKOFF', reason: { code: 'init' }, verdict: 'problem' });
        expect(row.reason.message).toContain(`\`init\` ${how}`);
        expect(world.starts('web')).toHaveLength(1);
        expectNothingLeft(world);
        break;
      case 'after-start':
        expect(row).toMatchObject({ state: 'RUNNING', verdict: 'ok' });
        break;
      case 'stop':
      case 'after-stop':
        expect(printed).toBe('web: stopped\n');
        expect(row).toMatchObject({ state: 'STOPPED', lastExit: { signal: 'SIGTERM' } });
        expectNothingLeft(world);
    }
    expect(daemon.log()).toMatch(new RegExp(`web: \`?${name}\`? ${how}`));
  }

  test('fails', async ({ world }) => {
    const daemon = await withHook(world, name, 'fails 3');
    const after = await outcome(world, name);
    if (name === 'after-start') await world.waitFor('its line', () => daemon.log().includes('after-start exited'));
    expectFailed(after, 'exited with code 3', world, daemon);
    expect(log(world)).toContain(`web.${name} complains`);
  });

  test('hangs: its whole session is killed in time', async ({ world }) => {
    const daemon = await withHook(world, name, 'hangs', '500ms');
    const after = await outcome(world, name);
    if (name === 'after-start') await world.waitFor('its line', () => daemon.log().includes('after-start'));
    const pids = [...begun(world, `web.${name}`), ...noted(world, `web.${name}`, 'child')];
    expect(pids).toHaveLength(2);
    for (const pid of pids) await world.waitForEnd(pid);
    expectFailed(after, 'did not end within 0.5 s', world, daemon);
  });

  test('leaves a child in its session: that is killed before anything else starts', async ({ world }) => {
    const guarded = `'${programs}/comes-after.sh' web web.before web.init web.stop web.after-stop`;
    world.configure([processTable('web', guarded, hook(name, 'leaves'))]);
    await world.startDaemon();
    await outcome(world, name);
    const child = await waitForChild(world, `web.${name}`);
    if (name === 'after-start') await world.waitForEnd(child);
    expect(isAlive(child)).toBe(false);
    const again = isOfStart(name) ? 'restart' : 'start';
    expect((await world.ctl(again, 'web')).code).toBe(0);
    await world.expectStarts('web', 2);
  });

  test('leaves a daemon of its own: that is spared', async ({ world }) => {
    await withHook(world, name, 'daemonizes');
    await outcome(world, name);
    const child = await waitForChild(world, `web.${name}`);
    await world.ctl('stop', 'web');
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    await world.ctl('stop', 'web');
    expect(isAlive(child)).toBe(true);
  });
});

describe('100 MB of output', () => {
  const MB_100 = 104_857_600;

  /** The most memory that a process ever had, in bytes. */
  function peakOf(pid: number): number {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  }

  test('of every hook are in the log, and nothing hangs', async ({ world }) => {
    const hooks = HOOKS.map((name) => hook(name, 'floods'));
    world.configure([service('web', 'steady', [...hooks, logTo(world), 'log-max-bytes = 0'].join('\n'))]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const size = (): number => statSync(join(world.root, 'web.log')).size;
    await world.waitFor('all that its start prints', () => size() === 3 * MB_100);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(size()).toBe(5 * MB_100);
    expect(peakOf(daemon.pid)).toBeLessThan(200e6);
  });

  test('of a check that fails cost little, and its end is told', async ({ world }) => {
    const check = (name: string): string => JSON.stringify(`'${programs}/hook.sh' web.${name} floods 4`);
    const settings = [`health-check = { command = ${check('check')}, interval = "10m", retries = 1, timeout = "10m" }`];
    world.configure([service('web', 'steady', [...settings, 'autorestart = "never"'].join('\n'))]);
    const daemon = await world.startDaemon();
    const row = await world.waitForState('web', 'EXITED');
    expect(row.reason.code).toBe('health-check');
    expect(row.reason.message).toContain('exited with code 4');
    expect(row.reason.message.length).toBeLessThan(6000);
    expect(peakOf(daemon.pid)).toBeLessThan(200e6);
  });
});

describe('a stop in the middle of', () => {
  test('before: it is killed, and nothing is launched', async ({ world }) => {
    await withHook(world, 'before', 'hangs');
    const pid = await waitForHook(world, 'web.before');
    expect(await world.row('web')).toMatchObject({ state: 'STARTING', phase: 'before' });
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
    expect(world.starts('web')).toEqual([]);
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED', reason: { code: 'manual' } });
    expectNothingLeft(world);
  });

  test('init: it is killed, and the process is stopped', async ({ world }) => {
    await withHook(world, 'init', 'hangs');
    const pid = await waitForHook(world, 'web.init');
    expect(await world.row('web')).toMatchObject({ state: 'STARTING', phase: 'init' });
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
    expectNothingLeft(world);
  });

  test('after-start: it is killed, and the process is stopped', async ({ world }) => {
    await withHook(world, 'after-start', 'hangs');
    const pid = await waitForHook(world, 'web.after-start');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
    expectNothingLeft(world);
  });

  test('stop: a second one changes nothing, `--now` ends both', async ({ world }) => {
    await withHook(world, 'stop', 'hangs');
    await world.waitForState('web', 'RUNNING');
    const first = world.beginCtl('stop', 'web');
    const pid = await waitForHook(world, 'web.stop');
    expect(await world.row('web')).toMatchObject({ state: 'STOPPING', phase: 'stop-hook' });
    const second = world.beginCtl('stop', 'web');
    expect((await first.finished).stdout).toContain('a later command took over');
    expect(isAlive(pid)).toBe(true);
    expect((await world.ctl('stop', 'web', '--now')).stdout).toBe('web: stopped\n');
    await second.finished;
    expect(isAlive(pid)).toBe(false);
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED', lastExit: { signal: 'SIGKILL' } });
    expect(begun(world, 'web.stop')).toHaveLength(1);
    expectNothingLeft(world);
  });

  test('after-stop: it is waited for, `--now` ends it', async ({ world }) => {
    await withHook(world, 'after-stop', 'hangs');
    await world.waitForState('web', 'RUNNING');
    const first = world.beginCtl('stop', 'web');
    const pid = await waitForHook(world, 'web.after-stop');
    const row = await world.row('web');
    expect(row).toMatchObject({ state: 'STOPPING', phase: 'after-stop', reason: { code: 'after-stop' } });
    expect((await world.ctl('stop', 'web', '--now')).stdout).toBe('web: stopped\n');
    expect(isAlive(pid)).toBe(false);
    await first.finished;
    expectNothingLeft(world);
  });
});

describe('a stop hook', () => {
  test('stands in for the signal: a process that it ends well has had none', async ({ world }) => {
    const settings = [`stop = "touch $PLAYGROUND/finish"`, 'exit-codes = [5]', 'stop-timeout = "10m"'].join('\n');
    world.configure([service('web', 'waits 5 finish', settings)]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED', lastExit: { code: 5 } });
  });

  test('that returns early leaves the process the rest of its time, then the signal comes', async ({ world }) => {
    await withHook(world, 'stop', 'fails 0', '700ms');
    await world.waitForState('web', 'RUNNING');
    const from = performance.now();
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(performance.now() - from).toBeGreaterThan(650);
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGTERM' });
  });

  test('is left out by `stop --now`, and after-stop is not', async ({ world }) => {
    world.configure([service('web', 'steady', [hook('stop', 'tells'), hook('after-stop', 'tells')].join('\n'))]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect((await world.ctl('stop', 'web', '--now')).stdout).toBe('web: stopped\n');
    expect(begun(world, 'web.stop')).toEqual([]);
    expect(begun(world, 'web.after-stop')).toHaveLength(1);
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGKILL' });
  });
});

describe('a process that ends', () => {
  test('while its init runs: that is killed, and it is a failed start', async ({ world }) => {
    await withHook(world, 'init', 'hangs');
    const pid = await waitForHook(world, 'web.init');
    signal(await world.pidOf('web'), 'SIGKILL');
    const row = await world.waitForState('web', 'BACKOFF');
    expect(row).toMatchObject({ reason: { code: 'exit', data: { exit: { signal: 'SIGKILL' } } } });
    expect(isAlive(pid)).toBe(false);
    expectNothingLeft(world);
  });

  test('by itself: after-stop runs, stop does not', async ({ world }) => {
    world.configure([
      service(
        'web',
        'waits 3 finish',
        [hook('stop', 'tells'), hook('after-stop', 'tells'), 'autorestart = "never"'].join('\n'),
      ),
    ]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    world.open('finish');
    expect(await world.waitForState('web', 'EXITED')).toMatchObject({
      reason: { code: 'exit' },
      lastExit: { code: 3 },
    });
    expect(begun(world, 'web.stop')).toEqual([]);
    expect(world.lines('env.web.after-stop')).toContain('PROCMAN_EXIT_CODE=3');
  });
});

describe('a one-shot', () => {
  const hooks = HOOKS.map((name) => hook(name, 'tells'));

  test('has them, too', async ({ world }) => {
    world.configure([service('web', 'waits 0 finish', [...hooks, 'one-shot = true'].join('\n'))]);
    await world.startDaemon();
    await waitForHook(world, 'web.after-start');
    world.open('finish');
    expect(await world.waitForState('web', 'EXITED')).toMatchObject({ reason: { code: 'finished' }, verdict: 'ok' });
    expect(world.lines('order')).toEqual(['web.before', 'web.init', 'web.after-start', 'web.after-stop']);
    expect(world.lines('env.web.after-stop')).toContain('PROCMAN_EXIT_CODE=0');
  });

  test('is tried again where its before failed: its command has not run', async ({ world }) => {
    world.configure([service('web', 'exits 0', [hook('before', 'asks go'), 'one-shot = true'].join('\n'))]);
    await world.startDaemon();
    await waitForHook(world, 'web.before', 2);
    expect(world.starts('web')).toEqual([]);
    world.open('go');
    expect((await world.waitForState('web', 'EXITED')).reason.code).toBe('finished');
    await world.expectStarts('web', 1);
  });

  test('is not run again where its init failed: its command has run', async ({ world }) => {
    world.configure([service('web', 'steady', [hook('init', 'fails 3'), 'one-shot = true'].join('\n'))]);
    await world.startDaemon();
    const row = await world.waitForState('web', 'EXITED');
    expect(row).toMatchObject({ verdict: 'problem', reason: { code: 'exit' } });
    expect(row.reason.message).toContain('`init` exited with code 3');
    await world.expectStarts('web', 1);
    expect(begun(world, 'web.init')).toHaveLength(1);
  });
});
