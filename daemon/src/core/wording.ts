/** Reasons in plain words, for `describe`. */
import type { Ended, Exit, Instance, ProcessVersion, Run, RunReason, StopCause, WallTime } from './model.ts';
import { isSuccess, leavesEnded } from './restart-policy.ts';

export interface Reason {
  readonly code: string;
  /** In plain words. */
  readonly message: string;
  readonly data?: ReasonData;
}

export interface ReasonData {
  readonly until?: WallTime;
  readonly waitsFor?: readonly string[];
  readonly pids?: readonly number[];
  readonly exit?: Exit;
  readonly tries?: number;
}

export const STOPPED = {
  shutdown: 'everything is being stopped',
  'not-in-config': 'it is not in the configuration',
  fake: 'its version is marked fake',
  'not-yet-applied': 'its apply-on has not come yet',
  manual: 'stopped by an operator; held until `start`',
} as const;

export const STOPS: Readonly<Record<StopCause, string>> = {
  manual: 'an operator stopped it',
  'new-version': 'a new version takes over',
  restart: 'an operator restarts it',
  dependency: 'a dependency was lost',
  'not-in-config': 'it was removed from the configuration',
  fake: 'its version was marked fake',
  'not-yet-applied': 'its apply-on was moved into the future',
  shutdown: 'everything is being stopped',
};

const RUNS: Readonly<Record<RunReason, string>> = {
  wanted: 'wanted',
  operator: 'an operator started it',
  forced: 'an operator forced it',
};

/** Why a plan's action happens. */
export function causeText(cause: StopCause | RunReason): string {
  return cause in STOPS ? STOPS[cause as StopCause] : RUNS[cause as RunReason];
}

export function why(run: Run, kept: boolean): Reason {
  if (kept) return { code: 'not-in-config', message: 'a held reload would stop it; `update` confirms' };
  return { code: run.why, message: RUNS[run.why] };
}

export function exitText(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return `exited with code ${exit.code}`;
    case 'signal':
      return `was killed by SIG${exit.signal}`;
    case 'unknown':
      return 'ended with an unknown status (its launcher was killed)';
  }
}

const forkedText = ' while others of it live on: it forks into the background; use its foreground flag';

export function leftoversText(ended: Ended, pids: readonly number[]): string {
  const hint = ended.forked === true ? forkedText : '';
  return `it ${exitText(ended.exit)}${hint}; ends what it left: ${pids.join(', ') || 'looking'}`;
}

export function survivors({ remains }: { remains: readonly { pid: number; uid: number; command: string }[] }): Reason {
  const named = remains.map(({ pid, uid, command }) => `${pid} (uid ${uid}, ${command})`).join(', ');
  return { code: 'survivors', message: `outlived SIGKILL: ${named}`, data: { pids: remains.map(({ pid }) => pid) } };
}

export function endReason({ ended }: Instance, version: ProcessVersion): Reason {
  if (ended === undefined) return { code: 'interrupted', message: 'how it ended is not on record' };
  const data = { exit: ended.exit };
  if (ended.by !== 'itself') return { code: 'interrupted', message: `cut off: it ${exitText(ended.exit)}`, data };
  if (isSuccess(ended.exit, version.exitCodes))
    return { code: 'finished', message: `finished: it ${exitText(ended.exit)}`, data };
  const left = leavesEnded(version.autorestart, ended.exit, version.exitCodes) ? '; autorestart leaves it' : '';
  return { code: 'exit', message: `it ${exitText(ended.exit)}${left}`, data };
}

export function failureReason({ counters, ended }: Instance, what: string): Reason {
  const { failure, failedStarts } = counters;
  if (failure === undefined) return { code: 'exit', message: what, data: { tries: failedStarts } };
  const hint = ended?.forked === true ? forkedText : '';
  const text =
    failure.exit === undefined ? failure.message : `it ${exitText(failure.exit)} before it had settled${hint}`;
  const data = { tries: failedStarts, ...(failure.exit === undefined ? {} : { exit: failure.exit }) };
  return { code: failure.code, message: `${text}; ${what}`, data };
}

export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
export const seconds = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`);
