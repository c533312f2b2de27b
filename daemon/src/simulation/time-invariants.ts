/**
 * What must hold of clocks, windows and versions, reckoned here by other means than the daemon's:
 *
 *  1. A one-shot's command runs once per window, boot or version, unless an operator or `autorestart` asked for more.
 *  2. Nothing is launched outside its window, unless by force or as `catch-up` says.
 *  3. Each stop has a cause that is one: a closed window, a hold, a newer version, a run that was too long, a folder at rest.
 *  4. While the clock is not to be trusted it stops nothing.
 */
import type { Instance, ProcessVersion, Run, Schedule, Stop, StopCause, WeekDay } from '../core/model.ts';
import { DAY, mod } from './days.ts';
import { reachedAt } from './zones.ts';
import { jobOf, nameOf, onRecord, type LaunchTruth, type Truth } from './truth.ts';

const BY_CLOCK: ReadonlySet<StopCause> = new Set<StopCause>(['schedule', 'new-version', 'not-yet-applied']);
const OWN_FAULTS: ReadonlySet<StopCause> = new Set<StopCause>([
  'init', 'start-health-check', 'health-check', 'max-run-time',
]); // prettier-ignore

export class TimeInvariants {
  readonly #truth: Truth;
  readonly #stops = new Map<string, string>();

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  /* ---------------------------------------------------------------- launches */

  onLaunch(launch: LaunchTruth): void {
    const { key, launchId } = launch;
    const { machine, deeds, violate } = this.#truth;
    if (jobOf(key) !== undefined) return;
    const run = runOf(onRecord(this.#truth, key));
    const version = run === undefined ? undefined : this.#versionOf(key, run.applyOn);
    if (run?.launchId !== launchId || version === undefined) return;
    launch.entry = entryOf(version, machine.wall, machine.bootId);
    const isLate = version.oneShot && (version.catchUp || version.schedule?.kind === 'cron');
    // A window may close over a `before`: the launch is taken back in the same breath.
    const isExcused = deeds.forced.has(key) || isLate || run.settings.hooks?.before !== undefined;
    // Where calls take their time the window may close between the decision and the launch, which no daemon could help.
    const moments = machine.isSlow ? [machine.wall, run.startedAt] : [machine.wall];
    if (!isExcused && !moments.some((at) => isOpen(version.schedule, at)))
      violate('windows are kept', `${key}: ${launchId} is launched outside its window`);
  }

  onExec({ key, launchId, version }: LaunchTruth): void {
    const { deeds, launches, violate } = this.#truth;
    const { oneShot, autorestart } = deeds.settingsOf(key);
    const entry = launches.get(nameOf({ key, launchId }))?.entry;
    if (!oneShot || deeds.lossy.has(key) || entry === undefined) return;
    const same = [...launches.values()].filter(
      (launch) => launch.key === key && launch.execs > 0 && (launch.entry === entry || launch.launchId === launchId),
    );
    const isFailed = ({ lastWord, isOwnFault }: LaunchTruth): boolean =>
      isOwnFault === true || (lastWord !== undefined && lastWord !== 'exit 0');
    const retries = autorestart === 'on-failure' ? same.filter(isFailed).length : 0;
    const allowed = 1 + retries + (deeds.asked.get(key) ?? 0);
    if (same.length > allowed)
      violate(
        'a one-shot runs once',
        `one-shot ${key} (${version ?? '?'}) ran ${same.length} times for ${entry}, ${allowed} allowed`,
      );
  }

  #versionOf(key: string, applyOn: string): ProcessVersion | undefined {
    const config = this.#truth.deeds.world()?.config;
    const process = config?.processes.find(({ id }) => key.startsWith(`${id}~`));
    return process?.versions.find((version) => version.applyOn.text === applyOn);
  }

  /* ---------------------------------------------------------------- stops */

  /** A daemon is about to start: it goes on with these. */
  noteStops(): void {
    for (const key of this.#truth.machine.files.list(`${this.#truth.deeds.stateDirectory}/instances`).map(keyOfFile)) {
      const instance = key === undefined ? undefined : onRecord(this.#truth, key);
      const run = runOf(instance);
      if (instance === undefined || run === undefined || !('stop' in instance.activity)) continue;
      this.#noteStop(instance.key, run.launchId, instance.activity.stop);
    }
  }

  #noteStop(key: string, launchId: string, stop: Stop | undefined): void {
    this.#stops.set(key, launchId);
    const launch = this.#truth.launches.get(nameOf({ key, launchId }));
    if (launch !== undefined && stop !== undefined && OWN_FAULTS.has(stop.cause)) launch.isOwnFault = true;
  }

  /** An instance that has changed. */
  check(instance: Instance): void {
    const { activity, key } = instance;
    const stop = 'stop' in activity ? activity.stop : undefined;
    const run = runOf(instance);
    if (stop === undefined || run === undefined || this.#stops.get(key) === run.launchId) return;
    this.#noteStop(key, run.launchId, stop);
    // One that another daemon began, unseen, is judged no more.
    if (stop.since !== this.#truth.machine.mono) return;
    const why = this.#whyNot(instance, run, stop);
    if (why === undefined) return;
    const rule = why === DOUBTFUL ? 'a doubtful clock stops nothing' : 'no stop without a cause';
    this.#truth.violate(rule, `${key}: ${run.launchId} is stopped (${stop.cause}), but ${why}`);
  }

  #whyNot({ key }: Instance, run: Run, { cause }: Stop): string | undefined {
    const { machine, deeds, launches } = this.#truth;
    if (BY_CLOCK.has(cause) && machine.mono < deeds.guardedUntil()) return DOUBTFUL;
    const { settings } = run;
    switch (cause) {
      case 'schedule':
        return this.#isOpenNow(key) && !this.#isOfAnotherWindow(key, run) ? 'its window is open' : undefined;
      case 'manual':
        return deeds.held.get(key) === false ? 'nobody holds it' : undefined;
      case 'new-version':
        return this.#hasNewer(key, run) ? undefined : 'no other version has begun';
      case 'max-run-time':
        return machine.mono - run.startedMono < (settings.maxRunTime ?? Infinity)
          ? 'it has not run for so long'
          : undefined;
      case 'health-check': {
        const touched = launches.get(nameOf({ key, launchId: run.launchId }))?.touched ?? [];
        // At this very moment it may have been after the look; or a moment before, by a daemon that has died since.
        const idle = machine.mono - (touched.find((at) => at < machine.mono - 1) ?? -Infinity);
        const { healthCheck } = settings;
        return healthCheck?.kind === 'folder' && idle < healthCheck.inactiveTime - SLACK
          ? `its folder changed ${idle} ms ago`
          : undefined;
      }
      default:
        return undefined;
    }
  }

  /** Edits change the schedule of all versions at once. */
  #isOpenNow(key: string): boolean {
    const { deeds, machine } = this.#truth;
    const process = deeds.world()?.config.processes.find(({ id }) => key.startsWith(`${id}~`));
    return process !== undefined && isOpen(process.versions[0]?.schedule, machine.wall);
  }

  /** A one-shot's windows are each its own: the one that is open may be the next. */
  #isOfAnotherWindow(key: string, { launchId, applyOn, settings }: Run): boolean {
    const { launches, machine } = this.#truth;
    const entry = launches.get(nameOf({ key, launchId }))?.entry;
    const version = this.#versionOf(key, applyOn);
    if (!settings.oneShot || entry === undefined || version === undefined) return false;
    return entry !== entryOf(version, machine.wall, machine.bootId);
  }

  #hasNewer(key: string, run: Run): boolean {
    const { deeds, machine } = this.#truth;
    const process = deeds.world()?.config.processes.find(({ id }) => key.startsWith(`${id}~`));
    const others = process?.versions.filter(({ fake, applyOn }) => !fake && applyOn.at <= machine.wall) ?? [];
    return others.some(({ applyOn }) => applyOn.text !== run.applyOn);
  }
}

const DOUBTFUL = 'the clock is not to be trusted';

const keyOfFile = (name: string): string | undefined => /^(.+)\.json$/.exec(name)?.[1];

/** Times of files are read off the wall clock. */
const SLACK = 50;

function runOf(instance: Instance | undefined): Run | undefined {
  return instance === undefined || instance.activity.kind === 'idle' ? undefined : instance.activity.run;
}

/** When the window began that is open, or was open last; for cron, the time that has come last. By the zone's own clocks. */
function latestOpening(schedule: Schedule, wall: number): number {
  const reached = reachedAt(wall, schedule.timezone);
  if (schedule.kind === 'cron') {
    const seconds = Number(/^\*\/(\d+) /.exec(schedule.pattern)?.[1]);
    return reached - mod(reached, seconds * 1_000);
  }
  const day = Math.floor((reached - schedule.start) / DAY);
  // 1970-01-01, day 0, was a Thursday.
  const back =
    [0, 1, 2, 3, 4, 5, 6].find((days) => schedule.days.includes((mod(day - days + 3, 7) + 1) as WeekDay)) ?? 0;
  return (day - back) * DAY + schedule.start;
}

export function isOpen(schedule: Schedule | undefined, wall: number): boolean {
  if (schedule === undefined) return true;
  if (schedule.kind === 'cron') return true;
  const { start, stop, timezone } = schedule;
  return reachedAt(wall, timezone) < latestOpening(schedule, wall) + mod(stop - start, DAY);
}

/** At most one run for each of these. */
function entryOf({ schedule, perBoot, applyOn }: ProcessVersion, wall: number, bootId: string): string {
  if (schedule !== undefined) return `${schedule.text} of ${latestOpening(schedule, wall)}`;
  return perBoot ? bootId : applyOn.text;
}
