/**
 * The shell's history: a file of lines, oldest first, kept private. Several shells append to it at once; trouble with it never
 * stands in the shell's way.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

export const LONGEST_HISTORY = 1000;
/** A lock older than this is left over from a shell that was killed. */
const STALE_LOCK_MS = 60_000;

/**
 * Undefined where there is no home to keep it in, or where that is another user's: with `sudo` it would leave root's files there,
 * and follow that user's links.
 */
export function historyFile(env: Readonly<Record<string, string | undefined>>, euid: number): string | undefined {
  const { XDG_STATE_HOME, HOME } = env;
  const base = [XDG_STATE_HOME, HOME].find((folder) => folder !== undefined && isAbsolute(folder));
  if (base === undefined || !isOwn(base, euid)) return undefined;
  return join(base === XDG_STATE_HOME ? base : join(base, '.local/state'), 'procman/history');
}

/** One that does not exist yet will be made, and then it is. */
function isOwn(folder: string, euid: number): boolean {
  try {
    return statSync(folder).uid === euid;
  } catch {
    return true;
  }
}

/** The newest lines, oldest first, each of them once; cuts a file that has grown too long. */
export function loadHistory(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    const lines = linesOf(file);
    const kept = newestOnce(lines);
    if (lines.length > LONGEST_HISTORY) shorten(file);
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
    // Another shell may put a shorter file in the place of the one that is open here: then once more. Twice is no harm.
    if (!appended(file, line)) appended(file, line);
  } catch {
    // A read-only or full home costs the history, not the command.
  }
}

/** Gives false where the file at this path is another one by now. */
function appended(file: string, line: string): boolean {
  const descriptor = openSync(file, 'a', 0o600);
  try {
    const { ino, mode } = fstatSync(descriptor);
    if ((mode & 0o077) !== 0) fchmodSync(descriptor, 0o600);
    appendFileSync(descriptor, `${line}\n`);
    return statSync(file).ino === ino;
  } finally {
    closeSync(descriptor);
  }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}

function newestOnce(lines: readonly string[]): string[] {
  const newestFirst = new Set([...lines].reverse());
  return [...newestFirst].slice(0, LONGEST_HISTORY).reverse();
}

/** One shell at a time; what others append meanwhile they append again (see above), or it is read here. */
function shorten(file: string): void {
  const lock = `${file}.lock`;
  if (!takeLock(lock)) return;
  const part = `${file}.${process.pid}`;
  try {
    writeFileSync(
      part,
      newestOnce(linesOf(file))
        .map((line) => `${line}\n`)
        .join(''),
      { mode: 0o600 },
    );
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, '', { flag: 'wx', mode: 0o600 });
    return true;
  } catch {
    if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > STALE_LOCK_MS) rmSync(lock, { force: true });
    return false;
  }
}

/** Level by level: Node 20's own recursive way never returns where a parent can be neither made nor found (below /proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}
