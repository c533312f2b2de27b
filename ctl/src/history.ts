/** The shell's history: a file of lines, oldest first, kept private. Trouble with it never stands in the shell's way. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const LONGEST_HISTORY = 1000;

/** Undefined where there is no home to keep it in. */
export function historyFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const state = env.XDG_STATE_HOME || (env.HOME && join(env.HOME, '.local/state'));
  return state ? join(state, 'procman/history') : undefined;
}

/** The newest lines, oldest first; cuts a file that has grown too long. */
export function loadHistory(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    const kept = lines.filter((line, at) => line !== lines[at - 1]).slice(-LONGEST_HISTORY);
    if (kept.length < lines.length) replaceFile(file, kept);
    return kept;
  } catch {
    return [];
  }
}

/** Appends, so that several shells may share the file. */
export function appendHistory(file: string | undefined, line: string): void {
  if (file === undefined) return;
  try {
    makeFolder(dirname(file));
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch {
    // A read-only or full home costs the history, not the command.
  }
}

/** Level by level: Node 20's own recursive way never returns where a parent can be neither made nor found (below /proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function replaceFile(file: string, lines: readonly string[]): void {
  const part = `${file}.${process.pid}`;
  writeFileSync(part, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  renameSync(part, file);
}
