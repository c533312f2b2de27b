/** `pty = true`: a terminal for the service, and all else as without one. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { processTable, service } from '../harness/config.ts';
import { programs } from '../harness/paths.ts';
import { commandOf, isAlive, parentOf, processState, signal, startTicks } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const terminal = (id: string, settings = ''): string =>
  processTable(id, `${process.execPath} ${programs}/terminal.mjs ${id}`, `pty = true\n${settings}`);

const logOf = (world: World, id: string): string => readFileSync(join(world.stateDir, 'logs', `${id}.out.log`), 'utf8');

async function started(world: World, ...processes: string[]): Promise<void> {
  world.configure(processes);
  await world.startDaemon();
  await world.waitForAll('RUNNING');
}

/** The `script` that holds the terminal of a service. */
function scriptOf(pid: number): number {
  const parent = parentOf(pid) ?? 0;
  expect(commandOf(parent)).toMatch(/^script /);
  return parent;
}

/** A launcher ends an instant after the end that it has told. */
async function expectNothingLeft(world: World): Promise<void> {
  const isOfRun = ({ kind }: { kind: string }): boolean => kind === 'run' || kind === 'launcher';
  await world.waitFor('the end of the launchers', () => !world.marked().some(({ kind }) => kind === 'launcher'));
  expect(world.marked().filter(isOfRun)).toEqual([]);
}

test('a program finds terminals, colours its output, and its log has plain lines', async ({ world }) => {
  await started(world, terminal('web'), processTable('plain', `${process.execPath} ${programs}/terminal.mjs plain`));
  await world.expectStarts('web', 1);
  await world.expectStarts('plain', 1);
  await world.waitFor('the log', () => logOf(world, 'web').includes('columns'));
  expect(logOf(world, 'web')).toBe('terminals: true true true\n\x1b[32mgreen\x1b[0m\nan error\n80 columns, xterm\n');
  expect(readdirSync(join(world.stateDir, 'logs'))).not.toContain('web.err.log');
  expect(logOf(world, 'plain')).toContain('terminals: false false false\nno colours\n');
  expect((await world.ctl('logs', 'web')).stdout).toContain('an error');
});

test('lines come at once from a program that keeps them back without a terminal', async ({ world }) => {
  // stdio of the C library: by lines on a terminal, by blocks of 4 KiB without.
  const command = `sh -c '(echo "first line"; exec sleep 1000) | grep line'`;
  await started(world, processTable('web', command, 'pty = true'), processTable('plain', command));
  await world.waitFor('the line', () => logOf(world, 'web') === 'first line\n');
  expect(logOf(world, 'plain')).toBe('');
});

describe('an ending', () => {
  test.for<[string, string, object]>([
    ['an exit code', 'exit 7', { code: 7 }],
    ['success', 'exit 0', { code: 0 }],
    ['a signal', 'kill -9 $$', { signal: 'SIGKILL' }],
    ['another signal', 'kill -USR1 $$; sleep 9', { signal: 'SIGUSR1' }],
  ])('is told: %s', async ([, line, exit], { world }) => {
    world.configure([processTable('web', `sh -c '${line}'`, 'pty = true; autorestart = "never"')]);
    await world.startDaemon();
    expect((await world.waitForState('web', 'EXITED')).lastExit).toMatchObject(exit);
    await expectNothingLeft(world);
  });

  test('SIGKILL from outside is told, and it is started again', async ({ world }) => {
    await started(world, terminal('web'));
    await world.expectStarts('web', 1);
    const pid = await world.pidOf('web');
    signal(pid, 'SIGKILL');
    const row = await world.waitForRow('web', 'another run', (each) => each.state === 'RUNNING' && each.pid !== pid);
    expect(row.lastExit).toMatchObject({ signal: 'SIGKILL' });
    await world.expectStarts('web', 2);
  });
});

test('signals reach the service, which leads its session, and a stop leaves nothing', async ({ world }) => {
  await started(world, terminal('web', 'stop-timeout = "20s"'));
  await world.expectStarts('web', 1);
  const pid = await world.pidOf('web');
  expect(world.starts('web')).toEqual([pid]);
  const script = scriptOf(pid);
  await world.ctl('signal', 'USR1', 'web');
  await world.waitFor('USR1', () => world.lines('log.web').includes('signal SIGUSR1'));
  expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
  expect(world.lines('log.web')).toContain('signal SIGTERM');
  expect((await world.row('web')).lastExit).toMatchObject({ code: 7 });
  expect(isAlive(script)).toBe(false);
  await expectNothingLeft(world);
});

test('stop-signal is what is sent, and what ignores all of it is killed with its children', async ({ world }) => {
  await started(
    world,
    service('web', 'notes-signals', 'pty = true; stop-signal = "USR1"; stop-timeout = "500ms"'),
    service('child', 'child-ignores-term', 'pty = true'),
  );
  await world.waitFor('the trap', () => world.lines('log.web').includes('ready'));
  await world.waitFor('the child', () => world.lines('log.child').some((line) => line.startsWith('child ')));
  expect((await world.ctl('stop', 'all', '-y')).stdout).toContain('web: stopped\n');
  expect(world.lines('log.web')).toContain('USR1');
  await expectNothingLeft(world);
});

test('it survives the daemon, and its ending meanwhile is known', async ({ world }) => {
  world.configure([terminal('web'), terminal('other', 'autorestart = "never"')]);
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  await world.expectStarts('other', 1);
  const [pid, other] = [await world.pidOf('web'), await world.pidOf('other')];
  await world.killDaemon(daemon);
  const ticks = startTicks(pid);
  signal(other, 'SIGTERM');
  await world.waitForEnd(other);
  await world.startDaemon();
  expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid, restarts: 0 });
  expect(startTicks(pid)).toBe(ticks);
  expect((await world.waitForState('other', 'EXITED')).lastExit).toMatchObject({ code: 7 });
  await world.expectStarts('web', 1);
});

test('a killed launcher disturbs nothing, and no second copy is started', async ({ world }) => {
  world.configure([terminal('web')]);
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  await world.expectStarts('web', 1);
  const pid = await world.pidOf('web');
  const launcher = parentOf(scriptOf(pid)) ?? 0;
  expect(commandOf(launcher)).toContain('launch-');
  signal(launcher, 'SIGKILL');
  await world.crashDaemon(daemon);
  expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ pid });
  expect((await world.ctl('restart', 'web')).stdout).toBe('web: restarted\n');
  await world.expectStarts('web', 2);
  expect(isAlive(pid)).toBe(false);
});

test('script that is killed: the service hears of it, stays supervised, and its end is unknown', async ({ world }) => {
  await started(world, terminal('web', 'autorestart = "never"'));
  await world.expectStarts('web', 1);
  const pid = await world.pidOf('web');
  signal(scriptOf(pid), 'SIGKILL');
  await world.waitFor('the hang-up', () => world.lines('log.web').includes('signal SIGHUP'));
  expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid });
  expect(processState(pid)).toBe('S');
  signal(pid, 'SIGKILL');
  expect((await world.waitForState('web', 'EXITED')).lastExit).toMatchObject({ unknown: true });
});

test('its hooks have no terminal, and write into the same log', async ({ world }) => {
  await started(world, terminal('web', `before = "test -t 1 || echo hook without a terminal && printenv TERM"`));
  await world.expectStarts('web', 1);
  await world.waitFor('the log', () => logOf(world, 'web').includes('columns'));
  expect(logOf(world, 'web')).toMatch(/^hook without a terminal\nxterm\nterminals: true true true\n/);
});

test('the terminal is that of its user', async ({ world }) => {
  world.configure([
    processTable('web', `/bin/sh -c 'tty >/dev/tty; id -u; echo by name >/dev/stdout; exec sleep 100000'`, 'pty = true; user = "nobody"'),
  ]); // prettier-ignore
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  const log = join(world.stateDir, 'logs/web.out.log');
  await world.waitFor('its output', () => readFileSync(log, 'utf8').includes('by name'));
  const [terminal = '', uid] = readFileSync(log, 'utf8').split('\n');
  expect(terminal).toMatch(/^\/dev\/pts\/\d+$/);
  expect(Number(uid)).toBe(statSync(`/proc/${await world.pidOf('web')}`).uid);
  expect(Number(uid)).not.toBe(0);
  expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
});
