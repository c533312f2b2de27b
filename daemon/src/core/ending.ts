/** What an ending means for counters, ledger and what an operator asked for. First reason wins: a stop's cause, else `itself`. */
import { withEntry, withoutEntry } from './ledger.ts';
import type {
  Counters, Ended, Exit, ExitRecord, Failure, Instance, LedgerEntry, Now, Run, Stop, WallTime,
} from './model.ts'; // prettier-ignore
import { isSuccess, leavesEnded } from './restart-policy.ts';

const EXITS_KEPT = 5;

/** @param by who ended it: a stop, or `itself`, or the machine that went down */
export function endedBy(
  run: Run,
  by: 'itself' | 'boot' | Stop,
  event: { exit: Exit; at: WallTime; aliveTicks?: number },
  settled: boolean,
  now: Now,
): Ended {
  const { cause, text } = typeof by === 'string' ? { cause: by, text: undefined } : { cause: by.cause, text: by.text };
  return {
    launchId: run.launchId,
    exit: event.exit,
    startedAt: run.startedAt,
    at: event.at,
    mono: now.mono,
    by: cause,
    settled: settled || hasSettledUnseen(run, cause, event.at, now),
    applyOn: run.applyOn,
    ...(text === undefined ? {} : { text }),
    ...(event.aliveTicks === undefined ? {} : { aliveTicks: event.aliveTicks }),
  };
}

/**
 * It may have settled and ended while no daemon lived; not where its start had more to wait for. Both clocks have to agree, as
 * the wall clock may have jumped.
 */
function hasSettledUnseen(
  { settings, type, startedAt, startedMono }: Run,
  by: Ended['by'],
  at: WallTime,
  now: Now,
): boolean {
  if (by === 'init' || by === 'start-health-check') return false;
  if (settings.startHealthCheck !== undefined || settings.hooks?.init !== undefined) return false;
  if (type === 'pid-file' || type === 'podman-cid' || type === 'external') return false;
  return at - startedAt >= settings.startSecs && now.mono - startedMono >= settings.startSecs;
}

export function withExit(
  exits: readonly ExitRecord[],
  { launchId, startedAt, at, exit, by, text }: Ended,
): readonly ExitRecord[] {
  if (exits.some((known) => known.launchId === launchId)) return exits;
  const asked = by === 'itself' ? {} : { by, ...(text === undefined ? {} : { text }) };
  return [{ launchId, startedAt, at, exit, ...asked }, ...exits].slice(0, EXITS_KEPT);
}

/** @param instance idle: nothing of the run is left */
export function judgeEnding(instance: Instance, run: Run, ended: Ended): Instance {
  const isOwn = isOwnEnding(ended);
  const isRetried = isOwn && isTriedAgain(run, ended);
  const isLeft = isOwn && !isRetried && isLeftAlone(run, ended);
  // An operator, a new version or a boot has cleared the way for the next launch meanwhile.
  const isCleared = instance.credit !== undefined;
  return {
    ...instance,
    ended,
    counters:
      isOwn && !isCleared && isFailedStart(run, ended)
        ? withFailure(instance.counters, ended)
        : judgeCounters(instance.counters, run, ended),
    dependencyLost: instance.dependencyLost || ended.by === 'dependency',
    // An operator's start is good until the process ends by itself for good.
    ...(isLeft && instance.credit !== 'operator' ? { operatorStarted: false, forced: false } : {}),
    ledger: judgeLedger(instance.ledger, run, ended, isRetried),
  };
}

/** Nobody asked for it: the process ended, or had to because of what it did. `autorestart` decides what follows. */
export function isOwnEnding({ by }: Pick<Ended, 'by'>): boolean {
  switch (by) {
    case 'itself':
    case 'health-check':
    case 'init':
    case 'start-health-check':
    case 'max-run-time':
      return true;
    default:
      return false;
  }
}

/** An ending that `exit-codes` count as success: never one that was forced upon it. */
export function isGoodEnding({ by, exit }: Pick<Ended, 'by' | 'exit'>, exitCodes: readonly number[]): boolean {
  return by === 'itself' && isSuccess(exit, exitCodes);
}

/** Whether `autorestart` leaves it as it ended. */
export function isLeftBy(
  { autorestart, exitCodes }: Pick<Run['settings'], 'autorestart' | 'exitCodes'>,
  ended: Pick<Ended, 'by' | 'exit'>,
): boolean {
  if (ended.by === 'itself') return leavesEnded(autorestart, ended.exit, exitCodes);
  return autorestart === 'never';
}

/** A one-shot whose command ran is only run again on a failure that is known; a service always, unless it is left. */
function isTriedAgain({ settings }: Run, ended: Ended): boolean {
  if (isLeftBy(settings, ended)) return false;
  if (!settings.oneShot) return true;
  return ended.by !== 'itself' || (ended.exit.kind !== 'unknown' && !isSuccess(ended.exit, settings.exitCodes));
}

/** Tried again after a delay, and counted. What `autorestart` leaves alone is none. */
function isFailedStart(run: Run, ended: Ended): boolean {
  if (!isTriedAgain(run, ended)) return false;
  return run.settings.oneShot || !ended.settled;
}

function isLeftAlone({ settings }: Run, ended: Ended): boolean {
  return settings.oneShot || isLeftBy(settings, ended);
}

function withFailure(counters: Counters, ended: Ended): Counters {
  const code = ended.by === 'init' || ended.by === 'start-health-check' ? ended.by : 'exit';
  const failure: Failure = { code, message: ended.text ?? '', exit: ended.exit, at: ended.mono, counts: true };
  // An unknown exit never makes a process FATAL by itself.
  const isKnown = ended.by !== 'itself' || ended.exit.kind !== 'unknown';
  return { ...counters, failedStarts: counters.failedStarts + (isKnown ? 1 : 0), failure };
}

export function withoutFailures({ runs }: Counters): Counters {
  return { failedStarts: 0, runs };
}

function judgeCounters(counters: Counters, run: Run, ended: Ended): Counters {
  const isDone = ended.settled || isGoodEnding(ended, run.settings.exitCodes);
  return isDone ? withoutFailures(counters) : counters;
}

function judgeLedger(
  ledger: readonly LedgerEntry[],
  run: Run,
  ended: Ended,
  isRetried: boolean,
): readonly LedgerEntry[] {
  const line = ledger.find(({ launchId }) => launchId === run.launchId);
  if (line === undefined) return ledger;
  if (isRetried) return withoutRunOf(ledger, line);
  return ledger.map((each) =>
    each === line ? { ...each, outcome: isOwnEnding(ended) ? ('ended' as const) : ('interrupted' as const) } : each,
  );
}

/** The entry is to be run again: due, or not there at all. */
function withoutRunOf(ledger: readonly LedgerEntry[], line: LedgerEntry): readonly LedgerEntry[] {
  return line.opens === undefined ? withoutEntry(ledger, line.entry) : withEntry(ledger, { ...line, outcome: 'due' });
}

/** A launch that ended before its command ran: tried again. Only what failed counts against it. */
export function judgeNeverRan(
  instance: Instance,
  run: Run,
  {
    why,
    message,
    code = 'spawn-error',
  }: {
    why: 'voided' | 'refused' | 'failed';
    message: string;
    code?: Failure['code'];
  },
  now: Now,
): Instance {
  if (why !== 'failed') {
    const failure: Failure = { code: 'spawn-error', message, at: now.mono, counts: false };
    const idle = withoutRun(instance, run);
    return { ...idle, counters: { ...idle.counters, failure } };
  }
  // It has had its try: the next one is the daemon's own.
  const { credit: _spent, ...idle } = withoutLedgerOf(instance, run);
  const failure: Failure = { code, message, at: now.mono, counts: true };
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
  const line = instance.ledger.find(({ launchId }) => launchId === run.launchId);
  if (line === undefined) return instance;
  const { launchId: _none, ...untried } = line;
  return { ...instance, ledger: withoutRunOf(instance.ledger, untried) };
}
