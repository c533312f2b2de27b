/** Lets sh read expressions without running them (`sh -n`, POSIX.1-2017 `set -n`). */
import { execFileSync } from 'node:child_process';
import { maskQuoted } from './command-line.ts';

/** One line may take so long. */
const LINE_TIMEOUT = 5000;
/** All lines of a file may take so long: the daemon waits meanwhile. */
const TOTAL_TIMEOUT = 15_000;

/** What sh says of a line, or that it was not asked any more. */
export type ShellVerdict =
  { readonly kind: 'wrong'; readonly message: string; readonly hint: string } | { readonly kind: 'unchecked' };

/** Checks lines, each distinct one once; a line that is right has no verdict. */
export function checkShellLines(lines: Iterable<string>): Map<string, ShellVerdict> {
  const verdicts = new Map<string, ShellVerdict>();
  const deadline = performance.now() + TOTAL_TIMEOUT;
  for (const line of new Set(lines)) {
    const verdict: ShellVerdict | undefined = performance.now() > deadline ? { kind: 'unchecked' } : checkLine(line);
    if (verdict !== undefined) verdicts.set(line, verdict);
  }
  return verdicts;
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
function mendOf(line: string): string {
  const { bare } = maskQuoted(line);
  const twice = /(&&|\|\||[;|&])\s+(&&|\|\||[;|&])/.exec(bare);
  if (twice !== null) {
    return `there is no command between ${twice[1] ?? ''} and ${twice[2] ?? ''}: remove one of the two, or write a command between them`;
  }
  const end = /(&&|\|\||\|)\s*$/.exec(bare)?.[1];
  if (end !== undefined) return `there is no command after the ${end} at the end: remove it, or write one`;
  return 'mend the line; where no shell is meant, write { line = "...", type = "simple" }';
}
