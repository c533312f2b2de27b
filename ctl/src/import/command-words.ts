/** Commands and texts of the source as procman has to have them. */
import { decideType } from '@procman/daemon/config/command-line';
import { replaceReferences } from '@procman/daemon/config/references';
import type { Value } from './draft.ts';

/** A text in which `{{ NAME }}` meant nothing. */
export function plainText(text: string): string {
  return replaceReferences(text, ({ whole }) => `{{ '{{' }}${whole.slice(2)}`);
}

/** A line that no shell has ever read. `line` may hold `{{ NAME }}`. */
export function directCommand(line: string): Value {
  const isDirect = decideType({ line, type: 'auto', args: [] }).type === 'simple';
  return isDirect ? line : { line, type: 'simple' };
}

/** A line for a shell. Where it has no shell syntax it may be run directly: that is the same, without the shell. */
export function shellCommand(line: string): Value {
  return line;
}

/** A word as both a shell and procman's own splitting take it. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Words as one line. */
export function lineOf(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
