import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildCommand, decideType, type CommandSource, splitWords, truncatesLog } from './command-line.ts';

/** Nothing but A is defined. */
const build = (source: CommandSource) =>
  buildCommand(source, (name) => (name === 'A' ? { value: "it's; $(a) b" } : { problem: `no ${name}` }));
const auto = (line: string) => decideType({ line, type: 'auto', args: [] });

describe('auto', () => {
  test.each([
    'sleep 5555',
    "echo 'Hello, World!'",
    'echo "a && b; c | d"',
    "awk '{ print $1 }' file",
    'echo a\\;b',
    'env A=1 program',
    '/usr/bin/program --flag=x [abc] %d',
    'forklift for me',
    'podman inspect --format {{.State.Pid}}',
    "nginx -g 'daemon off;'",
  ])('%s needs no shell', (line) => {
    expect(auto(line)).toEqual({ type: 'simple', why: 'no shell syntax' });
  });

  test.each([
    ["echo 'Hello, World!' && sleep 10", 'has an unquoted &&'],
    ['a || b', 'has an unquoted ||'],
    ['a; b', 'has an unquoted ;'],
    ['a | b', 'has an unquoted |'],
    ['a &', 'has an unquoted &'],
    ['a < b', 'has an unquoted <'],
    ['a > b', 'has an unquoted >'],
    ['(a)', 'has an unquoted ('],
    ['ls *.txt', 'has an unquoted *'],
    ['ls a?', 'has an unquoted ?'],
    ['ls ~/x', 'has an unquoted ~'],
    ['a # b', 'has an unquoted #'],
    ['a\nb', 'has several lines'],
    ['echo $HOME', 'has a $ outside single quotes'],
    ['echo "$HOME"', 'has a $ outside single quotes'],
    ['echo "`date`"', 'has a ` outside single quotes'],
    ['echo \\$HOME', 'has a $ outside single quotes'],
    ['A=1 program', 'begins with A='],
    ['while true', "begins with the shell's while"],
    ['  exec program', "begins with the shell's exec"],
    ['. ./file', "begins with the shell's ."],
    ['cd /tmp', "begins with the shell's cd"],
    ['{ a', "begins with the shell's {"],
    ['exit 3', "begins with the shell's exit"],
  ])('%s needs a shell', (line, why) => {
    expect(auto(line)).toEqual({ type: 'expression', why });
  });

  test('args force simple', () => {
    expect(decideType({ line: 'a && b', type: 'auto', args: ['x'] }).type).toBe('simple');
  });
});

describe('splitWords', () => {
  test.each([
    ['a  b\tc', ['a', 'b', 'c']],
    [`a 'b c' "d e"`, ['a', 'b c', 'd e']],
    [`a''b "" ''`, ['ab', '', '']],
    ['a\\ b', ['a b']],
    [`"a\\"b\\x\\\\"`, ['a"b\\x\\']],
    [`'a\\'`, ['a\\']],
    ['a\\\nb', ['ab']],
    ['', []],
  ])('%j', (line, words) => {
    expect(splitWords(line)).toEqual({ words });
  });

  test.each([`a 'b`, 'a "b', 'a "b\\"', 'a\\'])('%j is refused', (line) => {
    expect(splitWords(line)).toHaveProperty('problem');
  });

  test('as sh does it', () => {
    const piece = fc.constantFrom('a', 'b', ' ', '"', "'", '\\', '-', 'x y', '""');
    const line = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(line, (text) => {
        const result = splitWords(text);
        fc.pre('words' in result && result.words.length > 0);
        const printed = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${text}`], { encoding: 'utf8' });
        expect('words' in result && result.words.join('\n')).toBe(printed.slice(0, -1));
      }),
      { numRuns: 150 },
    );
  });
});

describe('buildCommand', () => {
  test('an expression has its args as $1...', () => {
    const result = build({ line: 'echo "$1"', type: 'expression', args: ['a b'] });
    expect(result).toHaveProperty('command.argv', ['/bin/sh', '-c', 'echo "$1"', 'sh', 'a b']);
  });

  test('args are appended', () => {
    const result = build({ line: "echo 'a b'", type: 'auto', args: ['$HOME', ''] });
    expect(result).toHaveProperty('command.argv', ['echo', 'a b', '$HOME', '']);
  });

  test.each(['', '  ', "''", '"" a'])('%j is empty', (line) => {
    expect(build({ line, type: 'auto', args: [] })).toMatchObject({ problems: [{ problem: 'the command is empty' }] });
  });

  test('never throws', () => {
    const types = fc.constantFrom('auto', 'simple', 'expression' as const);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), types, (line, type) => {
        build({ line, type, args: [] });
      }),
    );
  });
});

test.each([
  ['echo a > /dev/stderr', true],
  ['echo a >/dev/stdout; b', true],
  ['echo a 2> /dev/stderr', true],
  ['echo a >> /dev/stderr', false],
  ['echo a >&2', false],
  ["echo '> /dev/stderr'", false],
  ['echo a > /dev/null', false],
])('%s empties the log: %s', (line, expected) => {
  expect(truncatesLog(line)).toBe(expected);
});
