/** The picture of `timeline`: a line for each process, its windows drawn along the hours. Pure: columns and clock are arguments. */
import { displayWidth, padEnd, printable, truncate } from '../text/width.ts';
import type { OffsetAt } from '../text/offsets.ts';
import { paint, type Style } from './style.ts';
import type { Track, Tracks } from './timeline-tracks.ts';

export interface Canvas {
  readonly from: number;
  readonly to: number;
  readonly now: number;
  readonly offsetAt: OffsetAt;
  readonly style: Style;
  /** The locale has more than ASCII. */
  readonly unicode: boolean;
}

const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
const UNICODE = { on: '━', part: '╸', off: '·', run: '◆', version: '▲', dst: '!', axis: '╷', cut: '…' };
const ASCII = { on: '=', part: '-', off: '.', run: '*', version: 'V', dst: '!', axis: '|', cut: '~' };
type Signs = typeof UNICODE;

const NARROWEST = 40;
const WIDEST = 200;
/** Where nothing tells how wide the reader is. */
const USUAL = 80;
/** Columns from one hour's figure to the next. */
const LEAST_STEP = 4;
const STEPS = [1, 2, 3, 4, 6, 12, 24];

export function renderPicture({ moving, steady }: Tracks, canvas: Canvas): string {
  const signs = canvas.unicode ? UNICODE : ASCII;
  const columns = Math.min(
    WIDEST,
    Math.max(NARROWEST, Number.isFinite(canvas.style.columns) ? canvas.style.columns : USUAL),
  );
  const labels = moving.map(({ label }) => printable(label));
  const room = Math.max(8, Math.floor(columns / 4));
  const width = Math.min(room, Math.max(3, ...labels.map(displayWidth)));
  const scale: Scale = { ...canvas, left: width + 2, cells: columns - width - 2 };
  const rows = moving.map((track, index) => {
    const label = padEnd(shortened(labels[index] ?? '', width, signs), width + 2);
    return `${label}${cellsOf(track, scale, signs)}`;
  });
  const drawn = moving.length === 0 ? [] : [...axisOf(scale, signs), ...rows, ...nowLine(scale)];
  return [...drawn, ...legendOf(moving, steady, scale, signs)].map((line) => `${line.trimEnd()}\n`).join('');
}

interface Scale extends Canvas {
  /** Columns before the first cell. */
  readonly left: number;
  readonly cells: number;
}

const cellAt = ({ from, to, cells }: Scale, moment: number): number =>
  Math.min(cells - 1, Math.max(0, Math.floor(((moment - from) / (to - from)) * cells)));

function shortened(label: string, width: number, signs: Signs): string {
  return truncate(label, width).replace(/…$/, displayWidth(label) > width ? signs.cut : '…');
}

/** What lasts less than half a cell is drawn as a part: nothing that happens may be missing. */
function cellsOf(track: Track, scale: Scale, signs: Signs): string {
  const size = (scale.to - scale.from) / scale.cells;
  const marks = new Map(track.marks.map(({ at, what }) => [cellAt(scale, at), signs[what]]));
  return Array.from({ length: scale.cells }, (_, index) => {
    const mark = marks.get(index);
    if (mark !== undefined) return mark;
    const start = scale.from + index * size;
    const on = track.runs.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, start + size) - Math.max(from, start)),
      0,
    );
    // A gap below half a cell shows as well: who does not run for a minute each night has to be seen.
    if (on >= size * 0.9999) return signs.on;
    return on > 0 ? signs.part : signs.off;
  }).join('');
}

/** Figures of the hours, and a tick below each. Hours are civil: on a day of 23 or 25 hours one is missing or there twice. */
function axisOf(scale: Scale, signs: Signs): string[] {
  const perHour = (scale.cells / (scale.to - scale.from)) * HOUR;
  const step = STEPS.find((hours) => hours * perHour >= LEAST_STEP) ?? 24;
  const figures = Array.from({ length: scale.cells }, () => ' ');
  const ticks = [...figures];
  let free = 0;
  for (let at = Math.ceil(scale.from / QUARTER) * QUARTER; at < scale.to; at += QUARTER) {
    const civil = at + scale.offsetAt(at);
    const hour = Math.floor(civil / HOUR) % 24;
    const cell = cellAt(scale, at);
    if (civil % HOUR !== 0 || hour % step !== 0) continue;
    ticks[cell] = signs.axis;
    if (cell < free || cell + 2 > scale.cells) continue;
    const [tens = '', ones = ''] = String(hour).padStart(2, '0');
    figures[cell] = tens;
    figures[cell + 1] = ones;
    free = cell + 3;
  }
  const margin = ' '.repeat(scale.left);
  return [...dateLines(scale), `${margin}${figures.join('')}`, `${margin}${ticks.join('')}`].map((line) =>
    paint(line.trimEnd(), 'dim', scale.style),
  );
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Sun 2030-03-31 00:00 to Mon 2030-04-01 00:00`, and whether the clocks change in between. */
function dateLines({ from, to, offsetAt }: Scale): string[] {
  const change = offsetAt(to - 1) - offsetAt(from);
  const minutes = Math.abs(change) / 60_000;
  const told = change === 0 ? [] : [`the clocks go ${change > 0 ? 'forward' : 'back'} by ${minutes} minutes`];
  return [`${civilText(from, offsetAt)} to ${civilText(to, offsetAt)}`, ...told];
}

function civilText(moment: number, offsetAt: OffsetAt): string {
  const civil = new Date(moment + offsetAt(moment));
  return `${DAYS[civil.getUTCDay()] ?? ''} ${civil.toISOString().slice(0, 16).replace('T', ' ')}`;
}

function nowLine(scale: Scale): string[] {
  const { now, from, to, left, style, cells, offsetAt } = scale;
  if (now < from || now >= to) return [];
  const cell = cellAt(scale, now);
  const text = `now ${civilText(now, offsetAt).slice(-5)}`;
  // On the side where there is room.
  const line =
    cell + text.length + 2 <= cells
      ? `${' '.repeat(left + cell)}^ ${text}`
      : `${' '.repeat(left + cell - text.length - 1)}${text} ^`;
  return [paint(line, 'bold', style)];
}

function legendOf(moving: readonly Track[], steady: Tracks['steady'], { style }: Scale, signs: Signs): string[] {
  const marks = new Set(moving.flatMap((track) => track.marks.map(({ what }) => what)));
  const parts = [
    ...(moving.some(({ runs }) => runs.length > 0) ? [`${signs.on} runs`] : []),
    ...(marks.has('run') ? [`${signs.run} a run`] : []),
    ...(marks.has('version') ? [`${signs.version} a new version`] : []),
    ...(marks.has('dst') ? [`${signs.dst} moved by the change of clocks`] : []),
  ];
  const { running, idle } = steady;
  const others = [...(running > 0 ? [`${running} run all the time`] : []), ...(idle > 0 ? [`${idle} not at all`] : [])];
  const rest = others.length === 0 ? [] : [`${moving.length > 0 ? 'besides these: ' : ''}${others.join(', ')}`];
  return [...(parts.length > 0 ? [paint(parts.join('   '), 'dim', style)] : []), ...rest];
}

/** Whether the locale of the reader has these signs (locale(7): the first of these that is set counts). */
export function hasUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
}
