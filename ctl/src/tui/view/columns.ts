/** The columns of the list: what is in them, and how wide they are on this screen. */
import type { Resources, Row } from '@procman/protocol/views';
import { formatBytes } from '../../render/resources.ts';
import { VERDICT_PAINT } from '../../render/style.ts';
import { localTimes } from '../../text/local-times.ts';
import { displayWidth, printable } from '../../text/width.ts';
import { seesUsage } from '../model/layout.ts';
import type { State } from '../model/state.ts';
import { fit, fitRight, type Segment } from './segments.ts';
import { coarseTime, compactTime, compactUptime } from './short-times.ts';

const NARROWEST_NAME = 11;
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
  readonly fixed: readonly Fixed[];
}

interface Fixed {
  readonly title: string;
  readonly width: number;
  /** A figure stands at the right, a word in the colour of the verdict at the left. */
  readonly isRight?: boolean;
  readonly text: (row: Row, state: State) => string;
}

const STATE: Fixed = { title: 'STATE', width: 8, text: ({ state }) => state };
const EXPECTED: Fixed = { title: 'EXPECTED', width: 8, text: ({ expected }) => expected };
/** As wide as the widest of now: five digits are what most machines have, seven what Linux allows. */
const PID: Fixed = {
  title: 'PID',
  width: 5,
  isRight: true,
  text: ({ pid }) => (pid === undefined ? '-' : String(pid)),
};
const UPTIME: Fixed = { title: 'UPTIME', width: 6, isRight: true, text: uptimeText };
const RESTARTS: Fixed = { title: 'RST', width: 3, isRight: true, text: ({ restarts }) => String(restarts) };
const CPU: Fixed = { title: 'CPU', width: 6, isRight: true, text: cpuText };
const MEMORY: Fixed = { title: 'MEM', width: 7, isRight: true, text: memoryText };

const fixedOf = (rows: readonly Row[], showsUsage: boolean): readonly Fixed[] => [
  STATE,
  EXPECTED,
  widened(PID, rows, ({ pid }) => pid),
  UPTIME,
  widened(RESTARTS, rows, ({ restarts }) => restarts),
  ...(showsUsage ? [CPU, MEMORY] : []),
];

function widened(column: Fixed, rows: readonly Row[], figure: (row: Row) => number | undefined): Fixed {
  const widest = String(rows.reduce((most, row) => Math.max(most, figure(row) ?? 0), 0)).length;
  return { ...column, width: Math.max(column.width, widest) };
}

/** `version 03-02 08:00`. */
const LONGEST_NEXT = 19;
const NEXT_TITLE = 'NEXT';

/** Made of all rows, not of those in sight: columns stay where they are while one scrolls. */
export function columnsOf(state: State): Columns {
  const { status, size, now } = state;
  const rows = status?.processes ?? [];
  const fixedColumns = fixedOf(rows, seesUsage(state));
  const fixed = fixedColumns.reduce((sum, { width }) => sum + width + GAP.length, 0);
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
    fixed: fixedColumns,
  };
}

export function headingOf({ name, next, reason, fixed }: Columns): string {
  const titles = fixed.map(({ title, width, isRight }) => (isRight ? fitRight(title, width) : fit(title, width)));
  const cells = [fit('NAME', name), ...titles, fit(NEXT_TITLE, next), ...(reason > 0 ? ['WHY'] : [])];
  return ' '.repeat(MARK) + cells.join(GAP);
}

/** Only state and expectation are red: that is where it differs. */
export function segmentsOf(row: Row, label: string, columns: Columns, state: State): Segment[] {
  const { name, next, reason, fixed } = columns;
  const colour = VERDICT_PAINT[row.verdict];
  const cells = fixed.flatMap(({ width, isRight, text }): Segment[] =>
    isRight === true
      ? [{ text: fitRight(text(row, state), width) + GAP }]
      : [{ text: fit(text(row, state), width), paint: colour }, { text: GAP }],
  );
  return [
    { text: fit(label, name) + GAP },
    ...cells,
    { text: fit(nextWithin(row, state.now, next), next) },
    ...(reason > 0 ? [{ text: GAP }, { text: fit(reasonText(row, state.now), reason), paint: colour }] : []),
  ];
}

/** What was asked for before it ended says nothing any more. */
function usageOf({ name, pid }: Row, { usage }: State): Resources | undefined {
  return pid === undefined ? undefined : usage.get(name);
}

function memoryText(row: Row, state: State): string {
  const usage = usageOf(row, state);
  return usage === undefined ? '-' : formatBytes(usage.rssBytes);
}

function cpuText(row: Row, state: State): string {
  const usage = usageOf(row, state);
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

function nextText({ next, retryAt }: Row, now: number, timeText = compactTime): string {
  if (next !== undefined) return `${ACTIONS[next.action]} ${timeText(next.at, now)}`;
  return retryAt === undefined ? '-' : `retry ${timeText(retryAt, now)}`;
}

/** Coarser where it is narrow: `run 03-0…` would hide when. */
function nextWithin(row: Row, now: number, width: number): string {
  const text = nextText(row, now);
  return displayWidth(text) <= width ? text : nextText(row, now, coarseTime);
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
