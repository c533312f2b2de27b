/** Lets sh read expressions without running them (`sh -n`, POSIX.1-2017 `set -n`). */
import { execFileSync } from 'node:child_process';
import { maskQuoted } from './command-line.ts';

/** One sh may take so long. */
const LINE_TIMEOUT = 5000;
/** All lines of a file may take so long: the daemon waits meanwhile. */
const TOTAL_TIMEOUT = 15_000;

/** What sh says of a line, or that it was not asked any more. */
export type ShellVerdict =
  | { readonly kind: 'wrong'; readonly message: string; readonly hint: string | undefined }
  | { readonly kind: 'unchecked' };

/** Checks lines, each distinct one once; a line that is right has no verdict. */
export function checkShellLines(lines: Iterable<string>): Map<string, ShellVerdict> {
  const verdicts = new Map<string, ShellVerdict>();
  const deadline = performance.now() + TOTAL_TIMEOUT;
  const check = (batch: readonly string[]): void => {
    const [line] = batch;
    const isLate = performance.now() > deadline;
    if (line === undefined || (batch.length > 1 && !isLate && isRight(asScript(batch)))) return;
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      check(batch.slice(0, middle));
      check(batch.slice(middle));
      return;
    }
    const verdict: ShellVerdict | undefined = isLate ? { kind: 'unchecked' } : checkLine(line);
    if (verdict !== undefined) verdicts.set(line, verdict);
  };
  const distinct = [...new Set(lines)];
  check(distinct.filter((line) => isPlain(line)));
  for (const line of distinct.filter((line) => !isPlain(line))) check([line]);
  return verdicts;
}

/** A line without anything that could swallow what stands after it: such lines may be read by one sh. */
function isPlain(line: string): boolean {
  if (/[`#]|<<|\$[({']|\\$/.test(line)) return false;
  const unescaped = line.replace(/'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^]/g, '');
  return !/['"\\]/.test(unescaped);
}

/**
 * Many lines as one script, which is right only if all are. They stand in blocks of two kinds in turn, so that what one line
 * leaves open cannot be closed by its neighbour.
 */
function asScript(lines: readonly string[]): string {
  const blocks = lines.map((line, index) => (index % 2 === 0 ? `{ :\n${line}\n}\n` : `( :\n${line}\n)\n`));
  return blocks.join('');
}

function isRight(script: string): boolean {
  try {
    execFileSync('/bin/sh', ['-n'], {
      input: script,
      timeout: LINE_TIMEOUT,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    return true;
  } catch {
    return false;
  }
}

function checkLine(line: string): ShellVerdict | undefined {
  try {
    execFileSync('/bin/sh', ['-n'], { input: line, timeout: LINE_TIMEOUT, stdio: ['pipe', 'ignore', 'pipe'], env: {} });
    return undefined;
  } catch (error) {
    const { status, stderr } = error as { status?: unknown; stderr?: unknown };
    if (typeof status !== 'number') return { kind: 'unchecked' };
    const said = String(stderr).trim().split('\n')[0] ?? '';
    const message = said.replace(/^.*?: (?:line )?\d+: /, '');
    return { kind: 'wrong', message: `sh cannot read it: ${message}`, hint: mendOf(line) };
  }
}

/** The mend for the commonest slips. */
function mendOf(line: string): string | undefined {
  const { bare } = maskQuoted(line);
  const twice = /(&&|\|\||[;|&])\s+(&&|\|\||[;|&])/.exec(bare);
  if (twice !== null) {
    return `there is no command between ${twice[1] ?? ''} and ${twice[2] ?? ''}: remove one of the two, or write a command between them`;
  }
  const end = /(&&|\|\||\|)\s*$/.exec(bare)?.[1];
  if (end !== undefined) return `there is no command after the ${end} at the end: remove it, or write one`;
  return undefined;
}
