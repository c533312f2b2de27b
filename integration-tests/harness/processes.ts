/** What /proc says of processes: who lives, since when, and whose they are. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Marked {
  readonly pid: number;
  /** What the mark's variable is called. */
  readonly kind: 'run' | 'launcher' | 'hook' | 'world';
  /** Value of the mark: UID/STEM/LAUNCH. */
  readonly mark: string;
  readonly command: string;
}

/** The fields of /proc/PID/stat from the third one on: `state` first (proc(5)). */
function statFields(pid: number): string[] | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A zombie does not count as alive. */
export function isAlive(pid: number): boolean {
  const state = statFields(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** `S`, `R`, `T`...; undefined where there is no such process. */
export function processState(pid: number): string | undefined {
  return statFields(pid)?.[0];
}

/** Clock ticks since boot: with the pid this tells one process from another. */
export function startTicks(pid: number): number | undefined {
  const text = statFields(pid)?.[19];
  return text === undefined ? undefined : Number(text);
}

export function parentOf(pid: number): number | undefined {
  const text = statFields(pid)?.[1];
  return text === undefined ? undefined : Number(text);
}

/** PID@START of a live process. */
export function identityOf(pid: number): string | undefined {
  return isAlive(pid) ? `${pid}@${startTicks(pid) ?? '?'}` : undefined;
}

export function childrenOf(pid: number): number[] {
  return allPids().filter((candidate) => parentOf(candidate) === pid);
}

export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

export function commandOf(pid: number): string {
  return (textOf(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
}

const VARIABLES = {
  run: 'PROCMAN_RUN',
  launcher: 'PROCMAN_LAUNCHER',
  hook: 'PROCMAN_HOOK',
  world: 'TEST_WORLD',
} as const;

/** The mark of a live process that belongs to this uid; `world` where it only inherited the daemon's environment. */
export function markOf(pid: number, uid: string): Marked | undefined {
  const environment = textOf(`/proc/${pid}/environ`);
  if (environment === undefined || !environment.includes(uid) || !isAlive(pid)) return undefined;
  const variables = environment.split('\0');
  for (const kind of ['launcher', 'run', 'hook', 'world'] as const) {
    const start = `${VARIABLES[kind]}=${uid}`;
    const found = variables.find((text) => text === start || text.startsWith(`${start}/`));
    if (found === undefined) continue;
    return { pid, kind, mark: found.slice(found.indexOf('=') + 1), command: commandOf(pid) };
  }
  return undefined;
}

/** All live processes that belong to this uid. */
export function markedProcesses(uid: string): Marked[] {
  return allPids().flatMap((pid) => markOf(pid, uid) ?? []);
}

/** Sends a signal by pid; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  if (pid <= 1 || pid === process.pid) throw new Error(`refusing to signal ${pid}`);
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
