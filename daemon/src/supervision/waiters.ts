/** Commands that wait for their targets to settle. Only the waiting is theirs: what they asked for goes on without them. */
import type { CommandResult, Decided, Goal } from '../core/commands.ts';
import type { Describer, View } from '../core/describe.ts';
import type { Instance, InstanceKey, MonotonicTime } from '../core/model.ts';
import { outcomeOf } from '../core/outcome.ts';
import type { Survey } from '../core/survey.ts';

/** What a command came to for one target, with the state reached. */
export interface TargetOutcome {
  readonly name: string;
  readonly result: CommandResult;
  readonly view: View;
  readonly instance: Instance;
}

interface Awaited {
  readonly key: InstanceKey;
  readonly name: string;
  /** What to wait for; undefined where the result was clear at once. */
  readonly goal: Goal | undefined;
  readonly result: CommandResult | undefined;
  outcome: TargetOutcome | undefined;
}

interface Waiter {
  readonly awaited: readonly Awaited[];
  readonly deadline: MonotonicTime | undefined;
  readonly resolve: (outcomes: readonly TargetOutcome[]) => void;
}

const SUPERSEDED: CommandResult = { ok: false, code: 'superseded', message: 'a later command took over' };
const TIMEOUT: CommandResult = { ok: false, code: 'timeout', message: 'not settled in time; it goes on behind' };

export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /**
   * @param deadline - when to give up waiting
   * @param cancel - nobody waits any more
   */
  add(
    decided: readonly Decided[],
    deadline: MonotonicTime | undefined,
    cancel?: AbortSignal,
  ): Promise<readonly TargetOutcome[]> {
    const awaited = decided.map(({ target, goal, result }): Awaited => ({
      key: target.key,
      name: target.name,
      goal,
      result,
      outcome: undefined,
    }));
    return new Promise((resolve) => {
      if (cancel?.aborted === true) return;
      const giveUp = (): unknown => this.#waiting.delete(waiter);
      const waiter: Waiter = {
        awaited,
        deadline,
        resolve: (outcomes) => {
          // A connection may outlive many commands: none of them may be kept by it.
          cancel?.removeEventListener('abort', giveUp);
          resolve(outcomes);
        },
      };
      this.#waiting.add(waiter);
      cancel?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** A later command on these targets: the earlier ones are told. */
  supersede(keys: ReadonlySet<InstanceKey>, survey: Survey, describer: Describer): void {
    this.#settle(survey, describer, ({ key, goal }) => (goal !== undefined && keys.has(key) ? SUPERSEDED : undefined));
  }

  /** Looks whether any waiting is over. */
  check(survey: Survey, describer: Describer): void {
    if (this.#waiting.size === 0) return;
    const targets = new Map(survey.targets.map((target) => [target.key, target]));
    this.#settle(survey, describer, ({ key, goal, result: known }, waiter) => {
      if (goal === undefined) return known;
      const target = targets.get(key);
      // Gone from the configuration, and nothing of it is left.
      if (target === undefined)
        return { ok: goal.for === 'stopped', code: 'done', message: 'it is gone from the configuration' };
      const result = outcomeOf(goal, target, survey, describer);
      return result ?? (waiter.deadline !== undefined && survey.now.mono >= waiter.deadline ? TIMEOUT : undefined);
    });
  }

  /** The earliest deadline of a waiting command. */
  deadline(): MonotonicTime | undefined {
    const deadlines = [...this.#waiting].map(({ deadline }) => deadline).filter((deadline) => deadline !== undefined);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  #settle(
    survey: Survey,
    describer: Describer,
    judge: (awaited: Awaited, waiter: Waiter) => CommandResult | undefined,
  ): void {
    const targets = new Map(survey.targets.map((target) => [target.key, target]));
    for (const waiter of this.#waiting) {
      for (const awaited of waiter.awaited) {
        if (awaited.outcome !== undefined) continue;
        const result = judge(awaited, waiter);
        if (result === undefined) continue;
        const target = targets.get(awaited.key);
        const view: View = target === undefined ? GONE : describer.view(target);
        const instance = survey.world.instances.get(awaited.key);
        if (instance !== undefined) awaited.outcome = { name: awaited.name, result, view, instance };
      }
      if (waiter.awaited.some(({ outcome }) => outcome === undefined)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(waiter.awaited.map(({ outcome }) => outcome).filter((outcome) => outcome !== undefined));
    }
  }
}

const GONE: View = {
  state: 'STOPPED',
  reason: { code: 'not-in-config', message: 'it is not in the configuration' },
  expected: 'stopped',
  verdict: 'ok',
};
