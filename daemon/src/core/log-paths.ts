/** Where a run's output goes (SPEC 6). */
import type { LogTarget, ProcessVersion, Run } from './model.ts';
import { fillPlaceholders } from './placeholders.ts';
import type { Target } from './targets.ts';

/** Longest file name before its suffix, in bytes: an id of 100 characters may be 400. */
const LONGEST = 200;

export function logPaths(version: ProcessVersion, target: Target, directory: string): Run['logs'] {
  const stem = new TextEncoder().encode(target.instanceName).length <= LONGEST ? target.instanceName : target.key;
  const values = { PROCMAN_INSTANCE: target.instanceName, PROCMAN_NUM: String(target.num), PROCMAN_PID_FILE: '' };
  const path = (log: LogTarget, suffix: string): string | undefined => {
    if (log.kind === 'file') return fillPlaceholders(log.path, values);
    return log.kind === 'auto' ? `${directory}/${stem}.${suffix}.log` : undefined;
  };
  const stdout = path(version.stdoutLog, 'out');
  const stderr = version.stderrLog.kind === 'stdout' ? stdout : path(version.stderrLog, 'err');
  return { ...(stdout === undefined ? {} : { stdout }), ...(stderr === undefined ? {} : { stderr }) };
}
