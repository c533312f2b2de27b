/** Turns words into a command and what was given to it, by the command table. */
import { parseArgs } from 'node:util';
import { type Command, GLOBAL_OPTIONS, type Given, type Option, SHELL_OPTIONS } from './command.ts';
import { UsageError } from './failure.ts';
import { habitHint } from './habits.ts';
import { nearest } from './text/nearest.ts';

export interface Parsed {
  /** Undefined: no command was given. */
  readonly command?: Command;
  readonly given: Given;
}

/** Throws UsageError for whatever the table does not allow. */
export function parseCommandLine(words: readonly string[], commands: readonly Command[]): Parsed {
  const known = [...GLOBAL_OPTIONS, ...SHELL_OPTIONS, ...commands.flatMap((command) => command.options)];
  const tokens = tokenize(words, known);
  const operands = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const [verb, ...rest] = operands;
  refuseStrangeBefore(tokens, known);
  const command = verb === undefined ? undefined : findCommand(verb, commands);
  const allowed = [...GLOBAL_OPTIONS, ...(command ? command.options : SHELL_OPTIONS)];
  const switches = new Set<string>();
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = checkOption(token.rawName, allowed, command);
    if (option.value === undefined) switches.add(checkSwitch(option, token.value));
    else values.set(option.long, checkValue(option, token.value));
  }
  const given: Given = { operands: rest, switches, values };
  if (!command) return { given };
  if (!switches.has('help')) checkOperands(command, rest);
  return { command, given };
}

/** Whether it is this command and nothing else, without a mistake that needs the other commands to be told. */
export function isPlainly(command: Command, words: readonly string[]): boolean {
  try {
    const parsed = parseCommandLine(words, [command]);
    return parsed.command === command && !parsed.given.switches.has('help');
  } catch {
    return false;
  }
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

function tokenize(words: readonly string[], options: readonly Option[]): readonly Token[] {
  const entries = options.map(({ long, short, value }) => {
    const type = value === undefined ? ('boolean' as const) : ('string' as const);
    return [long, short === undefined ? { type } : { type, short }] as const;
  });
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(entries),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens;
}

/** The command of this name or alias. */
export function findCommand(verb: string, commands: readonly Command[]): Command {
  const found = commands.find(({ name, aliases }) => name === verb || aliases?.includes(verb));
  if (found) return found;
  if (verb === 'exit' || verb === 'quit')
    throw new UsageError(`"${verb}" leaves the interactive shell; it takes nothing more and is nothing elsewhere`);
  const habit = habitHint(verb);
  if (habit !== undefined) throw new UsageError(`unknown command "${verb}"; ${habit}`);
  const visible = commands.filter(({ hidden }) => !hidden);
  const meant = nearest(
    verb,
    visible.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
  );
  throw new UsageError(`unknown command "${verb}"${didYouMean(meant)}; "help" lists all commands`);
}

/** A mistyped option before the command: what would be its value is not taken for a command that nobody knows. */
function refuseStrangeBefore(tokens: readonly Token[], known: readonly Option[]): void {
  const verbAt = tokens.findIndex(({ kind }) => kind === 'positional');
  for (const token of tokens.slice(0, Math.max(0, verbAt))) {
    if (token.kind === 'option' && !known.some((option) => isNamed(option, token.rawName)))
      checkOption(token.rawName, [...GLOBAL_OPTIONS, ...SHELL_OPTIONS], undefined);
  }
}

function isNamed({ long, short }: Option, rawName: string): boolean {
  return rawName === `--${long}` || rawName === `-${short ?? ''}`;
}

function checkOption(rawName: string, allowed: readonly Option[], command: Command | undefined): Option {
  const found = allowed.find((option) => isNamed(option, rawName));
  const owner = command ? `"${command.name}"` : 'procmanctl';
  if (/^-\d$/.test(rawName) && command?.options.some(({ long }) => long === 'lines'))
    throw new UsageError(`${owner} has no option ${rawName}; for so many lines write -n NUMBER`);
  if (found?.later) throw new UsageError(`${rawName} of ${owner} is not yet available in this version`);
  if (found) return found;
  const meant = nearest(
    rawName,
    allowed.filter(({ later }) => !later).map(({ long }) => `--${long}`),
  );
  throw new UsageError(`${owner} has no option ${rawName}${didYouMean(meant)}`);
}

function checkSwitch(option: Option, value: string | undefined): string {
  if (value !== undefined) throw new UsageError(`--${option.long} takes no value`);
  return option.long;
}

function checkValue(option: Option, value: string | undefined): string {
  if (value === undefined || value === '')
    throw new UsageError(`--${option.long} needs a value: ${option.value ?? ''}`);
  return value;
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const needed = command.operands.filter(({ optional }) => !optional);
  const missing = needed[operands.length];
  if (missing) throw new UsageError(`"${command.name}" needs ${missing.label}; usage: ${usageOf(command)}`);
  const unlimited = command.operands.some(({ repeated }) => repeated);
  const extra = operands[command.operands.length];
  if (extra !== undefined && !unlimited) {
    throw new UsageError(`"${command.name}": "${extra}" is too much; usage: ${usageOf(command)}`);
  }
}

/** `start NAME.. [--force] [--no-wait]`. */
export function usageOf(command: Command): string {
  const operands = command.operands.map(({ label, optional, repeated }) => {
    const text = repeated ? `${label}..` : label;
    return optional ? `[${text}]` : text;
  });
  const options = command.options
    .filter(({ later }) => !later)
    .map(({ long, short, value }) => {
      const name = short === undefined ? `--${long}` : `-${short}`;
      return value === undefined ? `[${name}]` : `[${name} ${value}]`;
    });
  return [command.name, ...operands, ...options].join(' ');
}

function didYouMean(meant: string | undefined): string {
  return meant === undefined ? '' : `; did you mean "${meant}"?`;
}
