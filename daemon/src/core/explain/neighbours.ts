/** What an instance depends on, and what depends on it. */
import { programOf } from '../describe.ts';
import { isMet } from '../dependencies.ts';
import type { Dependency, State } from '../model.ts';
import type { Verdict } from '../describe.ts';
import type { Survey } from '../survey.ts';
import type { Facts } from './facts.ts';

export interface ExplainedDependency {
  readonly id: string;
  readonly condition: string;
  readonly onLoss: string;
  readonly met: boolean;
  readonly state?: State;
  readonly verdict?: Verdict;
}

export function explainDependencies(facts: Facts): readonly ExplainedDependency[] {
  const { instance, target } = facts;
  const { activity } = instance;
  const launched = activity.kind === 'idle' ? undefined : activity.run.settings.dependsOn;
  const version = target.effective?.version ?? target.effective?.shown;
  const internal = (version?.dependsOn ?? launched ?? []).map((dependency) => ofInstances(facts, dependency));
  // They are asked before a start only.
  const asked = activity.kind === 'idle' ? (instance.externals?.met ?? 0) : Infinity;
  const external = (version?.externals ?? []).map(({ command }, index) => ({
    // Not the whole line: it may hold a secret.
    id: programOf(command),
    condition: 'succeeds',
    onLoss: 'keep',
    met: index < asked,
  }));
  return [...internal, ...external];
}

function ofInstances({ survey, describer }: Facts, dependency: Dependency): ExplainedDependency {
  const { id, condition, onLoss } = dependency;
  const met = isMet(dependency, survey.byId, survey.world, survey.now);
  const members = (survey.byId.get(id) ?? []).filter(({ target }) => target.effective !== undefined);
  // Of several the first that is the trouble.
  const shown =
    members.find((member) => !isMet(dependency, new Map([[id, [member]]]), survey.world, survey.now)) ?? members[0];
  const view = shown === undefined ? undefined : describer.view(shown.target);
  return { id, condition, onLoss, met, ...(view === undefined ? {} : { state: view.state, verdict: view.verdict }) };
}

/** For many instances of one survey. */
export class Dependents {
  /** By process id: the names and ids of what names it in `depends-on`. */
  readonly #direct = new Map<string, { readonly name: string; readonly id: string; readonly at: number }[]>();

  constructor(survey: Survey) {
    for (const [at, { name, id, effective }] of survey.targets.entries()) {
      const version = effective?.version ?? effective?.shown;
      for (const needed of new Set(version?.dependsOn.map((dependency) => dependency.id))) {
        const list = this.#direct.get(needed);
        if (list === undefined) this.#direct.set(needed, [{ name, id, at }]);
        else list.push({ name, id, at });
      }
    }
  }

  /** Those that wait for it or would be stopped with it, and theirs in turn; in the configuration's order. */
  of(id: string): readonly string[] {
    const found = new Map<string, number>();
    const ids = [id];
    const seen = new Set(ids);
    for (let next = ids.pop(); next !== undefined; next = ids.pop()) {
      for (const { name, id: dependent, at } of this.#direct.get(next) ?? []) {
        if (dependent !== id) found.set(name, at);
        if (seen.has(dependent)) continue;
        seen.add(dependent);
        ids.push(dependent);
      }
    }
    return [...found].sort(([, a], [, b]) => a - b).map(([name]) => name);
  }
}
