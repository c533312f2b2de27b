/** From the decision to stop until the main process has ended. */
import { endedBy, withoutRun } from '../ending.ts';
import { beginHook, beginJob, cancelJob, jobNamed } from '../jobs.ts';
import type { Health, Instance, Now, Run, Stop } from '../model.ts';
import { firstSignal, overdue } from '../stop-plan.ts';
import { enterClearing } from './clear.ts';
import {
  become, forget, LOOK_AGAIN, mainOf, same, followedBy, type ActivityOf, type EventOf, type Handler, type Step,
} from './events.ts'; // prettier-ignore
import { withProcess } from './start.ts';

/** The main process has to end: void an unclaimed launch, else run its `stop` hook or send the first signal. */
export function enterStopping(instance: Instance, run: Run, stop: Stop, settled: boolean, now: Now): Step {
  const stopping = { kind: 'stopping' as const, run, stop, settled };
  if (run.process === undefined) {
    const clearing = { remains: [], scanAt: now.mono + LOOK_AGAIN };
    return become(instance, { ...stopping, clearing }, [{ kind: 'void', key: instance.key, launchId: run.launchId }]);
  }
  const hook = run.settings.hooks?.stop;
  // Nothing but its hook can stop what has no process, in haste as well.
  if (hook !== undefined && (!stop.now || isWithoutProcess(run))) {
    const clearing = { remains: [], hookUntil: now.mono + hook.timeout };
    return followedBy(become(instance, { ...stopping, clearing }), (hooked) =>
      beginHook(hooked, 'stop', hook, run, now),
    );
  }
  return signalFirst(instance, { ...stopping, clearing: { remains: [] } }, now);
}

/** The stop-signal, or SIGKILL; an `external` has nothing that could be signalled: its health tells. */
function signalFirst(instance: Instance, activity: ActivityOf<'stopping'>, now: Now): Step {
  const { run, stop } = activity;
  if (isWithoutProcess(run)) return askExternal(instance, activity, now);
  const { clearing, actions } = firstSignal(instance.key, run, stop, now.mono);
  return followedBy(become(instance, { ...activity, clearing }, actions), (signalled) =>
    stop.now ? cancelJob(signalled, 'stop', now) : same(signalled),
  );
}

const isWithoutProcess = (run: Run): boolean => run.handed !== undefined && mainOf(run) === undefined;

/** Is it still alive? Without a health-check nothing is known of it: it counts as gone. */
function askExternal(instance: Instance, activity: ActivityOf<'stopping'>, now: Now): Step {
  const { run, clearing } = activity;
  const check = run.settings.healthCheck;
  if (check?.kind !== 'probe') return externalGone(instance, activity, now);
  const { hookUntil: _over, ...rest } = clearing;
  // Asked again by then, also where the answer got lost with a daemon.
  const scanAt = now.mono + check.timeout + LOOK_AGAIN;
  const waiting = { ...activity, clearing: { ...rest, killedAt: clearing.killedAt ?? now.mono, scanAt } };
  if (jobNamed(instance, 'health-check') !== undefined) return become(instance, waiting);
  const order = { name: 'health-check' as const, work: check.probe, timeout: check.timeout };
  return followedBy(become(instance, waiting), (asking) => beginJob(asking, order, run.launchId, run, now));
}

function externalGone(instance: Instance, { run, stop, settled, clearing }: ActivityOf<'stopping'>, now: Now): Step {
  const ended = endedBy(run, stop, { exit: { kind: 'unknown' }, at: now.wall }, settled, now);
  return enterClearing(instance, run, ended, sentOf(clearing), now);
}

export const stopLive =
  (settled: boolean) =>
  (
    instance: Instance,
    { run, ...activity }: { run: Run; failed?: { text: string }; health?: Health },
    event: EventOf<'stop'>,
    now: Now,
  ): Step => {
    const text = event.cause === 'health-check' ? activity.health?.text : activity.failed?.text;
    const stop: Stop = { cause: event.cause, since: now.mono, now: event.now, ...(text === undefined ? {} : { text }) };
    return event.yieldFirst
      ? become(instance, { kind: 'yielding', run, stop, settled })
      : enterStopping(instance, run, stop, settled, now);
  };

export const hurry = (stop: Stop, event: EventOf<'stop'>): Stop => ({ ...stop, now: stop.now || event.now });

export const stopAgain: Handler<'stopping', 'stop'> = (instance, activity, event, now) => {
  if (!event.now || activity.stop.now || isWithoutProcess(activity.run)) return same(instance);
  const stopping = enterStopping(instance, activity.run, hurry(activity.stop, event), activity.settled, now);
  return followedBy(stopping, (hurried) => cancelJob(hurried, 'stop', now));
};

/** The `stop` hook stands in for the signal until its time is over; at once for the signal where it fails. */
export const stopHookDone: Handler<'stopping', 'job-done'> = (instance, activity, { job, result }, now) => {
  if (job.name === 'health-check') {
    if (!isWithoutProcess(activity.run) || job.killed?.why === 'cancelled') return same(instance);
    // A check that could not even be launched says nothing.
    if (!result.ok && result.neverRan !== true) return externalGone(instance, activity, now);
    return become(instance, { ...activity, clearing: { ...activity.clearing, scanAt: now.mono + LOOK_AGAIN } });
  }
  if (job.name !== 'stop' || activity.clearing.firstSignalAt !== undefined) return same(instance);
  if (isWithoutProcess(activity.run)) return askExternal(instance, activity, now);
  if (result.ok) return same(instance);
  return signalFirst(instance, activity, now);
};

export const launchedWhileStopping: Handler<'stopping', 'launched'> = (instance, activity, event, now) => {
  if (event.launchId !== activity.run.launchId || activity.run.process !== undefined) return same(instance);
  return enterStopping(instance, withProcess(activity.run, event), activity.stop, activity.settled, now);
};

export const exitedWhileStopping: Handler<'stopping', 'exited'> = (
  instance,
  { run, stop, settled, clearing },
  event,
  now,
) => {
  if (event.launchId !== run.launchId) return same(instance);
  // What it named may bear no mark: it is found by its pid file only.
  const isNamed = run.type === 'pid-file' && run.handed === undefined;
  if (isNamed) return { instance, actions: [{ kind: 'take-pid', key: instance.key, run, ended: true }] };
  return enterClearing(instance, run, endedBy(run, stop, event, settled, now), sentOf(clearing), now);
};

/** It is known now which process has to end. A `stop` hook goes on; a signal that only its expression had is sent to it. */
export const handedWhileStopping: Handler<'stopping', 'handed'> = (instance, activity, event, now) => {
  const { run, clearing } = activity;
  if (event.launchId !== run.launchId || run.handed !== undefined) return same(instance);
  const handed = event.process === undefined ? {} : { process: event.process };
  const known = { ...activity, run: { ...run, handed } };
  return clearing.firstSignalAt === undefined ? become(instance, known) : signalFirst(instance, known, now);
};

/** It named nothing that could be ended. */
export const unhandedWhileStopping: Handler<'stopping', 'unhanded'> = (
  instance,
  { run, stop, settled, clearing },
  event,
  now,
) => {
  if (event.launchId !== run.launchId || run.handed !== undefined) return same(instance);
  const ended = endedBy(run, stop, { exit: { kind: 'unknown' }, at: now.wall }, settled, now);
  return enterClearing(instance, run, ended, sentOf(clearing), now);
};

function sentOf({ hookUntil, firstSignalAt, killedAt }: ActivityOf<'stopping'>['clearing']): {
  hookUntil?: number;
  firstSignalAt?: number;
  killedAt?: number;
} {
  return {
    ...(hookUntil === undefined ? {} : { hookUntil }),
    ...(firstSignalAt === undefined ? {} : { firstSignalAt }),
    ...(killedAt === undefined ? {} : { killedAt }),
  };
}

export const neverRanWhileStopping = (instance: Instance, { run }: { run: Run }, event: EventOf<'never-ran'>): Step => {
  if (event.launchId !== run.launchId) return same(instance);
  return { instance: withoutRun(instance, run), actions: [forget(instance, run)] };
};

export const tickStopping: Handler<'stopping', 'tick'> = (instance, activity, _event, now) => {
  const { run, stop, clearing } = activity;
  if (clearing.hookUntil !== undefined && clearing.firstSignalAt === undefined) {
    return now.mono >= clearing.hookUntil ? signalFirst(instance, activity, now) : same(instance);
  }
  if (isWithoutProcess(run)) {
    return now.mono >= (clearing.scanAt ?? 0) ? askExternal(instance, activity, now) : same(instance);
  }
  const due = overdue(instance.key, run, stop, clearing, now.mono);
  return due === undefined ? same(instance) : become(instance, { ...activity, clearing: due.clearing }, due.actions);
};

export const scannedWhileStopping: Handler<'stopping', 'scanned'> = (instance, activity, event) =>
  event.launchId === activity.run.launchId
    ? become(instance, { ...activity, clearing: { ...activity.clearing, remains: event.remains } })
    : same(instance);

export function stoppingDeadline({ run, clearing }: ActivityOf<'stopping'>): number | undefined {
  const { hookUntil, firstSignalAt, killedAt, scanAt } = clearing;
  if (hookUntil !== undefined && firstSignalAt === undefined) return hookUntil;
  if (isWithoutProcess(run)) return scanAt;
  const isWaiting = firstSignalAt !== undefined && killedAt === undefined;
  return isWaiting ? firstSignalAt + run.settings.stopTimeout : scanAt;
}
