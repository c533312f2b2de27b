/**
 * The engine's proposals as bash wants them in COMPREPLY. Three traps: bash replaces only what follows the last of its
 * COMP_WORDBREAKS (`:` and `=` are among them); what is put in is put in literally, so it has to be quoted; behind an open quote
 * bash itself closes it.
 */
import { type CompletionSources, type Program, propose } from './completion.ts';
import { splitLine } from './text/words.ts';

export interface BashLine {
  /** From the program's name up to the cursor. */
  readonly line: string;
  /** COMP_WORDBREAKS. */
  readonly breaks: string;
}

export interface BashProposals {
  readonly replies: readonly string[];
  /** bash shall complete files. */
  readonly wantsFiles: boolean;
}

export async function proposeForBash(
  program: Program,
  { line, breaks }: BashLine,
  sources: CompletionSources,
): Promise<BashProposals> {
  const { words, openQuote } = splitLine(line);
  const last = words.at(-1);
  const isAtWord = last !== undefined && words.length > 1 && (openQuote !== undefined || !/[^\\]\s$/.test(line));
  const before = (isAtWord ? words.slice(1, -1) : words.slice(1)).map(({ text }) => text);
  const typed = isAtWord ? last.text : '';
  const { choices, filesBehind } = await propose(program, before, typed, sources);
  const kept = isAtWord && openQuote === undefined ? keptLength(line.slice(last.start), breaks) : 0;
  return {
    replies: choices.map(({ text }) => quoted(text.slice(kept), openQuote)),
    wantsFiles: filesBehind !== undefined,
  };
}

/** How much of the typed word bash leaves standing, in characters of its unquoted text. */
function keptLength(raw: string, breaks: string): number {
  for (let at = raw.length - 1; at >= 0; at -= 1) {
    const isGuarded = raw.charAt(at - 1) === '\\';
    if (':=@'.includes(raw.charAt(at)) && breaks.includes(raw.charAt(at)) && !isGuarded)
      return splitLine(raw.slice(0, at + 1)).words[0]?.text.length ?? 0;
  }
  return 0;
}

function quoted(text: string, openQuote: string | undefined): string {
  if (openQuote === "'") return text.replaceAll("'", `'\\''`);
  if (openQuote === '"') return text.replace(/["\\$`]/g, '\\$&');
  return text.replace(/[^\p{L}\p{N}\p{M}_@%+=:.,/^-]/gu, '\\$&');
}
