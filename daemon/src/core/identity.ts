/** Which process belongs to which run. Nothing is signalled that is not proven here. */
import type { InstanceKey, LaunchId, ProcessIdentity } from './model.ts';

/** What a sweep of /proc tells of a process. */
export interface SeenProcess {
  readonly pid: number;
  readonly session: number;
  readonly startTicks: number;
  /** Its `PROCMAN_RUN`. */
  readonly runMark?: string;
}

/** The run whose members are asked for. */
export interface RunProof {
  readonly mark: string;
  /** The main process: its pid is the number of the run's session. */
  readonly main?: ProcessIdentity;
  /** When the main process ended, in clock ticks since boot; undefined while it lives. */
  readonly endedTicks?: number;
}

/** `PROCMAN_RUN`: UID/STEM/LAUNCH. */
export function runMark(uid: string, key: InstanceKey, launchId: LaunchId): string {
  return `${uid}/${key}/${launchId}`;
}

/** Takes a mark apart; undefined where it is another uid's or none at all. */
export function parseMark(mark: string | undefined, uid: string): { key: InstanceKey; launchId: LaunchId } | undefined {
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
  if (process.runMark !== undefined) return process.runMark === mark;
  if (main === undefined || process.session !== main.pid) return false;
  if (process.pid === main.pid) return process.startTicks === main.startTicks;
  return endedTicks === undefined || process.startTicks <= endedTicks;
}
