/** What an ending means for counters, ledger and what an operator asked for. First reason wins: a stop's cause, else `itself`. */
import type {
  Counters, Ended, Exit, ExitRecord, Failure, Instance, LedgerEntry, Now, Run, WallTime,
} from './model.ts'; // prettier-ignore
import { isSuccess, leavesEnded } from './restart-policy.ts';

const EXITS_KEPT = 5;

export function endedBy(
  run: Run,
  by: Ended['by'],
  event: { exit: Exit; at: WallTime; aliveTicks?: number },
  settled: boolean,
  now: Now,
): Ended {
  return {
    launchId: run.launchId,
    exit: event.exit,
    startedAt: run.startedAt,
    at: event.at,
    mono: now.mono,
    by,
    settled: settled || hasLivedFor(run, run.settings.startSecs, event.at, now),
    applyOn: run.applyOn,
    ...(event.aliveTicks === undefined ? {} : { aliveTicks: event.aliveTicks }),
  };
}

/** It may have settled and ended while no daemon lived. Both clocks have to agree, as the wall clock may have jumped. */
function hasLivedFor(run: Run, span: number, endedAt: WallTime, now: Now): boolean {
  return endedAt - run.startedAt >= span && now.mono - run.startedMono >= span;
}

export function withExit(
  exits: readonly ExitRecord[],
  { launchId, startedAt, at, exit }: Ended,
): readonly ExitRecord[] {
  if (exits.some((known) => known.launchId === launchId)) return exits;
  return [{ launchId, startedAt, at, exit }, ...exits].slice(0, EXITS_KEPT);
}

/** @param instance idle: nothing of the run is left */
export function judgeEnding(instance: Instance, run: Run, ended: Ended): Instance {
  const { ledger, ...rest } = instance;
  const isRetried = ended.by === 'itself' && isFailedStart(run, ended);
  const isLeft = ended.by === 'itself' && !isRetried && isLeftAlone(run, ended);
  // An operator, a new version or a boot has cleared the way for the next launch meanwhile.
  const isCleared = instance.credit !== undefined;
  return {
    ...rest,
    ended,
    counters:
      isRetried && !isCleared ? withFailure(instance.counters, ended) : judgeCounters(instance.counters, run, ended),
    dependencyLost: instance.dependencyLost || ended.by === 'dependency',
    // An operator's start is good until the process ends by itself for good.
    ...(isLeft && instance.credit !== 'operator' ? { operatorStarted: false, forced: false } : {}),
    ...judgeLedger(ledger, run, ended, isRetried),
  };
}

/** An ending of its own that is tried again after a delay. What `autorestart` leaves alone is none. */
function isFailedStart({ settings }: Run, ended: Ended): boolean {
  if (leavesEnded(settings.autorestart, ended.exit, settings.exitCodes)) return false;
  // A one-shot that ran is only rerun on a failure that is known.
  if (settings.oneShot) return ended.exit.kind !== 'unknown' && !isSuccess(ended.exit, settings.exitCodes);
  return !ended.settled;
}

function isLeftAlone({ settings }: Run, { exit }: Ended): boolean {
  return settings.oneShot || leavesEnded(settings.autorestart, exit, settings.exitCodes);
}

function withFailure(counters: Counters, ended: Ended): Counters {
  const failure: Failure = { code: 'exit', message: '', exit: ended.exit, at: ended.mono, counts: true };
  // An unknown exit never makes a process FATAL by itself.
  const failedStarts = counters.failedStarts + (ended.exit.kind === 'unknown' ? 0 : 1);
  return { ...counters, failedStarts, failure };
}

export function withoutFailures({ runs }: Counters): Counters {
  return { failedStarts: 0, runs };
}

function judgeCounters(counters: Counters, run: Run, ended: Ended): Counters {
  const isDone = ended.settled || isSuccess(ended.exit, run.settings.exitCodes);
  return isDone ? withoutFailures(counters) : counters;
}

function judgeLedger(
  ledger: LedgerEntry | undefined,
  run: Run,
  ended: Ended,
  isRetried: boolean,
): { ledger?: LedgerEntry } {
  if (ledger === undefined) return {};
  if (ledger.launchId !== run.launchId) return { ledger };
  if (isRetried) return {};
  return { ledger: { ...ledger, outcome: ended.by === 'itself' ? 'ended' : 'interrupted' } };
}

/** A launch that ended before its command ran: tried again. Only what failed counts against it. */
export function judgeNeverRan(
  instance: Instance,
  run: Run,
  { why, message }: { why: 'voided' | 'refused' | 'failed'; message: string },
  now: Now,
): Instance {
  if (why !== 'failed') {
    const failure: Failure = { code: 'spawn-error', message, at: now.mono, counts: false };
    const idle = withoutRun(instance, run);
    return { ...idle, counters: { ...idle.counters, failure } };
  }
  // It has had its try: the next one is the daemon's own.
  const { credit: _spent, ...idle } = withoutLedgerOf(instance, run);
  const failure: Failure = { code: 'spawn-error', message, at: now.mono, counts: true };
  const failedStarts = instance.counters.failedStarts + 1;
  return { ...idle, activity: { kind: 'idle' }, counters: { ...instance.counters, failedStarts, failure } };
}

/** As if the launch had not been: no trace in ledger and run count. */
export function withoutRun(instance: Instance, run: Run): Instance {
  const runs = instance.counters.runs.filter((at) => at !== run.startedMono);
  return {
    ...withoutLedgerOf(instance, run),
    activity: { kind: 'idle' },
    counters: { ...instance.counters, runs },
  };
}

function withoutLedgerOf(instance: Instance, run: Run): Instance {
  if (instance.ledger?.launchId !== run.launchId) return instance;
  const { ledger: _none, ...rest } = instance;
  return rest;
}
