/**
 * `env-file` (SPEC 2.2): lines `NAME=value`, as docker compose and systemd's EnvironmentFile have them.
 *
 * Empty lines and lines that begin with `#` or `;` are skipped, and so is `export` before a name. A value without quotes ends
 * before ` #`; within '...' everything stands for itself; within "..." `\n`, `\t`, `\r`, `\"`, `\\` and `\$` are known. Quoted
 * values may have several lines. Nothing is expanded. Of several lines for one name the last counts.
 */
import { resolve } from 'node:path';
import { holdsPlaceholder, showPlaceholders } from '../core/placeholders.ts';
import type { ConfigFiles } from './config-files.ts';
import { quote, type Problem } from './problem.ts';
import { variableProblem } from './values.ts';

/** What a file of variables holds, and what is wrong with it. Problems never show a value: it may be a secret. */
export interface EnvFile {
  /** Absolute. */
  readonly path: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The file cannot be read. */
  readonly unreadable?: { readonly message: string; readonly hint?: string | undefined };
  /** What is wrong with its lines. */
  readonly problems: readonly Omit<Problem, 'severity'>[];
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([^=\s]*)[ \t]*=[ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
/** Arguments and environment together may have 2 MiB (ARG_MAX, execve(2)). */
const LONGEST = 1024 * 1024;
/** A file with thousands of wrong lines is the wrong file. */
const MOST_PROBLEMS = 20;

/** Reads the text of an env-file. Never throws. */
export function parseEnvFile(text: string, path: string): EnvFile {
  const variables: Record<string, string> = {};
  const problems: Omit<Problem, 'severity'>[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let at = 0; at < lines.length && problems.length < MOST_PROBLEMS; at += 1) {
    const line = at + 1;
    const content = lines[at] ?? '';
    if (/^\s*([#;].*)?$/.test(content)) continue;
    const entry = readEntry(lines, at);
    at = entry.end;
    if ('problem' in entry) {
      const { problem: message, hint } = entry;
      problems.push({ file: path, line, key: 'env-file', message, ...(hint === undefined ? {} : { hint }) });
    } else variables[entry.name] = entry.value;
  }
  return { path, variables, problems };
}

/** An entry and the index of its last line. */
type Entry =
  | { readonly name: string; readonly value: string; readonly end: number }
  | { readonly problem: string; readonly hint?: string; readonly end: number };

function readEntry(lines: readonly string[], at: number): Entry {
  const content = lines[at] ?? '';
  const head = ASSIGNMENT.exec(content);
  const name = head?.[1];
  if (head === null || name === undefined) {
    return { problem: 'the line is no NAME=value', hint: 'comments begin with #', end: at };
  }
  const wrong = variableProblem(name);
  if (wrong !== undefined)
    return { problem: `variable ${quote(name)}: ${wrong}`, hint: 'rename it, or take the line out', end: at };
  const rest = content.slice(head[0].length);
  const mark = rest.charAt(0);
  const value = mark === '"' || mark === "'" ? readQuoted(lines, at, head[0].length) : readPlain(rest, at);
  if ('problem' in value) return value;
  if (value.text.includes('\0'))
    return { problem: 'the value holds a NUL character', hint: 'take it out', end: value.end };
  return { name, value: value.text, end: value.end };
}

type Value =
  | { readonly text: string; readonly end: number }
  | { readonly problem: string; readonly hint?: string; readonly end: number };

function readPlain(rest: string, end: number): Value {
  return { text: rest.replace(/(^|\s)#.*$/, '').trim(), end };
}

/** From the opening quotation mark to the closing one, perhaps lines later. */
function readQuoted(lines: readonly string[], at: number, column: number): Value {
  const mark = lines[at]?.charAt(column);
  let text = '';
  for (let line = at; line < lines.length; line += 1) {
    const content = lines[line] ?? '';
    for (let index = line === at ? column + 1 : 0; index < content.length; index += 1) {
      const char = content.charAt(index);
      if (char === mark) return closed(text, content.slice(index + 1), line);
      if (char === '\\' && mark === '"' && index + 1 < content.length) {
        index += 1;
        text += unescape(content.charAt(index));
      } else text += char;
    }
    text += '\n';
  }
  return { problem: `the quotation mark ${mark ?? ''} is never closed`, hint: 'close it', end: at };
}

function unescape(char: string): string {
  return ESCAPES[char] ?? ('"\\$`'.includes(char) ? char : `\\${char}`);
}

function closed(text: string, after: string, end: number): Value {
  if (/^\s*(#.*)?$/.test(after)) return { text, end };
  const hint = 'put the whole value into quotation marks, or none of it';
  return { problem: 'there is text after the closing quotation mark', hint, end };
}

export interface EnvFileSource {
  /** As written, `{{ NAME }}` filled in; relative paths start at the folder of the configuration file. */
  readonly written: string | undefined;
  readonly directory: string;
  readonly files: ConfigFiles;
}

/** The file of a version; undefined where it has none. What is wrong with it is kept in it: the rules report it. */
export function readEnvFile({ written, directory, files }: EnvFileSource): EnvFile | undefined {
  if (written === undefined) return undefined;
  if (holdsPlaceholder(written)) {
    const unreadable = {
      message: 'holds a value that only a launch knows',
      hint: 'the file is read when the configuration is: name one for all instances',
    };
    return { path: showPlaceholders(written), variables: {}, unreadable, problems: [] };
  }
  const path = resolve(directory, written);
  const file = files.read(path, 'env-file');
  if (file.ok && file.text.length > LONGEST) {
    const unreadable = {
      message: 'is larger than 1 MiB',
      hint: 'no process could be started with so large an environment',
    };
    return { path, variables: {}, unreadable, problems: [] };
  }
  if (file.ok) return parseEnvFile(file.text, path);
  const isMissing = file.message === 'there is no such file';
  const unreadable = isMissing
    ? { message: 'does not exist', hint: 'make it, or mend the path' }
    : { message: file.message, hint: file.hint ?? 'name a file of lines NAME=value' };
  return { path, variables: {}, unreadable, problems: [] };
}
