/** The columns of the list: what is in them, and how wide they are on this screen. */
import type { Resources, Row } from '@procman/protocol/views';
import { formatBytes } from '../../render/resources.ts';
import { VERDICT_PAINT } from '../../render/style.ts';
import { localTimes } from '../../text/local-times.ts';
import { displayWidth, printable } from '../../text/width.ts';
import type { State } from '../model/state.ts';
import { fit, fitRight, type Segment } from './segments.ts';
import { compactTime, compactUptime } from './short-times.ts';

const NARROWEST_NAME = 12;
const WIDEST_NAME = 48;
/** With less room for it the reason tells nothing. */
const LEAST_REASON = 20;
const GAP = ' ';
/** The mark of the cursor, and the indent of a group's members. */
export const MARK = 2;

export interface Columns {
  readonly name: number;
  readonly next: number;
  /** 0: the selected one's is shown below the list only. */
  readonly reason: number;
  readonly showsUsage: boolean;
}

interface Fixed {
  readonly title: string;
  readonly width: number;
  readonly isRight?: boolean;
}

const STATE: Fixed = { title: 'STATE', width: 8 };
const EXPECTED: Fixed = { title: 'EXPECTED', width: 8 };
const PID: Fixed = { title: 'PID', width: 7, isRight: true };
const UPTIME: Fixed = { title: 'UPTIME', width: 6, isRight: true };
const RESTARTS: Fixed = { title: 'RST', width: 4, isRight: true };
const CPU: Fixed = { title: 'CPU', width: 6, isRight: true };
const MEMORY: Fixed = { title: 'MEM', width: 7, isRight: true };

const fixedOf = (showsUsage: boolean): readonly Fixed[] => [
  STATE,
  EXPECTED,
  PID,
  UPTIME,
  RESTARTS,
  ...(showsUsage ? [CPU, MEMORY] : []),
];

const LONGEST_NEXT = 18;
const NEXT_TITLE = 'NEXT';

/** Made of all rows, not of those in sight: columns stay where they are while one scrolls. */
export function columnsOf({ status, size, showsUsage, now }: State): Columns {
  const rows = status?.processes ?? [];
  const fixed = fixedOf(showsUsage).reduce((sum, { width }) => sum + width + GAP.length, 0);
  const widestNext = rows.reduce((most, row) => Math.max(most, nextText(row, now).length), NEXT_TITLE.length);
  const next = Math.min(LONGEST_NEXT, widestNext);
  const room = size.columns - MARK - fixed - next - GAP.length;
  const widestName = rows.reduce((most, { name }) => Math.max(most, displayWidth(name)), NARROWEST_NAME);
  const name = Math.max(NARROWEST_NAME, Math.min(widestName, WIDEST_NAME, room));
  const reason = room - name - GAP.length;
  return {
    name,
    next: Math.max(NEXT_TITLE.length, Math.min(next, size.columns - MARK - fixed - name - GAP.length)),
    reason: reason >= LEAST_REASON ? reason : 0,
    showsUsage,
  };
}

export function headingOf({ name, next, reason, showsUsage }: Columns): string {
  const fixed = fixedOf(showsUsage).map(({ title, width, isRight }) =>
    isRight ? fitRight(title, width) : fit(title, width),
  );
  const cells = [fit('NAME', name), ...fixed, fit(NEXT_TITLE, next), ...(reason > 0 ? ['WHY'] : [])];
  return ' '.repeat(MARK) + cells.join(GAP);
}

/** Only state and expectation are red: that is where it differs. */
export function segmentsOf(row: Row, label: string, columns: Columns, state: State): Segment[] {
  const { name, next, reason, showsUsage } = columns;
  const colour = VERDICT_PAINT[row.verdict];
  // What was asked for before it ended says nothing any more.
  const usage = row.pid === undefined ? undefined : state.usage.get(row.name);
  const right = (text: string, { width }: Fixed): Segment => ({ text: fitRight(text, width) + GAP });
  return [
    { text: fit(label, name) + GAP },
    { text: fit(row.state, STATE.width), paint: colour },
    { text: GAP },
    { text: fit(row.expected, EXPECTED.width), paint: colour },
    { text: GAP },
    right(row.pid === undefined ? '-' : String(row.pid), PID),
    right(uptimeText(row, state), UPTIME),
    right(String(row.restarts), RESTARTS),
    ...(showsUsage
      ? [right(cpuText(usage), CPU), right(usage === undefined ? '-' : formatBytes(usage.rssBytes), MEMORY)]
      : []),
    { text: fit(nextText(row, state.now), next) },
    ...(reason > 0 ? [{ text: GAP }, { text: fit(reasonText(row, state.now), reason), paint: colour }] : []),
  ];
}

function cpuText(usage: Resources | undefined): string {
  return usage === undefined ? '-' : `${usage.cpuPercent.toFixed(usage.cpuPercent >= 1000 ? 0 : 1)}%`;
}

/** While nobody tells of it, it is not known to grow. */
function uptimeText({ uptimeSeconds }: Row, { link, now, statusAt }: State): string {
  if (uptimeSeconds === undefined) return '-';
  const since = link.kind === 'connected' ? Math.max(0, now - statusAt) / 1000 : 0;
  return compactUptime(uptimeSeconds + since);
}

const ACTIONS: Readonly<Record<NonNullable<Row['next']>['action'], string>> = {
  start: 'start',
  stop: 'stop',
  version: 'version',
  retry: 'retry',
  run: 'run',
  'hold-ends': 'unhold',
};

function nextText({ next, retryAt }: Row, now: number): string {
  if (next !== undefined) return `${ACTIONS[next.action]} ${compactTime(next.at, now)}`;
  return retryAt === undefined ? '-' : `retry ${compactTime(retryAt, now)}`;
}

/** Empty for what simply runs. */
export function reasonText(row: Row, now: number): string {
  const { state, verdict, reason, held, stale, zombies } = row;
  const isPlain = state === 'RUNNING' && verdict === 'ok' && reason.code !== 'forced';
  const phase = row.phase === undefined ? [] : [row.phase];
  const parts = [
    ...(isPlain ? [] : [...phase, localTimes(printable(reason.message), new Date(now))]),
    ...(held && reason.code !== 'manual' ? ['held'] : []),
    ...(stale ? ['stale: a restart applies the new definition'] : []),
    ...(zombies === undefined ? [] : [`${zombies} zombie${zombies === 1 ? '' : 's'}`]),
  ];
  return parts.filter(Boolean).join(', ');
}
