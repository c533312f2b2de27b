/**
 * The state machine of an instance: (instance, event, now) -> (instance, actions). One exhaustive table, the only place where
 * `Instance.activity` changes.
 *
 *   idle --launch--> launching --launched--> settling --tick--> running
 *                        |                      |                  |
 *                        | never-ran            +---- exited ------+----> clearing --nothing left--> idle
 *                        v                      |                  |          ^
 *                      idle                   stop               stop         |
 *                                               v                  v          |
 *                                       yielding (dependents first) --> stopping --exited
 *
 * An event that names another launch than the current one is a replay or comes too late: it changes nothing.
 */
import type { Action } from './actions.ts';
import { ledgerEntry } from './deciders.ts';
import { endedBy, judgeEnding, judgeNeverRan, withExit, withoutFailures, withoutRun } from './ending.ts';
import type {
  Activity, Clearing, Doubt, Ended, Exit, Instance, LaunchId, LedgerEntry, LiveProcess, Now, ProcessIdentity, Run, Stop, StopCause,
  WallTime,
} from './model.ts'; // prettier-ignore
import { afterScan, firstScan, firstSignal, overdue } from './stop-plan.ts';

export type InstanceEvent =
  /** Begin a launch. `counted`: it is one of the daemon's own (max-runs); `again`: nobody asked for the ending before it. */
  | {
      readonly kind: 'launch';
      readonly run: Run;
      readonly ledger?: LedgerEntry;
      readonly counted: boolean;
      readonly again: boolean;
      /** How many of the daemon's own launches need to be remembered. */
      readonly runsKept?: number;
    }
  /** The run record was seen, and the process in it lives (or has ended since). */
  | {
      readonly kind: 'launched';
      readonly launchId: LaunchId;
      readonly process: ProcessIdentity;
      readonly launcher?: ProcessIdentity;
    }
  /** It is proven that the command did not run. */
  | {
      readonly kind: 'never-ran';
      readonly launchId: LaunchId;
      readonly why: 'voided' | 'refused' | 'failed';
      readonly message: string;
    }
  | {
      readonly kind: 'exited';
      readonly launchId: LaunchId;
      readonly exit: Exit;
      readonly at: WallTime;
      readonly aliveTicks?: number;
    }
  | { readonly kind: 'stop'; readonly cause: StopCause; readonly now: boolean; readonly yieldFirst: boolean }
  /** Its dependents are gone. */
  | { readonly kind: 'proceed' }
  /** `whileAlive`: it was looked for before the end of the main process was known, when less could be proven. */
  | {
      readonly kind: 'scanned';
      readonly launchId: LaunchId;
      readonly remains: readonly LiveProcess[];
      readonly whileAlive?: true;
      /** Alive in what was its session, but it may be another's by now. */
      readonly unproven?: readonly LiveProcess[];
    }
  /** A deadline of `deadlineOf` may have passed. */
  | { readonly kind: 'tick' }
  /** A live run that the state did not know was found and proven. */
  | { readonly kind: 'adopt'; readonly run: Run }
  | { readonly kind: 'doubt'; readonly doubt: Doubt }
  | { readonly kind: 'resolve' }
  /** The machine went down: all of it has ended; `exit` where an exit file tells it. */
  | { readonly kind: 'boot'; readonly exit?: Exit; readonly at: WallTime };

export interface Step {
  readonly instance: Instance;
  readonly actions: readonly Action[];
}

type EventOf<K extends InstanceEvent['kind']> = Extract<InstanceEvent, { kind: K }>;
type ActivityOf<K extends Activity['kind']> = Extract<Activity, { kind: K }>;
type Handler<A extends Activity['kind'], E extends InstanceEvent['kind']> = (
  instance: Instance,
  activity: ActivityOf<A>,
  event: EventOf<E>,
  now: Now,
) => Step;
type Row<A extends Activity['kind']> = { readonly [E in InstanceEvent['kind']]: Handler<A, E> };
type Table = { readonly [A in Activity['kind']]: Row<A> };

/** How long a launch may stay unclaimed or unproven before its files are looked at again. */
export const LAUNCH_PATIENCE = 10_000;
const LOOK_AGAIN = 1_000;
/** A main process that ends within this time and leaves others behind forks into the background. */
const FORKED_WITHIN = 5_000;
/** More launches than this are not remembered, whatever `max-runs` says. */
const RUNS_KEPT = 1_000;

const same = (instance: Instance): Step => ({ instance, actions: [] });
const become = (instance: Instance, activity: Activity, actions: readonly Action[] = []): Step => ({
  instance: { ...instance, activity },
  actions,
});

/* ------------------------------------------------------------------ starting */

const launch: Handler<'idle', 'launch'> = (
  instance,
  _activity,
  { run, ledger, counted, again, runsKept = RUNS_KEPT },
  now,
) => {
  // What ended before has no say any more. The credit is spent once the command has run: see `withoutCredit`.
  const { ended: _before, ...rest } = instance;
  const runs = counted ? [...instance.counters.runs, now.mono].slice(-runsKept) : instance.counters.runs;
  return become(
    {
      ...rest,
      counters: { ...instance.counters, runs },
      restarts: instance.restarts + (again ? 1 : 0),
      dependencyLost: false,
      ...(ledger === undefined ? {} : { ledger }),
    },
    { kind: 'launching', run, lookAt: now.mono + LAUNCH_PATIENCE },
    [{ kind: 'launch', key: instance.key, run }],
  );
};

const withProcess = (run: Run, { process, launcher }: EventOf<'launched'>): Run => ({
  ...run,
  process,
  ...(launcher === undefined ? {} : { launcher }),
});

function settle(instance: Instance, run: Run): Step {
  // With start-secs = 0 a launch may still turn out to have failed: its end decides.
  const isProven = !run.settings.oneShot && run.settings.startSecs > 0;
  const counters = isProven ? withoutFailures(instance.counters) : instance.counters;
  return become({ ...instance, counters }, { kind: 'running', run });
}

/** Settles what has lived for `start-secs`, counted from its launch; a one-shot has nothing to wait for. */
function settleIfDue(instance: Instance, run: Run, now: Now): Step {
  const isDue = run.settings.oneShot || now.mono - run.startedMono >= run.settings.startSecs;
  return isDue ? settle(instance, run) : become(instance, { kind: 'settling', run });
}

/** The command has run: what excused this launch does not excuse the next. */
function withoutCredit({ credit: _spent, ...rest }: Instance): Instance {
  return rest;
}

const launched: Handler<'launching', 'launched'> = (instance, { run }, event, now) =>
  event.launchId === run.launchId ? settleIfDue(withoutCredit(instance), withProcess(run, event), now) : same(instance);

/** State was lost, but not the run: it is settled as it would have been, and what it is for is on the ledger again. */
const adopt: Handler<'idle', 'adopt'> = (instance, _activity, { run }, now) => {
  const ledger: LedgerEntry = { entry: ledgerEntry(run.applyOn), launchId: run.launchId, outcome: 'running' };
  return settleIfDue(run.settings.oneShot ? { ...instance, ledger } : instance, run, now);
};

const forget = (instance: Instance, run: Run): Action => ({
  kind: 'forget',
  key: instance.key,
  launchId: run.launchId,
});

/* ------------------------------------------------------------------ ending */

/** The main process has ended: record it, then see what it left behind. */
function enterClearing(
  instance: Instance,
  run: Run,
  ended: Ended,
  sent: { firstSignalAt?: number; killedAt?: number },
  now: Now,
): Step {
  const recorded = { ...instance, exits: withExit(instance.exits, ended) };
  // With kill-mode `process` the rest is none of our business.
  if (run.settings.killMode === 'process') return finish(recorded, run, ended);
  const clearing: Clearing = { remains: [], scanAt: now.mono + LOOK_AGAIN, ...sent };
  const activity: Activity = { kind: 'clearing', run, ended, clearing };
  return become(recorded, activity, [{ kind: 'scan', key: instance.key, run }]);
}

const ownEnd =
  (settled: boolean) =>
  (instance: Instance, { run }: { run: Run }, event: EventOf<'exited'>, now: Now): Step =>
    event.launchId === run.launchId
      ? enterClearing(instance, run, endedBy(run, 'itself', event, settled, now), {}, now)
      : same(instance);

/** Nothing of the run is left: judge how it ended. */
const finish = (instance: Instance, run: Run, ended: Ended): Step => ({
  instance: judgeEnding({ ...instance, activity: { kind: 'idle' } }, run, ended),
  actions: [forget(instance, run)],
});

/* ------------------------------------------------------------------ stopping */

/** The main process has to end: void an unclaimed launch, else send the first signal. */
function enterStopping(instance: Instance, run: Run, stop: Stop, settled: boolean, now: Now): Step {
  if (run.process === undefined) {
    const clearing = { remains: [], scanAt: now.mono + LOOK_AGAIN };
    return become(instance, { kind: 'stopping', run, stop, settled, clearing }, [
      { kind: 'void', key: instance.key, launchId: run.launchId },
    ]);
  }
  const { clearing, actions } = firstSignal(instance.key, run, stop, now.mono);
  return become(instance, { kind: 'stopping', run, stop, settled, clearing }, actions);
}

const stopLive =
  (settled: boolean) =>
  (instance: Instance, { run }: { run: Run }, event: EventOf<'stop'>, now: Now): Step => {
    const stop: Stop = { cause: event.cause, since: now.mono, now: event.now };
    return event.yieldFirst
      ? become(instance, { kind: 'yielding', run, stop, settled })
      : enterStopping(instance, run, stop, settled, now);
  };

const hurry = (stop: Stop, event: EventOf<'stop'>): Stop => ({ ...stop, now: stop.now || event.now });

const stopAgain: Handler<'stopping', 'stop'> = (instance, activity, event, now) => {
  if (!event.now || activity.stop.now) return same(instance);
  return enterStopping(instance, activity.run, hurry(activity.stop, event), activity.settled, now);
};

const stopClearing: Handler<'clearing', 'stop'> = (instance, activity, event, now) => {
  // The first reason of an ending wins; `--now` ends the grace of what is left.
  if (!event.now || activity.clearing.killedAt !== undefined) return same(instance);
  const clearing = {
    ...activity.clearing,
    firstSignalAt: now.mono - activity.run.settings.stopTimeout,
    scanAt: now.mono + LOOK_AGAIN,
  };
  return become(instance, { ...activity, clearing }, [{ kind: 'scan', key: instance.key, run: activity.run }]);
};

const launchedWhileStopping: Handler<'stopping', 'launched'> = (instance, activity, event, now) => {
  if (event.launchId !== activity.run.launchId || activity.run.process !== undefined) return same(instance);
  return enterStopping(instance, withProcess(activity.run, event), activity.stop, activity.settled, now);
};

const exitedWhileStopping: Handler<'stopping', 'exited'> = (instance, { run, stop, settled, clearing }, event, now) => {
  if (event.launchId !== run.launchId) return same(instance);
  const { firstSignalAt, killedAt } = clearing;
  const sent = {
    ...(firstSignalAt === undefined ? {} : { firstSignalAt }),
    ...(killedAt === undefined ? {} : { killedAt }),
  };
  return enterClearing(instance, run, endedBy(run, stop.cause, event, settled, now), sent, now);
};

/** Also after its record was seen: that comes before the last steps of a launch, and any of them may fail. */
const neverRan = (instance: Instance, { run }: { run: Run }, event: EventOf<'never-ran'>, now: Now): Step =>
  event.launchId === run.launchId
    ? { instance: judgeNeverRan(instance, run, event, now), actions: [forget(instance, run)] }
    : same(instance);

const neverRanWhileStopping = (instance: Instance, { run }: { run: Run }, event: EventOf<'never-ran'>): Step => {
  if (event.launchId !== run.launchId) return same(instance);
  return { instance: withoutRun(instance, run), actions: [forget(instance, run)] };
};

const tickStopping: Handler<'stopping', 'tick'> = (instance, activity, _event, now) => {
  const { run, stop, clearing } = activity;
  const due = overdue(instance.key, run, stop, clearing, now.mono);
  return due === undefined ? same(instance) : become(instance, { ...activity, clearing: due.clearing }, due.actions);
};

const scannedWhileStopping: Handler<'stopping', 'scanned'> = (instance, activity, event) =>
  event.launchId === activity.run.launchId
    ? become(instance, { ...activity, clearing: { ...activity.clearing, remains: event.remains } })
    : same(instance);

const scannedWhileClearing: Handler<'clearing', 'scanned'> = (instance, activity, event, now) => {
  const { run, ended, clearing } = activity;
  if (event.launchId !== run.launchId || event.whileAlive === true) return same(instance);
  if (event.remains.length === 0) return finishUnlessInDoubt(instance, run, ended, event.unproven ?? []);
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
function finishUnlessInDoubt(instance: Instance, run: Run, ended: Ended, candidates: readonly LiveProcess[]): Step {
  const step = finish(instance, run, ended);
  if (candidates.length === 0) return step;
  const names = candidates.map(({ pid, command }) => `${pid} (${command})`).join(', ');
  const message = `alive in what was its session, and perhaps its own: ${names}; \`unblock\` with --kill or --gone`;
  return { ...step, instance: { ...step.instance, doubt: { code: 'identity', message, candidates } } };
}

const tickClearing: Handler<'clearing', 'tick'> = (instance, activity, _event, now) => {
  const { run, clearing } = activity;
  if (clearing.scanAt === undefined || now.mono < clearing.scanAt) return same(instance);
  // Its answer sets the next look; this is for the case that there is none.
  const next = { ...activity, clearing: { ...clearing, scanAt: now.mono + LOOK_AGAIN } };
  return become(instance, next, [{ kind: 'scan', key: instance.key, run }]);
};

/* ------------------------------------------------------------------ the machine went down */

function boot(instance: Instance, activity: Activity, event: EventOf<'boot'>, now: Now): Step {
  const { doubt: _gone, ...rest } = instance;
  const fresh: Instance = {
    ...rest,
    credit: 'boot',
    counters: { failedStarts: 0, runs: [] },
    operatorStarted: false,
    forced: false,
    // The monotonic clock began anew.
    shown: { ...instance.shown, sinceMono: Math.min(instance.shown.sinceMono, now.mono) },
  };
  if (activity.kind === 'idle') return same(fresh);
  if (activity.kind === 'clearing') return finish(fresh, activity.run, activity.ended);
  if (activity.run.process === undefined && event.exit === undefined) {
    // Not even a run record: taken as never run, so that a one-shot is not lost.
    return { instance: withoutRun(fresh, activity.run), actions: [forget(instance, activity.run)] };
  }
  const by = event.exit === undefined ? 'boot' : 'stop' in activity ? activity.stop.cause : 'itself';
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

/* ------------------------------------------------------------------ the table */

const ignore = (instance: Instance): Step => same(instance);
const doubt = (instance: Instance, _activity: Activity, event: EventOf<'doubt'>): Step =>
  same({ ...instance, doubt: event.doubt });
const resolve = (instance: Instance): Step => {
  const { doubt: _resolved, ...rest } = instance;
  return same(rest);
};

const everywhere = { doubt, resolve, boot };

const table: Table = {
  idle: {
    ...everywhere,
    launch,
    adopt,
    launched: ignore,
    'never-ran': ignore,
    exited: ignore,
    stop: ignore,
    proceed: ignore,
    scanned: ignore,
    tick: ignore,
  },
  launching: {
    ...everywhere,
    launch: ignore,
    adopt: ignore,
    launched,
    'never-ran': neverRan,
    exited: (instance, activity, event, now) =>
      event.launchId === activity.run.launchId
        ? ownEnd(false)(withoutCredit(instance), activity, event, now)
        : same(instance),
    stop: stopLive(false),
    proceed: ignore,
    scanned: ignore,
    tick: (instance, activity, _event, now) =>
      now.mono >= activity.lookAt
        ? become(instance, { ...activity, lookAt: now.mono + LOOK_AGAIN }, [{ kind: 'look', key: instance.key }])
        : same(instance),
  },
  settling: {
    ...everywhere,
    launch: ignore,
    adopt: ignore,
    launched: ignore,
    'never-ran': neverRan,
    exited: ownEnd(false),
    stop: stopLive(false),
    proceed: ignore,
    scanned: ignore,
    tick: (instance, { run }, _event, now) => settleIfDue(instance, run, now),
  },
  running: {
    ...everywhere,
    launch: ignore,
    adopt: ignore,
    launched: ignore,
    'never-ran': neverRan,
    exited: ownEnd(true),
    stop: stopLive(true),
    proceed: ignore,
    scanned: ignore,
    tick: ignore,
  },
  yielding: {
    ...everywhere,
    launch: ignore,
    adopt: ignore,
    launched: (instance, activity, event) =>
      event.launchId === activity.run.launchId
        ? become(instance, { ...activity, run: withProcess(activity.run, event) })
        : same(instance),
    'never-ran': neverRanWhileStopping,
    exited: (instance, { run, stop, settled }, event, now) =>
      event.launchId === run.launchId
        ? enterClearing(instance, run, endedBy(run, stop.cause, event, settled, now), {}, now)
        : same(instance),
    stop: (instance, activity, event) => become(instance, { ...activity, stop: hurry(activity.stop, event) }),
    proceed: (instance, { run, stop, settled }, _event, now) => enterStopping(instance, run, stop, settled, now),
    scanned: ignore,
    tick: ignore,
  },
  stopping: {
    ...everywhere,
    launch: ignore,
    adopt: ignore,
    launched: launchedWhileStopping,
    'never-ran': neverRanWhileStopping,
    exited: exitedWhileStopping,
    stop: stopAgain,
    proceed: ignore,
    scanned: scannedWhileStopping,
    tick: tickStopping,
  },
  clearing: {
    ...everywhere,
    launch: ignore,
    adopt: ignore,
    launched: ignore,
    'never-ran': ignore,
    exited: ignore,
    stop: stopClearing,
    proceed: ignore,
    scanned: scannedWhileClearing,
    tick: tickClearing,
  },
};

/** One transition. Never throws; an event that does not fit changes nothing. */
export function advance(instance: Instance, event: InstanceEvent, now: Now): Step {
  const row = table[instance.activity.kind] as unknown as Record<
    string,
    (i: Instance, a: Activity, e: InstanceEvent, n: Now) => Step
  >;
  const handler = row[event.kind] ?? ignore;
  return handler(instance, instance.activity, event, now);
}

/** When `tick` has something to do next. */
export function deadlineOf({ activity }: Instance): number | undefined {
  switch (activity.kind) {
    case 'launching':
      return activity.lookAt;
    case 'settling':
      return activity.run.startedMono + activity.run.settings.startSecs;
    case 'stopping': {
      const { firstSignalAt, killedAt, scanAt } = activity.clearing;
      const kill =
        firstSignalAt === undefined || killedAt !== undefined
          ? undefined
          : firstSignalAt + activity.run.settings.stopTimeout;
      return kill ?? scanAt;
    }
    case 'clearing':
      return activity.clearing.scanAt;
    case 'idle':
    case 'running':
    case 'yielding':
      return undefined;
  }
}
