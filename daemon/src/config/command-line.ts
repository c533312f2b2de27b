/**
 * Command lines (SPEC 2.2 "Command types"): decides whether a line needs a shell, and splits those that need none into words
 * by the shell's quoting rules (POSIX.1-2017, Shell Command Language, 2.2), without any expansion.
 */
import type { Command, CommandType } from '../core/model.ts';
import { replaceReferences } from './references.ts';
import { fillText, type Problem, type Scope } from './variables.ts';

/** Leading words that only a shell understands. */
const SHELL_WORDS = new Set('while for if case { cd exec export . source ulimit trap set eval exit'.split(' '));
/** Stands for a character that is quoted. */
const QUOTED = '\u0001';

/** What a command is written as. */
export interface CommandSource {
  readonly line: string;
  readonly type: 'auto' | CommandType;
  readonly args: readonly string[];
}

/** A line with what is quoted blotted out, character for character. */
interface MaskedLine {
  /** Without what is in quotation marks or after a backslash. */
  readonly bare: string;
  /** Without what is in single quotation marks: where `$` and a backtick have their meaning. */
  readonly expanding: string;
}

/** Either the command, or what is wrong with it. */
export type CommandResult = { readonly command: Command } | { readonly problems: readonly Problem[] };

/**
 * Decides the type of a command and makes its argument vector. Never throws.
 *
 * @param find - what the names in the line stand for
 */
export function buildCommand(source: CommandSource, find: Scope['find']): CommandResult {
  const { line, args } = source;
  if (line.trim() === '') return { problems: [EMPTY] };
  const { type, why } = decideType(source);
  if (type !== 'simple') {
    if (type === 'pid-file' && !line.includes('PROCMAN_PID_FILE')) return { problems: [NO_PID_FILE] };
    const { text, problems } = fillText(line, find);
    if (problems.length > 0) return { problems };
    return { command: { line, type, why, argv: ['/bin/sh', '-c', text, 'sh', ...args] } };
  }
  const split = splitFilled(line, find);
  if ('problems' in split) return split;
  const [program] = split.words;
  if (program === undefined || program === '') return { problems: [EMPTY] };
  return { command: { line, type, why, argv: [...split.words, ...args] } };
}

const EMPTY: Problem = { problem: 'the command is empty', hint: 'write what is to run, such as "sleep 60"' };
const NO_PID_FILE: Problem = {
  problem:
    'a command of type pid-file has to write a pid into {{ PROCMAN_PID_FILE }}, and this line does not mention it',
  hint: 'write it like: program & echo $! > {{ PROCMAN_PID_FILE }}; where the program itself stays in the foreground, leave type out',
};

/** Stand for the references of a line while it is split; a config's texts hold neither (`fillText` refuses them). */
const MARK = { open: '\uFDD0', close: '\uFDD1' };
const MARKED = /\uFDD0(\d+)\uFDD1/g;

/** The words of a line. What is filled in is never split, nor taken for quotation marks. */
function splitFilled(
  line: string,
  find: Scope['find'],
): { readonly words: readonly string[] } | { readonly problems: readonly Problem[] } {
  const whole = fillText(line, find);
  if (whole.problems.length > 0) return whole;
  const references: string[] = [];
  const marked = replaceReferences(line, (reference) => {
    references.push(reference.whole);
    return `${MARK.open}${references.length - 1}${MARK.close}`;
  });
  const split = splitWords(marked);
  if ('problem' in split) return { problems: [split] };
  const fill = (word: string): string =>
    word.replace(MARKED, (_, index: string) => fillText(references[Number(index)] ?? '', find).text);
  return { words: split.words.map(fill) };
}

const GIVEN_WHY: Readonly<Record<CommandType, string>> = {
  simple: 'type is given',
  expression: 'type is given',
  'pid-file': 'type is given: a shell runs it, and it writes the pid of the process into a file',
  'podman-cid': 'type is given: a shell runs it, and it prints the id of a container',
  external: 'type is given: a shell runs it; what it starts is alive while its health-check says so',
};

/** The type of a command, and why it has it, for people. */
export function decideType(source: CommandSource): Pick<Command, 'type' | 'why'> {
  if (source.type !== 'auto') return { type: source.type, why: GIVEN_WHY[source.type] };
  if (source.args.length > 0) return { type: 'simple', why: 'args never go through a shell' };
  // What is in {{ }} decides nothing: not what will be filled in, and not literal text either.
  const syntax = findShellSyntax(replaceReferences(source.line, () => QUOTED));
  return syntax === undefined ? { type: 'simple', why: 'no shell syntax' } : { type: 'expression', why: syntax };
}

/** The first sign that a line needs a shell, as a reason for people; undefined where it needs none. */
export function findShellSyntax(line: string): string | undefined {
  const { bare, expanding } = maskQuoted(line);
  const assignment = /^\s*([A-Za-z_][A-Za-z0-9_]*)=/.exec(bare);
  if (assignment !== null) return `begins with ${assignment[1] ?? ''}=`;
  const [firstWord = ''] = bare.trim().split(/[\s;&|()<>]/, 1);
  if (SHELL_WORDS.has(firstWord)) return `begins with the shell's ${firstWord}`;
  const operator = /&&|\|\||[;|&<>()*?~#\n]/.exec(bare);
  const expansion = /[$`]/.exec(expanding);
  if (expansion !== null && (operator === null || expansion.index < operator.index)) {
    return `has a ${expansion[0]} outside single quotes`;
  }
  if (operator === null) return undefined;
  return operator[0] === '\n' ? 'has several lines' : `has an unquoted ${operator[0]}`;
}

/** Blots out what is quoted; both results are as long as the line. */
export function maskQuoted(line: string): MaskedLine {
  let bare = '';
  let expanding = '';
  let open = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === '\\' && open !== "'" && at + 1 < line.length) {
      at += 1;
      bare += QUOTED + QUOTED;
      expanding += QUOTED + line.charAt(at);
    } else if (open === '' && (char === "'" || char === '"')) {
      open = char;
      bare += QUOTED;
      expanding += QUOTED;
    } else if (char === open) {
      open = '';
      bare += QUOTED;
      expanding += QUOTED;
    } else {
      bare += open === '' ? char : QUOTED;
      expanding += open === "'" ? QUOTED : char;
    }
  }
  return { bare, expanding };
}

/** Splits a line into words as the shell would, without expanding anything. */
export function splitWords(
  line: string,
): { readonly words: readonly string[] } | { readonly problem: string; readonly hint?: string } {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === "'" || char === '"') {
      const end = findClosing(line, at);
      if (end === -1) {
        return {
          problem: `the quotation mark ${char} is never closed`,
          hint: `close it, or put a backslash before it where it stands for itself (in TOML's "..." that is \\\\${char})`,
        };
      }
      const content = line.slice(at + 1, end);
      word = (word ?? '') + (char === '"' ? unescapeDoubleQuoted(content) : content);
      at = end;
    } else if (char === '\\') {
      at += 1;
      if (at >= line.length) return { problem: 'ends with a backslash', hint: 'write \\\\ for the character itself' };
      if (line.charAt(at) !== '\n') word = (word ?? '') + line.charAt(at);
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  return { words: word === undefined ? words : [...words, word] };
}

function findClosing(line: string, start: number): number {
  const mark = line.charAt(start);
  for (let at = start + 1; at < line.length; at += 1) {
    if (line.charAt(at) === '\\' && mark === '"') at += 1;
    else if (line.charAt(at) === mark) return at;
  }
  return -1;
}

/** Within double quotes a backslash keeps its meaning only before these (POSIX 2.2.3). */
function unescapeDoubleQuoted(content: string): string {
  return content.replace(/\\([$`"\\\n])/g, (_, char: string) => (char === '\n' ? '' : char));
}

/** `>` and not `>>` to /dev/stdout or /dev/stderr: it empties the log file behind it each time. */
export function truncatesLog(line: string): boolean {
  return /(?<!>)>\|?\s*\/dev\/(stdout|stderr|fd\/[12])\b/.test(maskQuoted(line).bare.replaceAll('>>', '=='));
}
