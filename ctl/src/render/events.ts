/** The history, a line for each event, oldest first: when, of what, what, and by whom. */
import type { Event } from '@procman/protocol/views';
import { civilOf } from '../text/civil.ts';
import { offsetOf } from '../text/offsets.ts';
import { displayWidth, printable } from '../text/width.ts';
import { wrap } from '../text/wrap.ts';
import { paint, type Paint, type Style } from './style.ts';
import { renderTable, type TableRow } from './table.ts';

const HEADER = ['WHEN', 'NAME', 'TYPE', 'WHAT'];
/** Of what is about no process. */
const NOBODY = '-';
/** With less room for it a table tells nothing. */
const ROOM_TO_TELL = 36;

export function renderEvents(events: readonly Event[], style: Style, now: Date): string {
  if (events.length === 0) return '';
  const rows = events.map((event) => rowOf(event, now));
  const taken = [0, 1, 2].map((column) => Math.max(...rows.map(({ cells }) => displayWidth(cells[column] ?? '') + 2)));
  const isWide = style.columns - taken.reduce((sum, width) => sum + width, 0) >= ROOM_TO_TELL;
  const lines = isWide ? renderTable(HEADER, rows, style) : rows.flatMap((row) => paragraph(row, style));
  return lines.map((line) => `${line}\n`).join('');
}

function rowOf(event: Event, now: Date): TableRow {
  const { at, name = NOBODY, type, message, by } = event;
  const what = by === undefined ? message : `${message} (by ${by})`;
  return { cells: [when(at, now), printable(name), type, printable(what)], paint: paintOf(event) };
}

/** `03:12:05 web: exited with code 3`, wrapped. */
function paragraph({ cells: [time = '', name = '', , what = ''], paint: colour }: TableRow, style: Style): string[] {
  const whose = name === NOBODY ? '' : `${name}: `;
  return wrap(`${time}  ${whose}${what}`, style.columns, '', '  ').map((line) => paint(line, colour, style));
}

/** As the daemon wrote it, in its zone; the date only where it is not today's there. */
function when(iso: string, now: Date): string {
  const civil = civilOf(iso);
  if (civil === undefined) return iso;
  const { date, clock, offset } = civil;
  const today = new Date(now.getTime() + offsetOf(offset)).toISOString().slice(0, 10);
  return date === today ? clock : `${date} ${clock}`;
}

function paintOf({ type, exit }: Event): Paint | undefined {
  if (type === 'problem' || type === 'missed') return 'red';
  if (type === 'exit' && exit !== undefined && exit.code !== 0) return 'yellow';
  return undefined;
}
