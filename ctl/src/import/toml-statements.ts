/** A TOML text as its statements in order, each with the comments that belong to it and its value as it was written. */
import { TomlCursor } from '@procman/daemon/config/toml-cursor';
import { parse } from 'smol-toml';
import type { Kept } from './draft.ts';

export type Statement =
  | {
      readonly kind: 'header';
      readonly path: readonly string[];
      /** `[[a]]` */
      readonly isElement: boolean;
      readonly line: number;
      readonly kept: Kept;
    }
  | {
      readonly kind: 'pair';
      readonly path: readonly string[];
      /** As written, comments within a list included. */
      readonly toml: string;
      readonly value: unknown;
      readonly line: number;
      readonly kept: Kept;
    }
  /** Comments that nothing follows. */
  | { readonly kind: 'comments'; readonly lines: readonly string[] };

/** @param text - what smol-toml accepts */
export function tomlStatements(text: string): readonly Statement[] {
  const cursor = new TomlCursor(text);
  const found: Statement[] = [];
  for (;;) {
    const above = commentsAhead(cursor);
    if (cursor.done) {
      if (above.length > 0) found.push({ kind: 'comments', lines: above });
      return found;
    }
    const line = lineAt(text, cursor.at);
    found.push(cursor.peek() === '[' ? readHeader(cursor, line, above) : readPair(cursor, line, above));
  }
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** An empty line between comments stays one. */
function commentsAhead(cursor: TomlCursor): string[] {
  const lines: string[] = [];
  let ends = 0;
  for (; !cursor.done;) {
    const char = cursor.peek();
    if (char === '#') {
      const start = cursor.at;
      cursor.skipLine();
      if (lines.length > 0 && ends > 1) lines.push('');
      lines.push(cursor.text.slice(start, cursor.at).trimEnd());
      ends = 0;
    } else if (/\s/.test(char)) {
      if (char === '\n') ends += 1;
      cursor.at += 1;
    } else break;
  }
  return lines;
}

function commentBeside(cursor: TomlCursor): string | undefined {
  const start = cursor.at;
  cursor.skipLine();
  const rest = cursor.text.slice(start, cursor.at).trim();
  return rest.startsWith('#') ? rest : undefined;
}

function readHeader(cursor: TomlCursor, line: number, above: readonly string[]): Statement {
  const isElement = cursor.text.startsWith('[[', cursor.at);
  cursor.at += isElement ? 2 : 1;
  const path = cursor.readKeys().map(({ name }) => name);
  cursor.at += isElement ? 2 : 1;
  return { kind: 'header', path, isElement, line, kept: { above, beside: commentBeside(cursor) } };
}

function readPair(cursor: TomlCursor, line: number, above: readonly string[]): Statement {
  const path = cursor.readKeys().map(({ name }) => name);
  cursor.at += 1;
  while (cursor.peek() === ' ' || cursor.peek() === '\t') cursor.at += 1;
  const start = cursor.at;
  skipValue(cursor);
  const toml = cursor.text.slice(start, cursor.at).trimEnd();
  const value = parse(`value = ${toml}`)['value'];
  return { kind: 'pair', path, toml, value, line, kept: { above, beside: commentBeside(cursor) } };
}

function skipValue(cursor: TomlCursor): void {
  const char = cursor.peek();
  if (char === '"' || char === "'") cursor.readString();
  else if (char === '[' || char === '{') skipNested(cursor);
  else cursor.skipScalar();
}

function skipNested(cursor: TomlCursor): void {
  let depth = 0;
  do {
    const char = cursor.peek();
    if (char === '"' || char === "'") cursor.readString();
    else if (char === '#') cursor.skipLine();
    else {
      if ('[{'.includes(char)) depth += 1;
      if (']}'.includes(char)) depth -= 1;
      cursor.at += 1;
    }
  } while (depth > 0 && !cursor.done);
}
