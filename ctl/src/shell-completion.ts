/** Tab in the shell of procmanctl: the engine's proposals as node:readline wants them. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CompletionSources, type Program, propose } from './completion.ts';
import { inQuotes, quoteWord, splitLine } from './text/words.ts';

/** The proposals, and the end of the line that they stand for. */
export type Completion = [proposals: string[], replaced: string];

export interface ShellSources extends CompletionSources {
  /** Files that begin with a path. */
  readonly files: (prefix: string) => readonly string[];
}

/** Completes the last word of a line (the text before the cursor). */
export async function completeLine(line: string, program: Program, sources: ShellSources): Promise<Completion> {
  const { words, openQuote, hasComment } = splitLine(line);
  if (hasComment) return [[], ''];
  const command = words.slice(words.findLastIndex(({ isOperator }) => isOperator) + 1);
  const last = command.at(-1);
  const isAtWord = last !== undefined && (openQuote !== undefined || !endsInBlank(line));
  const before = (isAtWord ? command.slice(0, -1) : command).map(({ text }) => text);
  const typed = isAtWord ? last.text : '';
  const replaced = isAtWord ? line.slice(last.start) : '';
  const { choices, filesBehind } = await propose(program, before, typed, sources);
  const files =
    filesBehind === undefined ? [] : sources.files(typed.slice(filesBehind.length)).map((file) => filesBehind + file);
  return [present([...choices.map(({ text }) => text), ...files], typed, replaced), replaced];
}

/** A guarded blank belongs to the word. */
function endsInBlank(line: string): boolean {
  return /(^|[^\\])(\\\\)*\s$/.test(line);
}

/**
 * All quoted where one of them needs it, so that they share their beginning (not before a letter was typed: then a list is
 * wanted and nothing to insert). A single one is complete: a blank follows.
 */
function present(matches: readonly string[], typed: string, replaced: string): string[] {
  const isMixed = typed !== '' && matches.some((match) => quoteWord(match) !== match);
  const shown = matches.map((match) => (isMixed || /^["']/.test(replaced) ? inQuotes(match) : quoteWord(match)));
  const [only] = shown;
  if (shown.length !== 1 || only === undefined) return shown;
  // A folder: its files come next, so its quote stays open.
  return [only.endsWith('/') ? only : only.endsWith('/"') ? only.slice(0, -1) : `${only} `];
}

/** Files and folders (with a final slash) that begin so; hidden ones only where a dot was typed. */
export function listFiles(prefix: string): readonly string[] {
  const folder = prefix.endsWith('/') ? prefix : dirname(prefix);
  const shown = prefix.endsWith('/') ? prefix : prefix.includes('/') ? `${folder.replace(/\/$/, '')}/` : '';
  const isHiddenWanted = /(^|\/)\.[^/]*$/.test(prefix);
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => isHiddenWanted || !name.startsWith('.'))
      .map((entry) => (entry.isDirectory() ? `${join(shown, entry.name)}/` : join(shown, entry.name)))
      .map((path) => (prefix.startsWith('./') ? `./${path}` : path))
      .filter((path) => path.startsWith(prefix))
      .sort();
  } catch {
    return [];
  }
}
