/**
 * Is it wanted? The first that applies decides (SPEC 7.1):
 *
 *   1. everything is to stop                      -> stop (shutdown, required)
 *   2. not in the config (unless a guard keeps it) -> stop (not-in-config)
 *   3. no effective version                       -> stop (fake, not-yet-applied)
 *   4. hold                                       -> stop (manual)
 *   5. `start --force` in effect                  -> run (forced): overrides 6, 7 and, for one run, 8
 *   6. outside the window                         -> stop (schedule, missed)
 *   7. autostart = false, no operator started it  -> no start
 *   8. one-shot with a ledger entry               -> no start
 *   9. else                                       -> run (wanted, operator, catch-up)
 */
import { entryFor, isClosed, lineOf } from './ledger.ts';
import type { Instance, LedgerEntry, Now, ProcessVersion, RunReason, World } from './model.ts';
import { processById } from './process-by-id.ts';
import type { Target } from './targets.ts';
import { standingOf, type Standing } from './time/standing.ts';

export type StopCode =
  'shutdown' | 'required' | 'not-in-config' | 'fake' | 'not-yet-applied' | 'manual' | 'schedule' | 'missed';

export type Decision =
  | { readonly want: 'run'; readonly reason: RunReason; readonly version?: ProcessVersion }
  | { readonly want: 'stop'; readonly code: StopCode; readonly version?: ProcessVersion }
  /** Nothing is started; what is alive stays. */
  | { readonly want: 'no-start'; readonly code: 'autostart' | 'done'; readonly version: ProcessVersion };

/** Where the schedule of a version stands; undefined where it has none. */
export function standingAt(version: ProcessVersion, at: number): Standing | undefined {
  const { schedule, oneShot } = version;
  return schedule === undefined ? undefined : standingOf(schedule, oneShot ? 'one-shot' : 'service', at);
}

export function decide(world: World, target: Target, instance: Instance, now: Now): Decision {
  if (world.ending !== undefined) return { want: 'stop', code: world.ending };
  if (target.effective === undefined) {
    const isKept = world.kept.has(target.key) && instance.activity.kind !== 'idle';
    return isKept ? { want: 'run', reason: 'wanted' } : { want: 'stop', code: 'not-in-config' };
  }
  const { version, none = 'not-yet-applied' } = target.effective;
  if (version === undefined) return { want: 'stop', code: none };
  if (instance.hold !== undefined) return { want: 'stop', code: 'manual', version };
  return version.oneShot ? decideOneShot(world, instance, version, now) : decideService(instance, version, now);
}

function decideService(instance: Instance, version: ProcessVersion, now: Now): Decision {
  if (instance.forced) return { want: 'run', reason: 'forced', version };
  if (standingAt(version, now.wall)?.active === false) return { want: 'stop', code: 'schedule', version };
  const isOff = !version.autostart && !instance.operatorStarted;
  if (isOff && instance.activity.kind === 'idle') return { want: 'no-start', code: 'autostart', version };
  return { want: 'run', reason: runReason(instance), version };
}

const runReason = (instance: Instance): RunReason =>
  instance.operatorStarted || instance.credit === 'operator' ? 'operator' : 'wanted';

function decideOneShot(world: World, instance: Instance, version: ProcessVersion, now: Now): Decision {
  if (instance.activity.kind !== 'idle') return decideLiveOneShot(world, instance, version, now);
  const standing = standingAt(version, now.wall);
  const line = lineOf(instance, entryFor(version, standing, world.bootId));
  // `start --force` takes its ledger entry away, so that 8 is overridden for one run and not for the one after it.
  if (instance.forced && !isClosed(line)) return { want: 'run', reason: 'forced', version };
  if (line?.outcome === 'missed') return { want: 'stop', code: 'missed', version };
  // Held over it, or seen by an operator: there is no run to show for it.
  if (line?.outcome === 'skipped' && instance.ledger.includes(line)) return { want: 'stop', code: 'schedule', version };
  if (isClosed(line)) return { want: 'no-start', code: 'done', version };
  if (line?.late === true) return { want: 'run', reason: 'catch-up', version };
  if (standing !== undefined && !isDue(standing, line, version)) {
    // An operator's `start` of a cron job is a run of its own.
    const isAsked = version.schedule?.kind === 'cron' && instance.credit === 'operator' && instance.operatorStarted;
    if (!isAsked) return { want: 'stop', code: 'schedule', version };
  }
  if (!version.autostart && !instance.operatorStarted && !instance.forced)
    return { want: 'no-start', code: 'autostart', version };
  return { want: 'run', reason: runReason(instance), version };
}

/** In its window, once that was noted (see `facts.ts`); a cron job from its time on, until the next. */
function isDue(standing: Standing, line: LedgerEntry | undefined, { schedule }: ProcessVersion): boolean {
  return line?.outcome === 'due' && (schedule?.kind === 'cron' || standing.active);
}

/** A window that closes stops what runs in it; a cron job has none, and what was forced or is run late is outside anyway. */
function decideLiveOneShot(world: World, instance: Instance, version: ProcessVersion, now: Now): Decision {
  const { activity } = instance;
  const why = activity.kind === 'idle' ? 'wanted' : activity.run.why;
  if (instance.forced) return { want: 'run', reason: 'forced', version };
  const own = ownVersion(world, instance) ?? version;
  const standing = standingAt(own, now.wall);
  const entry = activity.kind === 'idle' ? undefined : activity.run.entry;
  // Windows that touch are each its own: the next one is not this run's.
  const isAnother =
    standing?.active === true && entry !== undefined && entry !== entryFor(own, standing, world.bootId).entry;
  const isOutside = own.schedule?.kind === 'windows' && (standing?.active === false || isAnother);
  if (isOutside && why !== 'catch-up') return { want: 'stop', code: 'schedule', version };
  return { want: 'run', reason: why, version };
}

/** A running one-shot ends under the version that it was launched with. */
function ownVersion(world: World, { id, activity }: Instance): ProcessVersion | undefined {
  if (activity.kind === 'idle') return undefined;
  const process = processById(world.config, id);
  return process?.versions.find(({ applyOn }) => applyOn.text === activity.run.applyOn);
}

/** The ledger's line for what a run now would be for. */
export function lineFor(world: World, instance: Instance, version: ProcessVersion, now: Now): LedgerEntry | undefined {
  return lineOf(instance, entryFor(version, standingAt(version, now.wall), world.bootId));
}
