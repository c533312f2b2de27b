/** Rules about the machine (SPEC 2.4): programs, folders, and the system tools that a launch needs. */
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { holdsPlaceholder } from '../core/placeholders.ts';
import type { LoadContext } from './context.ts';
import type { Draft } from './draft.ts';
import {
  isExecutable,
  isFolder,
  isTool,
  launchObstacles,
  programObstacle,
  TOOL_FOLDERS,
  type LaunchPlace,
} from './launchable.ts';
import { isComing, machineSeverity } from './machine-severity.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';

/** The tools that every launch needs, and the packages that bring them (Debian and Fedora call them the same). */
const TOOLS: readonly { readonly name: string; readonly source: string }[] = [
  { name: 'sh', source: 'dash or bash' },
  { name: 'flock', source: 'util-linux' },
  { name: 'setsid', source: 'util-linux' },
];
/** The tools that make a terminal. */
const TERMINAL_TOOLS: typeof TOOLS = [
  { name: 'script', source: 'util-linux (Debian: bsdutils)' },
  { name: 'stty', source: 'coreutils' },
];

export function checkMachine(input: RuleInput, report: Report): void {
  checkTools(TOOL_FOLDERS, report);
  for (const draft of input.drafts.filter((each) => isComing(input, each))) {
    const severity = machineSeverity(input, draft);
    for (const { key, message, hint } of obstaclesOf(draft, input)) {
      report.remark(severity, { path: [...draft.path, ...key.split('.')], process: draft.id, key, message, hint });
    }
    checkHealthFolder(draft, report);
  }
}

interface Obstacle {
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

function obstaclesOf({ version }: Draft, { context }: RuleInput): readonly Obstacle[] {
  if (version === undefined) return [];
  const obstacles: Obstacle[] = launchObstacles(version, placeOf(context));
  if (version.nice !== undefined && !isTool('renice', TOOL_FOLDERS)) {
    const message = `the system tool renice is missing in ${TOOL_FOLDERS.join(', ')}`;
    obstacles.push({ key: 'nice', message, hint: 'install util-linux (Debian: bsdutils), or take nice out' });
  }
  if (version.pty) obstacles.push(...terminalObstacles(TOOL_FOLDERS));
  if (version.command.type !== 'podman-cid') return obstacles;
  const missing = programObstacle('podman', version, context.env);
  if (missing === undefined) return obstacles;
  const message = `type podman-cid asks podman for the process: ${missing.message}`;
  return [...obstacles, { key: 'command.type', message, hint: missing.hint }];
}

/** What stands in the way of a terminal. */
export function terminalObstacles(folders: readonly string[]): readonly Obstacle[] {
  const obstacle = (message: string, source: string): Obstacle => ({
    key: 'pty',
    message,
    hint: `install ${source}, or take pty out`,
  });
  const missing = TERMINAL_TOOLS.filter(({ name }) => !isTool(name, folders)).map(({ name, source }) =>
    obstacle(`the system tool ${name} is missing in ${folders.join(', ')}`, source),
  );
  const script = folders.map((folder) => `${folder}/script`).find(isExecutable);
  return script !== undefined && basename(realpathSync(script)) === 'busybox'
    ? [
        ...missing,
        obstacle(`${script} is that of busybox, which cannot tell how a command ended`, 'script of util-linux'),
      ]
    : missing;
}

function placeOf({ env, euid, egid, accounts }: LoadContext): LaunchPlace {
  return { environment: env, ids: { euid, egid: egid ?? euid }, ...(accounts === undefined ? {} : { accounts }) };
}

/** The service may make it itself, so this is no error; but until there is one, it is unhealthy. */
function checkHealthFolder({ path, id, version }: Draft, report: Report): void {
  const check = version?.healthCheck;
  if (check?.kind !== 'folder' || holdsPlaceholder(check.folder) || isFolder(check.folder)) return;
  report.warning({
    path: [...path, 'health-check', 'folder'],
    process: id,
    key: 'health-check.folder',
    message: 'there is no such folder, and without it the service counts as unhealthy',
    found: quote(check.folder),
    hint: `if the service does not make it itself: mkdir -p ${check.folder}`,
  });
}

/** Missing system tools are problems of the machine, not of a line. */
export function checkTools(folders: readonly string[], report: Report): void {
  for (const { name, source } of TOOLS) {
    if (isTool(name, folders)) continue;
    const hint = `install ${source}`;
    report.error({ path: [], message: `the system tool ${name} is missing in ${folders.join(', ')}`, hint });
  }
}
