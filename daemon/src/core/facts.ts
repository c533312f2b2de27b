/** What changes the counters from outside the life of a run: operators, versions, definitions, dependencies (SPEC 7.1). */
import type { CoreConfig, Counters, Credit, Instance, InstanceKey, ProcessVersion, World } from './model.ts';
import { settingsOf } from './reconcile.ts';
import { hasGivenUp } from './restart-policy.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';

const CLEARED: Counters = { failedStarts: 0, runs: [] };

/** Clears FATAL, failed starts, runs and delay; the next launch does not count as one of the daemon's own. */
export function cleared(instance: Instance, credit: Credit): Instance {
  return { ...instance, counters: CLEARED, credit };
}

/** Takes note of what the turn brought: new effective versions, changed definitions, dependencies lost and met again. */
export function settleFacts(survey: Survey): World {
  const changed = new Map<InstanceKey, Instance>();
  for (const target of survey.targets) {
    const before = survey.instance(target);
    const after = noteDependency(survey, target, noteVersion(target, before));
    if (after !== before) changed.set(target.key, after);
  }
  if (changed.size === 0) return survey.world;
  return { ...survey.world, instances: new Map([...survey.world.instances, ...changed]) };
}

function noteVersion(target: Target, instance: Instance): Instance {
  const version = target.effective?.version;
  if (version === undefined) return instance;
  const seen = { applyOn: version.applyOn.text, digest: version.digest };
  const isNewVersion = instance.seen.applyOn !== seen.applyOn;
  if (!isNewVersion && instance.seen.digest === seen.digest) return instance;
  const noted = { ...instance, seen };
  if (instance.seen.applyOn === undefined) return noted;
  if (isNewVersion) return { ...cleared(noted, 'version'), restarts: 0 };
  return instance.activity.kind === 'idle' ? cleared(noted, instance.credit ?? 'definition') : noted;
}

function noteDependency(survey: Survey, target: Target, instance: Instance): Instance {
  const version = target.effective?.version;
  if (version === undefined || version.dependsOn.length === 0 || instance.activity.kind !== 'idle') return instance;
  const isUnmet = survey.unmet(target).length > 0;
  if (isUnmet === instance.dependencyLost) return instance;
  // Waiting before the very first launch is no loss: that launch counts.
  if (isUnmet) return isUntried(instance) ? instance : { ...instance, dependencyLost: true };
  return dependencyMetAgain(instance, version);
}

const isUntried = ({ ended, counters }: Instance): boolean => ended === undefined && counters.failure === undefined;

function dependencyMetAgain(instance: Instance, version: ProcessVersion): Instance {
  const met = { ...instance, dependencyLost: false };
  const credit = instance.credit ?? 'dependency';
  if (hasGivenUp(instance.counters, version)) return { ...met, counters: { ...instance.counters, runs: [] } };
  return { ...met, counters: CLEARED, credit };
}

/** Another configuration: live runs take its settings at once, where it still has their version. */
export function withConfig(world: World, config: CoreConfig, kept: ReadonlySet<InstanceKey>): World {
  const versions = new Map<string, ProcessVersion>();
  for (const { versions: all } of config.processes) {
    for (const version of all) versions.set(versionKey(version.id, version.applyOn.text), version);
  }
  const instances = new Map(world.instances);
  for (const instance of world.instances.values()) {
    const { activity } = instance;
    if (activity.kind === 'idle') continue;
    const version = versions.get(versionKey(instance.id, activity.run.applyOn));
    if (version === undefined) continue;
    const settings = settingsOf(version);
    // Equal settings keep the instance untouched, so that a reload writes only what it changed.
    if (JSON.stringify(settings) === JSON.stringify(activity.run.settings)) continue;
    instances.set(instance.key, { ...instance, activity: { ...activity, run: { ...activity.run, settings } } });
  }
  return { ...world, config, kept, instances };
}

const versionKey = (id: string, applyOn: string): string => JSON.stringify([id, applyOn]);
