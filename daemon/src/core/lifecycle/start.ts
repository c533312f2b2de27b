/** From a launch to RUNNING: `before`, the launch, and the steps after it (SPEC 5 "Phases of a start"). */
import { endedBy, judgeNeverRan, withExit, withoutFailures, withoutRun } from '../ending.ts';
import { beginHook, beginJob, hasJobs, jobNamed, textOf } from '../jobs.ts';
import { lineOfRun, versionEntry, withEntry } from '../ledger.ts';
import type { Instance, Job, JobResult, Now, Run, StartStep } from '../model.ts';
import { isSuccess } from '../restart-policy.ts';
import { ownEnd } from './clear.ts';
import {
  become, forget, handsOver, LAUNCH_PATIENCE, LOOK_AGAIN, same, followedBy, type ActivityOf, type EventOf, type Handler, type Step,
} from './events.ts'; // prettier-ignore

/** More launches than this are not remembered, whatever `max-runs` says. */
const RUNS_KEPT = 1_000;
/** How often a pid file is looked for while its expression still runs. */
const PID_FILE_INTERVAL = 250;
/** What `podman inspect` may take. */
const INSPECT_TIMEOUT = 10_000;

/* ------------------------------------------------------------------ the launch */

export const launch: Handler<'idle', 'launch'> = (
  instance,
  _activity,
  { run, ledger, counted, again, runsKept = RUNS_KEPT },
  now,
) => {
  // What ended before has no say any more. The credit is spent once the command has run: see `withoutCredit`.
  const { ended: _before, externals: _asked, ...rest } = instance;
  const runs = counted ? [...instance.counters.runs, now.mono].slice(-runsKept) : instance.counters.runs;
  const begun: Instance = {
    ...rest,
    counters: { ...instance.counters, runs },
    restarts: instance.restarts + (again ? 1 : 0),
    dependencyLost: false,
    ...(ledger === undefined ? {} : { ledger: withEntry(instance.ledger, ledger) }),
  };
  const before = run.settings.hooks?.before;
  if (before === undefined) return launchNow(begun, run, now);
  return followedBy(become(begun, { kind: 'preparing', run }), (preparing) =>
    beginHook(preparing, 'before', before, run, now),
  );
};

function launchNow(instance: Instance, run: Run, now: Now): Step {
  return become(instance, { kind: 'launching', run, lookAt: now.mono + LAUNCH_PATIENCE }, [
    { kind: 'launch', key: instance.key, run },
  ]);
}

export const beforeDone: Handler<'preparing', 'job-done'> = (instance, { run, stop }, { job, result }, now) => {
  if (stop !== undefined) return hasJobs(instance) ? same(instance) : notLaunched(instance, run);
  if (job.name !== 'before') return same(instance);
  // A daemon that died in between had the hold on disk, and not yet that it ends this start.
  if (instance.hold !== undefined) return notLaunched(instance, run);
  if (result.ok)
    return launchNow(withLaunchTime(instance, run, now), { ...run, startedAt: now.wall, startedMono: now.mono }, now);
  if (result.neverRan === true) {
    return { instance: judgeNeverRan(instance, run, { why: 'refused', message: result.text }, now), actions: [] };
  }
  const message = `\`before\` ${result.text}`;
  return { instance: judgeNeverRan(instance, run, { why: 'failed', code: 'before', message }, now), actions: [] };
};

/** The run counts from its launch, not from its `before`. */
function withLaunchTime(instance: Instance, run: Run, now: Now): Instance {
  const runs = instance.counters.runs.map((at) => (at === run.startedMono ? now.mono : at));
  return { ...instance, counters: { ...instance.counters, runs } };
}

export const stopPreparing: Handler<'preparing', 'stop'> = (instance, activity, event, now) => {
  const stop = { cause: event.cause, since: now.mono, now: event.now };
  if (activity.stop !== undefined) return same(instance);
  return hasJobs(instance) ? become(instance, { ...activity, stop }) : notLaunched(instance, activity.run);
};

const notLaunched = (instance: Instance, run: Run): Step => ({ instance: withoutRun(instance, run), actions: [] });

/** Its `before` is there no more, and nobody told how it ended: begin anew. */
export const tickPreparing: Handler<'preparing', 'tick'> = (instance, { run }) =>
  hasJobs(instance) ? same(instance) : notLaunched(instance, run);

/* ------------------------------------------------------------------ launched */

export const withProcess = (run: Run, { process, launcher }: EventOf<'launched'>): Run => ({
  ...run,
  process,
  ...(launcher === undefined ? {} : { launcher }),
});

/** The command has run: what excused this launch does not excuse the next. */
export function withoutCredit({ credit: _spent, ...rest }: Instance): Instance {
  return rest;
}

export const launched: Handler<'launching', 'launched'> = (instance, { run }, event, now) =>
  event.launchId === run.launchId
    ? enterStep(withoutCredit(instance), withProcess(run, event), 'pid-file', now)
    : same(instance);

/** State was lost, but not the run: it is settled as it would have been, and what it is for is on the ledger again. */
export const adopt: Handler<'idle', 'adopt'> = (instance, _activity, { run }, now) => {
  const line = lineOfRun(run.entry ?? versionEntry(run.applyOn), run.launchId);
  const alive = notEnded(instance, run);
  const known = run.settings.oneShot ? { ...alive, ledger: withEntry(alive.ledger, line) } : alive;
  const { 'after-start': _ran, ...hooks } = run.settings.hooks ?? {};
  // Its start was seen by another daemon: what followed on that is not done again.
  const from = handsOver(run) && run.handed === undefined ? 'pid-file' : 'settle';
  const step = enterStep(known, { ...run, settings: { ...run.settings, hooks } }, from, now);
  return withRun(step, run);
};

/** The activity with this run in it. */
function withRun({ instance, actions }: Step, run: Run): Step {
  const { activity } = instance;
  if (activity.kind !== 'settling' && activity.kind !== 'running') return { instance, actions };
  return { instance: { ...instance, activity: { ...activity, run } }, actions };
}

/** What was in doubt was taken for ended. */
function notEnded({ ended, exits, ...rest }: Instance, { launchId }: Run): Instance {
  const others = exits.filter((exit) => exit.launchId !== launchId);
  return { ...rest, exits: others, ...(ended === undefined || ended.launchId === launchId ? {} : { ended }) };
}

/** Also after its record was seen: that comes before the last steps of a launch, and any of them may fail. */
export const neverRan = (instance: Instance, { run }: { run: Run }, event: EventOf<'never-ran'>, now: Now): Step =>
  event.launchId === run.launchId
    ? { instance: judgeNeverRan(instance, run, event, now), actions: [forget(instance, run)] }
    : same(instance);

/* ------------------------------------------------------------------ the steps after it */

/** Enters the first step from `step` on that there is something to wait for. */
export function enterStep(instance: Instance, run: Run, step: StartStep, now: Now): Step {
  const activity = { kind: 'settling' as const, run, step, stepSince: now.mono };
  const { startHealthCheck, hooks } = run.settings;
  switch (step) {
    case 'pid-file': {
      if (!handsOver(run) || run.handed !== undefined) return enterStep(instance, run, 'start-health-check', now);
      const againAt = run.type === 'pid-file' ? { againAt: now.mono + PID_FILE_INTERVAL } : {};
      return become(instance, { ...activity, ...againAt });
    }
    case 'start-health-check':
      if (startHealthCheck === undefined) return enterStep(instance, run, 'init', now);
      return followedBy(become(instance, activity), (started) => askStart(started, activity, now));
    case 'init': {
      const init = hooks?.init;
      if (init === undefined) return enterStep(instance, run, 'settle', now);
      return followedBy(become(instance, activity), (started) => beginHook(started, 'init', init, run, now));
    }
    case 'settle': {
      const isDue = run.settings.oneShot || now.mono - run.startedMono >= run.settings.startSecs;
      return isDue ? settle(instance, run, now) : become(instance, activity);
    }
  }
}

/** One try of the start-health-check, within what is left of its time. */
function askStart(instance: Instance, activity: ActivityOf<'settling'>, now: Now): Step {
  const check = activity.run.settings.startHealthCheck;
  if (check === undefined) return enterStep(instance, activity.run, 'init', now);
  const { againAt: _now, ...asking } = activity;
  const timeout = Math.max(activity.stepSince + check.timeout - now.mono, 1);
  const order = { name: 'start-health-check' as const, work: check.probe, timeout };
  return followedBy(become(instance, asking), (started) =>
    beginJob(started, order, activity.run.launchId, activity.run, now),
  );
}

/** RUNNING: what waits for that begins. */
function settle(instance: Instance, run: Run, now: Now): Step {
  // With start-secs = 0 a launch may still turn out to have failed: its end decides.
  const isProven = !run.settings.oneShot && run.settings.startSecs > 0;
  const counters = isProven ? withoutFailures(instance.counters) : instance.counters;
  const health = run.settings.healthCheck === undefined ? {} : { health: { failures: 0, nextAt: now.mono } };
  const { tookOver: _done, ...seen } = instance.seen;
  const running = become(
    { ...instance, counters, seen },
    { kind: 'running', run, since: { wall: now.wall, mono: now.mono }, ...health },
  );
  const hook = run.settings.hooks?.['after-start'];
  if (hook === undefined) return running;
  return followedBy(running, (started) => beginHook(started, 'after-start', hook, run, now));
}

export const stepDone: Handler<'settling', 'job-done'> = (instance, activity, { job, result }, now) => {
  const { run, step } = activity;
  if (job.killed?.why === 'cancelled' || activity.failed !== undefined) return same(instance);
  if (job.name === 'inspect' && step === 'pid-file') {
    const said = result.ok ? { text: result.output ?? '' } : { text: '', failure: textOf(result) };
    return { instance, actions: [{ kind: 'take-pid', key: instance.key, run, ended: true, ...said }] };
  }
  if (job.name === 'init' && step === 'init') {
    if (result.ok) return enterStep(instance, run, 'settle', now);
    if (result.neverRan === true) return become(instance, { ...activity, againAt: now.mono + LOOK_AGAIN });
    return become(instance, { ...activity, failed: { code: 'init', text: `\`init\` ${result.text}` } });
  }
  if (job.name === 'start-health-check' && step === 'start-health-check') {
    if (result.ok) return enterStep(instance, run, 'init', now);
    return startCheckFailed(instance, activity, lastTry(job, result), now);
  }
  return same(instance);
};

/** The last try has only what is left of the time: how long that was tells nothing. */
function lastTry({ killed }: Job, result: JobResult): string {
  return killed?.why === 'timeout' ? 'its last try did not end' : textOf(result);
}

function startCheckFailed(instance: Instance, activity: ActivityOf<'settling'>, text: string, now: Now): Step {
  const check = activity.run.settings.startHealthCheck;
  const againAt = now.mono + (check?.interval ?? 0);
  if (check !== undefined && againAt < activity.stepSince + check.timeout)
    return become(instance, { ...activity, againAt });
  const within = `did not succeed within ${(check?.timeout ?? 0) / 1_000} s`;
  const failed = { code: 'start-health-check' as const, text: `${within}: ${text}` };
  return become(instance, { ...activity, failed });
}

export const tickSettling: Handler<'settling', 'tick'> = (instance, activity, _event, now) => {
  const { run, step, againAt } = activity;
  if (activity.failed !== undefined || (stepDeadline(instance, activity) ?? Infinity) > now.mono) return same(instance);
  switch (step) {
    case 'pid-file':
      return become(instance, { ...activity, againAt: now.mono + PID_FILE_INTERVAL }, [
        { kind: 'take-pid', key: instance.key, run, ended: false },
      ]);
    case 'start-health-check':
      return askStart(instance, activity, now);
    case 'init': {
      const init = run.settings.hooks?.init;
      if (init === undefined) return enterStep(instance, run, 'settle', now);
      const { againAt: _now, ...asking } = activity;
      return againAt === undefined && jobNamed(instance, 'init') !== undefined
        ? same(instance)
        : followedBy(become(instance, asking), (started) => beginHook(started, 'init', init, run, now));
    }
    case 'settle':
      return enterStep(instance, run, 'settle', now);
  }
};

/** When the step has something to do by itself; what a job tells comes as an event. */
export function stepDeadline(instance: Instance, activity: ActivityOf<'settling'>): number | undefined {
  const { run, step, stepSince, againAt, failed } = activity;
  if (failed !== undefined) return undefined;
  switch (step) {
    case 'pid-file':
      return againAt;
    case 'start-health-check':
    case 'init':
      // A job that got lost with a daemon is begun anew.
      return jobNamed(instance, step) === undefined ? (againAt ?? stepSince) : undefined;
    case 'settle':
      return run.startedMono + run.settings.startSecs;
  }
}

/* ------------------------------------------------------------------ expressions that name another process */

/** The end of an expression that hands over is not the end of the service. */
export const exitedSettling: Handler<'settling', 'exited'> = (instance, activity, event, now) => {
  const { run, step } = activity;
  if (event.launchId !== run.launchId) return same(instance);
  if (step !== 'pid-file') return ownEnd(false)(instance, activity, event, now);
  const isGood = isSuccess(event.exit, run.settings.exitCodes);
  switch (run.type) {
    case 'external':
      return isGood ? enterHanded(instance, run, {}, now) : ownEnd(false)(instance, activity, event, now);
    case 'podman-cid': {
      if (!isGood) return ownEnd(false)(instance, activity, event, now);
      if (jobNamed(instance, 'inspect') !== undefined) return same(instance);
      const { againAt: _none, ...waiting } = activity;
      const order = {
        name: 'inspect' as const,
        work: { kind: 'command' as const, command: INSPECT },
        timeout: INSPECT_TIMEOUT,
      };
      return followedBy(become(instance, waiting), (asking) => beginJob(asking, order, run.launchId, run, now));
    }
    default:
      return { instance, actions: [{ kind: 'take-pid', key: instance.key, run, ended: true }] };
  }
};

/** `PROCMAN_CID` is the last line that the expression printed. */
const INSPECT = 'exec podman inspect --format "{{.State.Pid}}" "$PROCMAN_CID"';

export const handed: Handler<'settling', 'handed'> = (instance, { run, step }, event, now) => {
  if (event.launchId !== run.launchId || step !== 'pid-file') return same(instance);
  return enterHanded(instance, run, event.process === undefined ? {} : { process: event.process }, now);
};

function enterHanded(instance: Instance, run: Run, to: NonNullable<Run['handed']>, now: Now): Step {
  return enterStep(instance, { ...run, handed: to }, 'start-health-check', now);
}

/** Starting a second copy is worse than waiting: an operator has to say what became of it. */
export const unhanded: Handler<'settling', 'unhanded'> = (instance, { run, step }, event, now) => {
  if (event.launchId !== run.launchId || step !== 'pid-file') return same(instance);
  const { message, candidates } = event;
  const ended = endedBy(run, 'itself', { exit: { kind: 'unknown' }, at: now.wall }, false, now);
  const idle = { ...instance, activity: { kind: 'idle' as const }, ended, exits: withExit(instance.exits, ended) };
  return {
    instance: { ...idle, doubt: { code: 'pid-file', message, candidates } },
    actions: [forget(instance, run)],
  };
};
