/**
 * Fills the variables of a template's text. A value is written as the place asks for: escaped within a basic string, as it is
 * within a literal one (which becomes a basic one where it cannot hold the value), as a TOML value of its own elsewhere
 * (TOML 1.0, "String"). So no value can end a string or begin a key.
 */
import { namesIn, replaceReferences } from './references.ts';
import { TomlCursor } from './toml-cursor.ts';

/** A variable's value: `text` as it stands in strings, `bare` as a TOML value. */
export interface FragmentValue {
  readonly text: string;
  readonly bare: string;
}

/** undefined: there is no such variable; the reference stays as it is. */
export type FindValue = (name: string) => FragmentValue | undefined;

/** Names beginning so are procman's own: they are filled in later, with the other `{{ NAME }}`. */
export const isOwnName = (name: string): boolean => name.startsWith('PROCMAN_');

/** Fills a TOML text. Comments are left alone. Never throws, whatever the text. */
export function fillFragment(fragment: string, find: FindValue): string {
  return mapFragment(fragment, (token) =>
    token.kind === 'bare' ? fillBare(token.text, find) : fillString(token, find),
  );
}

/** The variables of a TOML text, in their order. */
export function variablesOf(fragment: string): Set<string> {
  const names = new Set<string>();
  mapFragment(fragment, ({ text }) => {
    for (const name of namesIn(text)) if (!isOwnName(name)) names.add(name);
    return text;
  });
  return names;
}

/** A text as a basic string, with its quotation marks. */
export function basicString(text: string): string {
  return `"${escapeBasic(text)}"`;
}

/** `text` has the quotation marks, too. */
type Token =
  | { readonly kind: 'bare'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string; readonly mark: '"' | "'"; readonly isLong: boolean };

function mapFragment(fragment: string, map: (token: Token) => string): string {
  const cursor = new TomlCursor(fragment);
  let result = fragment.slice(0, cursor.at);
  let bareStart = cursor.at;
  const endBare = (): void => {
    if (cursor.at > bareStart) result += map({ kind: 'bare', text: fragment.slice(bareStart, cursor.at) });
  };
  while (!cursor.done) {
    const char = cursor.peek();
    const start = cursor.at;
    if (char === '"' || char === "'") {
      endBare();
      const isLong = fragment.startsWith(char.repeat(3), start);
      cursor.readString();
      result += map({ kind: 'string', text: fragment.slice(start, cursor.at), mark: char, isLong });
      bareStart = cursor.at;
    } else if (char === '#') {
      endBare();
      cursor.skipLine();
      result += fragment.slice(start, cursor.at);
      bareStart = cursor.at;
    } else cursor.at += 1;
  }
  endBare();
  return result;
}

function fillBare(text: string, find: FindValue): string {
  return replaceReferences(text, (reference) =>
    reference.kind === 'name' ? (valueOf(reference.name, find)?.bare ?? reference.whole) : reference.whole,
  );
}

function valueOf(name: string, find: FindValue): FragmentValue | undefined {
  return isOwnName(name) ? undefined : find(name);
}

type StringToken = Extract<Token, { kind: 'string' }>;

function fillString(token: StringToken, find: FindValue): string {
  const { text, mark, isLong } = token;
  const values = [...namesIn(text)].flatMap((name) => valueOf(name, find)?.text ?? []);
  if (values.length === 0) return text;
  const width = isLong ? 3 : 1;
  // A string that never ends stays one that never ends.
  if (text.length < 2 * width || !text.endsWith(mark.repeat(width))) return text;
  const content = text.slice(width, -width);
  if (mark === '"') return `${mark.repeat(width)}${fillBasic(content, find)}${mark.repeat(width)}`;
  if (values.every((value) => isLiteral(value))) {
    const filled = replaceReferences(content, (reference) =>
      reference.kind === 'name' ? (valueOf(reference.name, find)?.text ?? reference.whole) : reference.whole,
    );
    return `${mark.repeat(width)}${filled}${mark.repeat(width)}`;
  }
  return `${'"'.repeat(width)}${fillBasic(asBasic(content), find)}${'"'.repeat(width)}`;
}

/** Escapes are skipped, so that the second half of one is not taken for the beginning of a reference. */
function fillBasic(content: string, find: FindValue): string {
  return content
    .split(/(\\[^])/)
    .map((part, index) => {
      if (index % 2 === 1) return part;
      return replaceReferences(part, (reference) => {
        const value = reference.kind === 'name' ? valueOf(reference.name, find) : undefined;
        return value === undefined ? reference.whole : escapeBasic(value.text);
      });
    })
    .join('');
}

/** Can a literal string hold it, of one line or of several? Line ends are left out: one at the beginning would be dropped. */
function isLiteral(value: string): boolean {
  return !/['\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
}

/** The content of a literal string as that of a basic one; its line ends stay, so that lines keep their numbers. */
function asBasic(content: string): string {
  return content.replace(/["\\]/g, '\\$&');
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** A blank at the beginning is escaped, too: after a backslash at the end of a line it would be dropped. */
function escapeBasic(text: string): string {
  return text
    .replace(/["\\\u0000-\u001f\u007f]/g, (char) => SHORT_ESCAPES[char] ?? unicodeEscape(char))
    .replace(/^ /, unicodeEscape(' '));
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
