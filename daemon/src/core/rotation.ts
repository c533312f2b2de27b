/**
 * The rotation of a log file that is being written (SPEC 6), as decisions. What has been done so far is told by the name of a
 * hidden file beside the live one, so whoever comes next, after whatever crash, goes on from there:
 *
 * | beside `F` | means |
 * |---|---|
 * | `.F.part-B-L` | L bytes of the next backup are gathered; further ones, from B of the live file on, are being copied behind them |
 * | `.F.done-B-E` | [B,E) of the live file is copied and on disk; it may be punched out |
 * | `.F.punched-B-E` | it is punched out; unless the file begins with a hole, it has been collapsed, too |
 * | `.F.collapsed-B-E` | nothing of it is left in the live file |
 * | `.F.base-N` | the live file begins with a hole: its text begins at N |
 *
 * One backup is gathered in steps: this bounds the extra space, and how long a writer may be kept waiting.
 */
import type { Milliseconds, Rotation } from './model.ts';

/** The most that is cut off at once, in bytes. */
export const STEP = 16 * 1024 * 1024;

/** How far a backup has come; from `from` to `to` is a part of the live file. */
export type Phase =
  | { readonly kind: 'part'; readonly from: number; readonly gathered: number }
  | { readonly kind: 'done' | 'punched' | 'collapsed'; readonly from: number; readonly to: number };

/** What is seen of a log file. */
export interface LogState {
  readonly size: number;
  /** Where its text begins: before it is a hole. */
  readonly base: number;
  /** Only whole blocks of this size can be cut off. */
  readonly align: number;
  /** The backup in the making. */
  readonly phase?: Phase;
  /** Its length, what is being copied left out. */
  readonly gathered: number;
}

export type Work =
  | { readonly kind: 'none' }
  /** Copy [from,to) behind what is gathered. */
  | { readonly kind: 'copy'; readonly from: number; readonly to: number; readonly gathered: number }
  /** Punch it out; with `collapse` also take all that is punched out off the file. */
  | { readonly kind: 'cut'; readonly from: number; readonly to: number; readonly collapse: boolean }
  /** The backup is to have more. */
  | { readonly kind: 'gather'; readonly from: number; readonly gathered: number }
  /** The backup is complete. */
  | { readonly kind: 'finish' }
  /** Nothing was gathered. */
  | { readonly kind: 'drop' };

export function isDue({ size, base }: Pick<LogState, 'size' | 'base'>, { maxBytes }: Rotation): boolean {
  return maxBytes > 0 && size - base > maxBytes;
}

/** What comes next. With a limit of 0, what was begun is brought to an end and nothing else is begun. */
export function nextWork(state: LogState, rotation: Rotation): Work {
  const { phase, base, gathered } = state;
  const length = stepLength(state, rotation);
  if (phase === undefined) {
    return isDue(state, rotation) && length > 0 ? { kind: 'copy', from: base, to: base + length, gathered: 0 } : NONE;
  }
  const isOver = phase.kind === 'collapsed' || (phase.kind === 'punched' && base === phase.to);
  if (phase.kind !== 'part') {
    // A collapse makes the writer wait until the rest of the file is on disk: once per backup, not at every step.
    const isLast = stepLength({ ...state, base: phase.to }, rotation) === 0;
    if (!isOver) return { kind: 'cut', from: phase.from, to: phase.to, collapse: isLast };
    return length > 0 ? { kind: 'gather', from: base, gathered } : { kind: 'finish' };
  }
  // Where the live file was emptied or replaced, what is gathered belongs to what is gone.
  if (length > 0 && phase.from === base) return { kind: 'copy', from: base, to: base + length, gathered };
  return { kind: gathered > 0 ? 'finish' : 'drop' };
}

const NONE: Work = { kind: 'none' };

/** A backup is as long as the limit: what was written beyond it stays. A collapse has to leave something behind it. */
function stepLength({ size, base, align, gathered }: LogState, { maxBytes }: Rotation): number {
  const down = (bytes: number): number => Math.floor(bytes / align) * align;
  const room = Math.ceil((maxBytes - gathered) / align) * align;
  return Math.max(0, Math.min(Math.max(align, down(STEP)), down(size - base - 1), room));
}

/* ---------------------------------------------------------------- names */

export function sideName(live: string, phase: Phase): string {
  if (phase.kind !== 'part') return `.${live}.${phase.kind}-${phase.from}-${phase.to}`;
  return `.${live}.part-${phase.from}${phase.gathered === 0 ? '' : `-${phase.gathered}`}`;
}

export const lockName = (live: string): string => `.${live}.lock`;
export const baseName = (live: string, base: number): string => `.${live}.base-${base}`;
/** What the tail is copied to when a run has ended. */
export const settledName = (live: string): string => `.${live}.settled`;

export interface SideFiles {
  readonly phases: readonly Phase[];
  /** Greatest first. */
  readonly bases: readonly number[];
  /** Numbers of its backups. */
  readonly backups: ReadonlySet<number>;
}

const ORDER = ['collapsed', 'punched', 'done', 'part'];
/** The most backups that can be configured: `LOG.2024` is somebody else's. */
const MOST_BACKUPS = 1000;

/** What of a folder belongs to a live file; the furthest phase first. */
export function sideFilesOf(live: string, names: readonly string[]): SideFiles {
  const prefix = `.${live}.`;
  const side = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  return {
    phases: side.flatMap(phaseOf).sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind)),
    bases: side.flatMap((rest) => numbers(/^base-(\d{1,15})$/, rest)).sort((one, other) => other - one),
    backups: new Set(
      names
        .filter((name) => name.startsWith(`${live}.`))
        .flatMap((name) => numbers(/^([1-9]\d{0,3})$/, name.slice(live.length + 1)))
        .filter((number) => number <= MOST_BACKUPS),
    ),
  };
}

function phaseOf(rest: string): Phase[] {
  const [from, gathered = 0] = numbers(/^part-(\d{1,15})(?:-(\d{1,15}))?$/, rest);
  if (from !== undefined) return [{ kind: 'part', from, gathered }];
  for (const kind of ['done', 'punched', 'collapsed'] as const) {
    const [begin, end] = numbers(new RegExp(`^${kind}-(\\d{1,15})-(\\d{1,15})$`), rest);
    if (begin !== undefined && end !== undefined && begin < end) return [{ kind, from: begin, to: end }];
  }
  return [];
}

function numbers(pattern: RegExp, text: string): number[] {
  const [, ...groups] = (pattern.exec(text) ?? []) as (string | undefined)[];
  return groups.filter((group) => group !== undefined).map(Number);
}

/** The live file that a hidden name belongs to. */
export function liveNameOf(side: string): string | undefined {
  return /^\.(.+)\.(?:part-\d+(?:-\d+)?|(?:done|punched|collapsed)-\d+-\d+|base-\d+)$/.exec(side)?.[1];
}

/* ---------------------------------------------------------------- backups */

export interface Shift {
  readonly removed: readonly number[];
  /** In this order. */
  readonly renamed: readonly (readonly [number, number])[];
}

/** Makes `LOG.1` free. A gap is filled, so a shift that was cut off goes on where it was. */
export function shiftOf(existing: ReadonlySet<number>, backups: number): Shift {
  const removed: number[] = [];
  for (let number = Math.max(1, backups + 1); existing.has(number); number += 1) removed.push(number);
  if (backups === 0) return { removed, renamed: [] };
  let free = 1;
  while (free < backups && existing.has(free)) free += 1;
  if (existing.has(free)) removed.push(free);
  const renamed = Array.from({ length: free - 1 }, (_, index) => [free - 1 - index, free - index] as const);
  return { removed, renamed };
}

/* ---------------------------------------------------------------- when to look */

const SOONEST = 250;
/** Until it is known how fast it grows. */
const FIRST = 1_000;
const USUAL = 10_000;
/** For what does not grow: most logs, most of the time. */
const RARE = 30_000;

/**
 * When to look at the size again.
 *
 * @param grown - bytes, within `within`; undefined at the first look
 * @param left - bytes until it is due
 */
export function nextLook(grown: number | undefined, within: Milliseconds, left: number): Milliseconds {
  if (grown === undefined) return FIRST;
  if (grown <= 0) return RARE;
  return Math.min(USUAL, Math.max(SOONEST, (left / grown) * within));
}
