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
    ['command', `command = "echo {{ 'text' }}"`],
    ['command', 'command = "a && && b"'],
    ['command.type', 'command = { line = "a", type = "podman_cid" }'],
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
    ['one-shot', 'one-shot = "boot"'],
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
    ['before', 'before = "x"'],
    ['schedule', 'schedule = {}'],
    ['user', 'user = "x"'],
    ['comand', 'comand = "x"'],
  ])('%s: %s', (key, written) => {
    const name = key.split('.')[0]!;
    const kept = PROCESS.split('\n').filter((line) => !line.startsWith(`${name} =`));
    const found = problems(`${HEAD}${kept.join('\n')}${written}\n`).filter(({ severity }) => severity === 'error');
    expect(found.map((problem) => problem.key)).toEqual([key]);
    expect(found[0]!.line).toBeGreaterThan(2);
  });
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
  expect(load(`${HEAD}[daemon]\nsocket-group = "x"\n`).daemon).toMatchObject({ socketMode: 0o660, socketGroup: 'x' });
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
