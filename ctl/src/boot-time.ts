import { readFileSync } from 'node:fs';

/** When this machine came up; undefined where /proc does not tell (proc_stat(5): btime, in seconds). */
export function bootTime(proc: string): Date | undefined {
  try {
    const seconds = /^btime (\d+)$/m.exec(readFileSync(`${proc}/stat`, 'utf8'))?.[1];
    return seconds === undefined ? undefined : new Date(Number(seconds) * 1000);
  } catch {
    return undefined;
  }
}
