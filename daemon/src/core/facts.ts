/**
 * What changes counters and ledgers from outside the life of a run: operators, windows, versions, definitions, dependencies
 * (SPEC 3, 7.1).
 */
import { isGuarded } from './clock.ts';
import { standingAt } from './deciders.ts';
import { entryFor, lineOf, withEntry } from './ledger.ts';
import type {
  Activity, CoreConfig, Counters, Credit, Hold, Instance, InstanceKey, LedgerEntry, Now, ProcessVersion, Run, World,
} from './model.ts'; // prettier-ignore
import { settingsOf } from './reconcile.ts';
import { processById } from './process-by-id.ts';
import { hasGivenUp } from './restart-policy.ts';
import { vetoKey } from './schedule.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';
import type { Standing } from './time/standing.ts';

const CLEARED: Counters = { failedStarts: 0, runs: [] };

/** Clears FATAL, failed starts, runs and delay; the next launch does not count as one of the daemon's own. */
export function cleared(instance: Instance, credit: Credit): Instance {
  return { ...instance, counters: CLEARED, credit };
}

/** Takes note of what the turn brought: holds that end, new versions, changed definitions, windows, dependencies lost and met again. */
export function settleFacts(survey: Survey): World {
  const changed = new Map<InstanceKey, Instance>();
  for (const target of survey.targets) {
    const before = survey.instance(target);
    const held = noteHold(before, survey.now);
    const current = noteWindow(survey, target, noteVersion(survey, target, held));
    const after = noteDependency(survey, target, noteFallback(survey, target, current));
    if (after !== before) changed.set(target.key, after);
  }
  if (changed.size === 0) return survey.world;
  return withFallbacks({ ...survey.world, instances: new Map([...survey.world.instances, ...changed]) });
}

/* ------------------------------------------------------------------ holds */

function noteHold(instance: Instance, now: Now): Instance {
  if (instance.hold === undefined || !hasHoldEnded(instance.hold, now)) return instance;
  const { hold: _over, ...rest } = instance;
  return rest;
}

/** A hold `--until reboot` ends with the boot: `recovery` sees to it. */
function hasHoldEnded({ until }: Hold, now: Now): boolean {
  return typeof until === 'number' && until <= now.wall;
}

/* ------------------------------------------------------------------ versions */

function noteVersion(survey: Survey, target: Target, instance: Instance): Instance {
  const version = target.effective?.version;
  if (version === undefined) return instance;
  const now = survey.now.wall;
  const { applyOn: before, digest, since = now } = instance.seen;
  const isNewVersion = before !== version.applyOn.text;
  if (!isNewVersion && digest === version.digest) return instance;
  const known = {
    applyOn: version.applyOn.text,
    digest: version.digest,
    schedule: version.schedule?.text ?? '',
    // Windows before a schedule was written are none that it missed.
    since:
      instance.seen.schedule === undefined || instance.seen.schedule === (version.schedule?.text ?? '') ? since : now,
  };
  const { tookOver: _older, ...seen } = { ...instance.seen, ...known };
  // Another definition is to be asked for what the one before was asked for.
  const { externals: _asked, ...rest } = instance;
  const noted: Instance = { ...rest, seen: withoutLaterWindow(seen, version, survey.now) };
  if (before === undefined) return noted;
  if (!isNewVersion) return instance.activity.kind === 'idle' ? cleared(noted, instance.credit ?? 'definition') : noted;
  const isTimed = version.fallbackTimeout !== undefined && target.effective?.vetoed === undefined;
  const taken = isTimed ? { ...noted, seen: { ...noted.seen, tookOver: survey.now.mono } } : noted;
  return { ...cleared(taken, 'version'), restarts: 0 };
}

/** Another schedule may have opened before the window that was seen last: it is looked at as if for the first time. */
function withoutLaterWindow(seen: Instance['seen'], version: ProcessVersion, now: Now): Instance['seen'] {
  const opens = standingAt(version, now.wall)?.window?.opens;
  const { window, ...rest } = seen;
  return window !== undefined && (opens === undefined || opens < window.opens) ? rest : seen;
}

/** A version that took over and did not come up in its time gives way to the one before. */
function noteFallback(survey: Survey, target: Target, instance: Instance): Instance {
  if (instance.fellBack !== undefined) return noteMended(target, instance);
  const version = target.effective?.version;
  const due = version === undefined ? undefined : fallbackDeadline(instance, version);
  if (version === undefined || due === undefined) return instance;
  const { now, world } = survey;
  const { activity } = instance;
  // A one-shot ends under its old version first.
  const isOld = activity.kind !== 'idle' && activity.run.applyOn !== version.applyOn.text;
  const isTried = survey.decision(target).want === 'run' && !isOld && !isGuarded(world.clock, now);
  if (!isTried) return withLaterTakeover(instance, now);
  if (due > now.mono || !hasPredecessor(survey, version)) return instance;
  const { tookOver: _over, ...seen } = instance.seen;
  return { ...instance, seen, fellBack: { applyOn: version.applyOn.text, digest: version.digest } };
}

/** Outside its window, held, or under a clock that is not trusted it has no chance to come up: its time has not begun. */
function withLaterTakeover(instance: Instance, { mono }: Now): Instance {
  // Not with every turn: each change is written.
  const isStale = mono - (instance.seen.tookOver ?? mono) >= TAKEOVER_GRAIN;
  return isStale ? { ...instance, seen: { ...instance.seen, tookOver: mono } } : instance;
}

const TAKEOVER_GRAIN = 1_000;

/** When the version has to be RUNNING, or the one before takes its place. */
export function fallbackDeadline({ seen, activity }: Instance, version: ProcessVersion): number | undefined {
  const isRunning = activity.kind === 'running' && activity.run.applyOn === version.applyOn.text;
  if (seen.tookOver === undefined || version.fallbackTimeout === undefined || isRunning) return undefined;
  return seen.tookOver + version.fallbackTimeout;
}

function hasPredecessor(survey: Survey, { id, applyOn }: ProcessVersion): boolean {
  const process = processById(survey.world.config, id);
  return process?.versions.some((older) => !older.fake && older.applyOn.at < applyOn.at) === true;
}

/** Its definition is another one now, or there is a newer version. */
function noteMended(target: Target, instance: Instance): Instance {
  const { fellBack, ...rest } = instance;
  const vetoed = target.effective?.vetoed?.version;
  return vetoed?.digest === fellBack?.digest && vetoed?.applyOn.text === fellBack?.applyOn ? instance : rest;
}

const FELL_BACK = 'it was not RUNNING within its fallback-timeout';

/** The vetoes of what fell back, beside those that the checks of the machine gave. */
export function withFallbacks(world: World): World {
  const fallbacks = new Map<string, string>();
  for (const { id, fellBack } of world.instances.values()) {
    if (fellBack === undefined) continue;
    const key = vetoKey({ id, applyOn: { text: fellBack.applyOn, at: 0 }, digest: fellBack.digest });
    fallbacks.set(key, FELL_BACK);
  }
  const kept = [...world.vetoes].filter(([key, why]) => why !== FELL_BACK || fallbacks.has(key));
  const isSame = kept.length === world.vetoes.size && [...fallbacks.keys()].every((key) => world.vetoes.has(key));
  return isSame ? world : { ...world, vetoes: new Map([...kept, ...fallbacks]) };
}

/* ------------------------------------------------------------------ windows */

/** A window that opens clears the way; one that closes without a run is missed. */
function noteWindow(survey: Survey, target: Target, instance: Instance): Instance {
  const version = target.effective?.version;
  const standing = version === undefined ? undefined : standingAt(version, survey.now.wall);
  const window = standing?.window;
  if (version === undefined || standing === undefined || window === undefined) return instance;
  // A clock that may be wrong opens no window: what is noted of one that is a year ahead would hold for a year.
  if (isGuarded(survey.world.clock, survey.now)) return instance;
  // Open for ever: there is nothing to note.
  if (!Number.isFinite(window.opens)) return instance;
  const before = instance.seen.window;
  const isNew = before?.opens !== window.opens;
  // A clock that was set back has seen this one before.
  if (before !== undefined && (window.opens < before.opens || (!isNew && before.open === standing.active)))
    return instance;
  const noted: Instance = {
    ...instance,
    seen: { ...instance.seen, window: { opens: window.opens, open: standing.active } },
  };
  const opened = isNew && standing.active ? cleared(noted, instance.credit ?? 'window') : noted;
  // What was forced runs until the window next closes.
  const isClosing = !standing.active && before !== undefined && instance.forcedIn !== window.opens;
  const current = isClosing && opened.forced ? withoutForce(opened) : opened;
  return version.oneShot ? noteRun(survey, version, standing, current, isNew) : current;
}

export function withoutForce({ forcedIn: _within, ...instance }: Instance): Instance {
  return { ...instance, forced: false };
}

/** The ledger of a one-shot when a window opens or closes. */
function noteRun(
  survey: Survey,
  version: ProcessVersion,
  standing: Standing,
  instance: Instance,
  isNew: boolean,
): Instance {
  const key = entryFor(version, standing, survey.world.bootId);
  const line = lineOf(instance, key);
  const left = instance.ledger.find(({ outcome, entry }) => outcome === 'due' && entry !== key.entry);
  const current = left === undefined ? instance : closeOver(instance, left, version);
  const isCron = version.schedule?.kind === 'cron';
  const wasKnown = instance.seen.since !== undefined && instance.seen.since <= (key.opens ?? 0);
  if (standing.active) {
    // A time that came before its process was known is none of its times.
    return line === undefined && (wasKnown || !isCron) ? opened(current, key, isCron) : current;
  }
  if (line?.outcome === 'due') return isCron || line.late === true ? current : closeOver(current, line, version);
  if (line !== undefined || !isNew || !wasKnown) return current;
  return closeOver(current, { ...key, outcome: 'due' }, version);
}

/** A cron job that is still at work on an earlier time misses this one; one that is held has none. */
function opened(instance: Instance, key: Pick<LedgerEntry, 'entry' | 'opens'>, isCron: boolean): Instance {
  const isOverlap = isCron && instance.activity.kind !== 'idle';
  const isHeld = isCron && instance.hold !== undefined;
  const outcome = isOverlap ? 'missed' : isHeld ? 'skipped' : 'due';
  return { ...instance, ledger: withEntry(instance.ledger, { ...key, outcome }) };
}

/** A window has closed over what was due in it. */
function closeOver(instance: Instance, { late, ...line }: LedgerEntry, version: ProcessVersion): Instance {
  const put = (closed: LedgerEntry): Instance => ({ ...instance, ledger: withEntry(instance.ledger, closed) });
  // It has run, failed, and waited for another try.
  if (line.launchId !== undefined) return put({ ...line, outcome: 'ended' });
  if (instance.hold !== undefined || !version.autostart) return put({ ...line, outcome: 'skipped' });
  if (version.catchUp && late !== true) return put({ ...line, outcome: 'due', late: true });
  return put({ ...line, outcome: 'missed' });
}

/* ------------------------------------------------------------------ dependencies */

function noteDependency(survey: Survey, target: Target, instance: Instance): Instance {
  const version = target.effective?.version;
  if (version === undefined || (version.dependsOn.length === 0 && version.waitAfter === 0)) return instance;
  const isUnmet = survey.unmet(target).length > 0;
  const timed = version.waitAfter === 0 ? instance : noteMet(survey, target, instance, isUnmet);
  if (version.dependsOn.length === 0 || instance.activity.kind !== 'idle') return timed;
  if (isUnmet === instance.dependencyLost) return timed;
  // Waiting before the very first launch is no loss: that launch counts.
  if (isUnmet) return isUntried(instance) ? timed : { ...timed, dependencyLost: true };
  return dependencyMetAgain(timed, version);
}

/** `wait-after` counts from when its dependencies are met; without any, from when it is wanted. */
function noteMet(survey: Survey, target: Target, instance: Instance, isUnmet: boolean): Instance {
  const isWaiting = isUnmet || survey.decision(target).want !== 'run';
  if (isWaiting === (instance.metSince === undefined)) return instance;
  const { metSince: _over, ...rest } = instance;
  return isWaiting ? rest : { ...rest, metSince: survey.now.mono };
}

const isUntried = ({ ended, counters }: Instance): boolean => ended === undefined && counters.failure === undefined;

function dependencyMetAgain(instance: Instance, version: ProcessVersion): Instance {
  const met = { ...instance, dependencyLost: false };
  const credit = instance.credit ?? 'dependency';
  if (hasGivenUp(instance.counters, version)) return { ...met, counters: { ...instance.counters, runs: [] } };
  return { ...met, counters: CLEARED, credit };
}

/* ------------------------------------------------------------------ configurations */

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
    const changed = { ...activity, run: { ...activity.run, settings } };
    instances.set(instance.key, { ...instance, activity: withHealthOf(activity.run, changed) });
  }
  return { ...world, config, kept, instances };
}

/** What another check has found says nothing of this one, but that it was well: it is asked at once. */
function withHealthOf(before: Run, activity: Exclude<Activity, { kind: 'idle' }>): Activity {
  if (activity.kind !== 'running' || activity.health === undefined) return activity;
  const { healthCheck } = activity.run.settings;
  if (JSON.stringify(healthCheck) === JSON.stringify(before.settings.healthCheck)) return activity;
  const { health, ...rest } = activity;
  if (healthCheck === undefined) return rest;
  return { ...rest, health: { ...(health.ok === true ? { ok: true } : {}), failures: 0, nextAt: 0 } };
}

const versionKey = (id: string, applyOn: string): string => JSON.stringify([id, applyOn]);
