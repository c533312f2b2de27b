/** Rules about the machine (SPEC 2.4): programs, folders, and the system tools that a launch needs. */
import { isExecutable, launchObstacles } from './launchable.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';

/** The tools that every launch needs, and the packages that bring them (Debian and Fedora call them the same). */
const TOOLS: readonly { readonly name: string; readonly source: string }[] = [
  { name: 'sh', source: 'dash or bash' },
  { name: 'flock', source: 'util-linux' },
  { name: 'setsid', source: 'util-linux' },
];
/** Where the launcher looks for them, whatever PATH says. */
const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

export function checkMachine(input: RuleInput, report: Report): void {
  checkTools(TOOL_FOLDERS, report);
  const counting = input.drafts.filter((draft) => ['effective', 'future'].includes(input.standings.get(draft) ?? ''));
  for (const draft of counting) {
    if (draft.version === undefined) continue;
    const isMild = input.context.wasApplied === true || input.standings.get(draft) === 'future';
    const severity = isMild ? 'warning' : 'error';
    for (const { key, message, hint } of launchObstacles(draft.version, input.context.env)) {
      report.remark(severity, { path: [...draft.path, key], process: draft.id, key, message, hint });
    }
  }
}

/** Missing system tools are problems of the machine, not of a line. */
export function checkTools(folders: readonly string[], report: Report): void {
  for (const { name, source } of TOOLS) {
    if (folders.some((folder) => isExecutable(`${folder}/${name}`))) continue;
    const hint = `install ${source}`;
    report.error({ path: [], message: `the system tool ${name} is missing in ${folders.join(', ')}`, hint });
  }
}
