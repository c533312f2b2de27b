/** Rules about command lines (SPEC 2.2, 2.4): types that need more than a line, and what sh makes of lines, hooks and checks. */
import type { Probe } from '../core/model.ts';
import { fillPlaceholders } from '../core/placeholders.ts';
import { truncatesLog } from './command-line.ts';
import { isExternal } from './dependency-keys.ts';
import type { Draft } from './draft.ts';
import { HOOK_NAMES, type WrittenProbe } from './hook-keys.ts';
import type { Path } from './positions.ts';
import { isOneShot } from './process-keys.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';
import { checkShellLines } from './shell-check.ts';
import { isTable, rawValue } from './table-reader.ts';

export function checkCommands({ drafts, standings }: RuleInput, report: Report): void {
  for (const draft of drafts) {
    checkOneShotType(draft, report);
    checkDetached(draft, report);
  }
  const counting = drafts.filter((draft) => ['effective', 'future'].includes(standings.get(draft) ?? ''));
  const lines = counting.flatMap((draft) => shellLinesOf(draft));
  checkSyntax(lines, report);
  for (const shellLine of lines) checkRedirection(shellLine, report);
}

/** What becomes of a process is told by its launcher; of one that an expression has left behind nobody is told. */
function checkOneShotType({ path, id, version, values }: Draft, report: Report): void {
  const type = version?.command.type;
  if (!isOneShot(values) || (type !== 'pid-file' && type !== 'podman-cid' && type !== 'external')) return;
  report.error({
    path: [...path, 'one-shot'],
    process: id,
    key: 'one-shot',
    message: `does not go together with a command of type ${type}: how its process ends is not known, and a one-shot has to end well`,
    hint: 'leave the type out, so that the command ends when its work is done',
  });
}

/** Without -d podman stays in the foreground, and prints no id before the container has ended. */
function checkDetached({ path, id, version }: Draft, report: Report): void {
  if (version?.command.type !== 'podman-cid') return;
  const words = (version.command.argv[2] ?? '').split(/\s+/);
  const run = words.indexOf('run', words.findIndex((word) => /(^|\/)podman$/.test(word)) + 1);
  const isDetached = words.slice(run + 1).some((word) => /^(-[a-zA-Z]*d[a-zA-Z]*|--detach(=true)?)$/.test(word));
  if (run !== -1 && isDetached) return;
  report.warning({
    path: [...path, 'command'],
    process: id,
    key: 'command',
    message:
      'a command of type podman-cid has to print the id of a container and end, and this line has no "podman run -d"',
    hint: 'write podman run -d ..., or leave the type out to watch podman itself',
  });
}

/** A line that sh will read. */
interface ShellLine {
  readonly draft: Draft;
  readonly key: string;
  readonly path: Path;
  /** With names filled in. */
  readonly line: string;
}

/** To the syntax of a line all instances are alike. */
const ANY_INSTANCE = { PROCMAN_INSTANCE: 'x', PROCMAN_NUM: '0', PROCMAN_PID_FILE: '/x' };

function shellLinesOf(draft: Draft): ShellLine[] {
  const { version, values } = draft;
  const lines: ShellLine[] = [];
  const add = (key: string, line: string | undefined, inner: Path = []): void => {
    if (line === undefined) return;
    lines.push({ draft, key, path: [...draft.path, key, ...inner], line: fillPlaceholders(line, ANY_INSTANCE) });
  };
  if (version !== undefined && version.command.type !== 'simple') {
    add('command', version.command.argv[2], isTable(draft.raw['command']) ? ['line'] : []);
  }
  const within = (key: string): Path => (isTable(rawValue(draft.raw, key)) ? ['command'] : []);
  for (const name of HOOK_NAMES) add(name, values[name]?.command, within(name));
  add('start-health-check', commandIn(values['start-health-check']?.probe), within('start-health-check'));
  const health = values['health-check'];
  if (health?.kind === 'probe') add('health-check', commandIn(health.probe), within('health-check'));
  for (const [index, entry] of (values['depends-on'] ?? []).entries()) {
    if (isExternal(entry)) add('depends-on', entry.command, [index, 'command']);
  }
  return lines;
}

function commandIn(probe: WrittenProbe | Probe | undefined): string | undefined {
  return probe?.kind === 'command' ? probe.command : undefined;
}

function checkSyntax(lines: readonly ShellLine[], report: Report): void {
  const verdicts = checkShellLines(lines.map(({ line }) => line));
  for (const { draft, key, path, line } of lines) {
    const verdict = verdicts.get(line);
    if (verdict === undefined) continue;
    const place = { path, process: draft.id, key };
    if (verdict.kind === 'wrong')
      report.error({ ...place, message: verdict.message, hint: verdict.hint ?? mendOf(key) });
    else report.warning({ ...place, message: 'could not be checked with sh -n in reasonable time' });
  }
}

/** Only of a command there is a choice. */
function mendOf(key: string): string {
  return key === 'command'
    ? 'mend the line; where no shell is meant, write { line = "...", type = "simple" }'
    : 'mend the line: /bin/sh -c runs it';
}

function checkRedirection({ draft, key, path, line }: ShellLine, report: Report): void {
  if (!truncatesLog(line)) return;
  report.warning({
    path,
    process: draft.id,
    key,
    message: 'a ">" to /dev/stdout or /dev/stderr empties the log each time',
    hint: 'use >> instead, or >&1 and >&2',
  });
}
