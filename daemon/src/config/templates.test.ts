import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProcessVersion } from '../core/model.ts';
import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import { testContext } from './test-context.ts';

const HEAD = 'uid = "u"\nfile-format = "0"\n';
const FILE = '/tmp/procman.toml';

/** A process that uses the template T, in line 3, with keys of its own. */
function using(template: string, use: string, own = ''): string {
  return `${HEAD}[[template]]\nname = "T"\ntemplate = '''\n${template}\n'''\n[[process]]\nid = "a"\napply-on = "2024-10-01"\n${own}\n[process.template]\ntemplate = "T"\n${use}\n`;
}

function version(text: string): ProcessVersion {
  const result = parseConfig(text, FILE, testContext);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.config.core.processes[0]!.versions[0]!;
}

/** Without the file's name. */
function problems(text: string): string[] {
  const result = parseConfig(text, FILE, testContext);
  return (result.ok ? result.warnings : result.problems)
    .map(formatProblem)
    .map((line) => line.replaceAll(`${FILE}:`, ''));
}

describe('values', () => {
  test.each([
    ['command = "echo {{ x }}"', `x = "a b"`, ['echo', 'a', 'b']],
    ['command = "echo {{ x }}"', `x = 'a \\"b c\\"'`, ['echo', 'a', '"b', 'c"']],
    [`command = 'echo {{ x }}'`, `x = "it\\\\'s"`, ['echo', "it's"]],
    ['command = "echo {{x}} {{ y }}"', 'x = 1.10\ny = true', ['echo', '1.10', 'true']],
    ['command = {{ c }}', 'c = "echo \\"a b\\""', ['echo', 'a b']],
    ['command = "echo {{ x }}" # {{ unknown }}', 'x = 1', ['echo', '1']],
    ['command = "{{ p }}/echo"\nnumprocs = {{ n }}', 'p = "/bin"\nn = 1', ['/bin/echo']],
    ['{{ key }} = "sleep 1"', 'key = "command"', ['sleep', '1']],
    ['command = "echo {{ a-b_C }}"', 'a-b_C = "x"', ['echo', 'x']],
  ])('%j with %j', (template, use, argv) => {
    expect(version(using(template, use)).command.argv).toEqual(argv);
  });

  test('the name of a variable that PROCMAN_ begins is left for the launch', () => {
    expect(version(using('command = "echo {{ PROCMAN_ID }}"', '')).command.argv).toEqual(['echo', 'a']);
  });

  test('what a value refers to is filled in, too', () => {
    const text = using('command = "echo {{ x }}"', 'x = "{{ HOME }}/x"');
    expect(version(text).command.argv).toEqual(['echo', '/home/someone/x']);
  });
});

describe('keys', () => {
  test("the process's own win, in either spelling; env and params are added up", () => {
    const template =
      'command = "sleep {{ n }}"\nwork_dir = "/usr"\nnumprocs = 3\nenv = { A = "t", B = "t" }\nparams = { PORT = 1, X = 2 }\nstop = "true"';
    const own = 'work-dir = "/tmp"\nnumprocs = 2\nenv = { B = "own", C = "own" }\nparams = { PORT = 5 }';
    expect(version(using(template, 'n = "{{ PORT }}"', own))).toMatchObject({
      workDir: '/tmp',
      numprocs: 2,
      env: { A: 't', B: 'own', C: 'own' },
      command: { argv: ['sleep', '5'] },
      hooks: { stop: { command: 'true' } },
    });
  });

  test('tables are replaced as a whole', () => {
    const template = 'command = "sleep 1"\n[stop]\ncommand = "true"\ntimeout = "9s"';
    expect(version(using(template, '', 'stop = { command = "false" }')).hooks.stop).toEqual({
      command: 'false',
      timeout: 5000,
    });
  });

  test("TOML's own dates", () => {
    expect(
      version(using('command = "sleep 1"\napply-on = 2023-01-01T00:00:00', '').replace('apply-on = "2024-10-01"\n', ''))
        .applyOn.text,
    ).toBe('2023-01-01T00:00:00');
  });

  test('[defaults] may name a template', () => {
    const text = `${HEAD}[[template]]\nname = "T"\ntemplate = 'command = "sleep {{ n }}"'\n[defaults]\ntemplate = { template = "T", n = 3 }\n[[process]]\nid = "a"\napply-on = "2024-10-01"\n`;
    expect(version(text).command.argv).toEqual(['sleep', '3']);
  });

  test('a change of a variable makes a run stale', () => {
    const one = version(using('command = "sleep {{ n }}"', 'n = 1')).fingerprint;
    const two = version(using('command = "sleep {{ n }}"', 'n = 2')).fingerprint;
    expect(one['template']).not.toBe(two['template']);
  });
});

describe('problems', () => {
  test.each<[string, string, string[]]>([
    [
      'a missing variable',
      using('command = "sleep {{ n }} {{ m }}"', 'n = 1'),
      [
        '12:1: error: process "a": template: template "T" (3) needs the variable "m"\n    write m = "..." in [process.template]',
      ],
    ],
    [
      'an extra variable',
      using('command = "sleep {{ seconds }}"', 'seconds = 1\nsecond = 2'),
      ['15:1: error: process "a": template.second: template "T" (3) has no variable "second"\n    it has "seconds"'],
    ],
    [
      'a misspelt variable',
      using('command = "sleep {{ seconds }}"', 'second = 2'),
      [
        '12:1: error: process "a": template: template "T" (3) needs the variable "seconds"\n    write seconds = "..." in [process.template]',
        '14:1: error: process "a": template.second: template "T" (3) has no variable "second"\n    did you mean "seconds"?',
      ],
    ],
    [
      'an unknown template',
      using('command = "sleep 1"', '').replace('template = "T"', 'template = "TT"'),
      ['13:1: error: process "a": template.template: there is no template "TT"\n    the file has "T"'],
    ],
    [
      'no template at all',
      `${HEAD}[[process]]\nid = "a"\napply-on = "2024-10-01"\ntemplate = { template = "T" }\n`,
      ['6:14: error: process "a": template.template: there is no template "T"\n    the file has no [[template]]'],
    ],
    [
      'a template without a name',
      `${HEAD}[[process]]\nid = "a"\napply-on = "2024-10-01"\ntemplate = { T = "T" }\n`,
      ['6:1: error: process "a": template: does not say which template\n    write template = "NAME" in it'],
    ],
    [
      'no TOML',
      using('command = "sleep 1"\nstop: "true"', ''),
      [
        '5:1: error: template: template "T", line 2: not valid TOML: illegal character in key\n    TOML joins keys and values with "=", not with ":": write stop = ...',
        '13:1: error: process "a": template: the template "T" (3) cannot be used\n    mend the template first',
      ],
    ],
    [
      'no TOML with these values',
      using('command = "sleep 1"\n{{ k }} = 1', 'k = "command"'),
      [
        '13:1: error: process "a": template: with these values, template "T" (3), line 2: not valid TOML: trying to redefine an already defined table or value\n    "command" is in this table already: take one of the two out',
      ],
    ],
    [
      'an id',
      using('command = "sleep 1"\nid = "b"', ''),
      [
        '5:1: error: template: template "T", line 2: a template cannot give an id: it is each process\'s own\n    write id in [[process]]',
        '13:1: error: process "a": template: the template "T" (3) cannot be used\n    mend the template first',
      ],
    ],
    [
      'a wrong value',
      using('command = "sleep 1"\n\nnumprocs = 0\nnise = 1', ''),
      [
        '15:1: error: process "a": numprocs: in line 3 of template "T": is out of range (found 0; allowed a whole number from 1 to 1000)',
        '15:1: error: process "a": nise: in line 4 of template "T": is not a known key; did you mean "nice"?',
      ],
    ],
    [
      'a program that is not there',
      using('command = "/nowhere {{ x }}"', 'x = 1'),
      [
        '12:1: error: process "a": command: in line 1 of template "T": the program "/nowhere" does not exist\n    install it, or mend the path',
      ],
    ],
    [
      'an umask that is no octal number',
      using('command = "sleep 1"\numask = 22', ''),
      [
        '13:1: error: process "a": umask: in line 2 of template "T": permission bits are octal numbers (found 22)\n    write "022" or 0o022',
      ],
    ],
    [
      'two templates with one name',
      `${HEAD}[[template]]\nname = "T"\ntemplate = ""\n[[template]]\nname = "T"\ntemplate = ""\n`,
      ['7:1: error: template.name: there is a template "T" already, at 3\n    rename one of the two'],
    ],
    [
      'a template without text',
      `${HEAD}[[template]]\nname = "T"\ntemplat = ""\n`,
      [
        "3:1: error: template: is missing (allowed TOML within ''' and ''')",
        '5:1: error: templat: is not a known key; did you mean "template"?',
      ],
    ],
    [
      'a single table',
      `${HEAD}[template]\nname = "T"\n`,
      [
        '3:1: error: template: is not a list of tables\n    write [[template]], in double brackets, above each template',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('values that grow without end', () => {
    const text = using(`command = "sleep 1 ${'{{ x }}'.repeat(2000)}"`, `x = "${'a'.repeat(1000)}"`);
    expect(problems(text)).toEqual([expect.stringContaining('is longer than 1 MiB')]);
  });
});

test('whatever template and values are: a result, and every problem with a line of the file', () => {
  const piece = fc.constantFrom(
    ...[
      'command = "',
      'true',
      '"',
      "'",
      '\"\"\"',
      '{{ x }}',
      "{{ 'x' }}",
      '{{ y }}',
      '\\',
      '\n',
      ' = ',
      'env.A',
      '[stop]',
      '#',
    ],
    ...['id', '1', '{', '}', '[', ']', 'numprocs', '2024-10-01', '__proto__', 'constructor', 'work_dir = "/tmp"'],
  );
  const fragment = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.integer(),
    fc.constantFrom(1.5, '{{ y }}', "'''"),
  );
  const written = (given: unknown): string => JSON.stringify(given).replaceAll('\x7f', '\\u007f');
  fc.assert(
    fc.property(fragment, value, (template, x) => {
      const text = `${HEAD}[[template]]\nname = "T"\ntemplate = ${written(template)}\n[[process]]\nid = "a"\napply-on = "2024-10-01"\n[process.template]\ntemplate = "T"\nx = ${written(x)}\n`;
      const result = parseConfig(text, FILE, testContext);
      for (const { line } of result.ok ? result.warnings : result.problems) expect(line).toBeLessThanOrEqual(11);
    }),
    { numRuns: 400 },
  );
});
