/** Where the lines of the daemon's own log go. */
import type { LogLevel } from '../supervision/supervisor.ts';

export type { LogLevel };

/** Nothing that happens to a destination (a closed terminal, a full disk) may hold up the daemon, nor throw. */
export interface Sink {
  /** The file it writes to; undefined for stderr and syslog. */
  readonly path: string | undefined;
  /** For people: where to look instead, where there is no file. */
  readonly place: string;
  /**
   * @param text - lines without their last newline
   * @param time - for destinations that note none themselves
   * @returns undefined, or why the lines are lost
   */
  write(level: LogLevel, text: string, time: () => string): string | undefined;
  /** The destination may have been moved away: open it again. */
  reopen(): void;
}

/** As stderr and files show a line. */
export function lineOf(level: LogLevel, text: string, time: () => string): string {
  return `${time()} ${level.padEnd(8)} ${text}\n`;
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
}
