/** Rules about explicit log files (SPEC 2.4): one writer each, and a folder that exists. */
import { dirname } from 'node:path';
import type { LogTarget } from '../core/model.ts';
import type { Draft } from './draft.ts';
import { isFolder } from './launchable.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';

interface LogUse {
  readonly draft: Draft;
  readonly key: 'stdout-log' | 'stderr-log';
  readonly path: string;
}

export function checkLogs({ drafts, standings, daemon }: RuleInput, report: Report): void {
  const writers = new Map<string, string>([[daemon.logFile, 'the daemon itself']]);
  for (const draft of drafts) {
    const standing = standings.get(draft);
    if (standing === 'fake' || standing === 'past') continue;
    for (const use of usesOf(draft)) {
      checkWriters(use, writers, report);
      checkFolder(use, standing === 'future' ? 'warning' : 'error', report);
    }
  }
}

function usesOf(draft: Draft): LogUse[] {
  const { version } = draft;
  if (version === undefined) return [];
  const targets: [LogUse['key'], LogTarget][] = [
    ['stdout-log', version.stdoutLog],
    ['stderr-log', version.stderrLog],
  ];
  return targets.flatMap(([key, target]) => (target.kind === 'file' ? [{ draft, key, path: target.path }] : []));
}

/** Devices may have any number of writers; a file that is rotated has one. */
function checkWriters({ draft, key, path }: LogUse, writers: Map<string, string>, report: Report): void {
  if (path.startsWith('/dev/')) return;
  const id = draft.id ?? '';
  const numprocs = draft.values.numprocs ?? 1;
  const other = writers.get(path);
  writers.set(path, other ?? `process ${quote(id)}`);
  const isOwn = other === undefined || other === `process ${quote(id)}`;
  if (isOwn && numprocs === 1) return;
  report.error({
    path: [...draft.path, key],
    process: draft.id,
    key,
    message: isOwn ? `its ${numprocs} instances would write one log file` : `${other} writes this log file, too`,
    found: quote(path),
    hint: 'use "auto", which makes a file for each instance, or another path',
  });
}

function checkFolder({ draft, key, path }: LogUse, severity: 'error' | 'warning', report: Report): void {
  const folder = dirname(path);
  const isThere = isFolder(folder);
  if (isThere && !isFolder(path)) return;
  report.remark(severity, {
    path: [...draft.path, key],
    process: draft.id,
    key,
    message: isThere ? 'is a folder, not a file' : `its folder ${quote(folder)} does not exist`,
    found: quote(path),
    hint: isThere ? 'name a file in it' : `make it with: mkdir -p ${folder}`,
  });
}
