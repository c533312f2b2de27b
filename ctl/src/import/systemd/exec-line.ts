/** Command lines of systemd.service(5), "COMMAND LINES": no shell, but variables of its own. */
import { plainText, shellWord } from '../command-words.ts';

export interface ExecLine {
  /** `@ - : + ! !!`, see "SPECIAL EXECUTABLE PREFIXES". */
  readonly prefixes: string;
  readonly words: readonly string[];
}

/** The words, quotes and escapes taken off; `$` is left as it is. undefined: a quotation mark is not closed. */
export function parseExec(text: string): ExecLine | undefined {
  const prefixes = /^[@\-:+!|]*/.exec(text)?.[0] ?? '';
  const words = splitQuoted(text.slice(prefixes.length));
  return words === undefined ? undefined : { prefixes, words };
}

/**
 * Words apart by blanks; quotation marks may stand anywhere in them (systemd.syntax(7), "Quoting", and extract_first_word() for
 * where). undefined: one is not closed.
 */
export function splitQuoted(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\' && at + 1 < text.length) {
      const escape = /^\\(?:x[0-9a-fA-F]{2}|.)/s.exec(text.slice(at))?.[0] ?? char;
      word = (word ?? '') + unescape(escape);
      at += escape.length - 1;
    } else if (quote === '' && /["']/.test(char)) {
      quote = char;
      word ??= '';
    } else if (char === quote) quote = '';
    else if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  s: ' ',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function unescape(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_, hex: string | undefined, char: string) =>
    hex === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(parseInt(hex, 16)),
  );
}

const VARIABLE = /\$\{\w+\}|^\$\w+$/;

/** Whether the words refer to variables, which only a shell fills in here. */
export function hasVariables({ prefixes, words }: ExecLine): boolean {
  return !prefixes.includes(':') && words.some((word) => VARIABLE.test(word));
}

/** For procman's own splitting, or for a shell. `$$` is a dollar sign. */
export function wordsLine({ prefixes, words }: ExecLine): string {
  const isLiteral = prefixes.includes(':');
  return words.map((word) => shellWord(plainText(isLiteral ? word : word.replaceAll('$$', '$')))).join(' ');
}

/** For a shell: `${NAME}` within a word stays one word, `$NAME` alone becomes as many as it holds. */
export function shellLine(line: ExecLine, rename: Readonly<Record<string, string>> = {}): string {
  if (line.prefixes.includes(':')) return wordsLine(line);
  return line.words.map((word) => shellWordWithVariables(word, rename)).join(' ');
}

function shellWordWithVariables(word: string, rename: Readonly<Record<string, string>>): string {
  const alone = /^\$(\w+)$/.exec(word)?.[1];
  if (alone !== undefined) return `$${rename[alone] ?? alone}`;
  if (!VARIABLE.test(word)) return shellWord(plainText(word.replaceAll('$$', '$')));
  const parts = word.split(/(\$\{\w+\})/).map((part) => {
    const name = /^\$\{(\w+)\}$/.exec(part)?.[1];
    if (name !== undefined) return `\${${rename[name] ?? name}}`;
    return plainText(part.replaceAll('$$', '$')).replaceAll(/["\\$`]/g, '\\$&');
  });
  return `"${parts.join('')}"`;
}
