/** Whether a waiting command is done, by what its target has come to (SPEC 9.1, "settled"). */
import type { CommandResult, Goal } from './commands.ts';
import type { Describer, View } from './describe.ts';
import type { Dependency, Instance } from './model.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';

const done = (message: string): CommandResult => ({ ok: true, code: 'done', message });
const fail = (code: CommandResult['code'], message: string): CommandResult => ({ ok: false, code, message });

/** @returns the result, or undefined while it is on its way */
export function outcomeOf(goal: Goal, target: Target, survey: Survey, describer: Describer): CommandResult | undefined {
  const view = describer.view(target);
  const instance = survey.instance(target);
  return goal.for === 'stopped' ? stopped(view, instance) : started(goal, view, instance, target, survey, describer);
}

function stopped(view: View, { activity, doubt }: Instance): CommandResult | undefined {
  if (view.reason.code === 'survivors') return fail('survivors', view.reason.message);
  if (activity.kind !== 'idle') return undefined;
  return doubt === undefined ? done('stopped') : fail('in-doubt', view.reason.message);
}

function started(
  goal: Extract<Goal, { for: 'started' }>,
  view: View,
  instance: Instance,
  target: Target,
  survey: Survey,
  describer: Describer,
): CommandResult | undefined {
  const { activity } = instance;
  const isOld = activity.kind !== 'idle' && activity.run.launchId === goal.notBy;
  const isOneShot = target.effective?.version?.oneShot === true;
  switch (view.state) {
    case 'RUNNING':
      return isOld || isOneShot ? undefined : done('started');
    case 'EXITED':
      return view.reason.code === 'finished' ? done(view.reason.message) : fail('failed', view.reason.message);
    case 'STARTING':
      return undefined;
    case 'STOPPING':
      return view.reason.code === 'survivors' ? fail('survivors', view.reason.message) : undefined;
    case 'PENDING':
      if (view.reason.code !== 'dependency') return undefined;
      return isAnyOnItsWay(survey, describer, survey.unmet(target)) ? undefined : fail('waiting', view.reason.message);
    case 'STOPPED':
    case 'BACKOFF':
    case 'FATAL':
    case 'BLOCKED':
      return fail('failed', view.reason.message);
  }
}

/** Every unmet dependency has something that may still meet it by itself soon. */
function isAnyOnItsWay(
  survey: Survey,
  describer: Describer,
  unmet: readonly Dependency[],
  asked: ReadonlySet<string> = new Set(),
): boolean {
  return unmet.every((dependency) =>
    (survey.byId.get(dependency.id) ?? []).every(({ target }) =>
      isOnItsWay(survey, describer, dependency, target, asked),
    ),
  );
}

/** @param asked guards against a cycle that a kept old definition could bring in */
function isOnItsWay(
  survey: Survey,
  describer: Describer,
  dependency: Dependency,
  target: Target,
  asked: ReadonlySet<string>,
): boolean {
  if (asked.has(target.key)) return false;
  const view = describer.view(target);
  switch (view.state) {
    case 'STARTING':
      return true;
    case 'RUNNING':
      // It runs: either this member is met, or the one-shot has yet to finish.
      return dependency.condition !== 'finished' || target.effective?.version?.oneShot === true;
    case 'STOPPING':
      return survey.decision(target).want === 'run' && view.reason.code !== 'survivors';
    case 'PENDING':
      return (
        view.reason.code !== 'dependency' ||
        isAnyOnItsWay(survey, describer, survey.unmet(target), new Set(asked).add(target.key))
      );
    case 'EXITED':
      return dependency.condition === 'finished' && view.reason.code === 'finished';
    case 'STOPPED':
    case 'BACKOFF':
    case 'FATAL':
    case 'BLOCKED':
      return false;
  }
}
