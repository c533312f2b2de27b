/** Rules about `env-file` (SPEC 2.2, 2.4): it is there, and every line of it can be understood. */
import { statSync } from 'node:fs';
import { permissionProblems } from './file-permissions.ts';
import { isComing, machineSeverity } from './machine-severity.ts';
import { quote, type Problem } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';

export function checkEnvFiles(input: RuleInput, report: Report): void {
  const told = new Set<string>();
  const unsafe = new Map<string, Problem>();
  for (const draft of input.drafts) {
    const { envFile } = draft;
    if (envFile === undefined || !isComing(input, draft)) continue;
    const severity = machineSeverity(input, draft);
    if (envFile.unreadable !== undefined) {
      const { message, hint } = envFile.unreadable;
      const place = { path: [...draft.path, 'env-file'], process: draft.id, key: 'env-file' };
      report.remark(severity, { ...place, message: `${quote(envFile.path)} ${message}`, hint });
    }
    for (const problem of writable(envFile.path, input.context.euid)) unsafe.set(JSON.stringify(problem), problem);
    // Many processes may share one file.
    if (told.has(`${severity} ${envFile.path}`)) continue;
    told.add(`${severity} ${envFile.path}`);
    report.adopt(envFile.problems.map((problem) => ({ ...problem, severity })));
  }
  report.adopt([...unsafe.values()]);
}

/** Whoever may write it decides about PATH and LD_PRELOAD of what root's daemon runs. */
function writable(path: string, euid: number): Problem[] {
  if (euid !== 0) return [];
  try {
    return permissionProblems(path, statSync(path), euid).map((problem) => ({ ...problem, severity: 'warning' }));
  } catch {
    // That it is not there has been said.
    return [];
  }
}
