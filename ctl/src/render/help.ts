/** Help texts, made of the command table and the topics, as wide as the terminal. */
import { type Command, GLOBAL_OPTIONS, type Option, SHELL_OPTIONS } from '../command.ts';
import { usageOf } from '../parse.ts';
import { readableWidth, wrap, wrapPairs } from '../text/wrap.ts';
import { NAMES_TOPIC, type Topic, TOPICS } from '../topics.ts';

const EXIT_NOTE =
  'Exit codes: 0 ok, 1 failed for some target, 2 usage, 3 (status) a problem somewhere, 4 unknown name, 5 no daemon reachable, 6 invalid configuration.';
const NAMES_NOTE =
  'NAME is "all", a name (nginx, web:nginx), a process id (all its instances), an instance (worker_00), a group (worker:*) or a glob (work*). Names with blanks are quoted: "example process 2".';

/** All commands and the options that each of them takes. */
export function renderHelp(commands: readonly Command[], columns: number): string {
  const width = readableWidth(columns);
  const visible = commands.filter(({ hidden }) => !hidden);
  const list = visible.map((command) => [headOf(command), summaryOf(command)] as const);
  return lines([
    ...wrap('usage: procmanctl [OPTION..] [COMMAND ..]', width),
    '',
    ...wrap('Without a command: an interactive shell; with a script on standard input, its lines are run.', width),
    '',
    'Commands:',
    ...wrapPairs([...list, ['exit, quit', 'leave the shell (also Ctrl-D)']], width),
    '',
    'Options:',
    ...wrapPairs([...GLOBAL_OPTIONS, ...SHELL_OPTIONS].map(describeOption), width),
    '',
    ...wrap(NAMES_NOTE, width),
    ...wrap(EXIT_NOTE, width),
    '',
    ...wrap(
      `"help COMMAND" tells more, with examples; so do "help ${TOPICS.map(({ name }) => name).join('", "help ')}", and "man procmanctl".`,
      width,
    ),
  ]);
}

/** `help start`. */
export function renderCommandHelp(command: Command, columns: number): string {
  const width = readableWidth(columns);
  const aliases = command.aliases ?? [];
  const options = command.options.filter(({ later }) => !later);
  const takesNames = command.operands.some(({ kind }) => kind === 'name');
  return lines([
    ...wrap(`usage: ${usageOf(command)}`, width),
    ...(aliases.length > 0 ? [`alias: ${aliases.join(', ')}`] : []),
    '',
    ...wrap(`${capitalized(command.summary)}.`, width),
    ...(command.details ?? []).flatMap((text) => wrap(text, width)),
    ...(options.length > 0 ? ['', 'Options:', ...wrapPairs(options.map(describeOption), width)] : []),
    ...(takesNames ? ['', ...wrap(NAMES_NOTE, width)] : []),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
  ]);
}

/** `help shell`. */
export function renderTopic({ title, text = [], entries = [] }: Topic, columns: number): string {
  const width = readableWidth(columns);
  const paragraphs = text.flatMap((paragraph) => ['', ...wrap(paragraph, width)]);
  const list = entries.length === 0 ? [] : ['', ...wrapPairs(entries, width)];
  return lines([`${capitalized(title)}.`, ...paragraphs, ...list]);
}

/** The topic of this name. */
export function findTopic(name: string): Topic | undefined {
  return name === 'NAME' ? NAMES_TOPIC : TOPICS.find((topic) => topic.name === name);
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

function describeOption({ long, short, value, values, summary }: Option): readonly [string, string] {
  const name = short === undefined ? `    --${long}` : `-${short}, --${long}`;
  const allowed = values === undefined ? '' : ` (${values.join(', ')})`;
  return [value === undefined ? name : `${name} ${value}`, summary + allowed];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
