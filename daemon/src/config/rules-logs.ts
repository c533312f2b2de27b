/** Rules about explicit log files (SPEC 2.4): one writer each, and a folder that exists. */
import { stateFile } from '@procman/protocol/state-files';
import { basename, dirname } from 'node:path';
import type { LogTarget, ProcessVersion } from '../core/model.ts';
import { fillPlaceholders, holdsPlaceholder } from '../core/placeholders.ts';
import { instanceName } from '../core/targets.ts';
import { draftsById, type Draft } from './draft.ts';
import { isFolder } from './launchable.ts';
import { isComing, machineSeverity } from './machine-severity.ts';
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

export function checkLogs(input: RuleInput, report: Report): void {
  const { drafts, daemon } = input;
  const writers: Writers = {
    byPath: new Map([daemon.logFile, stateFile(daemon.stateDir, 'log')].map((path) => [path, 'the daemon itself'])),
    autoLogs: new AutoLogs(drafts, daemon.childLogDir),
  };
  for (const draft of drafts.filter((each) => isComing(input, each))) {
    // Of instances with a file each, one is told for all.
    const told = new Set<string>();
    const folders = new Set<string>();
    for (const use of usesOf(draft)) {
      if (told.has(use.key)) continue;
      const folder = `${use.key} ${dirname(use.path)}`;
      const isFine =
        checkWriters(use, writers, report) &&
        (folders.has(folder) || checkFolder(use, machineSeverity(input, draft), report));
      if (!isFine) told.add(use.key);
      folders.add(folder);
    }
  }
}

/** Who else writes a file. */
interface Writers {
  /** Of explicit log files. */
  readonly byPath: Map<string, string>;
  readonly autoLogs: AutoLogs;
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

/**
 * Devices may have any number of writers; a file that is rotated has one.
 *
 * @returns whether it is the only one
 */
function checkWriters({ draft, key, path, instances }: LogUse, writers: Writers, report: Report): boolean {
  if (path.startsWith('/dev/')) return true;
  const own = `process ${quote(draft.id ?? '')}`;
  const other = writers.byPath.get(path) ?? writers.autoLogs.writerOf(path);
  writers.byPath.set(path, other ?? own);
  const isShared = other !== undefined && other !== own;
  const isFile = path === report.file;
  if (!isFile && !isShared && instances === 1) return true;
  const several = `its ${instances} instances would write one log file`;
  report.error({
    path: [...draft.path, key],
    process: draft.id,
    key,
    message: isFile ? 'is the configuration file itself' : isShared ? `${other} writes this log file, too` : several,
    found: quote(path),
    hint:
      isShared || isFile
        ? 'use "auto", which makes a file for each instance, or another path'
        : 'use "auto", which makes a file for each instance, or put {{ PROCMAN_NUM }} into the path',
  });
  return false;
}

/** The files that procman makes for `auto`: `CHILD-LOG-DIR/INSTANCE.out.log`. */
class AutoLogs {
  private readonly drafts: ReadonlyMap<string, readonly Draft[]>;
  private readonly folder: string;

  constructor(drafts: readonly Draft[], folder: string) {
    this.drafts = draftsById(drafts);
    this.folder = folder;
  }

  /** undefined where it is no such file. */
  writerOf(path: string): string | undefined {
    if (dirname(path) !== this.folder) return undefined;
    const [, instance = '', stream = ''] = /^(.+)\.(out|err)\.log$/.exec(basename(path)) ?? [];
    const [, base = '', number = ''] = /^(.+)_(\d{2,4})$/.exec(instance) ?? [];
    const isAuto = ({ version }: Draft): boolean =>
      (stream === 'out' ? version?.stdoutLog : version?.stderrLog)?.kind === 'auto';
    const single = this.drafts.get(instance)?.find((draft) => isAuto(draft) && draft.values.numprocs === 1);
    const several = this.drafts
      .get(base)
      ?.find((draft) => isAuto(draft) && (draft.values.numprocs ?? 1) > Number(number));
    const writer = single ?? several;
    return writer === undefined ? undefined : `"auto" of process ${quote(writer.id ?? '')}`;
  }
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
