/** Rules about what `[daemon]` needs on the machine (SPEC 2.4): without it the daemon could not start. */
import { dirname } from 'node:path';
import { groupId } from '../socket-group.ts';
import { isFolder } from './launchable.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';

export function checkDaemon({ daemon, context }: RuleInput, report: Report): void {
  const severity = context.wasApplied === true ? 'warning' : 'error';
  const remark = (key: string, rest: { message: string; found: string; hint: string }): void => {
    report.remark(severity, { path: ['daemon', key], key, ...rest });
  };
  const { socketGroup: group, logFile, logFileGiven } = daemon;
  if (group !== undefined && !isGroup(group)) {
    const hint = `make it with: groupadd ${group}; or name another`;
    remark('socket-group', { message: 'there is no such group', found: quote(group), hint });
  }
  if (!logFileGiven || !logFile.startsWith('/')) return;
  const folder = dirname(logFile);
  const found = quote(logFile);
  if (!isFolder(folder)) {
    const message = `its folder ${quote(folder)} does not exist`;
    remark('log-file', { message, found, hint: `make it with: mkdir -p ${folder}` });
  } else if (isFolder(logFile)) {
    remark('log-file', { message: 'is a folder, not a file', found, hint: 'name a file in it' });
  }
}

function isGroup(name: string): boolean {
  try {
    groupId(name);
    return true;
  } catch {
    return false;
  }
}
