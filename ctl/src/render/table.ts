/** Columns in plain text, two blanks apart: what `status` and `list` print in a pipe and on a terminal. */
import { breakInto, displayWidth, padEnd, printable, truncate } from '../text/width.ts';
import { paint, type Paint, type Style } from './style.ts';

export interface TableRow {
  readonly cells: readonly string[];
  readonly paint?: Paint | undefined;
}

/** Lines for the screen; a row has several where its name is too long for one. */
export interface TableLines {
  /** On a terminal only. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const GAP = 2;
/** The last column keeps so much, and the names give way; below that the last one does. */
const ROOM_FOR_LAST = 24;
const NARROWEST_NAME = 16;

export function renderTable(
  header: readonly string[],
  rows: readonly TableRow[],
  style: Style,
  nameColumn = 0,
): string[] {
  const lines = layTable(header, rows, style, nameColumn);
  return [...lines.head, ...lines.rows.flat()];
}

/**
 * On a terminal no line is longer than the terminal is wide: the last column is cut to fit. The one with the names never is, because
 * two cut names may look alike: a long one goes on in the next line.
 */
export function layTable(
  header: readonly string[],
  rows: readonly TableRow[],
  style: Style,
  nameColumn = 0,
): TableLines {
  const plain = rows.map((row) => ({ ...row, cells: row.cells.map(printable) }));
  const counted = style.terminal ? [{ cells: header }, ...plain] : plain;
  const widths = header.map((_, column) => {
    return counted.reduce((widest, { cells }) => Math.max(widest, displayWidth(cells[column] ?? '')), 0);
  });
  const fitted = style.terminal ? fit(widths, nameColumn, style.columns) : widths;
  const lay = (row: TableRow): string[] => {
    const lines = style.terminal ? layRow(row.cells, fitted, nameColumn) : [joined(row.cells, fitted)];
    const cut = style.terminal ? lines.map((line) => truncate(line, style.columns)) : lines;
    return cut.map((line) => paint(line, row.paint, style));
  };
  return { head: style.terminal ? lay({ cells: header, paint: 'dim' }) : [], rows: plain.map(lay) };
}

/** Narrows the names as far as they can be read, then the last column. */
function fit(widths: readonly number[], nameColumn: number, columns: number): number[] {
  const end = widths.length - 1;
  const others = widths.reduce((sum, width, at) => sum + (at === nameColumn || at === end ? 0 : width + GAP), GAP);
  const last = widths[end] ?? 0;
  const forNames = Math.max(NARROWEST_NAME, columns - others - Math.min(last, ROOM_FOR_LAST));
  const names = Math.min(widths[nameColumn] ?? 0, forNames, columns);
  return widths.map((width, at) => {
    if (at === nameColumn) return names;
    return at === end ? Math.min(width, columns - others - names) : width;
  });
}

/** Lines of one row: further ones hold the rest of its name. */
function layRow(cells: readonly string[], widths: readonly number[], nameColumn: number): string[] {
  const pieces = breakInto(cells[nameColumn] ?? '', widths[nameColumn] ?? 0);
  const end = cells.length - 1;
  return pieces.map((piece, line) => {
    const shown = cells.map((cell, at) => {
      if (at === nameColumn) return piece;
      if (line > 0) return '';
      return at === end ? truncate(cell, widths[at] ?? 0) : cell;
    });
    return joined(shown, widths);
  });
}

function joined(cells: readonly string[], widths: readonly number[]): string {
  const last = cells.length - 1;
  return cells
    .map((cell, at) => (at === last ? cell : padEnd(cell, (widths[at] ?? 0) + GAP)))
    .join('')
    .trimEnd();
}
