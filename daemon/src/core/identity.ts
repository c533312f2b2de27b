/** Which process belongs to which run, or to which of its hooks. Nothing is signalled that is not proven here. */
import type { InstanceKey, LaunchId, ProcessIdentity } from './model.ts';

/**
 * What is launched, in file names, locks and marks: an instance (its key), or a job of it, `web~0.before`: a hook or a check,
 * which has a lock, record and exit file of its own. A key never holds a dot, so the first one ends it.
 */
export type Stem = string;

/** @param job - `before`, `health-check`...: letters, digits and `-` */
export function jobStem(key: InstanceKey, job: string): Stem {
  return `${key}.${job}`;
}

/** Takes a stem apart; without `job` it is an instance's. Also for names that go on behind the stem (`STEM.LAUNCH`): the key is right. */
export function parseStem(stem: Stem): { readonly key: InstanceKey; readonly job?: string } {
  const dot = stem.indexOf('.');
  return dot < 0 ? { key: stem } : { key: stem.slice(0, dot), job: stem.slice(dot + 1) };
}

/** What a sweep of /proc tells of a process. */
export interface SeenProcess {
  readonly pid: number;
  readonly session: number;
  readonly startTicks: number;
  /** Its `PROCMAN_RUN`. */
  readonly runMark?: string;
  /** Its `PROCMAN_HOOK`. */
  readonly hookMark?: string;
}

/** The run, or the hook, whose members are asked for. */
export interface RunProof {
  readonly mark: string;
  /** The main process: its pid is the number of the run's session. */
  readonly main?: ProcessIdentity;
  /** When the main process ended, in clock ticks since boot; undefined while it lives. */
  readonly endedTicks?: number;
}

/** `PROCMAN_RUN` of an instance's stem, `PROCMAN_HOOK` of a job's: UID/STEM/LAUNCH. No two stems are equal, so neither are two marks. */
export function runMark(uid: string, stem: Stem, launchId: LaunchId): string {
  return `${uid}/${stem}/${launchId}`;
}

/** Takes a mark apart; undefined where it is another uid's or none at all. `key` is a job's stem in the mark of a hook. */
export function parseMark(mark: string | undefined, uid: string): { key: Stem; launchId: LaunchId } | undefined {
  if (mark === undefined || !mark.startsWith(`${uid}/`)) return undefined;
  const [key, launchId, ...rest] = mark.slice(uid.length + 1).split('/');
  if (key === undefined || launchId === undefined || key === '' || launchId === '' || rest.length > 0) return undefined;
  return { key, launchId };
}

/**
 * The mark decides where there is one. Else the session does: its number is the main pid's, and is not given out again while a
 * member lives; so it is the run's while the main process lives, and afterwards for what is older than its end.
 */
export function belongsToRun(process: SeenProcess, { mark, main, endedTicks }: RunProof): boolean {
  const { runMark: run, hookMark: hook } = process;
  if (run !== undefined || hook !== undefined) return run === mark || hook === mark;
  if (main === undefined) return false;
  // What an expression named may be in another's session.
  if (process.pid === main.pid) return process.startTicks === main.startTicks;
  if (process.session !== main.pid) return false;
  return endedTicks === undefined || process.startTicks <= endedTicks;
}
