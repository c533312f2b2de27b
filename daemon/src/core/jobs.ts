/**
 * Hooks and checks under way, beside the life of the run (SPEC 5). Each is a small life of its own: started, ended, and its session
 * cleared; killed when its time is over or when nobody waits for it any more. What it came to is told to the table of
 * `lifecycle.ts` as `job-done` once nothing of it is left, so that nothing ever starts beside a hook.
 */
import type { Action } from './actions.ts';
import { followedBy, LAUNCH_PATIENCE, LOOK_AGAIN, same, type Step } from './lifecycle/events.ts';
import type {
  Activity, Hook, HookName, Instance, Job, JobName, JobResult, JobWork, LaunchId, Milliseconds, MonotonicTime, Now,
  ProcessIdentity, Run,
} from './model.ts'; // prettier-ignore

export type JobEvent =
  | {
      readonly kind: 'job-launched';
      readonly job: JobName;
      readonly launchId: LaunchId;
      readonly process: ProcessIdentity;
      readonly launcher: ProcessIdentity;
    }
  /** Its shell has ended, or it never ran. `again`: for no fault of its own, so it is to be tried again. */
  | {
      readonly kind: 'job-ended';
      readonly job: JobName;
      readonly launchId: LaunchId;
      readonly result: JobResult;
      readonly again?: true;
    }
  /** Nothing is left of its session. */
  | { readonly kind: 'job-cleared'; readonly job: JobName; readonly launchId: LaunchId }
  /** A hook that the state does not know was found alive. */
  | { readonly kind: 'job-found'; readonly job: Job };

/** Between two kills of a session that does not die. */
const KILL_AGAIN = 500;
/** What is alive so long after its first SIGKILL hangs in the kernel: told, and killed more slowly. */
const OUTLIVES_AFTER = 2_000;
const KILL_SLOWLY = 5_000;
/** Probes end by themselves; one that was lost is given up so long after its timeout. */
const LOST_AFTER = 5_000;

/** What a job is asked to do, before it has a launch. */
export interface JobOrder {
  readonly name: JobName;
  readonly work: JobWork;
  readonly timeout: Milliseconds;
  readonly variables?: Readonly<Record<string, string>>;
}

const HOOKS: ReadonlySet<JobName> = new Set<HookName>(['before', 'init', 'after-start', 'stop', 'after-stop']);

/** A command of a process's life; else it is a check. */
export const isHook = (name: JobName): name is HookName => HOOKS.has(name);

export const isCommand = ({ work }: Job): boolean => work.kind === 'command';

/** Launch ids of jobs: unique per stem, as two tries of one job never begin at the same microsecond of a boot. */
function launchIdOf(base: LaunchId, now: Now): LaunchId {
  return `${base}t${Math.round(now.mono * 1_000).toString(36)}`;
}

/** @param base the launch id of the run, or another text that this boot gives out once */
export function beginJob(instance: Instance, order: JobOrder, base: LaunchId, run: Run | undefined, now: Now): Step {
  const isLaunched = order.work.kind === 'command';
  const job: Job = {
    ...order,
    launchId: launchIdOf(base, now),
    startedMono: now.mono,
    lookAt: now.mono + (isLaunched ? LAUNCH_PATIENCE : order.timeout + LOST_AFTER),
  };
  return {
    instance: { ...instance, jobs: [...instance.jobs, job] },
    actions: [{ kind: 'start-job', key: instance.key, job, ...(run === undefined ? {} : { run }) }],
  };
}

/** A hook of a run. */
export function beginHook(
  instance: Instance,
  name: HookName,
  { command, timeout }: Hook,
  run: Run,
  now: Now,
  variables?: JobOrder['variables'],
): Step {
  const order: JobOrder = { name, work: { kind: 'command', command }, timeout, ...(variables && { variables }) };
  return beginJob(instance, order, run.launchId, run, now);
}

export function jobNamed(instance: Instance, name: JobName): Job | undefined {
  return instance.jobs.find((job) => job.name === name);
}

function jobOf(instance: Instance, { job, launchId }: { job: JobName; launchId: LaunchId }): Job | undefined {
  return instance.jobs.find((candidate) => candidate.name === job && candidate.launchId === launchId);
}

const withJob = (instance: Instance, job: Job): Instance => ({
  ...instance,
  jobs: instance.jobs.map((each) => (each.name === job.name && each.launchId === job.launchId ? job : each)),
});

const withoutJob = (instance: Instance, job: Job): Instance => ({
  ...instance,
  jobs: instance.jobs.filter((each) => each.name !== job.name || each.launchId !== job.launchId),
});

/** What a job's event means for it. `done`: nothing of it is left, and this is what it came to. */
export function stepJob(
  instance: Instance,
  event: JobEvent,
  now: Now,
): Step & { readonly done?: { readonly job: Job; readonly result: JobResult } } {
  if (event.kind === 'job-found') {
    const killed = { ...event.job, killed: { why: 'cancelled' as const, at: now.mono }, lookAt: now.mono + KILL_AGAIN };
    return {
      instance: { ...instance, jobs: [...instance.jobs, killed] },
      actions: [{ kind: 'kill-job', key: instance.key, job: killed }],
    };
  }
  const job = jobOf(instance, event);
  if (job === undefined) return same(instance);
  switch (event.kind) {
    case 'job-launched': {
      if (job.process !== undefined) return same(instance);
      const launched = { ...job, process: event.process, launcher: event.launcher };
      // A kill that came too early is made up for.
      const isKilled = job.killed !== undefined;
      const kill: Action[] = isKilled ? [{ kind: 'kill-job', key: instance.key, job: launched }] : [];
      const lookAt = isKilled ? now.mono + KILL_AGAIN : Infinity;
      return { instance: withJob(instance, { ...launched, lookAt }), actions: kill };
    }
    case 'job-ended': {
      const result = event.again === true ? { ...event.result, ok: false, neverRan: true as const } : event.result;
      const ended = { ...job, result, lookAt: now.mono + LOOK_AGAIN };
      if (job.process === undefined) return removed(withJob(instance, ended), ended);
      return { instance: withJob(instance, ended), actions: [{ kind: 'clear-job', key: instance.key, job: ended }] };
    }
    case 'job-cleared':
      return job.result === undefined ? same(instance) : removed(instance, job);
  }
}

function removed(
  instance: Instance,
  job: Job,
): Step & { readonly done?: { readonly job: Job; readonly result: JobResult } } {
  const actions: Action[] = isCommand(job) ? [{ kind: 'forget-job', key: instance.key, job }] : [];
  return { instance: withoutJob(instance, job), actions, done: { job, result: resultOf(job) } };
}

/**
 * What it came to: its own end says little where it was killed. One that has ended well was not: a daemon that was held up saw its
 * time go by before it saw that.
 */
export function resultOf({ result, killed, timeout }: Job): JobResult {
  if (killed?.why === 'timeout' && result?.ok !== true)
    return { ok: false, text: withOutput(`did not end within ${Math.round(timeout) / 1_000} s`, result?.output) };
  return result ?? { ok: false, text: 'its end is not known' };
}

/** How it ended, and the last of what it printed. */
export function textOf({ text, output }: JobResult): string {
  return withOutput(text, output);
}

function withOutput(text: string, output = ''): string {
  return output === '' ? text : `${text}: ${output}`;
}

/** Which jobs an activity has use for; others are killed. */
export function wantedJobs(activity: Activity): readonly JobName[] {
  switch (activity.kind) {
    case 'idle':
      return ['dependency'];
    case 'preparing':
      return activity.stop === undefined ? ['before'] : [];
    case 'launching':
      return [];
    case 'settling':
      return ['start-health-check', 'init', 'inspect'];
    case 'running':
    case 'yielding':
      return ['after-start', 'health-check'];
    case 'stopping':
      // An `external` is alive as long as its health-check says so.
      return activity.run.type === 'external' ? ['stop', 'health-check'] : ['stop'];
    case 'clearing':
      return ['stop'];
    case 'finishing':
      return ['after-stop'];
  }
}

/** A check that was defined anew while it was asked: what comes of it says nothing of the new one. */
function isOutdated({ activity }: Instance, { name, work, killed, result }: Job): boolean {
  if (killed !== undefined || result !== undefined || work.kind === 'folder' || activity.kind === 'idle') return false;
  const { startHealthCheck, healthCheck } = activity.run.settings;
  if (name !== 'start-health-check' && name !== 'health-check') return false;
  const check = name === 'health-check' ? healthCheck : startHealthCheck;
  return check !== undefined && JSON.stringify('probe' in check ? check.probe : check) !== JSON.stringify(work);
}

/** Kills what the activity has no use for. */
export function cancelUnwanted(instance: Instance, now: Now): Step {
  if (instance.jobs.length === 0) return same(instance);
  const wanted = wantedJobs(instance.activity);
  const stale = instance.jobs.filter((job) => {
    if (isOutdated(instance, job)) return true;
    return !wanted.includes(job.name) && job.killed === undefined && job.result === undefined;
  });
  return stale.reduce<Step>(
    (step, job) => followedBy(step, (current) => kill(current, job, 'cancelled', now)),
    same(instance),
  );
}

/** `stop --now`: no hook is waited for. */
export function cancelJob(instance: Instance, name: JobName, now: Now): Step {
  const job = jobNamed(instance, name);
  if (job === undefined || job.killed !== undefined || job.result !== undefined) return same(instance);
  return kill(instance, job, 'cancelled', now);
}

function kill(instance: Instance, job: Job, why: 'timeout' | 'cancelled', now: Now): Step {
  const since = job.killed?.at ?? now.mono;
  const pause = now.mono - since >= OUTLIVES_AFTER ? KILL_SLOWLY : KILL_AGAIN;
  const killed: Job = { ...job, killed: job.killed ?? { why, at: now.mono }, lookAt: now.mono + pause };
  const action: Action = { kind: 'kill-job', key: instance.key, job: killed };
  // A probe has no process: with its asking it is gone.
  if (!isCommand(job) && why === 'cancelled') return { instance: withoutJob(instance, job), actions: [action] };
  return { instance: withJob(instance, killed), actions: [action] };
}

export function deadlineOfJobs(instance: Instance): MonotonicTime | undefined {
  const { jobs } = instance;
  if (jobs.length === 0) return undefined;
  if (jobs.some((job) => isOutdated(instance, job))) return 0;
  return jobs.reduce((earliest, job) => Math.min(earliest, deadlineOfJob(job)), Infinity);
}

function deadlineOfJob(job: Job): MonotonicTime {
  const isOpen = job.killed === undefined && job.result === undefined && isCommand(job);
  return Math.min(job.lookAt, isOpen ? job.startedMono + job.timeout : Infinity);
}

/** What is overdue is killed, killed again, or looked at. */
export function tickJobs(instance: Instance, now: Now): Step {
  return instance.jobs.reduce<Step>(
    (step, job) => (deadlineOfJob(job) > now.mono ? step : followedBy(step, (current) => overdue(current, job, now))),
    same(instance),
  );
}

function overdue(instance: Instance, job: Job, now: Now): Step {
  const { key } = instance;
  if (!isCommand(job)) {
    // Lost by a daemon that is no more: as if it had failed.
    const { instance: without, actions } = removed(instance, job);
    return { instance: without, actions };
  }
  const later: Job = { ...job, lookAt: now.mono + LOOK_AGAIN };
  if (job.result !== undefined)
    return { instance: withJob(instance, later), actions: [{ kind: 'clear-job', key, job: later }] };
  if (job.killed !== undefined) {
    const { instance: killedAgain, actions } = kill(instance, job, job.killed.why, now);
    return { instance: killedAgain, actions: [...actions, { kind: 'look-job', key, job: later }] };
  }
  if (now.mono >= job.startedMono + job.timeout) return kill(instance, job, 'timeout', now);
  return { instance: withJob(instance, later), actions: [{ kind: 'look-job', key, job: later }] };
}

/** The names of hooks that belong to a run which is being ended. */
export function hasJobs({ jobs }: Instance): boolean {
  return jobs.some(({ name }) => name !== 'dependency');
}

/** A hook or a check that outlives SIGKILL. */
export function survivingJob({ jobs }: Instance, now: MonotonicTime): Job | undefined {
  return jobs.find(({ killed }) => killed !== undefined && now - killed.at >= OUTLIVES_AFTER);
}
