/** What follows an ending: left alone, retried after a delay, blocked for a while, or given up (SPEC 2.2 and 7.1). */
import type { AutoRestart, Counters, Exit, MonotonicTime, ProcessVersion } from './model.ts';

/** What is no fault of the service is tried again after this long, and never counted. */
const UNCOUNTED_DELAY = 1_000;

/** Signal numbers that `exit-codes` may name as 128+n; the rest of the table is the effects' business. */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13,
  ALRM: 14, TERM: 15, STKFLT: 16, CHLD: 17, CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22, URG: 23, XCPU: 24,
  XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28, IO: 29, PWR: 30, SYS: 31,
}; // prettier-ignore

/** 128+n in `exit-codes` stands for signal n. An unknown exit is never a success. */
export function isSuccess(exit: Exit, exitCodes: readonly number[]): boolean {
  switch (exit.kind) {
    case 'code':
      return exitCodes.includes(exit.code);
    case 'signal': {
      const number = SIGNAL_NUMBERS[exit.signal];
      return number !== undefined && exitCodes.includes(128 + number);
    }
    case 'unknown':
      return false;
  }
}

/** Whether `autorestart` leaves a process alone that ended by itself. An unknown exit counts as a failure. */
export function leavesEnded(autorestart: AutoRestart, exit: Exit, exitCodes: readonly number[]): boolean {
  switch (autorestart) {
    case 'always':
      return false;
    case 'on-failure':
      return isSuccess(exit, exitCodes);
    case 'never':
      return true;
  }
}

type RestartSettings = Pick<
  ProcessVersion,
  'restartDelay' | 'restartMaxDelay' | 'startRetries' | 'maxRuns' | 'maxRunsWindow'
>;

/** When the restart delay is over; undefined where none applies. Doubles per failed start in a row. */
export function retryAt(counters: Counters, settings: RestartSettings): MonotonicTime | undefined {
  const { failure, failedStarts } = counters;
  if (failure === undefined) return undefined;
  if (!failure.counts) return failure.at + UNCOUNTED_DELAY;
  // 2^40 ms is over 30 years: the cap below decides long before the exponent matters.
  const doubled = settings.restartDelay * 2 ** Math.min(Math.max(failedStarts - 1, 0), 40);
  return failure.at + Math.min(doubled, Math.max(settings.restartMaxDelay, settings.restartDelay));
}

export function hasGivenUp(counters: Counters, settings: RestartSettings): boolean {
  return settings.startRetries !== undefined && counters.failedStarts > settings.startRetries;
}

/** When too many runs have left the window; undefined where there is room now. */
export function blockedUntil(
  counters: Counters,
  settings: RestartSettings,
  now: MonotonicTime,
): MonotonicTime | undefined {
  if (settings.maxRuns === 0) return undefined;
  const deciding = counters.runs[counters.runs.length - settings.maxRuns];
  if (deciding === undefined) return undefined;
  const until = deciding + settings.maxRunsWindow;
  return until > now ? until : undefined;
}

/** How many of the daemon's own launches lie within the window. */
export function runsInWindow(counters: Counters, settings: RestartSettings, now: MonotonicTime): number {
  return counters.runs.filter((at) => at + settings.maxRunsWindow > now).length;
}
