/** What Tab proposes in the shell, from the command table and the names that the daemon knows. */
import { type Command, GLOBAL_OPTIONS, type OperandKind, type Option } from './command.ts';
import { inQuotes, quoteWord, splitLine } from './text/words.ts';

export interface CompletionSources {
  readonly commands: readonly Command[];
  /** Names and other selectors, as the daemon knows them now. */
  readonly names: readonly string[];
  /** Files that begin with a path. */
  readonly files: (prefix: string) => readonly string[];
}

/** As node:readline wants it: the proposals, and the end of the line that they stand for. */
export type Completion = [proposals: string[], replaced: string];

const SIGNALS = ['TERM', 'HUP', 'INT', 'QUIT', 'KILL', 'USR1', 'USR2', 'STOP', 'CONT', 'WINCH'];
const BUILT_IN = ['exit', 'quit'];

/** Completes the last word of a line (the text before the cursor). */
export function completeLine(line: string, sources: CompletionSources): Completion {
  const { words, openQuote } = splitLine(line);
  const last = words.at(-1);
  const isAtWord = last !== undefined && (openQuote !== undefined || !/\s$/.test(line));
  const before = (isAtWord ? words.slice(0, -1) : words).map(({ text }) => text);
  const typed = isAtWord ? last.text : '';
  const replaced = isAtWord ? line.slice(last.start) : '';
  const matches = candidates(before, typed, sources).filter((candidate) => candidate.startsWith(typed));
  return [present(matches, typed, replaced), replaced];
}

function candidates(before: readonly string[], typed: string, sources: CompletionSources): readonly string[] {
  const [verb, ...rest] = before;
  const verbs = [...sources.commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]), ...BUILT_IN];
  if (verb === undefined) return verbs;
  const command = sources.commands.find(({ name, aliases }) => name === verb || aliases?.includes(verb));
  if (!command) return [];
  const options = [...command.options.filter(({ later }) => !later), ...GLOBAL_OPTIONS];
  const awaiting = optionNamed(rest.at(-1), options);
  if (awaiting?.value !== undefined) return ofKind(awaiting.valueKind ?? 'text', typed, rest, sources);
  if (typed.startsWith('-')) return options.map(({ long }) => `--${long}`);
  const operands = rest.filter((word, at) => !word.startsWith('-') && !optionNamed(rest[at - 1], options)?.value);
  const operand = command.operands[Math.min(operands.length, command.operands.length - 1)];
  if (!operand || (operands.length >= command.operands.length && !operand.repeated)) return [];
  return ofKind(operand.kind, typed, operands, sources);
}

function optionNamed(word: string | undefined, options: readonly Option[]): Option | undefined {
  if (word === undefined) return undefined;
  return options.find(({ long, short }) => word === `--${long}` || word === `-${short ?? ''}`);
}

function ofKind(
  kind: OperandKind,
  typed: string,
  used: readonly string[],
  sources: CompletionSources,
): readonly string[] {
  if (kind === 'name') return sources.names.filter((name) => !used.includes(name));
  if (kind === 'command') return sources.commands.map(({ name }) => name);
  if (kind === 'signal') return SIGNALS;
  return kind === 'file' ? sources.files(typed) : [];
}

/**
 * All quoted where one of them needs it, so that they share their beginning (not before a letter was typed: then a list is
 * wanted and nothing to insert). A single one is complete: a blank follows.
 */
function present(matches: readonly string[], typed: string, replaced: string): string[] {
  const isMixed = typed !== '' && matches.some((match) => quoteWord(match) !== match);
  const shown = matches.map((match) => (isMixed || /^["']/.test(replaced) ? inQuotes(match) : quoteWord(match)));
  const [only] = shown;
  return shown.length === 1 && only !== undefined && !only.endsWith('/') ? [`${only} `] : shown;
}

/** Selectors for these rows: names, ids with several instances, groups, and `all`. */
export function selectorsOf(rows: readonly { name: string; id: string; group?: string | undefined }[]): string[] {
  const groups = rows.flatMap(({ group }) => (group === undefined ? [] : [`${group}:*`]));
  return [...new Set([...rows.map(({ name }) => name), ...rows.map(({ id }) => id), ...groups, 'all'])];
}
