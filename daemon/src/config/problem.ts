/**
 * What is wrong with a configuration file, as data; only `formatProblem` makes a sentence of it (SPEC 2, 10).
 */

export interface Problem {
  severity: 'error' | 'warning';
  /** The configuration file, absolute. */
  file: string;
  /** 1-based. */
  line?: number;
  /** 1-based, in UTF-16 units. */
  column?: number;
  /** The id of the process that it is about. */
  process?: string;
  /** The key, dotted where it lies deeper: `work-dir`, `command.type`, `env.PATH`. */
  key?: string;
  /** What is wrong, without place and key. */
  message: string;
  /** What was found, as it would be written. */
  found?: string;
  /** What would be right. */
  allowed?: string;
  /** What to do. */
  hint?: string;
}

/** `FILE:LINE:COL: error: process "ID": KEY: MESSAGE (found X; allowed Y)`, and the hint on a line of its own. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.line === undefined ? undefined : problem.column]
    .filter((part) => part !== undefined)
    .join(':');
  const subject = [
    ...(problem.process === undefined ? [] : [`process ${quote(problem.process)}: `]),
    ...(problem.key === undefined ? [] : [`${printable(problem.key)}: `]),
  ].join('');
  const values = [
    ...(problem.found === undefined ? [] : [`found ${problem.found}`]),
    ...(problem.allowed === undefined ? [] : [`allowed ${problem.allowed}`]),
  ].join('; ');
  const sentence = `${place}: ${problem.severity}: ${subject}${problem.message}${values === '' ? '' : ` (${values})`}`;
  return problem.hint === undefined ? sentence : `${sentence}\n    ${problem.hint}`;
}

/** In the order of the main file, those without a line first; then the other files by their names. */
export function sortProblems(problems: readonly Problem[], main: string): Problem[] {
  const rank = ({ file }: Problem): string => (file === main ? '' : file);
  const byFile = (a: Problem, b: Problem): number => (rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b)));
  const byPlace = (a: Problem, b: Problem): number =>
    (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
  return problems.toSorted((a, b) => byFile(a, b) || byPlace(a, b));
}

/** A name in double quotes, with control characters escaped, cut where it is very long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text);
}

const LONGEST_QUOTE = 100;

/** The text without anything that could move a terminal's cursor. */
function printable(text: string): string {
  return quote(text).slice(1, -1);
}
