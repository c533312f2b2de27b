/** Rules about lengths of time and counts of one process that do not go together, or have no effect (SPEC 2.2, 2.4). */
import { formatDuration } from './durations.ts';
import { draftsById, type Draft } from './draft.ts';
import { isOneShot } from './process-keys.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';
import { rawValue } from './table-reader.ts';

export function checkTiming({ drafts, standings, daemon }: RuleInput, report: Report): void {
  const oldest = oldestVersions(drafts.filter((draft) => standings.get(draft) !== 'fake'));
  for (const draft of drafts) {
    checkRunTime(draft, report);
    checkBoot(draft, report);
    checkExitCodes(draft, report);
    checkStartCheck(draft, report);
    checkStopSignal(draft, report);
    checkStopTimeout(draft, daemon.shutdownTimeout, report);
    checkIdle(draft, report);
    if (oldest.has(draft)) checkFallback(draft, report);
  }
}

function oldestVersions(drafts: readonly Draft[]): ReadonlySet<Draft> {
  const oldest = [...draftsById(drafts).values()].flatMap((versions) => {
    const known = versions.filter(({ applyOn }) => applyOn !== undefined);
    return known.toSorted((a, b) => (a.applyOn?.at ?? 0) - (b.applyOn?.at ?? 0)).slice(0, 1);
  });
  return new Set(oldest);
}

/** Both count from the launch. A one-shot's start-secs are ignored. */
function checkRunTime({ path, id, values, raw }: Draft, report: Report): void {
  const longest = values['max-run-time'];
  const settled = values['start-secs'];
  if (longest === undefined || settled === undefined || longest > settled || isOneShot(values)) return;
  const key =
    rawValue(raw, 'max-run-time') === undefined && rawValue(raw, 'start-secs') !== undefined
      ? 'start-secs'
      : 'max-run-time';
  report.error({
    path: [...path, key],
    process: id,
    key,
    message: 'it would be stopped before it counts as started: max-run-time is not longer than start-secs',
    found: `max-run-time ${formatDuration(longest)}, start-secs ${formatDuration(settled)}`,
    hint: 'give it a longer max-run-time, or shorter start-secs',
  });
}

/** A window is an occasion to run, and so is a boot: with both nobody could say how often it is meant to run. */
function checkBoot({ path, id, values, raw }: Draft, report: Report): void {
  if (values['one-shot'] !== 'boot' || values.schedule?.kind !== 'windows') return;
  report.error({
    path: [...path, rawValue(raw, 'schedule') === undefined ? 'one-shot' : 'schedule'],
    process: id,
    key: 'schedule',
    message: 'does not go together with one-shot = "boot": a schedule means once per window',
    hint: 'write one-shot = true for once per window, or take the schedule out for once per boot',
  });
}

function checkExitCodes({ path, id, values }: Draft, report: Report): void {
  if (values['exit-codes']?.length !== 0 || !isOneShot(values)) return;
  report.warning({
    path: [...path, 'exit-codes'],
    process: id,
    key: 'exit-codes',
    message: 'no exit code counts as success, so this one-shot never finishes well',
    found: 'an empty list',
    hint: 'name at least one, such as [0]',
  });
}

function checkStartCheck({ path, id, values }: Draft, report: Report): void {
  const check = values['start-health-check'];
  if (check === undefined || check.interval < check.timeout) return;
  report.warning({
    path: [...path, 'start-health-check'],
    process: id,
    key: 'start-health-check.interval',
    message: 'it is tried only once: the interval is not shorter than the timeout',
    found: `interval ${formatDuration(check.interval)}, timeout ${formatDuration(check.timeout)}`,
    hint: 'the timeout is for all tries together: make it longer, or the interval shorter',
  });
}

/** Signals that no process ends by, unless it does so itself: signal(7). */
const HARMLESS: ReadonlySet<string> = new Set(['CHLD', 'CONT', 'URG', 'WINCH', 'STOP', 'TSTP', 'TTIN', 'TTOU']);

function checkStopSignal({ path, id, values, raw }: Draft, report: Report): void {
  const signal = values['stop-signal'] ?? '';
  if (!HARMLESS.has(signal) || rawValue(raw, 'stop-signal') === undefined) return;
  report.warning({
    path: [...path, 'stop-signal'],
    process: id,
    key: 'stop-signal',
    message: 'ends no process by itself: each stop would take the whole stop-timeout, and then SIGKILL',
    found: `"${signal}"`,
    hint: 'use "TERM", "INT", "QUIT" or "HUP", unless the program ends by this one',
  });
}

function checkStopTimeout({ path, id, values, raw }: Draft, shutdownTimeout: number, report: Report): void {
  const timeout = values['stop-timeout'] ?? 0;
  if (rawValue(raw, 'stop-timeout') === undefined || timeout <= shutdownTimeout) return;
  report.warning({
    path: [...path, 'stop-timeout'],
    process: id,
    key: 'stop-timeout',
    message: 'is longer than the shutdown-timeout of [daemon], which ends it when everything is stopped',
    found: `stop-timeout ${formatDuration(timeout)}, shutdown-timeout ${formatDuration(shutdownTimeout)}`,
    hint: 'give [daemon] a longer shutdown-timeout',
  });
}

/** Keys of this very table that have no effect. */
function checkIdle({ path, id, raw, values }: Draft, report: Report): void {
  const warn = (key: string, message: string, hint: string): void => {
    if (rawValue(raw, key) === undefined) return;
    report.warning({ path: [...path, key], process: id, key, message, hint });
  };
  if (isOneShot(values)) warn('start-secs', 'has no effect on a one-shot, which may end at once', 'take it out');
  if (values['max-runs'] === 0) {
    warn('max-runs-window', 'has no effect: max-runs = 0 means that there is no limit', 'take one of the two out');
  }
}

function checkFallback({ path, id, raw }: Draft, report: Report): void {
  if (rawValue(raw, 'fallback-timeout') === undefined) return;
  report.warning({
    path: [...path, 'fallback-timeout'],
    process: id,
    key: 'fallback-timeout',
    message: 'has no effect: there is no earlier version of this process to go back to',
    hint: 'keep the table of the version before, with its own apply-on',
  });
}
