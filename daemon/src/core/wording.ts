/** Reasons in plain words, for `describe`. */
import type {
  Ended,
  Exit,
  Failure,
  Instance,
  ProcessVersion,
  Run,
  RunReason,
  Stop,
  StopCause,
  WallTime,
} from './model.ts';
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
  required: 'everything is being stopped: a required process has failed',
  'not-in-config': 'it is not in the configuration',
  fake: 'its version is marked fake',
  'not-yet-applied': 'its apply-on has not come yet',
  manual: 'stopped by an operator; held until `start`',
  schedule: 'outside its window',
  missed: 'its last window closed before it could run',
} as const;

export const STOPS: Readonly<Record<StopCause, string>> = {
  manual: 'an operator stopped it',
  schedule: 'its window has closed',
  'health-check': 'it is unhealthy',
  init: 'its `init` failed',
  'start-health-check': 'its start-health-check failed',
  fallback: 'its new version did not come up: back to the one before',
  'max-run-time': 'it has run for as long as it may',
  'new-version': 'a new version takes over',
  restart: 'an operator restarts it',
  dependency: 'a dependency was lost',
  'not-in-config': 'it was removed from the configuration',
  fake: 'its version was marked fake',
  'not-yet-applied': 'its apply-on was moved into the future',
  shutdown: 'everything is being stopped',
  required: 'everything is being stopped: a required process has failed',
};

const RUNS: Readonly<Record<RunReason, string>> = {
  wanted: 'wanted',
  operator: 'an operator started it',
  forced: 'an operator forced it',
  'catch-up': 'a missed window is run late',
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
      return 'ended with an unknown status';
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

/** A stop, as it is shown while it is under way. */
export function stopReason({ cause, text }: Stop): Reason {
  return { code: cause, message: text === undefined ? STOPS[cause] : `${STOPS[cause]}: ${text}` };
}

/** Why a run was ended that did not end by itself. */
export function endedText(by: StopCause | 'boot', text?: string): string {
  const what = by === 'boot' ? 'the machine went down' : STOPS[by];
  return text === undefined ? what : `${what}: ${text}`;
}

export function endReason({ ended }: Instance, version: ProcessVersion): Reason {
  if (ended === undefined) return { code: 'interrupted', message: 'how it ended is not on record' };
  const data = { exit: ended.exit };
  const text = ended.text === undefined ? '' : `: ${ended.text}`;
  switch (ended.by) {
    case 'itself':
      break;
    case 'schedule':
      return { code: 'window-ended', message: `its window closed before it had finished`, data };
    case 'health-check':
    case 'max-run-time':
      return { code: ended.by, message: `${STOPS[ended.by]}${text}; autorestart leaves it`, data };
    case 'init':
    case 'start-health-check':
      return { code: 'exit', message: `${STOPS[ended.by]}${text}; autorestart leaves it`, data };
    default:
      return { code: 'interrupted', message: `cut off: it ${exitText(ended.exit)}`, data };
  }
  if (isSuccess(ended.exit, version.exitCodes))
    return { code: 'finished', message: `finished: it ${exitText(ended.exit)}`, data };
  const left = leavesEnded(version.autorestart, ended.exit, version.exitCodes) ? '; autorestart leaves it' : '';
  return { code: 'exit', message: `it ${exitText(ended.exit)}${left}`, data };
}

export function failureReason({ counters, ended }: Instance, what: string): Reason {
  const { failure, failedStarts } = counters;
  if (failure === undefined) return { code: 'exit', message: what, data: { tries: failedStarts } };
  const hint = ended?.forked === true ? forkedText : '';
  const isExit = failure.code === 'exit' && failure.exit !== undefined;
  const text = isExit ? `it ${exitText(failure.exit)} before it had settled${hint}` : withCause(failure);
  const data = { tries: failedStarts, ...(failure.exit === undefined ? {} : { exit: failure.exit }) };
  return { code: failure.code, message: `${text}; ${what}`, data };
}

function withCause({ code, message }: Failure): string {
  const isStep = code === 'init' || code === 'start-health-check';
  return isStep ? `${STOPS[code]}${message === '' ? '' : `: ${message}`}` : message;
}

export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
export const seconds = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`);
