/** Makes a failing history short: fewer steps, fewer processes, as long as it still breaks the same rule. */
import type { Flaws } from './daemon-on-trial.ts';
import { History, type Report } from './history.ts';
import { STEPS, type Plan } from './plan.ts';
import type { Rule } from './rules.ts';

export interface Shrunk {
  readonly plan: Plan;
  readonly report: Report;
  /** Steps that are left. */
  readonly steps: readonly number[];
  readonly processes: readonly string[];
}

/** @param isOver asked before each further try: the shortest so far is good, too */
export function shrink(plan: Plan, rule: Rule, isOver: () => boolean, flaws: Flaws = {}): Shrunk {
  return new Shrinker(plan, rule, isOver, flaws).shrink();
}

class Shrinker {
  readonly #flaws: Flaws;
  readonly #rule: Rule;
  readonly #isOver: () => boolean;
  #plan: Plan;
  #history: History;
  #report: Report;

  constructor(plan: Plan, rule: Rule, isOver: () => boolean, flaws: Flaws) {
    this.#flaws = flaws;
    this.#plan = plan;
    this.#rule = rule;
    this.#isOver = isOver;
    this.#history = new History(plan, flaws);
    this.#report = this.#history.run();
  }

  shrink(): Shrunk {
    // Nothing after the step that broke it has a part in it.
    this.#take({ ...this.#plan, steps: this.#report.steps });
    for (let size = Math.ceil(this.#kept().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      this.#withoutProcesses();
      this.#withoutSteps(size);
    }
    return { plan: this.#plan, report: this.#report, steps: this.#kept(), processes: this.#history.processes };
  }

  #kept(): number[] {
    const all = Array.from({ length: this.#plan.steps ?? STEPS }, (_, index) => index + 1);
    return all.filter((step) => this.#plan.skipped?.has(step) !== true);
  }

  #withoutSteps(size: number): void {
    // From the end on: what came late is needed most seldom by what is left.
    for (let end = this.#kept().length; end > 0 && !this.#isOver(); end -= size) {
      const left = this.#kept().slice(Math.max(end - size, 0), end);
      this.#take({ ...this.#plan, skipped: new Set([...(this.#plan.skipped ?? []), ...left]) });
    }
  }

  #withoutProcesses(): void {
    for (const id of this.#history.processes) {
      if (this.#isOver()) return;
      this.#take({ ...this.#plan, absent: new Set([...(this.#plan.absent ?? []), id]) });
    }
  }

  #take(plan: Plan): boolean {
    const history = new History(plan, this.#flaws);
    const report = history.run();
    if (report.violations[0]?.rule !== this.#rule) return false;
    [this.#plan, this.#history, this.#report] = [plan, history, report];
    return true;
  }
}
