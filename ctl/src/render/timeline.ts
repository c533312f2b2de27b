/** The transitions to come, a line for each, in the local time of the process's zone. */
import type { TimelineResult } from '@procman/protocol/views';
import { formatCivil } from '../text/civil.ts';
import { printable } from '../text/width.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

const HEADER = ['WHEN', 'NAME', 'ACTION', 'VERSION', 'NOTE'];
const NAME_COLUMN = 1;

type Entry = TimelineResult['entries'][number];

const NOTES: Readonly<Record<NonNullable<Entry['note']>, string>> = {
  'dst-skipped': 'the clocks skip this time: it comes right after',
  'dst-repeated': 'the clocks repeat this time: it counts once',
};

/** A pipe gets the lines alone, `-` for what is empty, so that each line has its five columns. */
export function renderTimeline({ from, to, entries }: TimelineResult, style: Style): string {
  const rows = entries.map((entry) => ({ cells: cellsOf(entry, style) }));
  const lines = rows.length > 0 ? renderTable(HEADER, rows, style, NAME_COLUMN) : [];
  if (style.terminal && rows.length === 0) {
    lines.push(`nothing will change by itself from ${formatCivil(from)} to ${formatCivil(to)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function cellsOf({ at, name, action, applyOn, note }: Entry, style: Style): string[] {
  const none = style.terminal ? '' : '-';
  const told = style.terminal && note !== undefined ? NOTES[note] : note;
  return [formatCivil(at), printable(name), action, applyOn ?? none, told ?? none];
}

/** What to do where the daemon gave only the first of them. */
export function truncationNote({ to, truncated }: TimelineResult): string | undefined {
  return truncated ? `there is more after these: --from ${to} goes on` : undefined;
}
