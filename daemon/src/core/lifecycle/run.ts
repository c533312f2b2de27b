/** RUNNING: its health, and how long it may run. What has to end for it is proposed by `reconcile.ts`. */
import { beginJob, jobNamed, textOf } from '../jobs.ts';
import type { Health, HealthCheck, Instance, JobResult, Milliseconds, MonotonicTime, Now } from '../model.ts';
import { become, same, followedBy, type ActivityOf, type Handler } from './events.ts';

/** A folder's activity is asked for as soon as it can have ceased, and this often at most. */
const FOLDER_INTERVAL: Milliseconds = 1_000;
/** Checks begin at multiples of this time. */
const GRID: Milliseconds = 250;
const FOLDER_TIMEOUT: Milliseconds = 5_000;

export const tickRunning: Handler<'running', 'tick'> = (instance, activity, _event, now) => {
  if ((healthDeadline(instance, activity) ?? Infinity) > now.mono) return same(instance);
  const { run, health } = activity;
  const check = run.settings.healthCheck;
  if (check === undefined) return same(instance);
  const { timeout, work } = asked(check, activity);
  const asking = become(instance, { ...activity, health: health ?? { failures: 0, nextAt: now.mono } });
  return followedBy(asking, (known) =>
    beginJob(known, { name: 'health-check', work, timeout }, run.launchId, run, now),
  );
};

function asked(
  check: HealthCheck,
  activity: ActivityOf<'running'>,
): Pick<Parameters<typeof beginJob>[1], 'work' | 'timeout'> {
  if (check.kind === 'probe') return { work: check.probe, timeout: check.timeout };
  const { folder, inactiveTime } = check;
  const since = sinceOf(activity).wall;
  return { work: { kind: 'folder', folder, inactiveTime, since }, timeout: FOLDER_TIMEOUT };
}

/** Since when it is RUNNING. */
function sinceOf({ since, run }: ActivityOf<'running'>): { readonly wall: number; readonly mono: number } {
  return since ?? { wall: run.startedAt, mono: run.startedMono };
}

export const healthDone: Handler<'running', 'job-done'> = (instance, activity, { job, result }, now) => {
  const check = activity.run.settings.healthCheck;
  if (job.name !== 'health-check' || job.killed?.why === 'cancelled' || check === undefined) return same(instance);
  const before = activity.health ?? { failures: 0, nextAt: now.mono };
  return become(instance, { ...activity, health: judged(before, check, result, activity, now) });
};

function judged(
  before: Health,
  check: HealthCheck,
  result: JobResult,
  activity: ActivityOf<'running'>,
  now: Now,
): Health {
  const nextAt = check.kind === 'probe' ? nextOf(now.mono, check.interval) : now.mono + pauseOf(check, result);
  const asked = { at: now.wall, nextAt };
  if (result.neverRan === true) return { ...before, nextAt };
  if (result.ok) return { ok: true, failures: 0, ...asked };
  const isStarting =
    check.kind === 'probe' && before.ok !== true && now.mono - sinceOf(activity).mono < check.startPeriod;
  const failures = isStarting ? 0 : before.failures + 1;
  const text = textOf(result);
  const isUnhealthy = failures >= (check.kind === 'probe' ? check.retries : 1);
  return {
    ...(isUnhealthy ? { ok: false } : before.ok === undefined ? {} : { ok: before.ok }),
    failures,
    text,
    ...asked,
  };
}

/** Checks of many services come together, so that they cost few turns. Earlier: an interval is never longer than asked. */
function nextOf(now: MonotonicTime, interval: Milliseconds): MonotonicTime {
  const at = now + interval;
  // A short one is kept as it is: rounded, it could come at once.
  return interval < 4 * GRID ? at : Math.floor(at / GRID) * GRID;
}

/** Until the folder can have become inactive. */
function pauseOf({ inactiveTime }: Extract<HealthCheck, { kind: 'folder' }>, { again }: JobResult): Milliseconds {
  return Math.max(again ?? inactiveTime, FOLDER_INTERVAL);
}

/** When the next check is due. */
export function healthDeadline(instance: Instance, { run, health }: ActivityOf<'running'>): number | undefined {
  if (run.settings.healthCheck === undefined || health?.ok === false) return undefined;
  if (jobNamed(instance, 'health-check') !== undefined) return undefined;
  return health?.nextAt ?? run.startedMono;
}

/** When it has run for as long as it may. */
export function runTimeDeadline({ run }: ActivityOf<'running'> | ActivityOf<'settling'>): number | undefined {
  const { maxRunTime } = run.settings;
  return maxRunTime === undefined ? undefined : run.startedMono + maxRunTime;
}
