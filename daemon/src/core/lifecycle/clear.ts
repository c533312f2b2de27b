/** From the end of the main process until nothing of the run is left, and the machine that goes down. */
import { endedBy, judgeEnding, withExit, withoutRun } from '../ending.ts';
import { beginHook, cancelJob, hasJobs } from '../jobs.ts';
import type { Activity, Clearing, Ended, Instance, LiveProcess, Now, Run } from '../model.ts';
import { afterScan, firstScan } from '../stop-plan.ts';
import {
  become, forget, LOOK_AGAIN, same, followedBy, type ActivityOf, type EventOf, type Handler, type Step,
} from './events.ts'; // prettier-ignore

/** A main process that ends within this time and leaves others behind forks into the background. */
const FORKED_WITHIN = 5_000;

/** Signals that were sent before the main process ended. */
type Sent = Pick<Clearing, 'hookUntil' | 'firstSignalAt' | 'killedAt'>;

/** The main process has ended: record it, then see what it left behind. */
export function enterClearing(instance: Instance, run: Run, ended: Ended, sent: Sent, now: Now): Step {
  const recorded = { ...instance, exits: withExit(instance.exits, ended) };
  // With kill-mode `process` the rest is none of our business; what an `external` left is the service.
  const isCleared = isLeftAlone(run);
  if (isCleared && !hasJobs(recorded)) return conclude(recorded, run, ended, now);
  const clearing: Clearing = { remains: [], scanAt: now.mono + LOOK_AGAIN, ...sent };
  const activity: Activity = { kind: 'clearing', run, ended, clearing };
  return become(recorded, activity, isCleared ? [] : [{ kind: 'scan', key: instance.key, run }]);
}

const isLeftAlone = (run: Run): boolean => run.settings.killMode === 'process' || run.type === 'external';

export const ownEnd =
  (settled: boolean) =>
  (instance: Instance, { run }: { run: Run }, event: EventOf<'exited'>, now: Now): Step =>
    event.launchId === run.launchId
      ? enterClearing(instance, run, endedBy(run, 'itself', event, settled, now), {}, now)
      : same(instance);

/** Nothing of the run is left but its last hook. */
function conclude(instance: Instance, run: Run, ended: Ended, now: Now): Step {
  const hook = run.settings.hooks?.['after-stop'];
  if (hook === undefined) return finish(instance, run, ended);
  return followedBy(become(instance, { kind: 'finishing', run, ended }), (finishing) =>
    beginHook(finishing, 'after-stop', hook, run, now, exitVariables(ended)),
  );
}

function exitVariables({ exit }: Ended): Record<string, string> {
  if (exit.kind === 'code') return { PROCMAN_EXIT_CODE: String(exit.code), PROCMAN_EXIT_SIGNAL: '' };
  return { PROCMAN_EXIT_CODE: '', PROCMAN_EXIT_SIGNAL: exit.kind === 'signal' ? `SIG${exit.signal}` : '' };
}

/** Nothing of the run is left: judge how it ended. */
export const finish = (instance: Instance, run: Run, ended: Ended): Step => ({
  instance: judgeEnding({ ...instance, activity: { kind: 'idle' } }, run, ended),
  actions: [forget(instance, run)],
});

export const finished: Handler<'finishing', 'job-done'> = (instance, { run, ended }) =>
  hasJobs(instance) ? same(instance) : finish(instance, run, ended);

/** `--now` waits for no hook. */
export const stopFinishing: Handler<'finishing', 'stop'> = (instance, _activity, event, now) =>
  event.now ? cancelJob(instance, 'after-stop', now) : same(instance);

/** Its `after-stop` got lost with a daemon that is no more. */
export const tickFinishing: Handler<'finishing', 'tick'> = (instance, { run, ended }) =>
  hasJobs(instance) ? same(instance) : finish(instance, run, ended);

/* ------------------------------------------------------------------ what is left */

export const stopClearing: Handler<'clearing', 'stop'> = (instance, activity, event, now) => {
  // The first reason of an ending wins; `--now` ends the grace of what is left.
  if (!event.now || activity.clearing.killedAt !== undefined) return same(instance);
  const { hookUntil: _over, ...rest } = activity.clearing;
  const clearing = {
    ...rest,
    firstSignalAt: now.mono - activity.run.settings.stopTimeout,
    scanAt: now.mono + LOOK_AGAIN,
  };
  return become(instance, { ...activity, clearing }, [{ kind: 'scan', key: instance.key, run: activity.run }]);
};

export const scannedWhileClearing: Handler<'clearing', 'scanned'> = (instance, activity, event, now) => {
  const { run, ended, clearing } = activity;
  if (event.launchId !== run.launchId || event.whileAlive === true) return same(instance);
  // A daemon that begins looks at whatever is being cleared.
  if (isLeftAlone(run)) return same(instance);
  if (event.remains.length === 0) return goneUnlessInDoubt(instance, activity, event.unproven ?? [], now);
  const isFirst = clearing.remains.length === 0;
  const forked =
    isFirst &&
    ended.by === 'itself' &&
    event.remains.some((left) => left.marked) &&
    ended.at - run.startedAt < FORKED_WITHIN;
  const next = isFirst ? firstScan : afterScan;
  const { clearing: after, actions } = next(instance.key, run, clearing, event.remains, now.mono);
  return become(instance, { ...activity, ended: forked ? { ...ended, forked } : ended, clearing: after }, actions);
};

/** What cannot be proven is neither signalled nor run beside: an operator has to say what it is. */
function goneUnlessInDoubt(
  instance: Instance,
  activity: ActivityOf<'clearing'>,
  candidates: readonly LiveProcess[],
  now: Now,
): Step {
  const { run, ended, clearing } = activity;
  // Its `stop` hook is still at work: what that does belongs to the stop.
  if (hasJobs(instance)) return become(instance, { ...activity, clearing: { ...clearing, remains: [] } });
  if (candidates.length === 0) return conclude(instance, run, ended, now);
  // Its `after-stop` may count on all of it being gone, so that is left out.
  const step = finish(instance, run, ended);
  const names = candidates.map(({ pid, command }) => `${pid} (${command})`).join(', ');
  const message = `alive in what was its session, and perhaps its own: ${names}; \`unblock\` with --kill or --gone`;
  return { ...step, instance: { ...step.instance, doubt: { code: 'identity', message, candidates } } };
}

/** The last hook is gone: is anything else left? */
export const clearedOfJob: Handler<'clearing', 'job-done'> = (instance, activity, { job, result }, now) => {
  const { run, ended, clearing: before } = activity;
  const { hookUntil, ...rest } = before;
  // A `stop` hook that failed stands in for the signal no longer.
  const isOver = hookUntil === undefined || (job.name === 'stop' && !result.ok);
  const clearing = isOver ? rest : before;
  if (hasJobs(instance)) return become(instance, { ...activity, clearing });
  if (isLeftAlone(run)) return conclude(instance, run, ended, now);
  const next = { ...activity, clearing: { ...clearing, scanAt: now.mono + LOOK_AGAIN } };
  return become(instance, next, [{ kind: 'scan', key: instance.key, run }]);
};

export const tickClearing: Handler<'clearing', 'tick'> = (instance, activity, _event, now) => {
  const { run, clearing, ended } = activity;
  if (clearing.scanAt === undefined || now.mono < clearing.scanAt) return same(instance);
  if (isLeftAlone(run) && !hasJobs(instance)) return conclude(instance, run, ended, now);
  // Its answer sets the next look; this is for the case that there is none.
  const next = { ...activity, clearing: { ...clearing, scanAt: now.mono + LOOK_AGAIN } };
  return become(instance, next, isLeftAlone(run) ? [] : [{ kind: 'scan', key: instance.key, run }]);
};

/* ------------------------------------------------------------------ the machine went down */

export function boot(instance: Instance, activity: Activity, event: EventOf<'boot'>, now: Now): Step {
  const { doubt: _gone, metSince: _unknown, externals: _asked, ...rest } = instance;
  const fresh: Instance = {
    ...rest,
    credit: 'boot',
    counters: { failedStarts: 0, runs: [] },
    operatorStarted: false,
    forced: false,
    jobs: [],
    // The monotonic clock began anew.
    shown: { ...instance.shown, sinceMono: Math.min(instance.shown.sinceMono, now.mono) },
    seen: withoutMono(instance.seen),
  };
  if (activity.kind === 'idle') return same(fresh);
  if (activity.kind === 'clearing' || activity.kind === 'finishing') return finish(fresh, activity.run, activity.ended);
  if (activity.run.process === undefined && event.exit === undefined && !mayHaveRun(activity, event)) {
    return { instance: withoutRun(fresh, activity.run), actions: [forget(instance, activity.run)] };
  }
  const stop = 'stop' in activity ? activity.stop : undefined;
  const by = event.exit === undefined ? 'boot' : (stop ?? 'itself');
  const ended = endedBy(
    activity.run,
    by,
    { exit: event.exit ?? { kind: 'unknown' }, at: event.at },
    activity.kind === 'running',
    now,
  );
  const step = finish({ ...fresh, exits: withExit(fresh.exits, ended) }, activity.run, ended);
  return { ...step, instance: { ...step.instance, counters: { failedStarts: 0, runs: [] } } };
}

/**
 * Without a run record a one-shot may have run all the same: a power cut takes the youngest files. It is taken as run, as once too
 * often is worse than once too seldom; for a service it makes no difference.
 */
function mayHaveRun({ kind, run }: Exclude<Activity, { kind: 'idle' }>, { neverRan }: EventOf<'boot'>): boolean {
  return run.settings.oneShot && kind !== 'preparing' && neverRan !== true;
}

function withoutMono({ tookOver: _other, ...seen }: Instance['seen']): Instance['seen'] {
  return seen;
}
