/** What `status --watch` shows on a screen: all that fits, problems first where not all of it does. */
import type { Row, StatusResult } from '@procman/protocol/views';
import { layStatus, type StatusOptions } from '../render/status.ts';
import { paint, type Style } from '../render/style.ts';
import { truncate } from '../text/width.ts';

export interface Screen {
  readonly style: Style;
  readonly rows: number;
  /** The first line of all: that nobody supervises. */
  readonly headline?: string | undefined;
}

/** At most as many lines as the screen has. */
export function frameOf(
  status: StatusResult,
  footer: string,
  { style, rows: height, headline }: Screen,
  now: Date,
  options: StatusOptions,
): string[] {
  const { head, rows, shown, notes } = layStatus(status, style, now, options);
  const last = paint(truncate(footer, style.columns), 'dim', style);
  const above = headline === undefined ? [] : [paint(truncate(headline, style.columns), 'yellow', style)];
  const room = Math.max(1, height - above.length - head.length - notes.length - 1);
  const body = fit(rows, shown, room, style);
  return [...above, ...head, ...body, ...notes, last].slice(0, height);
}

const URGENCY: Readonly<Record<Row['verdict'], number>> = { problem: 0, pending: 1, ok: 2 };

function fit(rows: readonly (readonly string[])[], shown: readonly Row[], room: number, style: Style): string[] {
  if (rows.flat().length <= room) return rows.flat();
  const order = shown
    .map((row, index) => ({ index, urgency: URGENCY[row.verdict] }))
    .sort((a, b) => a.urgency - b.urgency || a.index - b.index)
    .map(({ index }) => index);
  const lines: string[] = [];
  let taken = 0;
  for (const index of order) {
    const next = rows[index] ?? [];
    if (lines.length + next.length > room - 1) break;
    lines.push(...next);
    taken += 1;
  }
  const left = order.slice(taken).flatMap((index) => shown[index] ?? []);
  return [...lines, paint(truncate(leftOut(left), style.columns), 'bold', style)];
}

/** `12 more are not shown: 2 problems, 10 ok`. */
function leftOut(rows: readonly Row[]): string {
  const parts = (['problem', 'pending', 'ok'] as const).flatMap((verdict) => {
    const number = rows.filter((row) => row.verdict === verdict).length;
    return number === 0 ? [] : [`${number} ${verdict}${verdict === 'problem' && number > 1 ? 's' : ''}`];
  });
  return `${rows.length} more ${rows.length === 1 ? 'is' : 'are'} not shown: ${parts.join(', ')}`;
}

/** The same status some seconds later, if nothing has happened. */
export function aged(status: StatusResult, seconds: number): StatusResult {
  const processes = status.processes.map((row) => {
    return row.uptimeSeconds === undefined ? row : { ...row, uptimeSeconds: row.uptimeSeconds + seconds };
  });
  return { ...status, processes };
}

/** Equal for two statuses between which only time has passed. */
export function fingerprint(status: StatusResult): string {
  return JSON.stringify(status, (key, value: unknown) => (key === 'uptimeSeconds' ? undefined : value));
}
