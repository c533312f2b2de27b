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
/** The last column keeps so much, and the first gives way; below that the last one does. */
const ROOM_FOR_LAST = 24;
const NARROWEST_FIRST = 16;

export function renderTable(header: readonly string[], rows: readonly TableRow[], style: Style): string[] {
  const lines = layTable(header, rows, style);
  return [...lines.head, ...lines.rows.flat()];
}

/**
 * On a terminal no line is longer than the terminal is wide: the last column is cut to fit; the first holds names, and is never cut,
 * because two cut names may look alike: a long one goes on in the next line.
 */
export function layTable(header: readonly string[], rows: readonly TableRow[], style: Style): TableLines {
  const plain = rows.map((row) => ({ ...row, cells: row.cells.map(printable) }));
  const counted = style.terminal ? [{ cells: header }, ...plain] : plain;
  const widths = header.map((_, column) => {
    return counted.reduce((widest, { cells }) => Math.max(widest, displayWidth(cells[column] ?? '')), 0);
  });
  const fitted = style.terminal ? fit(widths, style.columns) : widths;
  const lay = (row: TableRow): string[] => {
    return layRow(row.cells, fitted, style).map((line) => paint(line, row.paint, style));
  };
  return { head: style.terminal ? lay({ cells: header, paint: 'dim' }) : [], rows: plain.map(lay) };
}

function fit(widths: readonly number[], columns: number): number[] {
  const between = widths.slice(1, -1).reduce((sum, width) => sum + width + GAP, GAP);
  const [first = 0] = widths;
  const last = widths.at(-1) ?? 0;
  const forFirst = Math.max(NARROWEST_FIRST, columns - between - Math.min(last, ROOM_FOR_LAST));
  const narrowed = Math.min(first, forFirst, columns);
  return [narrowed, ...widths.slice(1, -1), Math.min(last, columns - between - narrowed)];
}

function layRow(cells: readonly string[], widths: readonly number[], { terminal, columns }: Style): string[] {
  const [name = '', ...others] = cells;
  const [first = 0, ...rest] = widths;
  const [beginning = '', ...further] = terminal ? breakInto(name, first) : [name];
  const told = others.map((cell, at) => {
    if (at < others.length - 1) return padEnd(cell, (rest[at] ?? 0) + GAP);
    return terminal ? truncate(cell, rest[at] ?? 0) : cell;
  });
  const line = `${padEnd(beginning, first + GAP)}${told.join('')}`.trimEnd();
  return [terminal ? truncate(line, columns) : line, ...further];
}
