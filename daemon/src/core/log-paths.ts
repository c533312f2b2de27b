/** Where a run's output goes (SPEC 6). */
import type { LogTarget, ProcessVersion, Run } from './model.ts';
import { fillPlaceholders } from './placeholders.ts';
import type { Target } from './targets.ts';

/** Longest file name before its suffix, in bytes: an id of 100 characters may be 400. */
const LONGEST = 200;

/** What the names of an instance's `auto` logs begin with. */
export function logStem({ instanceName, key }: Pick<Target, 'instanceName' | 'key'>): string {
  return new TextEncoder().encode(instanceName).length <= LONGEST ? instanceName : key;
}

export function logPaths(version: ProcessVersion, target: Target, directory: string): Run['logs'] {
  const values = { PROCMAN_INSTANCE: target.instanceName, PROCMAN_NUM: String(target.num), PROCMAN_PID_FILE: '' };
  const path = (log: LogTarget, suffix: 'out' | 'err'): string | undefined => {
    if (log.kind === 'file') return fillPlaceholders(log.path, values);
    return log.kind === 'auto' ? autoLogPath(target, suffix, directory) : undefined;
  };
  const stdout = path(version.stdoutLog, 'out');
  const stderr = version.stderrLog.kind === 'stdout' ? stdout : path(version.stderrLog, 'err');
  return { ...(stdout === undefined ? {} : { stdout }), ...(stderr === undefined ? {} : { stderr }) };
}

/** The files that procman makes itself for a version. */
export function autoLogPaths(version: ProcessVersion, target: Target, directory: string): readonly string[] {
  return [
    ...(version.stdoutLog.kind === 'auto' ? [autoLogPath(target, 'out', directory)] : []),
    ...(version.stderrLog.kind === 'auto' ? [autoLogPath(target, 'err', directory)] : []),
  ];
}

function autoLogPath(target: Target, suffix: 'out' | 'err', directory: string): string {
  return `${directory}/${logStem(target)}.${suffix}.log`;
}
