import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProcessVersion } from '../core/model.ts';
import { permissionProblems } from './file-permissions.ts';
import { countProcesses, currentContext, loadConfig, parseConfig, type LoadedConfig } from './load.ts';
import type { Problem } from './problem.ts';
import { testContext } from './test-context.ts';

const HEAD = 'uid = "u"\nfile-format = "0"\n';
const PROCESS = '[[process]]\nid = "a"\napply-on = "2024-10-01T12:00:00"\ncommand = "sleep 1"\n';

function load(text: string): LoadedConfig {
  const result = parseConfig(text, '/tmp/procman.toml', testContext);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config;
}

function problems(text: string): Problem[] {
  const result = parseConfig(text, '/tmp/procman.toml', testContext);
  return result.ok ? result.warnings : result.problems;
}

function version(keys: string): ProcessVersion {
  return load(`${HEAD}${PROCESS}${keys}\n`).core.processes[0]!.versions[0]!;
}

describe('good values', () => {
  test.each<[string, keyof ProcessVersion, unknown]>([
    ['', 'applyOn', { text: '2024-10-01T12:00:00', at: Date.UTC(2024, 9, 1, 10) }],
    ['args = ["a b"]', 'command', expect.objectContaining({ type: 'simple', argv: ['sleep', '1', 'a b'] })],
    ['fake = true', 'fake', true],
    ['type = "fake"', 'fake', true],
    ['type = "normal"', 'fake', false],
    ['autostart = false', 'autostart', false],
    ['one-shot = true', 'autorestart', 'never'],
    ['one_shot = true', 'oneShot', true],
    ['one-shot = true\nautorestart = "on-failure"', 'autorestart', 'on-failure'],
    ['numprocs = 1000', 'numprocs', 1000],
    ['group = "my group"', 'group', 'my group'],
    ['work-dir = "."', 'workDir', '/tmp'],
    ['work-dir = "/usr/../tmp/"', 'workDir', '/tmp'],
    [
      'env = { A = "x", B = 1, C = true, D = 1.50, constructor_x = "y" }',
      'env',
      { A: 'x', B: '1', C: 'true', D: '1.50', constructor_x: 'y' },
    ],
    ['env = { A = "{{.State.Pid}} {{ 1 }}" }', 'env', { A: '{{.State.Pid}} {{ 1 }}' }],
    ['umask = "022"', 'umask', 0o22],
    ['umask = "22"', 'umask', 0o22],
    ['umask = 0o077', 'umask', 0o77],
    ['umask = 0', 'umask', 0],
    ['nice = -20', 'nice', -20],
    ['autorestart = "never"', 'autorestart', 'never'],
    ['exit-codes = []', 'exitCodes', []],
    ['start-secs = 0', 'startSecs', 0],
    ['start-retries = 0', 'startRetries', 0],
    ['restart-delay = 0', 'restartDelay', 0],
    ['restart-max-delay = "2s"', 'restartMaxDelay', 2000],
    ['max-runs = 0', 'maxRuns', 0],
    ['max-runs-window = "1h"', 'maxRunsWindow', 3_600_000],
    ['stop-signal = "sigint"', 'stopSignal', 'INT'],
    ['stop-signal = "Usr1"', 'stopSignal', 'USR1'],
    ['stop-signal = 9', 'stopSignal', 'KILL'],
    ['stop-signal = "15"', 'stopSignal', 'TERM'],
    ['stop-timeout = "1ms"', 'stopTimeout', 1],
    ['kill-mode = "process"', 'killMode', 'process'],
    ['stdout-log = "/dev/null"', 'stdoutLog', { kind: 'file', path: '/dev/null' }],
    ['stdout-log = "none"', 'stdoutLog', { kind: 'none' }],
    ['stderr-log = "stdout"', 'stderrLog', { kind: 'stdout' }],
    ['stderr-log = "err.log"', 'stderrLog', { kind: 'file', path: '/tmp/err.log' }],
    ['log-file = "x.log"', 'stdoutLog', { kind: 'file', path: '/tmp/x.log' }],
    ['log_file = "x.log"', 'stderrLog', { kind: 'stdout' }],
    ['one-shot = "boot"', 'perBoot', true],
    ['one-shot = "boot"', 'oneShot', true],
    ['one-shot = "boot"', 'autorestart', 'never'],
    ['one-shot = true\ncatch-up = true\nschedule = {}', 'catchUp', true],
    ['wait-after = "3s"', 'waitAfter', 3000],
    ['inherit-env = false', 'inheritEnv', false],
    ['inherit-env = ["PATH"]', 'inheritEnv', ['PATH']],
    ['max-run-time = "1h"', 'maxRunTime', 3_600_000],
    ['fallback-timeout = { secs = 90, nanos = 0 }', 'fallbackTimeout', 90_000],
    ['before = "true"', 'hooks', { before: { command: 'true', timeout: 10_000 } }],
    [
      'stop = { command = "true", timeout = "1s" }\nafter_stop = "true"',
      'hooks',
      { stop: { command: 'true', timeout: 1000 }, 'after-stop': { command: 'true', timeout: 5000 } },
    ],
    [
      'start_health_check = { command = "true", timeout = { secs = 2, nanos = 0 } }',
      'startHealthCheck',
      { probe: { kind: 'command', command: 'true' }, timeout: 2000, interval: 1000 },
    ],
    [
      'start-health-check = { tcp = 8080 }',
      'startHealthCheck',
      { probe: { kind: 'tcp', host: 'localhost', port: 8080 }, timeout: 30_000, interval: 1000 },
    ],
    [
      'health-check = "true"',
      'healthCheck',
      {
        kind: 'probe',
        probe: { kind: 'command', command: 'true' },
        timeout: 5000,
        interval: 10_000,
        retries: 3,
        startPeriod: 0,
      },
    ],
    [
      'health-check = { tcp = "[::1]:80", start_period = "5s", retries = 1 }',
      'healthCheck',
      expect.objectContaining({ probe: { kind: 'tcp', host: '::1', port: 80 }, startPeriod: 5000, retries: 1 }),
    ],
    [
      'health-check = { http = "http://localhost:80{{ PROCMAN_NUM }}/" }',
      'healthCheck',
      expect.objectContaining({
        probe: { kind: 'http', url: expect.stringContaining('http://localhost:80') as string },
      }),
    ],
    [
      'health-check = { folder = "x", inactive_time = "10s" }',
      'healthCheck',
      { kind: 'folder', folder: '/tmp/x', inactiveTime: 10_000 },
    ],
    ['depends-on = { command = "true" }', 'externals', [{ command: 'true', interval: 5000, timeout: 5000 }]],
    ['depends-on = { command = "true" }', 'dependsOn', []],
  ])('%s', (keys, field, expected) => {
    expect(version(keys)[field]).toEqual(expected);
  });

  test.each([['"2024-10-01T12:00"'], ['"2024-10-01 12:00:00"'], ['2024-10-01T12:00:00'], ['2024-10-01 12:00:00.000']])(
    'apply-on = %s has one spelling',
    (written) => {
      const text = `${HEAD}${PROCESS.replace('"2024-10-01T12:00:00"', written)}`;
      expect(load(text).core.processes[0]!.versions[0]!.applyOn.text).toBe('2024-10-01T12:00:00');
    },
  );

  test('apply-on as a date of TOML with a comment, and in an inline table', () => {
    const inline = `process = [{ id = "a", command = "sleep 1", apply-on = 2024-10-01 }]\n`;
    const commented = PROCESS.replace('"2024-10-01T12:00:00"', '2024-10-01 # Tuesday');
    for (const text of [inline, commented]) {
      expect(load(HEAD + text).core.processes[0]!.versions[0]!.applyOn.text).toBe('2024-10-01T00:00:00');
    }
  });

  test('apply-on as a date alone, and with an offset', () => {
    const at = (written: string) =>
      load(`${HEAD}${PROCESS.replace('"2024-10-01T12:00:00"', written)}`).core.processes[0]!.versions[0]!.applyOn.text;
    expect(at('2024-10-01')).toBe('2024-10-01T00:00:00');
    expect(at('2024-10-01T12:00:00+02:00')).toBe('2024-10-01T12:00:00+02:00');
  });
});

describe('bad values', () => {
  test.each([
    ['apply-on', 'apply-on = 12:00:00'],
    ['apply-on', 'apply-on = "2024-02-30"'],
    ['apply-on', 'apply-on = 2024-02-30'],
    ['command', 'command = 7'],
    ['command', 'command = ["sleep", "1"]'],
    ['command', 'command = "sleep \\u0000"'],
    ['command', 'command = "echo {{ NAME }}"'],
    ['command', 'command = "a && && b"'],
    ['command.type', 'command = { line = "a", type = "docker" }'],
    ['id', 'id = "all"'],
    ['id', 'id = " a"'],
    ['id', 'id = "a  b"'],
    ['id', 'id = "-a"'],
    ['id', 'id = "a*"'],
    ['id', `id = "${'a'.repeat(101)}"`],
    ['id', 'id = "a\\u0007"'],
    ['group', 'group = ".."'],
    ['fake', 'fake = "yes"'],
    ['type', 'type = "fake"\nfake = false'],
    ['one-shot', 'one-shot = "daily"'],
    ['autorestart', 'one-shot = true\nautorestart = "always"'],
    ['numprocs', 'numprocs = 1001'],
    ['numprocs', 'numprocs = 1.5'],
    ['depends-on', 'depends-on = "a"'],
    ['depends-on.on-loss', 'depends-on = { id = "a", on-loss = "panic" }'],
    ['work-dir', 'work-dir = "/no/such/folder"'],
    ['work-dir', 'work-dir = "~/x"'],
    ['env.1A', 'env = { 1A = "x" }'],
    ['env.PROCMAN_RUN', 'env = { PROCMAN_RUN = "x" }'],
    ['env.A', 'env = { A = inf }'],
    ['env', 'env = "A=1"'],
    ['umask', 'umask = 22'],
    ['umask', 'umask = "9"'],
    ['umask', 'umask = 0o1000'],
    ['nice', 'nice = 20'],
    ['autorestart', 'autorestart = true'],
    ['exit-codes', 'exit-codes = 0'],
    ['exit-codes', 'exit-codes = [-1]'],
    ['start-secs', 'start-secs = "1x"'],
    ['start-secs.sec', 'start-secs = { sec = 1 }'],
    ['start-retries', 'start-retries = -1'],
    ['restart-delay', 'restart-delay = "11y"'],
    ['restart-delay', 'restart-delay = "2m"'],
    ['restart-max-delay', 'restart-max-delay = 0'],
    ['max-runs', 'max-runs = nan'],
    ['max-runs-window', 'max-runs-window = 0'],
    ['stop-signal', 'stop-signal = "NOPE"'],
    ['stop-signal', 'stop-signal = 99'],
    ['stop-timeout', 'stop-timeout = 0'],
    ['kill-mode', 'kill-mode = "GROUP"'],
    ['stdout-log', 'stdout-log = "/no/such/folder/x"'],
    ['stdout-log', 'stdout-log = "/tmp"'],
    ['stdout-log', 'numprocs = 2\nstdout-log = "x.log"'],
    ['before', 'before = ""'],
    ['before', 'before = "a && && b"'],
    ['before.timeout', 'before = { command = "true", timeout = 0 }'],
    ['before.command', 'before = { timeout = 1 }'],
    ['stop.comand', 'stop = { comand = "true", command = "true" }'],
    ['after-stop', 'after-stop = 1'],
    ['start-health-check', 'start-health-check = {}'],
    ['start-health-check', 'start-health-check = { http = "http://a", tcp = "a:1" }'],
    ['start-health-check.retries', 'start-health-check = { tcp = "a:1", retries = 1 }'],
    ['start-health-check.tcp', 'start-health-check = { tcp = "a" }'],
    ['start-health-check.tcp', 'start-health-check = { tcp = "a:70000" }'],
    ['start-health-check.http', 'start-health-check = { http = "ftp://a" }'],
    ['start-health-check.http', 'start-health-check = { http = "localhost" }'],
    ['health-check', 'health-check = { folder = "x", retries = 1 }'],
    ['health-check', 'health-check = { command = "true", inactive-time = 1 }'],
    ['health-check.retries', 'health-check = { command = "true", retries = 0 }'],
    ['health-check.command', 'health-check = { command = "" }'],
    ['schedule', 'schedule = "mon-fri"'],
    ['schedule', 'schedule = { start-time = "08:00", stop-time = "08:00" }'],
    ['schedule', 'schedule = { cron = "0 3 * * *", week-days = "all" }\none-shot = true'],
    ['schedule.cron', 'schedule = { cron = "0 3 * * *" }'],
    ['schedule.cron', 'schedule = { cron = "0 3 * * *" }\none-shot = "boot"'],
    ['schedule.cron', 'schedule = { cron = "61 3 * * *" }\none-shot = true'],
    ['schedule.start-time', 'schedule = { start-time = "24:00" }'],
    ['schedule.start-time', 'schedule = { start_time = "8:00" }'],
    ['schedule.stop-time', 'schedule = { stop-time = "24:01" }'],
    ['schedule.stop-time', 'schedule = { stop-time = 2024-10-01 }'],
    ['schedule.week-days', 'schedule = { week-days = "mon-" }'],
    ['schedule.week-days', 'schedule = { week-days = [] }'],
    ['schedule.week-days', 'schedule = { week-days = ["mon", "funday"] }'],
    ['schedule.timezone', 'schedule = { timezone = "Europe/Atlantis" }'],
    ['schedule.weekdays', 'schedule = { weekdays = "all" }'],
    ['start-time', 'schedule = { start-time = "08:00", start_time = "09:00" }'],
    ['depends-on', 'depends-on = { condition = "started" }'],
    ['depends-on', 'depends-on = { id = "a", command = "true" }'],
    ['depends-on', 'depends-on = { command = "true", on-loss = "keep" }'],
    ['depends-on.interval', 'depends-on = { command = "true", interval = 0 }'],
    ['depends-on', 'depends-on = { command = "a && && b" }'],
    ['wait-after', 'wait-after = "-1s"'],
    ['env-file', 'env-file = "no.env"'],
    ['env-file', 'env-file = ""'],
    ['inherit-env', 'inherit-env = ["A B"]'],
    ['inherit-env', 'inherit-env = "PATH"'],
    ['max-run-time', 'max-run-time = 0'],
    ['fallback-timeout', 'fallback-timeout = "soon"'],
    ['catch-up', 'catch-up = 1'],
    ['params.A', 'params = { A = [] }'],
    ['log-file', 'log-file = "x.log"\nstderr-log = "none"'],
    ['log-file', 'log-file = "stdout"'],
    ['user', 'user = "a b"'],
    ['group-name', 'group-name = ""'],
    ['limits', 'limits = 5'],
    ['limits.nofile', 'limits = { nofile = -1 }'],
    ['limits.nofiles', 'limits = { nofiles = 1 }'],
    ['pty', 'pty = "yes"'],
    ['required', 'required = 1'],
    ['log-max-bytes', 'log-max-bytes = "1 XB"'],
    ['log-backups', 'log-backups = 1.5'],
    ['log-collapse', 'log-collapse = 0'],
    ['comand', 'comand = "x"'],
  ])('%s: %s', (key, written) => {
    const name = key.split('.')[0]!;
    const kept = PROCESS.split('\n').filter((line) => !line.startsWith(`${name} =`));
    const found = problems(`${HEAD}${kept.join('\n')}${written}\n`).filter(({ severity }) => severity === 'error');
    expect(found.map((problem) => problem.key)).toEqual([key]);
    expect(found[0]!.line).toBeGreaterThan(2);
  });
});

test('a command of type external needs to be asked and ended by commands', () => {
  const external = PROCESS.replace('"sleep 1"', '{ line = "true", type = "external" }');
  expect(problems(HEAD + external)).toMatchObject([
    { key: 'health-check', severity: 'error', line: 6 },
    { key: 'stop', severity: 'error', line: 6 },
  ]);
  expect(problems(`${HEAD}${external}stop = "true"\nhealth-check = "true"\n`)).toEqual([]);
});

test.each([
  ['catch-up', 'catch-up = true'],
  ['catch-up', 'catch-up = true\none-shot = true'],
  ['pid-file-timeout', 'pid-file-timeout = "1m"'],
])('%s has no effect: %j', (key, keys) => {
  expect(problems(`${HEAD}${PROCESS}${keys}\n`)).toMatchObject([{ key, severity: 'warning' }]);
  expect(problems(`${HEAD}[defaults]\n${keys}\n${PROCESS}`)).toEqual([]);
});

test('each unknown key of a table within a value has its line', () => {
  const text = `${HEAD}${PROCESS}[process.schedule]\nstart-tme = "08:00"\nstop_time = "10:00"\nweek_dais = "all"\nx = 1\n`;
  expect(problems(text)).toMatchObject([
    { line: 8, key: 'schedule.start-tme', message: '"start-tme" is not a known key; did you mean "start-time"?' },
    { line: 10, key: 'schedule.week-dais', message: '"week-dais" is not a known key; did you mean "week-days"?' },
    {
      line: 11,
      key: 'schedule.x',
      message: expect.stringContaining('"x" is not a known key; the keys here are start-time,') as string,
    },
  ]);
});

test('healthy needs a health-check', () => {
  const other = PROCESS.replace('"a"', '"b"');
  const text = `${HEAD}${PROCESS}depends-on = { id = "b", condition = "healthy" }\n${other}`;
  expect(problems(text)).toMatchObject([{ severity: 'error', key: 'depends-on', line: 7 }]);
  expect(problems(`${text}health-check = "true"\n`)).toEqual([]);
});

describe('[daemon]', () => {
  const daemon = (keys: string) => `${HEAD}[daemon]\n${keys}\n`;

  test('monitor-socket and watch-config', () => {
    expect(load(daemon('')).daemon).toMatchObject({ monitorSocketMode: 0o666, watchConfig: false });
    const keys = 'monitor-socket = "m.sock"\nmonitor_socket_mode = "0644"\nwatch-config = true';
    expect(load(daemon(keys)).daemon).toMatchObject({
      monitorSocket: '/tmp/m.sock',
      monitorSocketMode: 0o644,
      watchConfig: true,
    });
  });

  test.each([
    ['monitor-socket = "x.sock"\nsocket = "x.sock"', 'monitor-socket', 'error'],
    [`monitor-socket = "/${'x'.repeat(107)}"`, 'monitor-socket', 'error'],
    ['monitor-socket-mode = 644', 'monitor-socket-mode', 'error'],
    ['watch-config = "yes"', 'watch-config', 'error'],
    ['events-max-bytes = "64MX"', 'events-max-bytes', 'error'],
    ['stream = 1', 'stream', 'error'],
    ['no-cleanup = "no"', 'no-cleanup', 'error'],
    ['log-backups = -1', 'log-backups', 'error'],
    ['log-max-bytes = "1 PB"', 'log-max-bytes', 'error'],
  ])('%s', (keys, key, severity) => {
    expect(problems(daemon(keys))).toMatchObject([{ key, severity, line: 4 }]);
  });
});

test('log-file of [defaults] gives way to what a process says of one stream', () => {
  const text = (keys: string) => `${HEAD}[defaults]\nlog-file = "all.log"\n${PROCESS}${keys}\n`;
  const logs = (keys: string) => {
    const { stdoutLog, stderrLog } = load(text(keys)).core.processes[0]!.versions[0]!;
    return [stdoutLog, stderrLog];
  };
  const file = (name: string) => ({ kind: 'file', path: `/tmp/${name}` });
  expect(logs('')).toEqual([file('all.log'), { kind: 'stdout' }]);
  expect(logs('stdout-log = "out.log"')).toEqual([file('out.log'), { kind: 'stdout' }]);
  expect(logs('stderr-log = "err.log"')).toEqual([file('all.log'), file('err.log')]);
  expect(logs('log-file = "own.log"')).toEqual([file('own.log'), { kind: 'stdout' }]);
});

describe('[defaults]', () => {
  test('processes win; environments are added up', () => {
    const text = `${HEAD}[defaults]\nnice = 3\nstop_timeout = 5\nenv = { A = "1", B = "1" }\n${PROCESS}nice = 4\nenv = { B = "2" }\n`;
    expect(load(text).core.processes[0]!.versions[0]).toMatchObject({
      nice: 4,
      stopTimeout: 5000,
      env: { A: '1', B: '2' },
    });
  });

  test('autorestart = "always" is not meant for one-shots', () => {
    const text = `${HEAD}[defaults]\nautorestart = "always"\n${PROCESS}one-shot = true\n`;
    expect(load(text).core.processes[0]!.versions[0]!.autorestart).toBe('never');
  });

  test('a mistake is reported once, at its line', () => {
    const found = problems(`${HEAD}[defaults]\nnice = 99\n${PROCESS}${PROCESS.replace('"a"', '"b"')}`);
    expect(found).toMatchObject([{ key: 'nice', line: 4 }]);
  });
});

test('reload-guard = "off"', () => {
  const config = load(`${HEAD}[daemon]\nreload-guard = "off"\n`);
  expect([config.daemon, config.core.daemon].map((table) => Object.hasOwn(table, 'reloadGuard'))).toEqual([
    false,
    false,
  ]);
});

test('a socket with a group may be used by the group', () => {
  expect(load(`${HEAD}[daemon]\nsocket-group = "0"\n`).daemon).toMatchObject({ socketMode: 0o660, socketGroup: '0' });
});

test('[process] in single brackets', () => {
  expect(problems(`${HEAD}[process]\nid = "a"\n`)[0]).toMatchObject({ line: 3, key: 'process' });
});

test('versions are sorted, ids are in the order of the file and counted once', () => {
  const text = `${HEAD}${PROCESS.replace('2024', '2025')}${PROCESS.replace('"a"', '"b"')}${PROCESS}`;
  const config = load(text);
  expect(countProcesses(config)).toBe(2);
  const shown = config.core.processes.map(({ id, versions }) => [
    id,
    ...versions.map(({ applyOn }) => applyOn.text.slice(0, 4)),
  ]);
  expect(shown).toEqual([
    ['a', '2024', '2025'],
    ['b', '2024'],
  ]);
});

test('hashes change with the definition and only with it', () => {
  const plain = version('');
  expect(version('# comment\nargs = []')).toEqual(plain);
  expect(version('nice = 1').digest).not.toBe(plain.digest);
  expect(version('nice = 1').fingerprint).toEqual({ ...plain.fingerprint, nice: version('nice = 1').fingerprint.nice });
  expect(Object.keys(version('inherit-env = false\nparams = { A = 1 }\nlog-file = "x"').fingerprint)).toEqual([
    ...Object.keys(plain.fingerprint),
    'params',
    'inherit-env',
    'log-file',
  ]);
  expect(version('wait-after = 0\nparams = {}\ninherit-env = true')).toEqual(plain);
  expect(version('env = { A = "1", B = "2" }')).toEqual(version('env = { B = "2", A = "1" }'));
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'procman-config-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const complaint = (path: string) => {
    const result = loadConfig(path, testContext);
    return result.ok ? undefined : result.problems[0]!.message;
  };

  test('a good one', () => {
    const path = file('good.toml', HEAD);
    expect(loadConfig(path, testContext)).toMatchObject({
      ok: true,
      config: { path, directory: folder, text: HEAD, uid: 'u' },
    });
  });

  test('none, a folder, a pipe, a device, too large, not UTF-8', () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(complaint(join(folder, 'none.toml'))).toBe('there is no such file');
    expect(complaint(folder)).toBe('is a folder');
    expect(complaint(fifo)).toBe('is not a regular file');
    expect(complaint('/dev/zero')).toBe('is not a regular file');
    expect(complaint(file('large', Buffer.alloc(10 * 1024 * 1024 + 1, '#')))).toMatch(/^is larger than 10 MiB/);
    expect(complaint(file('latin1', Buffer.from('a = "\xe9"', 'latin1')))).toBe('is not encoded in UTF-8');
    expect(complaint(`${folder}/\0`)).toMatch(/^cannot be read/);
  });

  test('a byte order mark and CR LF are fine', () => {
    expect(complaint(file('dos.toml', `\uFEFF${HEAD.replaceAll('\n', '\r\n')}`))).toBeUndefined();
  });

  test('a program that is there but not executable', () => {
    mkdirSync(join(folder, 'bin'));
    const script = file('bin/script', '#!/bin/sh\n');
    const path = file('relative.toml', `${HEAD}${PROCESS.replace('sleep 1', './script')}work-dir = "bin"\n`);
    expect(complaint(path)).toBe(`the program "${script}" is not executable`);
    chmodSync(script, 0o755);
    expect(complaint(path)).toBeUndefined();
  });
});

test.each([
  [0o100644, 0, 0, []],
  [0o100646, 0, 0, ['error']],
  [0o100664, 0, 0, ['warning']],
  [0o100644, 1000, 0, ['warning']],
  [0o100666, 1000, 0, ['error', 'warning']],
  [0o100666, 0, 1000, []],
])('mode %d of user %d for a daemon of user %d: %j', (mode, uid, euid, expected) => {
  const found = permissionProblems('/x', { mode, uid }, euid);
  expect(found.map(({ severity }) => severity)).toEqual(expected);
});

test('the context of this process', () => {
  expect(currentContext()).toMatchObject({ euid: process.geteuid!(), cpus: expect.any(Number) as number });
});

describe('--state-dir', () => {
  const at = (text: string, env: Record<string, string>) =>
    parseConfig(`${HEAD}${text}`, '/tmp/procman.toml', { ...testContext, env, stateDir: '/given' });

  test('wins over the file, and logs and socket that are nowhere else go with it', () => {
    const result = at('[daemon]\nstate-dir = "written"\n', { HOME: '/home/someone' });
    expect(result).toMatchObject({
      config: { daemon: { stateDir: '/given', childLogDir: '/given/logs', socket: '/given/procmand.sock' } },
    });
  });

  test('leaves alone what the file names', () => {
    const result = at('[daemon]\nchild-log-dir = "/logs"\nsocket = "/s.sock"\n', { HOME: '/home/someone' });
    expect(result).toMatchObject({ config: { daemon: { childLogDir: '/logs', socket: '/s.sock' } } });
  });
});

describe('a slip in TOML itself tells how to mend it', () => {
  test.each([
    ['a = "x\nb = 1', 'a quotation mark is opened and not closed in this line: close it'],
    ["a = 'x", 'a quotation mark is opened and not closed in this line: close it'],
    ['a = 1\na = 2', 'a is in this table already: take one of the two out'],
    ['[a]\n[b]\n[a]', '[a] is in this file already: put the keys of both into one'],
    ['[[process]]\n[process]', 'write [[process]], with two brackets, at each of them'],
    ['a = { b = 1, b = 2 }', 'a: it has a key twice: take one of the two out'],
    ['a = text', 'a text stands in quotes: key = "text"; true, false and numbers do without'],
  ])('%j', (text, hint) => {
    expect(problems(text)).toMatchObject([{ hint }]);
  });
});
