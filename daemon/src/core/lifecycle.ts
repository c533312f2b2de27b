/**
 * The state machine of an instance: (instance, event, now) -> (instance, actions). One exhaustive table, the only place where
 * `Instance.activity` changes; its handlers are in `lifecycle/`, by the stretch of a life that they are about.
 *
 *   idle --launch--> preparing --before--> launching --launched--> settling --steps--> running
 *                        |                    |                        |                  |
 *                        | failed             | never-ran              +---- exited ------+--> clearing --nothing left--+
 *                        v                    v                        |                  |        ^                    |
 *                      idle                 idle                     stop               stop       |                    v
 *                                                                      v                  v        |         finishing (after-stop)
 *                                                            yielding (dependents first) --> stopping                   |
 *                                                                                                                    idle
 *
 * An event that names another launch than the current one is a replay or comes too late: it changes nothing. Hooks and checks live
 * beside this (`jobs.ts`); what they come to is the event `job-done`.
 */
import { endedBy } from './ending.ts';
import { beginJob, cancelJob, cancelUnwanted, deadlineOfJobs, stepJob, tickJobs, type JobEvent } from './jobs.ts';
import {
  boot, clearedOfJob, enterClearing, finished, ownEnd, scannedWhileClearing, stopClearing, stopFinishing, tickClearing,
  tickFinishing,
} from './lifecycle/clear.ts'; // prettier-ignore
import {
  become, LOOK_AGAIN, same, followedBy, type EventOf, type Handler, type InstanceEvent, type Step, type TableEvent,
} from './lifecycle/events.ts'; // prettier-ignore
import { healthDeadline, healthDone, runTimeDeadline, tickRunning } from './lifecycle/run.ts';
import {
  adopt, beforeDone, exitedSettling, handed, launch, launched, neverRan, stepDeadline, stepDone, stopPreparing, tickPreparing,
  tickSettling, unhanded, withoutCredit, withProcess,
} from './lifecycle/start.ts'; // prettier-ignore
import {
  enterStopping, exitedWhileStopping,
  handedWhileStopping,
  unhandedWhileStopping, hurry, launchedWhileStopping, neverRanWhileStopping, scannedWhileStopping, stopAgain,
  stopHookDone, stopLive, stoppingDeadline, tickStopping,
} from './lifecycle/stop.ts'; // prettier-ignore
import type { Activity, Instance, Now } from './model.ts';

export { LAUNCH_PATIENCE, mainOf, type InstanceEvent, type Step } from './lifecycle/events.ts';

type Row<A extends Activity['kind']> = { readonly [E in TableEvent['kind']]: Handler<A, E> };
type Table = { readonly [A in Activity['kind']]: Row<A> };

const ignore = (instance: Instance): Step => same(instance);
const doubt = (instance: Instance, _activity: Activity, event: EventOf<'doubt'>): Step =>
  same({ ...instance, doubt: event.doubt });
const resolve = (instance: Instance): Step => {
  const { doubt: _resolved, ...rest } = instance;
  return same(rest);
};

/** What most rows answer with; each row says where it differs. */
const ordinary = {
  doubt, resolve, boot,
  launch: ignore, ask: ignore, adopt: ignore, launched: ignore, 'never-ran': ignore, exited: ignore, handed: ignore,
  unhanded: ignore, stop: ignore, proceed: ignore, scanned: ignore, tick: ignore, 'job-done': ignore,
}; // prettier-ignore

/** The next external dependency: met, or to be asked again after a while. */
const ask: Handler<'idle', 'ask'> = (instance, _activity, { command, timeout, interval, base }, now) => {
  const { againAt: _now, ...externals } = instance.externals ?? { met: 0 };
  const order = { name: 'dependency' as const, work: { kind: 'command' as const, command }, timeout };
  const asking = { ...instance, externals: { ...externals, interval } };
  return beginJob(asking, order, base, undefined, now);
};

const asked: Handler<'idle', 'job-done'> = (instance, _activity, { job, result }, now) => {
  if (job.name !== 'dependency' || job.killed?.why === 'cancelled') return same(instance);
  const { met, interval = LOOK_AGAIN } = instance.externals ?? { met: 0 };
  if (result.ok) return same({ ...instance, externals: { met: met + 1 } });
  return same({ ...instance, externals: { met, againAt: now.mono + interval, text: result.text } });
};

/** What was asked for a launch that is not wanted any more says nothing of the next one. */
const unask: Handler<'idle', 'stop'> = ({ externals: _asked, ...rest }, _activity, _event, now) =>
  cancelJob(rest, 'dependency', now);

const table: Table = {
  idle: { ...ordinary, launch, ask, stop: unask, adopt, 'job-done': asked },
  preparing: { ...ordinary, stop: stopPreparing, tick: tickPreparing, 'job-done': beforeDone },
  launching: {
    ...ordinary,
    launched,
    'never-ran': neverRan,
    // An expression that hands over has ended before its record was seen: its process is looked for all the same.
    exited: (instance, activity, event, now) =>
      event.launchId === activity.run.launchId
        ? ownEnd(false)(withoutCredit(instance), activity, event, now)
        : same(instance),
    stop: stopLive(false),
    tick: (instance, activity, _event, now) =>
      now.mono >= activity.lookAt
        ? become(instance, { ...activity, lookAt: now.mono + LOOK_AGAIN }, [{ kind: 'look', key: instance.key }])
        : same(instance),
  },
  settling: {
    ...ordinary,
    'never-ran': neverRan,
    exited: exitedSettling,
    handed,
    unhanded,
    stop: stopLive(false),
    tick: tickSettling,
    'job-done': stepDone,
  },
  running: {
    ...ordinary,
    'never-ran': neverRan,
    exited: ownEnd(true),
    stop: stopLive(true),
    tick: tickRunning,
    'job-done': healthDone,
  },
  yielding: {
    ...ordinary,
    launched: (instance, activity, event) =>
      event.launchId === activity.run.launchId
        ? become(instance, { ...activity, run: withProcess(activity.run, event) })
        : same(instance),
    'never-ran': neverRanWhileStopping,
    exited: (instance, { run, stop, settled }, event, now) =>
      event.launchId === run.launchId
        ? enterClearing(instance, run, endedBy(run, stop, event, settled, now), {}, now)
        : same(instance),
    stop: (instance, activity, event) => become(instance, { ...activity, stop: hurry(activity.stop, event) }),
    proceed: (instance, { run, stop, settled }, _event, now) => enterStopping(instance, run, stop, settled, now),
  },
  stopping: {
    ...ordinary,
    launched: launchedWhileStopping,
    'never-ran': neverRanWhileStopping,
    exited: exitedWhileStopping,
    handed: handedWhileStopping,
    unhanded: unhandedWhileStopping,
    stop: stopAgain,
    scanned: scannedWhileStopping,
    tick: tickStopping,
    'job-done': stopHookDone,
  },
  clearing: {
    ...ordinary,
    stop: stopClearing,
    scanned: scannedWhileClearing,
    tick: tickClearing,
    'job-done': clearedOfJob,
  },
  finishing: { ...ordinary, stop: stopFinishing, tick: tickFinishing, 'job-done': finished },
};

/** One transition. Never throws; an event that does not fit changes nothing. */
export function advance(instance: Instance, event: InstanceEvent, now: Now): Step {
  const done = isOfJob(event) ? advanceJob(instance, event, now) : advanceTable(instance, event, now);
  const step = withLastWords(done, instance, event);
  return step.instance.jobs.length === 0 ? step : followedBy(step, (after) => cancelUnwanted(after, now));
}

/** Whatever an ending meant, its record is the newest then. */
function withLastWords(step: Step, { exits: [before] }: Instance, event: InstanceEvent): Step {
  if ((event.kind !== 'exited' && event.kind !== 'boot') || event.stderr === undefined) return step;
  const [last, ...older] = step.instance.exits;
  if (last === undefined || last === before) return step;
  return { ...step, instance: { ...step.instance, exits: [{ ...last, stderr: event.stderr }, ...older] } };
}

function advanceTable(instance: Instance, event: TableEvent, now: Now): Step {
  if (event.kind === 'tick') return followedBy(tickJobs(instance, now), (after) => consult(after, event, now));
  return consult(instance, event, now);
}

function advanceJob(instance: Instance, event: JobEvent, now: Now): Step {
  const { done, ...step } = stepJob(instance, event, now);
  return done === undefined ? step : followedBy(step, (after) => consult(after, { kind: 'job-done', ...done }, now));
}

function isOfJob(event: InstanceEvent): event is JobEvent {
  return event.kind.startsWith('job-') && event.kind !== 'job-done';
}

function consult(instance: Instance, event: TableEvent, now: Now): Step {
  const row = table[instance.activity.kind] as unknown as Record<
    string,
    (i: Instance, a: Activity, e: TableEvent, n: Now) => Step
  >;
  const handler = row[event.kind] ?? ignore;
  return handler(instance, instance.activity, event, now);
}

/** When `tick` has something to do next. */
export function deadlineOf(instance: Instance): number | undefined {
  const own = activityDeadline(instance);
  const jobs = deadlineOfJobs(instance);
  return own === undefined || jobs === undefined ? (own ?? jobs) : Math.min(own, jobs);
}

function activityDeadline(instance: Instance): number | undefined {
  const { activity } = instance;
  switch (activity.kind) {
    case 'launching':
      return activity.lookAt;
    case 'settling':
      return stepDeadline(instance, activity);
    case 'running':
      return healthDeadline(instance, activity);
    case 'stopping':
      return stoppingDeadline(activity);
    case 'clearing':
      return activity.clearing.scanAt;
    case 'preparing':
    case 'finishing':
      // With its hook lost there is nothing to wait for.
      return instance.jobs.length === 0 ? 0 : undefined;
    case 'idle':
    case 'yielding':
      return undefined;
  }
}

export { runTimeDeadline };
