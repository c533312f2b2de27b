/**
 * How a run is ended: stop-signal, the grace of `stop-timeout` for the whole run from the first signal on, SIGKILL, and looking
 * again until nothing is left (SPEC 5). Leftovers of a main process that ended by itself go the same way.
 */
import type { Action } from './actions.ts';
import type { Clearing, InstanceKey, LiveProcess, MonotonicTime, Run, Stop } from './model.ts';

export interface Plan {
  readonly clearing: Clearing;
  readonly actions: readonly Action[];
}

/** What is still there this long after SIGKILL is a survivor: it is named, and watched more slowly. */
export const SURVIVES_AFTER = 2_000;
const LOOK_SLOWLY = 5_000;

type Scope = 'main' | 'run';

const stopScope = ({ settings }: Run): Scope => (settings.killMode === 'group' ? 'run' : 'main');
const killScope = ({ settings }: Run): Scope => (settings.killMode === 'process' ? 'main' : 'run');

/** The signal that begins a stop. */
export function firstSignal(key: InstanceKey, run: Run, stop: Stop, now: MonotonicTime): Plan {
  if (stop.now) return kill(key, run, { remains: [], firstSignalAt: now }, now, []);
  const signal: Action = { kind: 'signal', key, run, signal: run.settings.stopSignal, scope: stopScope(run) };
  return { clearing: { remains: [], firstSignalAt: now }, actions: [signal] };
}

function kill(key: InstanceKey, run: Run, clearing: Clearing, now: MonotonicTime, further: readonly Action[]): Plan {
  const killedAt = clearing.killedAt ?? now;
  const pause = now - killedAt >= SURVIVES_AFTER ? LOOK_SLOWLY : Math.min(Math.max(now - killedAt, 20), 500);
  return {
    clearing: { ...clearing, killedAt, scanAt: now + pause },
    actions: [{ kind: 'signal', key, run, signal: 'KILL', scope: killScope(run) }, ...further],
  };
}

/** The main process still lives: is it time to kill, or to look again? */
export function overdue(
  key: InstanceKey,
  run: Run,
  stop: Stop,
  clearing: Clearing,
  now: MonotonicTime,
): Plan | undefined {
  const look: Action = { kind: 'look', key };
  if (clearing.killedAt !== undefined) {
    if (clearing.scanAt !== undefined && now < clearing.scanAt) return undefined;
    return kill(key, run, clearing, now, [look, { kind: 'scan', key, run }]);
  }
  if (clearing.firstSignalAt !== undefined) {
    const isOver = stop.now || now - clearing.firstSignalAt >= run.settings.stopTimeout;
    return isOver ? kill(key, run, clearing, now, [look]) : undefined;
  }
  // An unresolved launch: its files tell once its launcher goes on.
  if (clearing.scanAt === undefined || now < clearing.scanAt) return undefined;
  return { clearing: { ...clearing, scanAt: now + 1_000 }, actions: [look] };
}

/** The first look after the main process ended. With `mixed` what is left has not had the stop-signal yet. */
export function firstScan(
  key: InstanceKey,
  run: Run,
  clearing: Clearing,
  remains: readonly LiveProcess[],
  now: MonotonicTime,
): Plan {
  if (isHooked(clearing, now)) return awaitHook(clearing, remains, now);
  const isUnsignalled = clearing.firstSignalAt === undefined || run.settings.killMode === 'mixed';
  if (!isUnsignalled || clearing.killedAt !== undefined) return afterScan(key, run, clearing, remains, now);
  const signalled: Clearing = { ...clearing, remains, firstSignalAt: clearing.firstSignalAt ?? now, scanAt: now + 20 };
  return {
    clearing: signalled,
    actions: [{ kind: 'signal', key, run, signal: run.settings.stopSignal, scope: 'run' }],
  };
}

/** The `stop` hook has the whole run's time: nothing is signalled yet. */
const isHooked = ({ hookUntil, firstSignalAt }: Clearing, now: MonotonicTime): boolean =>
  hookUntil !== undefined && firstSignalAt === undefined && now < hookUntil;

function awaitHook(clearing: Clearing, remains: readonly LiveProcess[], now: MonotonicTime): Plan {
  const scanAt = Math.min(now + 500, clearing.hookUntil ?? now);
  return { clearing: { ...clearing, remains, scanAt }, actions: [] };
}

/** Something is still left: wait on, or kill it. */
export function afterScan(
  key: InstanceKey,
  run: Run,
  clearing: Clearing,
  remains: readonly LiveProcess[],
  now: MonotonicTime,
): Plan {
  if (isHooked(clearing, now)) return awaitHook(clearing, remains, now);
  // What was seen while a `stop` hook was at work has not had the stop-signal yet.
  if (clearing.firstSignalAt === undefined && clearing.killedAt === undefined) {
    const { hookUntil: _over, ...unsignalled } = clearing;
    return firstScan(key, run, unsignalled, remains, now);
  }
  const first = clearing.firstSignalAt ?? now;
  const killAt = first + run.settings.stopTimeout;
  if (clearing.killedAt !== undefined || now >= killAt) {
    return kill(key, run, { ...clearing, remains, firstSignalAt: first }, now, []);
  }
  // Looks often at first, when most things end, then less and less.
  const pause = Math.min(Math.max((now - first) / 4, 20), 500);
  return {
    clearing: { ...clearing, remains, firstSignalAt: first, scanAt: Math.min(now + pause, killAt) },
    actions: [],
  };
}

/** Whether what is left outlived SIGKILL. */
export function isSurviving({ killedAt, remains }: Clearing, now: MonotonicTime): boolean {
  return killedAt !== undefined && remains.length > 0 && now - killedAt >= SURVIVES_AFTER;
}
