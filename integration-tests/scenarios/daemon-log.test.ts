/** The daemon's own log: where it goes, how much, that it is rotated, that nothing that happens to it matters, and that it keeps secrets. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processTable, service } from '../harness/config.ts';
import { mountTmpfs } from '../harness/mounts.ts';
import { procmand } from '../harness/paths.ts';
import { childrenOf, commandOf, isAlive, signal } from '../harness/processes.ts';
import { standIn } from '../harness/stand-in.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const has = (world: World, path: string, text: string | RegExp): Promise<boolean> =>
  world.waitFor(`${String(text)} in ${path}`, () => textOf(path).search(text) >= 0);

/** Reload on SIGHUP: one line in the log each time. */
async function makeLine(world: World, daemon: Daemon, path: string): Promise<void> {
  const before = [path, `${path}.1`].map(textOf).join('').length;
  signal(daemon.pid, 'SIGHUP');
  await world.waitFor('a line of a reload', () => [path, `${path}.1`].map(textOf).join('').length !== before);
}

describe('levels', () => {
  test('one line per transition, with its cause', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.ctl('stop', 'web');
    await world.waitFor('the line', () => daemon.log().includes('-> STOPPED'));
    const lines = daemon
      .log()
      .split('\n')
      .filter((line) => line.includes(' -> '))
      .map((line) => line.replace(/^\S+ /, '').replace(/pid \d+$/, 'pid N'));
    expect(lines).toEqual([
      'info     web: STOPPED -> STARTING (wanted)',
      'info     web: STARTING -> RUNNING (wanted) pid N',
      expect.stringMatching(/^info {5}web: RUNNING -> STOPPING \(manual: .*\) pid N$/) as string,
      expect.stringMatching(/^info {5}web: STOPPING -> STOPPED \(manual: .*\)$/) as string,
    ]);
  });

  test('what is wrong is a warning, and log-level changes with a reload', async ({ world }) => {
    const configure = (level: string): void =>
      world.configure([service('web', 'steady'), service('bad', 'exits 3')], `log-level = "${level}"`);
    configure('warning');
    const daemon = await world.startDaemon();
    await world.waitFor('the failure', () => /warning {2}! bad: \w+ -> BACKOFF \(exit: .*code 3/.test(daemon.log()));
    await world.waitForState('web', 'RUNNING');
    expect(daemon.log()).not.toMatch(/ info /);
    configure('info');
    const { stdout } = await world.ctl('update', '-y');
    expect(stdout).toContain('log-level');
    await world.ctl('restart', 'web', '-y');
    await world.waitFor('a line at info', () => / info {5}web: .* -> RUNNING/.test(daemon.log()));
  });

  test('a flag wins over the file, also after a reload', async ({ world }) => {
    world.configure([service('web', 'steady')], 'log-level = "debug"');
    const daemon = await world.startDaemon({ args: ['-e', 'error'] });
    await world.waitForState('web', 'RUNNING');
    await world.ctl('update', '-y');
    await world.ctl('restart', 'web', '-y');
    expect(daemon.log()).toBe('');
  });
});

describe('a file', () => {
  test('is rotated as log-max-bytes and log-backups say, and a reload changes both', async ({ world }) => {
    const path = join(world.root, 'procmand.log');
    const configure = (more: string): void =>
      world.configure([service('web', 'steady')], `log-file = "${path}"\nlog-max-bytes = 400\n${more}`);
    configure('log-backups = 2');
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    for (let n = 0; n < 20; n += 1) await makeLine(world, daemon, path);
    const files = (): string[] =>
      readdirSync(world.root)
        .filter((name) => name.startsWith('procmand.log'))
        .sort();
    expect(files()).toEqual(['procmand.log', 'procmand.log.1', 'procmand.log.2']);
    for (const name of files()) expect(textOf(join(world.root, name)).length).toBeLessThanOrEqual(400);
    configure('log-backups = 1');
    for (let n = 0; n < 10; n += 1) await makeLine(world, daemon, path);
    expect(files()).toEqual(['procmand.log', 'procmand.log.1']);
  });

  test('moved away by others is opened again at SIGUSR2; logs --daemon shows the new one', async ({ world }) => {
    const path = join(world.root, 'procmand.log');
    world.configure([service('web', 'steady')], `log-file = "${path}"`);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    renameSync(path, `${path}.old`);
    signal(daemon.pid, 'SIGUSR2');
    await world.waitFor('the file', () => existsSync(path));
    expect((await world.ctl('restart', 'web')).code).toBe(0);
    await has(world, path, 'STARTING -> RUNNING');
    expect(textOf(`${path}.old`)).toContain(`serves ${world.uid}`);
    const { stdout, code } = await world.ctl('logs', '--daemon');
    expect([code, stdout]).toEqual([0, textOf(path)]);
  });

  test('on a disk that is full: services are not disturbed, and lost lines are told of', async ({ world }) => {
    const disk = join(world.root, 'disk');
    mountTmpfs(disk, '64k');
    const path = join(disk, 'procmand.log');
    world.configure([service('web', 'steady')], `log-file = "${path}"`);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    writeFileSync(join(disk, 'filler'), '');
    const fill = (): void => {
      try {
        for (;;) writeFileSync(join(disk, 'filler'), 'x'.repeat(1000), { flag: 'a' });
      } catch {
        // Full.
      }
    };
    fill();
    // What is left of the log's last block takes some lines still.
    for (let n = 0; n < 30; n += 1) expect((await world.ctl('restart', 'web')).code).toBe(0);
    expect(isAlive(daemon.pid)).toBe(true);
    rmSync(join(disk, 'filler'));
    await world.ctl('restart', 'web');
    await has(world, path, /warning {2}\d+ lines of this log were lost here/);
    await has(world, path, /STARTING -> RUNNING.*\n$/);
  });

  test('that cannot be opened is a clear error at the start', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const args = ['--logfile', join(world.root, 'nowhere/procmand.log')];
    const daemon = await world.startDaemon({ wait: false, args });
    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.log()).toMatch(/the daemon's log \(log-file, -l\) cannot be opened: .*nowhere\/procmand\.log/);
  });
});

describe('stderr', () => {
  test('a pipe whose reader goes ends nothing, and logs --daemon says where the log is', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const child = spawn(procmand, ['run', world.config], { env: world.env, stdio: ['ignore', 'ignore', 'pipe'] });
    const pid = child.pid ?? 0;
    const ended = new Promise((resolve) => child.on('exit', resolve));
    try {
      await world.waitForState('web', 'RUNNING');
      child.stderr.destroy();
      expect((await world.ctl('restart', 'web')).code).toBe(0);
      expect((await world.ctl('restart', 'web')).code).toBe(0);
      expect(await world.rpc('ping')).toMatchObject({ pid });
      const { code, stderr } = await world.ctl('logs', '--daemon');
      expect([code, stderr]).toEqual([1, expect.stringContaining("it goes to the daemon's stderr; log-file")]);
      expect((await world.ctl('logs', '--daemon', '-f')).code).toBe(1);
    } finally {
      signal(pid, 'SIGKILL');
      await ended;
    }
  });
});

/** Writes down how it was called and what it gets, as util-linux's does with its options. */
const LOGGER = `case " $* " in *" --help "*) echo ' --prio-prefix'; exit 0 ;; esac
echo "$$ $*" >>"$HERE/calls"
exec cat >>"$HERE/syslog"`;

describe('syslog', () => {
  test('each line has its priority; one logger for all of them, started again when it dies, ends with the daemon', async ({
    world,
  }) => {
    const { folder, env } = standIn(world, 'logger', LOGGER);
    world.configure([service('web', 'steady'), service('bad', 'exits 3')], 'log-file = "syslog"');
    const daemon = await world.startDaemon({ env });
    const log = join(folder, 'syslog');
    await has(world, log, /^<30>info: web: STARTING -> RUNNING/m);
    await has(world, log, /^<28>warning: ! bad: \w+ -> BACKOFF/m);
    const loggers = (): number[] => textOf(join(folder, 'calls')).split('\n').filter(Boolean).map((line) => parseInt(line)); // prettier-ignore
    expect(loggers()).toHaveLength(1);
    expect(textOf(join(folder, 'calls'))).toContain(`-t procmand --id=${daemon.pid}`);
    const [first = 0] = loggers();
    signal(first, 'SIGKILL');
    await has(world, log, '<28>warning: `logger` ended and was started again');
    await world.waitForEnd(first);
    expect((await world.ctl('restart', 'web')).code).toBe(0);
    await has(world, log, /started again[^]*web: STARTING -> RUNNING/);
    const [, second = 0] = loggers();
    expect(commandOf(second)).toBe('cat');
    await world.killDaemon(daemon);
    await world.waitForEnd(second, 'the second logger');
  });

  test('the daemon outlives a logger that always fails, and one that never reads', async ({ world }) => {
    for (const script of ['exit 1', 'exec sleep 1000']) {
      const { env } = standIn(world, 'logger', `case "$1" in --help) exit 0 ;; esac\n${script}`);
      world.configure([service('web', 'steady')], 'log-file = "syslog"\nlog-level = "debug"');
      const daemon = await world.startDaemon({ env });
      await world.waitForState('web', 'RUNNING');
      for (let n = 0; n < 10; n += 1) expect((await world.ctl('restart', 'web')).code).toBe(0);
      expect(await world.rpc('ping')).toMatchObject({ pid: daemon.pid });
      const loggers = childrenOf(daemon.pid);
      await world.killDaemon(daemon);
      for (const pid of loggers) signal(pid, 'SIGKILL');
    }
  });

  test('without the program logger the daemon says so and does not start', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const { folder } = standIn(world, 'node', `exec '${process.execPath}' "$@"`);
    for (const tool of ['sh', 'readlink', 'dirname']) {
      const real = ['/usr/bin', '/bin'].map((place) => join(place, tool)).find(existsSync) ?? tool;
      standIn(world, tool, `exec ${real} "$@"`);
    }
    const daemon = await world.startDaemon({ wait: false, args: ['-l', 'syslog'], env: { PATH: folder } });
    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.log()).toContain(
      `the daemon's log (log-file, -l) cannot be opened: "syslog" needs the program logger, which is in no folder of PATH (${folder}): install it (package bsdutils or util-linux), or name a file`,
    );
  });

  test("the system's own logger takes the lines to a syslog socket, with facility, severity, tag and pid", async ({
    world,
  }) => {
    // The real program, told to write to a socket of the test instead of /dev/log.
    const socket = join(world.root, 'devlog');
    const { env, folder } = standIn(world, 'logger', `exec /usr/bin/logger --socket '${socket}' "$@"`);
    const received = join(folder, 'received');
    const receiver = spawn('socat', ['-u', `UNIX-RECV:${socket}`, `OPEN:${received},creat,append`], {
      stdio: 'ignore',
    });
    try {
      await world.waitFor('the socket', () => existsSync(socket));
      world.configure([service('bad', 'exits 3')]);
      const daemon = await world.startDaemon({ env, args: ['-l', 'syslog'] });
      await has(world, received, new RegExp(`<30>[^<]*procmand\\[${daemon.pid}\\]: info: serves ${world.uid}`));
      await has(world, received, new RegExp(`<28>[^<]*procmand\\[${daemon.pid}\\]: warning: ! bad: \\w+ -> BACKOFF`));
      const { code, stderr } = await world.ctl('logs', '--daemon');
      expect([code, stderr]).toEqual([1, expect.stringContaining('journalctl -t procmand')]);
    } finally {
      receiver.kill('SIGKILL');
    }
  });
});

describe('secrets of env, params and env-file', () => {
  const SECRETS = { env: 'SECRET-in-env', params: 'SECRET-in-params', file: 'SECRET-in-file' };

  /** Things that fail in all ways, each with all three secrets at hand. */
  function failing(world: World): string[] {
    const env = `env = { TOKEN = "${SECRETS.env}", FROM = "{{ KEY }}" }`;
    const all = `${env}; params = { KEY = "${SECRETS.params}" }; env-file = "${join(world.root, 'secrets')}"; autorestart = "never"`;
    const id = (name: string, command: string, settings = ''): string =>
      processTable(name, command, `${all}\n${settings}`);
    return [
      id('exits', "sh -c 'exit 3'"),
      id('killed', "sh -c 'kill -9 $$'"),
      id('before', 'sleep 1000', 'before = "false"'),
      id('init', 'sleep 1000', 'init = "exit 4"'),
      id('after', 'sleep 1000', 'after-start = "exit 5"'),
      id(
        'check',
        'sleep 1000',
        // One try: of one that is under way at the timeout there would be nothing to tell.
        'start-health-check = { command = "echo $TOKEN $PASSWORD && false", timeout = "2s", interval = "1m" }',
      ),
      id('ill', 'sleep 1000', 'health-check = { command = "echo $TOKEN && exit 1", interval = "100ms", retries = 1 }'),
      id('gone', `'${join(world.root, 'gone')}'`),
      id('pidfile', 'echo nonsense $TOKEN >$PROCMAN_PID_FILE').replace(
        /command = (".*")/,
        'command = { line = $1, type = "pid-file" }',
      ),
      id('stops', 'sleep 1000', 'stop = "echo $TOKEN && exit 6"'),
    ];
  }

  async function failInAllWays(world: World, daemon: Daemon, log: () => string): Promise<void> {
    await world.waitFor('all failures', () =>
      ['exits', 'killed', 'before', 'init', 'after', 'check', 'ill', 'gone', 'pidfile'].every((name) =>
        new RegExp(`(?<![-\\w])${name}: .*(failed|code|signal|FATAL|EXITED|BACKOFF|BLOCKED|cannot|STOPPING)`).test(
          log(),
        ),
      ),
    );
    await world.waitForState('stops', 'RUNNING');
    await world.ctl('stop', 'stops');
    // A broken file, whose problems quote what they found.
    const good = readFileSync(world.config, 'utf8');
    for (const [from, to] of [
      ['FROM = "{{ KEY }}"', 'FROM = "{{ NOWHERE }}"'],
      ['env = { TOKEN', 'env = { "BAD NAME" = "SECRET-bad-name", TOKEN'],
      ['FROM = "{{ KEY }}"', 'FROM = ["SECRET-in-list"]'],
      ['params = { KEY', 'params = { OTHER = ["SECRET-param-list"], KEY'],
    ] as const) {
      const before = log().split('the configuration is broken').length;
      writeFileSync(world.config, good.replaceAll(from, to));
      signal(daemon.pid, 'SIGHUP');
      await world.waitFor('the complaint', () => log().split('the configuration is broken').length > before);
    }
    writeFileSync(world.config, good);
    writeFileSync(
      join(world.root, 'secrets'),
      'PASSWORD SECRET-without-equals\n1BAD=SECRET-bad-line\nX="SECRET-unclosed\n',
    );
    await world.ctl('restart', 'exits', '-y');
    signal(daemon.pid, 'SIGHUP');
    await world.waitFor('the complaint about the env-file', () => log().includes(join(world.root, 'secrets')));
    await world.ctl('stop', 'all', '-y');
  }

  function prepare(world: World, log: string): void {
    writeFileSync(join(world.root, 'secrets'), `PASSWORD=${SECRETS.file}\n`);
    writeFileSync(join(world.root, 'gone'), '#!/nonexistent/interpreter\n', { mode: 0o755 });
    world.configure(failing(world), `log-level = "debug"\nlog-file = "${log}"\nreload-guard = "off"`);
  }

  test('are not in the log, whatever fails', async ({ world }) => {
    const path = join(world.root, 'procmand.log');
    prepare(world, path);
    const daemon = await world.startDaemon();
    await failInAllWays(world, daemon, () => textOf(path));
    // What a check printed is told, with names in place of the values.
    expect(textOf(path)).toContain('exited with code 1: $TOKEN $PASSWORD');
    expect(textOf(path)).not.toContain('SECRET');
    expect(daemon.log()).not.toContain('SECRET');
  });

  test('nor in syslog, nor in the environment of logger', async ({ world }) => {
    const { folder, env } = standIn(world, 'logger', LOGGER.replace('echo "$$ $*"', 'env; echo "$$ $*"'));
    prepare(world, 'syslog');
    const daemon = await world.startDaemon({ env: { ...env, DAEMON_TOKEN: 'SECRET-of-the-daemon' } });
    await failInAllWays(world, daemon, () => textOf(join(folder, 'syslog')));
    for (const name of readdirSync(folder)) expect(textOf(join(folder, name)), name).not.toContain('SECRET');
  });
});
