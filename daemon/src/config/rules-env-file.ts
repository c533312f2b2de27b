/** Rules about `env-file` (SPEC 2.2, 2.4): it is there, and every line of it can be understood. */
import { isComing, machineSeverity } from './machine-severity.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';

export function checkEnvFiles(input: RuleInput, report: Report): void {
  const told = new Set<string>();
  for (const draft of input.drafts) {
    const { envFile } = draft;
    if (envFile === undefined || !isComing(input, draft)) continue;
    const severity = machineSeverity(input, draft);
    if (envFile.unreadable !== undefined) {
      const { message, hint } = envFile.unreadable;
      const place = { path: [...draft.path, 'env-file'], process: draft.id, key: 'env-file' };
      report.remark(severity, { ...place, message: `${quote(envFile.path)} ${message}`, hint });
    }
    // Many processes may share one file.
    if (told.has(`${severity} ${envFile.path}`)) continue;
    told.add(`${severity} ${envFile.path}`);
    report.adopt(envFile.problems.map((problem) => ({ ...problem, severity })));
  }
}
