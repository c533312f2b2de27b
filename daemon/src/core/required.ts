/** `required` processes (SPEC 2.2): without one of them everything is stopped, and the daemon ends. */
import type { View } from './describe.ts';
import type { Transition } from './engine.ts';
import { isOwnEnding } from './ending.ts';
import { cleared } from './facts.ts';
import type { Instance, Now, ProcessVersion, World } from './model.ts';
import { isSuccess } from './restart-policy.ts';
import { Survey } from './survey.ts';
import type { Target } from './targets.ts';

/** The first of these changes that is a required process's failure for good; undefined while everything is being stopped already. */
export function requiredFailure(world: World, transitions: readonly Transition[], now: Now): Transition | undefined {
  if (world.ending !== undefined) return undefined;
  // What was STOPPED has not failed just now: it shows again how its last run ended.
  const failures = transitions.filter(({ from, to, view }) => from !== to && from !== 'STOPPED' && isForGood(view));
  // Few changes are failures: only then is it worth a look at all targets.
  if (failures.length === 0) return undefined;
  const required = new Set(new Survey(world, now).targets.filter(isRequired).map(({ key }) => key));
  return failures.find(({ key }) => required.has(key));
}

const isRequired = ({ effective }: Target): boolean => effective?.version?.required === true;

/** What was cut off by the clock or a boot, or ended nobody knows how, proves no failure of its own. */
function isForGood({ state, reason }: View): boolean {
  if (state === 'FATAL') return true;
  if (state === 'BLOCKED') return reason.code === 'too-many-runs';
  if (state !== 'EXITED') return false;
  const isFailure = reason.code === 'exit' || reason.code === 'health-check' || reason.code === 'max-run-time';
  return isFailure && reason.data?.exit?.kind !== 'unknown';
}

/**
 * With the daemon their counters start anew, and a service that had failed is tried again: else each daemon would end as the one
 * before. A one-shot's ledger stands; its failure of then ends nothing any more.
 */
export function withRequiredAnew(world: World, now: Now): World {
  const anew = new Map(world.instances);
  for (const { key, effective } of new Survey(world, now).targets) {
    const instance = world.instances.get(key);
    const version = effective?.version;
    if (instance === undefined || version?.required !== true) continue;
    anew.set(key, startedAnew(instance, version));
  }
  return { ...world, instances: anew };
}

function startedAnew(instance: Instance, version: ProcessVersion): Instance {
  const { ended, activity } = instance;
  const hasFailed = ended !== undefined && isOwnEnding(ended) && !isSuccess(ended.exit, version.exitCodes);
  if (activity.kind === 'idle' && hasFailed) return cleared(instance, instance.credit ?? 'boot');
  return { ...instance, counters: { failedStarts: 0, runs: [] } };
}
