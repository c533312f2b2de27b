/** `tui` in a real terminal: what a person sees and presses, and what is left behind. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { processTable, service } from '../harness/config.ts';
import { procmanctl } from '../harness/paths.ts';
import { signal } from '../harness/processes.ts';
import { Terminal } from '../harness/terminal.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Tells its pid, and crashes on SIGUSR2. */
const PROBE = `require('fs').writeFileSync(process.env.PROBE_FILE, String(process.pid));
process.on('SIGUSR2', () => setTimeout(() => { throw new Error('on purpose'); }));`;

interface Screen {
  readonly terminal: Terminal;
  /** Pid of the client. */
  readonly pid: () => number;
  /** What is seen, until it shows this. */
  readonly sees: (wanted: string | RegExp) => Promise<string>;
}

function open(world: World, env: Readonly<Record<string, string>> = {}): Screen {
  const probe = join(world.root, 'probe.cjs');
  const pidFile = join(world.root, 'tui.pid');
  writeFileSync(probe, PROBE);
  const terminal = new Terminal(world, `echo before; NODE_OPTIONS='--require ${probe}' '${procmanctl}' tui`, {
    ...world.env,
    PROBE_FILE: pidFile,
    ...env,
  });
  const sees = (wanted: string | RegExp): Promise<string> =>
    world.waitFor(`the screen to show ${String(wanted)}`, () => {
      const screen = terminal.visible();
      if (typeof wanted === 'string' ? screen.includes(wanted) : wanted.test(screen)) return screen;
      throw new Error(`the screen:\n${screen}`);
    });
  return { terminal, sees, pid: () => Number(readFileSync(pidFile, 'utf8')) };
}

/** The usual screen is back as it was, and what the program has said stands on it. */
async function expectClean({ terminal, sees }: Screen, ending: string): Promise<string> {
  const screen = await sees(ending);
  expect(screen).toContain('before');
  expect(screen).not.toContain('EXPECTED');
  expect(terminal.isClean()).toBe(true);
  return screen;
}

const shop = [
  service('db', 'steady'),
  service('web', 'steady', 'depends-on = ["db"]'),
  service('talker', 'says talker'),
  processTable('worker', 'sleep 1000000', 'numprocs = 2'),
  service('bad', 'exits 7', 'start-retries = 0'),
];

async function up(world: World): Promise<Awaited<ReturnType<World['startDaemon']>>> {
  world.configure(shop);
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING', ['db', 'web', 'talker', 'worker:worker_00', 'worker:worker_01']);
  await world.waitForState('bad', 'FATAL');
  return daemon;
}

describe('a person at a terminal', () => {
  test('looks, filters, stops with a question, starts, and leaves', async ({ world }) => {
    await up(world);
    const screen = open(world);
    const { terminal, sees } = screen;
    const first = await sees(/> bad +FATAL +running/);
    expect(first.split('\n').findIndex((line) => line.includes(' db '))).toBeGreaterThan(2);
    await sees(/db +RUNNING +running +\d+ +\d+s +0 +\d+\.\d% +[\d.]+MiB/);

    terminal.press('Down');
    await sees(/> db /);
    terminal.hit('x');
    const question = await sees('stop db?');
    expect(question).toMatch(/This stops 2:\n {2}db\n {2}web +\(depends on what you stop\)/);
    expect((await world.row('db')).state).toBe('RUNNING');
    terminal.hit('n');
    await sees('nothing was done');
    expect((await world.row('db')).state).toBe('RUNNING');
    terminal.hit('x');
    await sees('stop db?');
    terminal.hit('y');
    await sees(/db +STOPPED +stopped/);
    await world.waitForState('db', 'STOPPED');
    terminal.hit('s');
    await sees(/web +RUNNING/);
    await world.waitForState('web', 'RUNNING');

    terminal.hit('/', 'worker');
    const filtered = await sees('filter: worker_');
    expect(filtered).toMatch(/worker_00 +RUNNING/);
    expect(filtered).not.toMatch(/ db +RUNNING/);
    terminal.press('Escape');
    await sees(/ db +RUNNING/);
    terminal.hit('?');
    await sees('In the list');
    terminal.hit('q');
    await expectClean(screen, 'ended 0');
    terminal.close();
  });

  test('walks along dependencies, reads configuration, events and the log as it grows', async ({ world }) => {
    await up(world);
    const { terminal, sees } = open(world);
    await sees(/> bad/);
    terminal.press('Enter');
    await sees(/bad: FATAL since .*\n?.*should be running: PROBLEM/);
    terminal.press('Escape');
    terminal.press('Down');
    await sees(/> db /);
    terminal.press('Enter', 'Tab');
    await sees(/What depends on it\n> web/);
    terminal.press('Enter');
    await sees(/web: RUNNING/);
    terminal.hit('2');
    await sees(/Depends on\n> db \(running\): met/);
    terminal.hit('3');
    await sees(/as it was applied last/);
    await sees('depends-on = [{ id = "db"');
    terminal.hit('4');
    await sees(/web +state +STARTING -> RUNNING/);
    terminal.press('Escape');
    await sees(/^db +.*links/m);
    terminal.press('Escape');
    await sees('EXPECTED');
    terminal.hit('/', 'talker');
    terminal.press('Enter', 'Enter');
    await sees(/\[1 why\]/);
    terminal.hit('5');
    await sees('following');
    const say = (text: string): void => appendFileSync(join(world.playground, 'say.talker'), text);
    say('first word\n');
    await sees('first word');
    say(Array.from({ length: 100 }, (_, at) => `line ${at}\n`).join(''));
    await sees('line 99');
    terminal.hit('/', 'first');
    terminal.press('Enter');
    const found = await sees('"first": 1 of 1 found');
    expect(found).toContain('first word');
    expect(found).not.toContain('line 99');
    terminal.press('End');
    await sees('line 99');
    terminal.press('C-c');
    await sees('ended 130');
    terminal.close();
  });

  test('sees a plan before a reload, and what comes within a day', async ({ world }) => {
    await up(world);
    world.configure(shop.slice(0, 3));
    const { terminal, sees } = open(world);
    await sees(/> bad/);
    terminal.hit('t');
    await sees('What comes within a day');
    terminal.press('Escape');
    await sees('EXPECTED');
    terminal.hit('R');
    const plan = await sees('This would stop 2 of what runs');
    expect(plan).toContain('would stop worker:worker_00');
    expect(await world.rows()).toHaveLength(6);
    terminal.hit('y');
    await sees('the configuration is in effect');
    await world.waitFor('the reload', async () => (await world.rows()).length === 3);
    await sees('3 processes: 3 ok');
    terminal.hit('d');
    await sees(new RegExp(`${world.uid} +pid \\d+`));
    terminal.hit('q');
    await sees('ended 0');
    terminal.close();
  });
});

describe('what may happen meanwhile', () => {
  test('the daemon is killed and comes back: unsupervised from files, then live again, the log too', async ({
    world,
  }) => {
    const daemon = await up(world);
    const { terminal, sees } = open(world);
    await sees(/> bad/);
    await world.killDaemon(daemon);
    const alone = await sees('UNSUPERVISED, files read');
    expect(alone).toContain(`unsupervised since`);
    expect(alone).toMatch(/db +RUNNING +running/);
    terminal.hit('s');
    await sees('start needs a daemon');
    signal(pidOf(alone, 'web'), 'SIGKILL');
    await sees(/web +EXITED +running/);
    terminal.hit('/', 'talker');
    terminal.press('Enter', 'Enter');
    terminal.hit('5');
    const say = (text: string): void => appendFileSync(join(world.playground, 'say.talker'), text);
    say('while nobody supervises\n');
    await sees('while nobody supervises');
    await world.startDaemon();
    await sees(/pid \d+ +6 processes/);
    say('and after that\n');
    await sees('and after that');
    terminal.press('Escape');
    await sees('filter: talker');
    terminal.press('Escape');
    await sees(/web +RUNNING +running/);
    terminal.press('C-c');
    await sees('ended 130');
    terminal.close();
  });

  test('a daemon that is stuck: the age of the data turns red', async ({ world }) => {
    const daemon = await up(world);
    const { terminal, sees } = open(world);
    await sees('data of now');
    signal(daemon.pid, 'SIGSTOP');
    try {
      await sees(/STALE, data of \d+s ago/);
      terminal.press('Down');
      await sees(/> db /);
    } finally {
      signal(daemon.pid, 'SIGCONT');
    }
    await sees('data of now');
    terminal.close();
  });

  test('another size, too small a one, and back', async ({ world }) => {
    await up(world);
    const { terminal, sees } = open(world);
    await sees(/> bad/);
    terminal.resize(80, 24);
    await world.waitFor('24 lines', () => terminal.visible().trimEnd().split('\n').length === 24);
    await sees(/\? help {2}q quit\s*$/);
    terminal.resize(40, 8);
    await sees('too small: 40x8');
    terminal.resize(200, 50);
    await sees(/RST +CPU +MEM NEXT +WHY/);
    await sees(/> bad .*it exited with code 7/);
    terminal.close();
  });

  test('Ctrl-C, SIGTERM and a crash leave a clean terminal', async ({ world }) => {
    await up(world);
    const interrupted = open(world);
    await interrupted.sees(/> bad/);
    interrupted.terminal.press('C-c');
    await expectClean(interrupted, 'ended 130');
    interrupted.terminal.close();

    const terminated = open(world);
    await terminated.sees(/> bad/);
    signal(terminated.pid(), 'SIGTERM');
    await expectClean(terminated, 'ended 143');
    terminated.terminal.close();

    const crashed = open(world);
    await crashed.sees(/> bad/);
    signal(crashed.pid(), 'SIGUSR2');
    expect(await expectClean(crashed, 'ended 1')).toContain('procmanctl: on purpose');
    // Lines are echoed and edited again.
    expect(ttyModes(crashed.terminal)).toBe(true);
    crashed.terminal.close();
  });

  test('without colours, and with CI in the environment, it draws all the same', async ({ world }) => {
    await up(world);
    const { terminal, sees } = open(world, { NO_COLOR: '1', CI: 'true' });
    await sees(/> bad/);
    terminal.press('Down');
    await sees(/> db /);
    terminal.hit('q');
    await sees('ended 0');
    terminal.close();
  });

  test('500 processes: the last one is a key away', async ({ world }) => {
    world.configure([processTable('many', 'sleep 1000000', 'numprocs = 500; autostart = false')]);
    await world.startDaemon();
    const { terminal, sees } = open(world);
    await sees('500 processes: 500 ok');
    terminal.press('End');
    await sees(/> +many_499/);
    terminal.hit('q');
    await sees('ended 0');
    terminal.close();
  });
});

test('no terminal, or nobody to ask: says so', async ({ world }) => {
  world.configure(shop);
  const piped = await world.ctl('tui');
  expect(piped.code).toBe(2);
  expect(piped.stderr).toContain('"tui" needs a terminal');
  const terminal = new Terminal(world, `'${procmanctl}' tui`);
  await terminal.waitFor('ended 5');
  expect(terminal.screen()).toContain('no daemon is running for');
  terminal.close();
});

/** Of the row in a frame. */
function pidOf(screen: string, name: string): number {
  const [, pid] = new RegExp(`${name} +\\w+ +\\w+ +(\\d+) `).exec(screen) ?? [];
  if (pid === undefined) throw new Error(`no pid of ${name} in\n${screen}`);
  return Number(pid);
}

function ttyModes(terminal: Terminal): boolean {
  const { stdout } = spawnSync('stty', ['-a', '-F', terminal.tty()], { encoding: 'utf8' });
  return / icanon/.test(stdout) && / echo /.test(stdout);
}
