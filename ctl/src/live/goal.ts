/** Whether an instance is what `wait` waits for, and whether it still can become so by itself. */
import type { Row } from '@procman/protocol/views';

/** `right`: as it should be now, whatever that is: what `status` calls ok. */
export const GOALS = ['running', 'stopped', 'finished', 'right'] as const;
export type Goal = (typeof GOALS)[number];

export interface Judged {
  readonly ok: boolean;
  readonly message: string;
}

/** Undefined: not yet. */
export function judge(row: Row, goal: Goal): Judged | undefined {
  const reached = REACHED[goal](row);
  if (reached !== undefined) return { ok: true, message: reached };
  return isHopeless(row, goal) ? { ok: false, message: whyNever(row) } : undefined;
}

/** What it is called then. */
const REACHED: Readonly<Record<Goal, (row: Row) => string | undefined>> = {
  // Unhealthy, it is about to be started anew.
  running: ({ state, reason }) => (state === 'RUNNING' && reason.code !== 'health-check' ? 'running' : undefined),
  stopped: ({ state, pid }) => (pid === undefined && AT_REST.includes(state) ? 'stopped' : undefined),
  finished: ({ state, reason }) => (state === 'EXITED' && reason.code === 'finished' ? 'finished' : undefined),
  right: ({ verdict, expected }) => (verdict === 'ok' ? expected : undefined),
};

/** Nothing of it runs, and nothing is about to. */
const AT_REST: readonly Row['state'][] = ['STOPPED', 'EXITED', 'FATAL'];

/** It stays as it is until somebody does something, or comes to its goal by chance only. */
function isHopeless({ state, reason, next, verdict }: Row, goal: Goal): boolean {
  const comes = next !== undefined && STARTS.includes(next.action);
  if (state === 'BLOCKED') return reason.code !== 'too-many-runs';
  if (goal === 'stopped') return false;
  if (state === 'FATAL') return true;
  // A cron job's next run is hours away, and says nothing about this one.
  if (state === 'EXITED') return goal === 'running' ? !comes : goal === 'finished' || verdict === 'problem';
  if (state !== 'STOPPED') return false;
  return goal === 'right' ? verdict === 'problem' : !comes;
}

/** After these it may be wanted again. */
const STARTS: readonly NonNullable<Row['next']>['action'][] = ['start', 'run', 'version', 'retry', 'hold-ends'];

function whyNever({ state, reason, lastExit }: Row): string {
  if (state === 'EXITED' && reason.code === 'finished') return `it has finished${exitOf(lastExit)}`;
  return `${state}: ${reason.message}`;
}

function exitOf(exit: Row['lastExit']): string {
  if (exit === undefined) return '';
  return exit.signal === undefined ? (exit.code === undefined ? '' : `, code ${exit.code}`) : `, ${exit.signal}`;
}
