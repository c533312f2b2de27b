/**
 * What a run said last on its error stream, read when its end is seen. Its log also holds what earlier runs said: a mark, made at
 * the launch and kept with its plan, tells where this run began.
 */
import { maskValues } from '../core/masking.ts';
import { SystemError, type System } from './system.ts';

/** Where a log stood when a run was launched. */
export interface LogMark {
  readonly path: string;
  /** Its size then, in bytes. */
  readonly size: number;
  /** The bytes right before that, in base64: rotation may have moved them to the front since. */
  readonly before: string;
  /** As whom the run was launched: what that user may not read is not read for him. */
  readonly uid: number;
}

/** Enough that it is seldom found by chance. */
const MARK_BYTES = 64;
/** What is looked through: values of the environment are masked before it is cut to what is shown. */
const READ_BYTES = 8 * 1024;
const MOST_BYTES = 2 * 1024;
const MOST_LINES = 10;

/** What the line of a mark in a plan begins with; see `planText`. */
const LINE = '#log ';

/** undefined where the log is no file that may be read. */
export function markLog(system: System, path: string, uid: number): LogMark | undefined {
  try {
    const end = system.readEnd(path, MARK_BYTES, uid);
    // What cannot be read now might be later, and nobody would know from where on.
    if (end === undefined) return system.exists(path) ? undefined : { path, size: 0, before: '', uid };
    return { path, size: end.size, before: Buffer.from(end.bytes).toString('base64'), uid };
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** A mark as a comment of a plan: JSON has no raw newline. */
export const markLine = (mark: LogMark): string => LINE + JSON.stringify(mark);

/** The mark in the text of a plan; undefined where it has none, as those of the first release. */
export function markIn(plan: string): LogMark | undefined {
  const [, line = ''] = plan.split('\n', 2);
  if (!line.startsWith(LINE)) return undefined;
  try {
    const value: unknown = JSON.parse(line.slice(LINE.length));
    return isMark(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMark(value: unknown): value is LogMark {
  if (typeof value !== 'object' || value === null) return false;
  const { path, size, before, uid } = value as Record<string, unknown>;
  return typeof path === 'string' && Number.isInteger(size) && typeof before === 'string' && Number.isInteger(uid);
}

/**
 * The last lines of a run, oldest first, for people: without values of its environment, and without what steers a terminal.
 * Empty where nothing is certain to be its own. Never throws for what the operating system refuses.
 */
export function lastWords(
  system: System,
  mark: LogMark,
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  try {
    const end = system.readEnd(mark.path, READ_BYTES + MARK_BYTES, mark.uid);
    if (end === undefined) return [];
    const own = ownPart(Buffer.from(end.bytes), end.size, mark);
    return linesOf(maskValues(own.toString('utf8'), environment));
  } catch (error) {
    if (error instanceof SystemError) return [];
    throw error;
  }
}

/**
 * What of a log's end is the run's own. Rotation only takes off the front, so what is behind the size at the launch is its own in
 * any case; where more than that may be, the bytes of the mark are looked for.
 *
 * @param bytes the end of the log
 * @param size that of the whole log
 */
export function ownPart(bytes: Buffer, size: number, mark: Pick<LogMark, 'size' | 'before'>): Buffer {
  const from = size - bytes.length;
  const before = Buffer.from(mark.before, 'base64');
  if (size >= mark.size && isUnmoved(bytes, from, mark.size, before))
    return bytes.subarray(Math.max(0, mark.size - from));
  const at = before.length === 0 ? -1 : bytes.lastIndexOf(before);
  if (at >= 0) return bytes.subarray(at + before.length);
  return from === 0 ? bytes.subarray(restOf(before, bytes)) : bytes;
}

/** The mark is where it was, or that place is not among these bytes. */
function isUnmoved(bytes: Buffer, from: number, size: number, before: Buffer): boolean {
  const start = size - before.length - from;
  return start < 0 || bytes.subarray(start, start + before.length).equals(before);
}

/** How much of the mark's end a log begins with: the rest of it was taken off. */
function restOf(before: Buffer, bytes: Buffer): number {
  for (let length = Math.min(before.length, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(0, length).equals(before.subarray(before.length - length))) return length;
  }
  return 0;
}

/** ECMA-48: control sequences, and strings up to their end (as a window's title). */
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function linesOf(text: string): string[] {
  const lines = text
    .replace(SEQUENCES, '')
    .split('\n')
    // A line that was written over is seen as it was last.
    .map((line) => line.replace(/\r+$/, '').replace(/^.*\r/, '').replace(CONTROLS, '').trimEnd())
    .filter((line) => line !== '');
  return withinBytes(lines.slice(-MOST_LINES));
}

/** The last of them, as many as fit; of one that does not fit alone its end. */
function withinBytes(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let left = MOST_BYTES;
  for (const line of lines.toReversed()) {
    const length = Buffer.byteLength(line);
    if (length > left) {
      if (kept.length === 0) kept.unshift(`…${endOf(line, left)}`);
      break;
    }
    kept.unshift(line);
    left -= length;
  }
  return kept;
}

/** The last bytes of a text; of a character that the limit cuts nothing is left. */
function endOf(text: string, bytes: number): string {
  const cut = Buffer.from(text).subarray(-bytes);
  let at = 0;
  while (at < 3 && ((cut[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return cut.toString('utf8', at);
}
