import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeholder } from '../core/placeholders.ts';
import type { ProcessVersion } from '../core/model.ts';
import { buildCommand } from './command-line.ts';
import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import { testContext } from './test-context.ts';
import { fillText, scopeOf } from './variables.ts';

const HEAD = 'uid = "u"\nfile-format = "0"\n';
const FILE = '/tmp/procman.toml';
const context = {
  ...testContext,
  env: { ...testContext.env, HOME: '/home/someone', PROCMAN_RUN: 'the daemon itself' },
};

const file = (keys: string, defaults = ''): string =>
  `${HEAD}${defaults}[[process]]\nid = "a"\napply-on = "2024-10-01"\n${keys}\n`;

function version(keys: string, defaults = ''): ProcessVersion {
  const result = parseConfig(file(keys, defaults), FILE, context);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.config.core.processes[0]!.versions[0]!;
}

function problems(keys: string, defaults = ''): string[] {
  const result = parseConfig(file(keys, defaults), FILE, context);
  return (result.ok ? result.warnings : result.problems)
    .map(formatProblem)
    .map((line) => line.replaceAll(`${FILE}:`, ''));
}

describe('where a name is looked up', () => {
  test.each([
    ['command = "echo {{ X }}"\nparams = { X = 1.10 }\nenv = { X = "env" }', '1.10'],
    ['command = "echo {{X}}"\nenv = { X = "env" }', 'env'],
    ['command = "echo {{ HOME }}"', '/home/someone'],
    ['command = "echo {{ HOME }}"\nenv = { HOME = "/x" }', '/x'],
    ['command = "echo {{ PROCMAN_ID }}{{ PROCMAN_CONFIG_DIR }}"', 'a/tmp'],
    ['command = "echo {{ PROCMAN_NUM }}"', placeholder('PROCMAN_NUM')],
    ['command = "echo {{ PROCMAN_INSTANCE }}"', placeholder('PROCMAN_INSTANCE')],
    ['command = "echo {{ X }}"\nenv = { X = "{{ Y }}+", Y = "{{ HOME }}" }', '/home/someone+'],
    ['command = "echo {{ X }}"\nparams = { X = "{{ HOME }}" }', '{{ HOME }}'],
    ['command = "echo {{ HOME }}"\nenv = { HOME = "/x:{{ HOME }}" }', '/x:/home/someone'],
    [`command = "echo {{ '{{ HOME }}' }}"`, '{{ HOME }}'],
    [`command = "echo {{ 'a b;c' }}"`, 'a b;c'],
    ['command = "echo {{.State.Pid}}"', '{{.State.Pid}}'],
    ['command = "echo {{ X }}"\nparams = { X = "a  b;$(c) \\"\'" }', 'a  b;$(c) "\''],
    [`command = "echo '{{ X }}'"\nparams = { X = "it's" }`, "it's"],
    ['command = "echo"\nargs = ["{{ HOME }} x"]', '/home/someone x'],
  ])('%s', (keys, expected) => {
    expect(version(keys).command).toMatchObject({ type: 'simple', argv: ['echo', expected] });
  });

  test('the type is decided before', () => {
    expect(version('command = "echo {{ X }}"\nparams = { X = "a; b" }').command.type).toBe('simple');
    expect(version('command = "echo {{ X }};"\nparams = { X = "a b" }').command).toMatchObject({
      type: 'expression',
      line: 'echo {{ X }};',
      argv: ['/bin/sh', '-c', 'echo a b;', 'sh'],
    });
  });

  test('all keys with texts', () => {
    const keys = `command = "sleep 1"
params = { D = "/tmp", N = 8080 }
work-dir = "{{ D }}"
stdout-log = "{{ D }}/{{ PROCMAN_INSTANCE }}.log"
env = { A = "{{ N }}" }
before = "echo {{ N }}"
init = { command = "echo {{ N }}", timeout = "3s" }
start-health-check = { tcp = "localhost:{{ N }}" }
health-check = { http = "http://localhost:{{ N }}/" }
stop = '''kill {{ '{{ N }}' }}'''
depends-on = [{ command = "test -d {{ D }}" }]`;
    expect(version(keys)).toMatchObject({
      workDir: '/tmp',
      stdoutLog: { kind: 'file', path: `/tmp/${placeholder('PROCMAN_INSTANCE')}.log` },
      env: { A: '8080' },
      hooks: { before: { command: 'echo 8080' }, init: { command: 'echo 8080' }, stop: { command: 'kill {{ N }}' } },
      startHealthCheck: { probe: { kind: 'tcp', port: 8080 } },
      healthCheck: { probe: { url: 'http://localhost:8080/' } },
      externals: [{ command: 'test -d /tmp' }],
    });
  });

  test('[defaults] are filled in for each process', () => {
    const defaults = '[defaults]\nbefore = "echo {{ N }}"\nenv = { A = "{{ N }}", B = "b" }\nparams = { N = 1 }\n';
    expect(version('command = "sleep {{ A }}"\nparams = { N = 2 }\nenv = { B = "{{ A }}!" }', defaults)).toMatchObject({
      env: { A: '2', B: '2!' },
      hooks: { before: { command: 'echo 2' } },
      command: { argv: ['sleep', '2'] },
    });
  });

  test('with type pid-file there is a file', () => {
    const keys = 'command = { line = "sleep 9 & echo $! > {{ PROCMAN_PID_FILE }}", type = "pid-file" }';
    expect(version(keys).command.argv[2]).toBe(`sleep 9 & echo $! > ${placeholder('PROCMAN_PID_FILE')}`);
  });
});

const PLACES = "it is looked up in params, among procman's own names, in env, and in the daemon's environment";

test('instances with a log file each', () => {
  const keys = 'command = "sleep 1"\nnumprocs = 3\n';
  expect(
    problems(`${keys}stdout-log = "/tmp/{{ PROCMAN_NUM }}.log"\nstderr-log = "/tmp/{{ PROCMAN_INSTANCE }}"`),
  ).toEqual([]);
  expect(problems(`${keys}stdout-log = "/nowhere/{{ PROCMAN_NUM }}.log"`)).toEqual([
    expect.stringContaining('its folder "/nowhere" does not exist') as string,
  ]);
  expect(problems(`${keys}stdout-log = "/tmp/{{ PROCMAN_ID }}.log"`)).toEqual([
    expect.stringContaining('its 3 instances would write one log file') as string,
  ]);
  expect(problems(`${keys}work-dir = "/nowhere/{{ PROCMAN_NUM }}"`)).toEqual([]);
});

describe('problems', () => {
  test.each<[string, string[]]>([
    [
      'command = "echo {{ NOPE_AT_ALL }}"',
      [`6:1: error: process "a": command: {{ NOPE_AT_ALL }} is not defined\n    ${PLACES}`],
    ],
    [
      'command = "sleep 1"\nbefore = { command = "echo {{ PROT }}" }\nparams = { PORT = 1 }',
      [
        `7:12: error: process "a": before.command: {{ PROT }} is not defined\n    did you mean "PORT"? ${PLACES.replace('it', 'It')}`,
      ],
    ],
    [
      'command = "sleep 1"\nwork-dir = "/nowhere/{{ NOPE }}"',
      [`7:1: error: process "a": work-dir: {{ NOPE }} is not defined\n    ${PLACES}`],
    ],
    [
      'command = "sleep 1"\nenv = { A = "{{ PROCMAN_RUN }}" }',
      [`7:9: error: process "a": env.A: {{ PROCMAN_RUN }} is not defined`],
    ],
    [
      'command = "sleep 1"\nstop = "kill $(cat {{ PROCMAN_PID_FILE }})"',
      [
        '7:1: error: process "a": stop: {{ PROCMAN_PID_FILE }} is there only for commands of type pid-file\n    write command = { line = "...", type = "pid-file" }',
      ],
    ],
    [
      'command = { line = "sleep 1 &", type = "pid-file" }',
      ['6:13: error: process "a": command: a command of type pid-file has to write a pid into {{ PROCMAN_PID_FILE }}'],
    ],
    [
      'command = "sleep 1"\nparams = { PROCMAN_X = 1 }',
      [`7:12: error: process "a": params.PROCMAN_X: names beginning with PROCMAN_ are procman's own`],
    ],
    ['command = "sleep 1"\nparams = { "a b" = 1 }', ['7:12: error: process "a": params.a b: is no name for {{ }}']],
    [
      'command = "sleep 1"\nenv = { A = "{{ B }}", B = "{{ A }}" }',
      ['7:24: error: process "a": env.B: refers to A, B in a circle'],
    ],
    ['command = "echo \\uFDD0"', ['6:1: error: process "a": command: holds a character that procman needs for itself']],
    [
      'command = "sleep 1"\nenv-file = "/tmp/{{ PROCMAN_NUM }}"',
      ['7:1: error: process "a": env-file: holds a name that only a launch knows'],
    ],
    [
      'command = { line = "true", type = "podman-cid" }\none-shot = true',
      [
        '6:1: warning: process "a": command: a command of type podman-cid has to print the id of a container and end',
        '7:1: error: process "a": one-shot: does not go together with a command of type podman-cid',
      ],
    ],
    ['command = { line = "podman run --rm -dt x", type = "podman_cid" }', []],
    [
      'command = { line = "true", type = "external" }',
      ['error: process "a": health-check: is missing', 'error: process "a": stop: is missing'],
    ],
    ['command = { line = "true", type = "external" }\nhealth-check = "true"\nstop = "true"', []],
    [
      'command = "sleep 1"\nbefore = "if {{ X }}"\nparams = { X = "true" }\nstop = "echo x > /dev/stderr"\nhealth-check = "("\ndepends-on = { command = "fi" }',
      [
        '7:1: error: process "a": before: sh cannot',
        '9:1: warning: process "a": stop: a ">" to',
        '10:1: error: process "a": health-check: sh',
        'depends-on: sh cannot',
      ],
    ],
    [
      'command = "sleep 1"\nhealth-check = { http = "{{ X }}" }\nparams = { X = "secret" }',
      ['7:18: error: process "a": health-check.http: is not a URL'],
    ],
  ])('%s', (keys, expected) => {
    const found = problems(keys);
    expect(found).toEqual(expected.map((text) => expect.stringContaining(text) as string));
    expect(found.join('')).not.toContain('secret');
  });

  test('a value that no argument can be', () => {
    expect(problems(`command = "sleep {{ X }}"\nparams = { X = "${'a'.repeat(140_000)}" }`)).toEqual([
      '6:1: error: process "a": command: is longer than 128 KiB with its {{ }} filled in',
    ]);
  });

  test('in [defaults]', () => {
    expect(problems('command = "sleep 1"', '[defaults]\nbefore = "echo {{ NOPE }}"\n')).toEqual([
      `4:1: error: process "a": before: {{ NOPE }} is not defined\n    ${PLACES}`,
    ]);
  });

  test('a chain of entries that is too long', () => {
    const entries = Array.from({ length: 5000 }, (_, index) => `A${index} = "{{ A${index + 1} }}{{ A${index + 1} }}"`);
    expect(problems(`command = "sleep 1"\nenv = { ${entries.join(', ')} }`)).toContainEqual(
      expect.stringContaining('in a circle or too long a chain'),
    );
  });
});

describe('whatever the texts', () => {
  const scope = (params: Record<string, string>) =>
    scopeOf({
      id: 'a',
      directory: '/',
      hasPidFile: true,
      params: new Map(Object.entries(params)),
      env: new Map([['E', 'e']]),
      environment: {},
    });
  const pieces = fc.constantFrom('{{', '}}', ' ', 'A', 'E', "'", '"', '.', '\\', '-', '\n', '{{ A }}', "{{ 'x' }}");
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
  );
  const value = fc.string({ unit: 'binary' }).filter((given) => !/[\0\uFDD0\uFDD1]/.test(given));

  test('filling in never throws', () => {
    fc.assert(
      fc.property(text, text, (given, param) => {
        fillText(given, scope({ A: param }).find);
      }),
    );
  });

  test('a text without braces stays as it is', () => {
    fc.assert(
      fc.property(
        value.filter((given) => !given.includes('{{')),
        (given) => {
          expect(fillText(given, scope({}).find)).toEqual({ text: given, problems: [] });
        },
      ),
    );
  });

  test('a value stays one word, whatever it is', () => {
    const lines = fc.constantFrom(
      ['echo {{ A }} z', ''],
      ['echo "{{A}}" z', ''],
      ["echo '{{ A }}' z", ''],
      ['echo x{{ A }} z', 'x'],
    );
    fc.assert(
      fc.property(value, lines, (param, [line = '', before = '']) => {
        const result = buildCommand({ line, type: 'auto', args: [] }, scope({ A: param }).find);
        expect(result).toMatchObject({ command: { type: 'simple', argv: ['echo', before + param, 'z'] } });
      }),
    );
  });
});
