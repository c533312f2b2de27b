/** Runs histories for `proof/`, in a thread of its own. */
import { parentPort } from 'node:worker_threads';
import { History, type Report } from './history.ts';
import type { Odds, Stress } from './plan.ts';
import type { Rule } from './rules.ts';
import { shrink } from './shrink.ts';

export type Task =
  | {
      readonly kind: 'run';
      readonly from: number;
      readonly count: number;
      readonly steps?: number;
      readonly stress?: Stress;
      readonly odds?: Odds;
    }
  | {
      readonly kind: 'shrink';
      readonly seed: number;
      readonly steps?: number;
      readonly rule: Rule;
      readonly milliseconds: number;
    };

export type Totals = Record<keyof Omit<Report, 'violations' | 'trace'> | 'histories', number>;

export interface Failure extends Pick<Report, 'violations' | 'trace'> {
  readonly seed: number;
}

/** Up to the first that fails. */
function run({ from, count, ...plan }: Extract<Task, { kind: 'run' }>): { totals: Totals; failure?: Failure } {
  const totals: Record<string, number> = { histories: 0 };
  for (let seed = from; seed < from + count; seed += 1) {
    const { violations, trace, ...counts } = new History({ seed, ...plan }).run();
    for (const [name, value] of Object.entries({ ...counts, histories: 1 })) totals[name] = (totals[name] ?? 0) + value;
    if (violations.length > 0) return { totals: totals as Totals, failure: { seed, violations, trace } };
  }
  return { totals: totals as Totals };
}

function shrunk({ seed, steps, rule, milliseconds }: Extract<Task, { kind: 'shrink' }>): object {
  const until = Date.now() + milliseconds;
  const found = shrink({ seed, ...(steps === undefined ? {} : { steps }) }, rule, () => Date.now() > until);
  return {
    steps: found.steps,
    processes: found.processes,
    violations: found.report.violations,
    trace: found.report.trace,
  };
}

parentPort?.on('message', (task: Task) => {
  parentPort?.postMessage(task.kind === 'run' ? run(task) : shrunk(task));
});
