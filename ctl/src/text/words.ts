/**
 * Splitting a typed line into words, and quoting a word so that it survives it. The rules are those of sh without
 * expansion: blanks part words, `'...'` is literal, in `"..."` a backslash guards `"` and `\`, elsewhere any character.
 * Operators of sh are words of their own; which of them the shell has, `sequence.ts` says.
 */

export interface TypedWord {
  readonly text: string;
  /** Where it starts in the line, its quotes included. */
  readonly start: number;
  /** Unquoted `;`, `&&`, `|`...: no word of a command. */
  readonly isOperator?: true;
}

export interface SplitLine {
  readonly words: readonly TypedWord[];
  /** The quote that is still open at the end of the line. */
  readonly openQuote?: '"' | "'";
  /** The line ends in a comment. */
  readonly hasComment?: true;
}

const BLANK = /\s/;
const OPERATOR = /&&|\|\||[;&|<>]/y;

/** Words of a line; an unquoted `#` at the start of a word begins a comment. */
export function splitLine(line: string): SplitLine {
  const words: TypedWord[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && BLANK.test(line.charAt(at))) at += 1;
    if (at >= line.length) return { words };
    if (line.charAt(at) === '#') return { words, hasComment: true };
    const operator = operatorAt(line, at);
    if (operator !== undefined) {
      words.push({ text: operator, start: at, isOperator: true });
      at += operator.length;
      continue;
    }
    const word = readWord(line, at);
    words.push({ text: word.text, start: at });
    if (word.openQuote) return { words, openQuote: word.openQuote };
    at = word.end;
  }
}

function operatorAt(line: string, at: number): string | undefined {
  OPERATOR.lastIndex = at;
  return OPERATOR.exec(line)?.[0];
}

interface ReadWord {
  readonly text: string;
  readonly end: number;
  readonly openQuote?: '"' | "'";
}

function readWord(line: string, start: number): ReadWord {
  let text = '';
  let quote: '"' | "'" | undefined;
  let at = start;
  for (; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quote === undefined && (BLANK.test(char) || operatorAt(line, at) !== undefined)) break;
    if (char === quote) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) quote = char;
    else if (char === '\\' && isGuard(line.charAt(at + 1), quote)) {
      at += 1;
      text += line.charAt(at);
    } else text += char;
  }
  return quote === undefined ? { text, end: at } : { text, end: at, openQuote: quote };
}

/** Whether a backslash before this character takes its meaning away. */
function isGuard(next: string, quote: '"' | "'" | undefined): boolean {
  if (quote === "'" || next === '') return false;
  return quote === undefined || next === '"' || next === '\\';
}

const PLAIN = /^[\p{L}\p{N}\p{M}_@%+=:.,/*^-]+$/u;

/** The word as one would type it: in double quotes where it needs any. */
export function quoteWord(word: string): string {
  return PLAIN.test(word) ? word : inQuotes(word);
}

/** The word in double quotes. */
export function inQuotes(word: string): string {
  return `"${word.replace(/["\\]/g, '\\$&')}"`;
}
