import { describe, expect, it } from 'vitest';
import { COMMANDS } from './command-table.ts';
import { GLOBAL_OPTIONS } from './command.ts';
import { status } from './commands/status.ts';
import { isPlainly, parseCommandLine } from './parse.ts';

const parse = (line: string) => {
  const { command, given } = parseCommandLine(line.split(' ').filter(Boolean), COMMANDS);
  return {
    command: command?.name,
    operands: given.operands,
    switches: [...given.switches],
    values: Object.fromEntries(given.values),
  };
};

describe('parseCommandLine', () => {
  it.each([
    ['', undefined, [], [], {}],
    ['status', 'status', [], [], {}],
    ['-s /x status a b --json', 'status', ['a', 'b'], ['json'], { socket: '/x' }],
    ['--socket=/x -y stop all', 'stop', ['all'], ['yes'], { socket: '/x' }],
    ['reload', 'update', [], [], {}],
    ['reread new.toml', 'plan', ['new.toml'], [], {}],
    ['tail nginx -fn 20', 'logs', ['nginx'], ['follow'], { lines: '20' }],
    ['logs nginx -n20', 'logs', ['nginx'], [], { lines: '20' }],
    ['start a --timeout 30s --no-wait', 'start', ['a'], ['no-wait'], { timeout: '30s' }],
    ['unblock db --adopt 12', 'unblock', ['db'], [], { adopt: '12' }],
    ['signal HUP a b', 'signal', ['HUP', 'a', 'b'], [], {}],
    ['-e', undefined, [], ['exit-on-error'], {}],
    ['stop --help', 'stop', [], ['help'], {}],
  ])('%j', (line, command, operands, switches, values) => {
    expect(parse(line)).toEqual({ command, operands, switches, values });
  });

  it.each([
    ['staus', 'unknown command "staus"; did you mean "status"?; "help" lists all commands'],
    ['exit 3', '"exit" leaves the interactive shell; it takes nothing more and is nothing elsewhere'],
    ['frobnicate', 'unknown command "frobnicate"; "help" lists all commands'],
    ['status --jsno', '"status" has no option --jsno; did you mean "--json"?'],
    ['status --force', '"status" has no option --force'],
    ['--exit-on-error status', '"status" has no option --exit-on-error'],
    ['start', '"start" needs NAME; usage: start NAME.. [--force] [--no-wait] [--timeout DURATION]'],
    ['signal HUP', '"signal" needs NAME; usage: signal SIGNAL NAME..'],
    ['ping a', '"ping": "a" is too much; usage: ping'],
    ['start a --timeout', '--timeout needs a value: DURATION'],
    ['status --json=1', '--json takes no value'],
  ])('refuses %j', (line, message) => expect(() => parse(line)).toThrow(message));
});

describe('the command table', () => {
  const names = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);

  it('gives each name once', () => {
    expect(new Set(names).size).toBe(names.length);
  });

  it('has examples for each command, which the parser takes', () => {
    for (const { examples } of COMMANDS) {
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples.filter((text) => /^[a-z]+ ?[^|>$"]*$/.test(text))) {
        if (!example.startsWith('procmanctl')) expect(() => parse(example)).not.toThrow();
      }
    }
  });

  it('uses an option name for one kind of value only: one pass parses all', () => {
    const kinds = new Map<string, string | undefined>();
    for (const { long, short, value } of [...GLOBAL_OPTIONS, ...COMMANDS.flatMap(({ options }) => options)]) {
      const kind = `${short ?? ''} ${value === undefined ? 'switch' : 'value'}`;
      expect(kinds.get(long) ?? kind).toBe(kind);
      kinds.set(long, kind);
    }
  });
});

describe('isPlainly', () => {
  it.each([
    [true, 'status'],
    [true, '-s /x status web --json'],
    [true, 'status --watch --color'],
    // Told by help and by what knows all commands.
    [false, 'status --help'],
    [false, 'status --problem'],
    [false, 'status --follow'],
    [false, '--until status'],
    [false, 'start status'],
    [false, '-s status ping'],
    [false, ''],
  ])('%s: %s', (expected, line) => {
    expect(isPlainly(status, line.split(' ').filter(Boolean))).toBe(expected);
  });
});
