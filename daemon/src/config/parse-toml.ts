import { parse, TomlError } from 'smol-toml';
import type { Problem } from './problem.ts';
import type { RawTable } from './table-reader.ts';

/** Either the top table, or the first thing that is no TOML. */
export type TomlResult =
  { readonly ok: true; readonly top: RawTable } | { readonly ok: false; readonly problem: Problem };

/** Parses TOML. Never throws. */
export function parseToml(text: string, file: string): TomlResult {
  try {
    return { ok: true, top: parse(text, { unsafeKeyBehaviour: 'throw', maxDepth: 100 }) };
  } catch (error) {
    if (!(error instanceof TomlError)) {
      return {
        ok: false,
        problem: { severity: 'error', file, message: 'is nested too deeply or too large to be read' },
      };
    }
    return { ok: false, problem: syntaxProblem(error, text, file) };
  }
}

function syntaxProblem(error: TomlError, text: string, file: string): Problem {
  const { line, column } = error;
  const reason = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
  const hint = mendOf(reason, text.split('\n')[line - 1] ?? '', column);
  return {
    severity: 'error',
    file,
    line,
    column,
    message: `not valid TOML: ${reason}`,
    hint,
  };
}

/** What the parser says, and the mend. The first that fits counts. */
const MENDS: readonly (readonly [RegExp, string])[] = [
  [/^invalid value/, 'a text stands in quotes: key = "text"; true, false and numbers do without'],
  [/numeric literal/, 'a text stands in quotes: key = "text"; a number has no other characters in it'],
  [/escape/, "write \\\\ for a backslash, or put the text in '...', where a backslash stands for itself"],
  [/invalid (date|time)/, 'the calendar has no such day or time; write it like 2024-10-01T12:00:00'],
  [/expected comma or end of structure/, 'a [ or { above is not closed, or a comma is missing'],
  [/followed by an end-of-line/, 'write one key = value in a line; is a quotation mark or a bracket missing?'],
  [/nested/, 'nothing in this file needs more than a few levels: is it the right file?'],
  [/leading zero/, 'write octal numbers as 0o22, or in quotes: "022"'],
  [/losslessly/, 'the number is too large'],
  [/unsafe property/, 'no key can have this name: choose another one'],
  [/table array/, 'write [[process]], with two brackets on both sides'],
  [/key/, 'keys are letters, digits, - and _; others stand in quotes: "my key" = ...'],
];

/** Where nothing better is known. */
const FORMS = 'a line is key = value, [table], [[process]], or a # comment';

function mendOf(reason: string, line: string, column: number): string {
  const mend = mendOfLine(reason, line, column);
  return mend ?? MENDS.find(([pattern]) => pattern.test(reason))?.[1] ?? FORMS;
}

/** The mend for the commonest slips, as far as the line shows them. */
function mendOfLine(reason: string, line: string, column: number): string | undefined {
  const before = line.slice(0, column).trimEnd();
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(line)) {
    return 'the line holds a control character: take it out';
  }
  if (/[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]/.test(line.charAt(column - 1))) {
    return `these quotation marks are a text processor's: write " instead`;
  }
  if (/^\s*\[\s*\w+\s*:/.test(line)) {
    return 'is this a file of supervisord? Here a process is a table [[process]] with id, apply-on and command';
  }
  if (/^\s*[\w.-]+\s*$/.test(line) && reason.includes('illegal character in key')) {
    return `a key needs a value: ${line.trim()} = ...`;
  }
  if (/(?:^|[{,])\s*[\w-]+\s*:$/.test(before) || /^\s*[\w-]+\s*:/.test(line)) {
    const key = /([\w-]+)\s*:$/.exec(before)?.[1] ?? /^\s*([\w-]+)/.exec(line)?.[1] ?? 'key';
    return `TOML joins keys and values with "=", not with ":": write ${key} = ...`;
  }
  if (/control characters are not allowed in strings|unfinished string/.test(reason) && /["']/.test(line)) {
    return 'a quotation mark is opened and not closed in this line: close it';
  }
  if (reason.includes('redefine an already defined')) return definedTwice(line);
  const isEmpty = before.endsWith('=') && /=\s*(#.*)?$/.test(line);
  return isEmpty && reason === 'invalid value' ? 'write a value after the "="' : undefined;
}

function definedTwice(line: string): string {
  const table = /^\s*\[\s*([^[\]]+?)\s*\]/.exec(line)?.[1];
  if (table === 'process') return 'write [[process]], with two brackets, at each of them';
  if (table !== undefined) return `[${table}] is in this file already: put the keys of both into one`;
  const [, key, value] = /^\s*([\w"'.-]+)\s*=\s*(.?)/.exec(line) ?? [];
  if (key === undefined) return 'take one of the two out';
  return `${key}${value === '{' ? ': it has a key twice' : ' is in this table already'}: take one of the two out`;
}
