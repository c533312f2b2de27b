/** Help texts, made of the command table. */
import { type Command, GLOBAL_OPTIONS, type Option, SHELL_OPTIONS } from '../command.ts';
import { usageOf } from '../parse.ts';
import { padEnd } from '../text/width.ts';

const NAMES_NOTE = [
  'NAME is "all", a name (nginx, web:nginx), a process id (all its instances), an instance (worker_00),',
  'a group (worker:*) or a glob (work*). Names with blanks are quoted: "example process 2".',
];
const EXIT_NOTE = [
  'Exit codes: 0 ok, 1 failed for some target, 2 usage, 3 (status) a problem somewhere, 4 unknown name,',
  '5 no daemon reachable, 6 invalid configuration.',
];

/** All commands and the options that each of them takes. */
export function renderHelp(commands: readonly Command[]): string {
  const list = commands.map((command) => [headOf(command), summaryOf(command)] as const);
  return lines([
    'usage: procmanctl [OPTION..] [COMMAND ..]',
    '',
    'Without a command: an interactive shell; with a script on standard input, its lines are run.',
    '',
    'Commands:',
    ...columns([...list, ['exit, quit', 'leave the shell (also Ctrl-D)']]),
    '',
    'Options:',
    ...columns([...GLOBAL_OPTIONS, ...SHELL_OPTIONS].map(describeOption)),
    '',
    ...NAMES_NOTE,
    ...EXIT_NOTE,
    '"help COMMAND" tells more, with examples.',
  ]);
}

/** `help start`. */
export function renderCommandHelp(command: Command): string {
  const aliases = command.aliases ?? [];
  const options = command.options.filter(({ later }) => !later);
  const takesNames = command.operands.some(({ kind }) => kind === 'name');
  return lines([
    `usage: ${usageOf(command)}`,
    ...(aliases.length > 0 ? [`alias: ${aliases.join(', ')}`] : []),
    '',
    `${capitalized(command.summary)}.`,
    ...(command.details ?? []),
    ...(options.length > 0 ? ['', 'Options:', ...columns(options.map(describeOption))] : []),
    ...(takesNames ? ['', ...NAMES_NOTE] : []),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
  ]);
}

function headOf(command: Command): string {
  const operands = command.operands.map(({ label, optional, repeated }) => {
    const text = repeated ? `${label}..` : label;
    return optional ? `[${text}]` : text;
  });
  return [command.name, ...operands].join(' ');
}

function summaryOf({ summary, aliases }: Command): string {
  return aliases ? `${summary} (alias ${aliases.join(', ')})` : summary;
}

function describeOption({ long, short, value, summary }: Option): readonly [string, string] {
  const name = short === undefined ? `    --${long}` : `-${short}, --${long}`;
  return [value === undefined ? name : `${name} ${value}`, summary];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${padEnd(left, width)}${right}`);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
