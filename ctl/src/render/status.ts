/** `status` as supervisorctl prints it: name, state, and what there is to know about it. */
import type { Row, StatusResult } from '@procman/protocol/views';
import { formatTime, formatUptime } from '../text/time.ts';
import { printable, truncate } from '../text/width.ts';
import { RESOURCE_COLUMNS, resourceCells } from './resources.ts';
import { paint, type Style, VERDICT_PAINT } from './style.ts';
import { layTable, type TableLines } from './table.ts';

const HEADER = ['NAME', 'STATE', 'INFO'];
const RESOURCES_HEADER = ['NAME', 'STATE', ...RESOURCE_COLUMNS, 'INFO'];
/** What is told of what comes next; the rest is told by other fields, or is long to come. */
const COMING: Readonly<Partial<Record<NonNullable<Row['next']>['action'], string>>> = { start: 'starts', run: 'runs' };

export interface StatusOptions {
  /** With columns of what each run uses. */
  readonly resources?: boolean;
  /** Only those with a problem; the summary is of all. */
  readonly problems?: boolean;
}

/** `status` in its parts. */
export interface StatusLines extends TableLines {
  /** The instances that `rows` are of. */
  readonly shown: readonly Row[];
  /** Summary and warnings, on a terminal only. */
  readonly notes: readonly string[];
}

/** The whole answer; a pipe gets the rows alone. */
export function renderStatus(status: StatusResult, style: Style, now: Date, options: StatusOptions = {}): string {
  const { head, rows, notes } = layStatus(status, style, now, options);
  return [...head, ...rows.flat(), ...notes].map((line) => `${line}\n`).join('');
}

export function layStatus(status: StatusResult, style: Style, now: Date, options: StatusOptions): StatusLines {
  const { resources = false, problems = false } = options;
  const shown = problems ? status.processes.filter(({ verdict }) => verdict === 'problem') : status.processes;
  const rows = shown.map((row) => ({
    cells: [row.name, row.state, ...(resources ? resourceCells(row.resources) : []), rowInfo(row, now)],
    paint: VERDICT_PAINT[row.verdict],
  }));
  const { head, rows: lines } = layTable(resources ? RESOURCES_HEADER : HEADER, rows, style);
  return {
    head: rows.length > 0 ? head : [],
    rows: lines,
    shown,
    notes: style.terminal ? statusNotes(status, style, now) : [],
  };
}

/** `pid 1234, uptime 0:05:23`, or why it does not run. */
export function rowInfo(row: Row, now: Date): string {
  const parts = row.state === 'RUNNING' ? runningInfo(row) : idleInfo(row, now);
  if (row.zombies !== undefined) parts.push(count(row.zombies, 'zombie'));
  if (row.stale) parts.push('stale: "restart" applies the new definition');
  if (row.held && row.reason.code !== 'manual') parts.push('held');
  if (row.hold?.until !== undefined && row.reason.code !== 'manual')
    parts.push(`held until ${formatUntil(row.hold.until, now)}`);
  if (row.retryAt !== undefined) parts.push(`next try ${formatTime(row.retryAt, now)}`);
  const coming = row.next && COMING[row.next.action];
  // A narrow terminal cuts the end off: when it runs is wanted more often than why it does not now.
  if (row.next && coming !== undefined) parts.unshift(`${coming} ${formatTime(row.next.at, now)}`);
  return parts.filter(Boolean).join(', ');
}

function runningInfo(row: Row): string[] {
  const parts = pidInfo(row);
  const isPlain = row.verdict === 'ok' && row.reason.code !== 'forced';
  return isPlain ? parts : [...parts, row.reason.message];
}

function pidInfo(row: Row): string[] {
  const pid = row.pid === undefined ? [] : [`pid ${row.pid}`];
  return row.uptimeSeconds === undefined ? pid : [...pid, `uptime ${formatUptime(row.uptimeSeconds)}`];
}

function idleInfo(row: Row, now: Date): string[] {
  if (row.state === 'EXITED') return exitedInfo(row, now);
  const pid = row.pid === undefined ? [] : [`pid ${row.pid}`];
  if (row.reason.code === 'manual') return [...pid, row.phase ?? '', heldText(row, now)];
  return [...pid, row.phase ?? '', ...lastEndInfo(row), row.reason.message];
}

/** Who is woken by a crash loop wants to see how it ends, not only how often: first, as a narrow terminal cuts the end off. */
function lastEndInfo({ reason, lastExit }: Row): string[] {
  return reason.code === 'too-many-runs' && lastExit !== undefined ? [`last exit ${exitWords(lastExit)}`] : [];
}

/** The reason alone says "until `start`", also of a hold that ends by itself. */
function heldText({ reason, hold }: Row, now: Date): string {
  if (hold?.until === undefined) return reason.message;
  return `stopped by an operator until ${formatUntil(hold.until, now)}, or \`start\``;
}

/** `exited 10:38:01, code 7`: the fact first; the reason where it says more than that. */
function exitedInfo(row: Row, now: Date): string[] {
  const { lastExit, reason } = row;
  if (!lastExit) return [reason.message];
  const word = reason.code === 'finished' ? 'finished' : 'exited';
  const fact = [`${word} ${formatTime(lastExit.at, now)}`, exitWords(lastExit)];
  return reason.code === 'exit' || reason.code === 'finished' ? fact : [...fact, reason.message];
}

function exitWords(exit: NonNullable<Row['lastExit']>): string {
  if (exit.signal !== undefined) return exit.signal;
  return exit.code === undefined ? 'status unknown' : `code ${exit.code}`;
}

function formatUntil(until: string, now: Date): string {
  return until === 'reboot' ? 'the next boot' : formatTime(until, now);
}

function statusNotes(status: StatusResult, style: Style, now: Date): string[] {
  const fit = (text: string): string => truncate(printable(text), style.columns);
  const warnings = configWarnings(status.daemon, now);
  return [paint(fit(summarize(status)), 'bold', style), ...warnings.map((text) => paint(fit(text), 'yellow', style))];
}

/** What is wrong with configuration and clock, whatever the processes do: on a terminal below the table, in a pipe on stderr. */
export function configWarnings(
  { configError, heldReload, clock }: Pick<StatusResult['daemon'], 'configError' | 'heldReload' | 'clock'>,
  now: Date,
): string[] {
  const warnings: string[] = [];
  if (configError) {
    const errors = count(configError.problems.length, 'problem');
    warnings.push(`configuration not applied since ${formatTime(configError.at, now)}: ${errors}; "plan" shows them`);
  }
  if (heldReload) warnings.push(`a reload is held: it would stop ${heldReload.stops.join(', ')}; "update" confirms it`);
  if (clock) {
    const until = formatTime(clock.behindUntil, now);
    warnings.push(`the clock is behind: schedules and versions wait until it has come to ${until}`);
  }
  return warnings;
}

/** `12 processes: 10 ok, 1 pending, 1 problem; 2 held, 1 stale`. */
function summarize({ processes: rows, daemon }: StatusResult): string {
  if (rows.length === 0) return `no processes: ${daemon.configPath} has none`;
  const verdicts = (['ok', 'pending', 'problem'] as const).flatMap((verdict) => {
    const number = rows.filter((row) => row.verdict === verdict).length;
    if (number === 0) return [];
    return [verdict === 'problem' ? count(number, 'problem') : `${number} ${verdict}`];
  });
  const held = rows.filter((row) => row.held).length;
  const stale = rows.filter((row) => row.stale).length;
  const extras = [held > 0 ? `${held} held` : '', stale > 0 ? `${stale} stale` : ''].filter(Boolean);
  const total = rows.length === 1 ? '1 process' : `${rows.length} processes`;
  return [`${total}: ${verdicts.join(', ')}`, ...(extras.length > 0 ? [extras.join(', ')] : [])].join('; ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
