/** Columns in plain text, two blanks apart: what `status` and `list` print in a pipe and on a terminal. */
import { displayWidth, padEnd, printable, truncate } from '../text/width.ts';
import { paint, type Paint, type Style } from './style.ts';

export interface TableRow {
  readonly cells: readonly string[];
  readonly paint?: Paint | undefined;
}

const GAP = 2;
/** A last column narrower than this says nothing: the terminal wraps the line instead. */
const NARROWEST = 10;

/** Lines of a table, its header on a terminal only; there the last column is cut to fit, the others never are. */
export function renderTable(header: readonly string[], rows: readonly TableRow[], style: Style): string[] {
  const head: TableRow[] = style.terminal ? [{ cells: header, paint: 'dim' }] : [];
  const all = [...head, ...rows.map((row) => ({ ...row, cells: row.cells.map(printable) }))];
  const widths = header.map((_, column) => Math.max(0, ...all.map(({ cells }) => displayWidth(cells[column] ?? ''))));
  const room = style.columns - widths.slice(0, -1).reduce((sum, width) => sum + width + GAP, 0);
  const widest = style.terminal ? Math.max(NARROWEST, room) : Infinity;
  return all.map((row) => paint(joinCells(row.cells, widths, widest), row.paint, style));
}

function joinCells(cells: readonly string[], widths: readonly number[], widest: number): string {
  const last = cells.length - 1;
  return cells
    .map((cell, column) => (column === last ? truncate(cell, widest) : padEnd(cell, (widths[column] ?? 0) + GAP)))
    .join('')
    .trimEnd();
}
