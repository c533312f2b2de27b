/** Rules about explicit log files (SPEC 2.4): one writer each, and a folder that exists. */
import { dirname } from 'node:path';
import type { LogTarget, ProcessVersion } from '../core/model.ts';
import { fillPlaceholders, holdsPlaceholder } from '../core/placeholders.ts';
import { instanceName } from '../core/targets.ts';
import type { Draft } from './draft.ts';
import { isFolder } from './launchable.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';
import { rawValue } from './table-reader.ts';

interface LogUse {
  readonly draft: Draft;
  readonly key: 'stdout-log' | 'stderr-log' | 'log-file';
  readonly path: string;
  /** How many instances write it. */
  readonly instances: number;
}

export function checkLogs({ drafts, standings, daemon }: RuleInput, report: Report): void {
  const writers = new Map<string, string>([[daemon.logFile, 'the daemon itself']]);
  for (const draft of drafts) {
    const standing = standings.get(draft);
    if (standing === 'fake' || standing === 'past') continue;
    // Of instances with a file each, one is told for all.
    const told = new Set<string>();
    for (const use of usesOf(draft)) {
      checkWriters(use, writers, report);
      if (told.has(use.key)) continue;
      if (!checkFolder(use, standing === 'future' ? 'warning' : 'error', report)) told.add(use.key);
    }
  }
}

function usesOf(draft: Draft): LogUse[] {
  const { version, values, raw } = draft;
  if (version === undefined) return [];
  const targets: [LogUse['key'], LogTarget][] = [
    [
      values['log-file'] !== undefined && rawValue(raw, 'stdout-log') === undefined ? 'log-file' : 'stdout-log',
      version.stdoutLog,
    ],
    ['stderr-log', version.stderrLog],
  ];
  return targets.flatMap(([key, target]) =>
    target.kind === 'file' ? pathsOf(target.path, version).map((file) => ({ draft, key, ...file })) : [],
  );
}

/** With a name that only a launch knows each instance has a file of its own. */
function pathsOf(path: string, version: ProcessVersion): Pick<LogUse, 'path' | 'instances'>[] {
  const { numprocs } = version;
  if (!holdsPlaceholder(path)) return [{ path, instances: numprocs }];
  return Array.from({ length: numprocs }, (_, num) => {
    const values = { PROCMAN_INSTANCE: instanceName(version, num), PROCMAN_NUM: String(num), PROCMAN_PID_FILE: 'pid' };
    return { path: fillPlaceholders(path, values), instances: 1 };
  });
}

/** Devices may have any number of writers; a file that is rotated has one. */
function checkWriters({ draft, key, path, instances }: LogUse, writers: Map<string, string>, report: Report): void {
  if (path.startsWith('/dev/')) return;
  const id = draft.id ?? '';
  const other = writers.get(path);
  writers.set(path, other ?? `process ${quote(id)}`);
  const isOwn = other === undefined || other === `process ${quote(id)}`;
  if (isOwn && instances === 1) return;
  report.error({
    path: [...draft.path, key],
    process: draft.id,
    key,
    message: isOwn ? `its ${instances} instances would write one log file` : `${other} writes this log file, too`,
    found: quote(path),
    hint: isOwn
      ? 'use "auto", which makes a file for each instance, or put {{ PROCMAN_NUM }} into the path'
      : 'use "auto", which makes a file for each instance, or another path',
  });
}

/** @returns whether it is there */
function checkFolder({ draft, key, path }: LogUse, severity: 'error' | 'warning', report: Report): boolean {
  const folder = dirname(path);
  const isThere = isFolder(folder);
  if (isThere && !isFolder(path)) return true;
  report.remark(severity, {
    path: [...draft.path, key],
    process: draft.id,
    key,
    message: isThere ? 'is a folder, not a file' : `its folder ${quote(folder)} does not exist`,
    found: quote(path),
    hint: isThere ? 'name a file in it' : `make it with: mkdir -p ${folder}`,
  });
  return false;
}
