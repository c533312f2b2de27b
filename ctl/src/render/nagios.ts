/**
 * `status --nagios`: one line, then one per trouble, and an exit code, as monitoring plugins have them
 * (https://nagios-plugins.org/doc/guidelines.html, "Plugin Output for Nagios").
 */
import type { Row, StatusResult } from '@procman/protocol/views';
import { printable } from '../text/width.ts';

const LEVELS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
type ExitCode = 0 | 1 | 2 | 3;

export interface NagiosOptions {
  readonly bootedAt: Date | undefined;
  /** What is merely to be known does not count. */
  readonly onlyProblems: boolean;
}

export interface NagiosReport {
  readonly text: string;
  readonly exitCode: ExitCode;
}

export function judgeForNagios(status: StatusResult, options: NagiosOptions): NagiosReport {
  const problems = status.processes.filter(({ verdict }) => verdict === 'problem');
  const warnings = options.onlyProblems ? [] : warningsOf(status, options.bootedAt);
  const exitCode = problems.length > 0 ? 2 : warnings.length > 0 ? 1 : 0;
  const summary = summaryOf(status, problems, warnings);
  const details = [
    ...problems.map((row) => `${row.name} ${row.state}: ${row.reason.message}`),
    ...warnings.map(({ detail }) => detail),
  ];
  return { text: report(exitCode, summary, details, perfdataOf(status.processes)), exitCode };
}

export function nagiosUnknown(message: string): string {
  return report(3, message.split('\n')[0] ?? '', message.split('\n').slice(1));
}

function report(exitCode: ExitCode, summary: string, details: readonly string[], perfdata = ''): string {
  const first = `PROCMAN ${LEVELS[exitCode]} - ${safe(summary)}${perfdata === '' ? '' : ` | ${perfdata}`}`;
  return [first, ...details.map(safe)].map((line) => `${line}\n`).join('');
}

/** A bar begins perfdata, a newline the long text. */
function safe(text: string): string {
  return printable(text).replaceAll('|', '/');
}

const MOST_NAMED = 5;

function summaryOf({ processes }: StatusResult, problems: readonly Row[], warnings: readonly Warning[]): string {
  const total = processes.length === 1 ? '1 process' : `${processes.length} processes`;
  if (problems.length > 0) {
    const named = problems.slice(0, MOST_NAMED).map(({ name, state }) => `${name} ${state}`);
    const more = problems.length > MOST_NAMED ? [`${problems.length - MOST_NAMED} more`] : [];
    const noun = problems.length === 1 ? 'problem' : 'problems';
    return `${problems.length} ${noun} in ${total}: ${[...named, ...more].join(', ')}`;
  }
  const kinds = [...new Set(warnings.map(({ kind }) => kind))].map((kind) => {
    const number = warnings.filter((warning) => warning.kind === kind).length;
    return COUNTED.includes(kind) ? `${number} ${kind}` : kind;
  });
  return kinds.length > 0 ? `${total}: ${kinds.join(', ')}` : `${total}, all as they should be`;
}

interface Warning {
  /** For the first line, with a number or alone. */
  readonly kind: string;
  readonly detail: string;
}

const COUNTED = ['pending', 'stale', 'held since before the boot'];

/** What does not hurt yet, and may be forgotten (SPEC 9). */
function warningsOf({ daemon, processes }: StatusResult, bootedAt: Date | undefined): Warning[] {
  const { configError, heldReload, unsupervised } = daemon;
  const outlived = (row: Row): boolean =>
    row.hold !== undefined && bootedAt !== undefined && new Date(row.hold.since) < bootedAt;
  return [
    ...(daemon.pid === null || unsupervised
      ? [{ kind: 'no daemon supervises them', detail: `unsupervised${since(unsupervised?.since)}` }]
      : []),
    ...(configError
      ? [{ kind: 'configuration not applied', detail: `configuration not applied${since(configError.at)}` }]
      : []),
    ...(heldReload
      ? [{ kind: 'a reload is held', detail: `a reload is held: it would stop ${heldReload.stops.join(', ')}` }]
      : []),
    ...of(processes, 'pending', ({ verdict }) => verdict === 'pending', ({ reason }) => reason.message),
    ...of(processes, 'stale', ({ stale }) => stale, () => 'it runs otherwise than it is defined now'),
    ...of(processes, 'held since before the boot', outlived, ({ hold }) => `held${since(hold?.since)}`),
  ]; // prettier-ignore
}

function of(rows: readonly Row[], kind: string, is: (row: Row) => boolean, why: (row: Row) => string): Warning[] {
  return rows.filter(is).map((row) => ({ kind, detail: `${row.name} ${row.state}, ${kind}: ${why(row)}` }));
}

const since = (time: string | undefined): string => (time === undefined ? '' : ` since ${time}`);

/** `'label'=value[UOM];[warn];[crit];[min];[max]`. */
function perfdataOf(rows: readonly Row[]): string {
  const number = (is: (row: Row) => boolean): number => rows.filter(is).length;
  return [
    `running=${number(({ state }) => state === 'RUNNING')};;;0;${rows.length}`,
    `problems=${number(({ verdict }) => verdict === 'problem')};;;0`,
    `pending=${number(({ verdict }) => verdict === 'pending')};;;0`,
    `stale=${number(({ stale }) => stale)};;;0`,
    `held=${number(({ held }) => held)};;;0`,
    `restarts=${rows.reduce((sum, { restarts }) => sum + restarts, 0)};;;0`,
  ].join(' ');
}
