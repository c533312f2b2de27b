/** The last lines of a log, also where rotation has just taken most of it away. Reads in bounded pieces: a log may be any size. */
import * as fs from 'node:fs';
import { basename, dirname } from 'node:path';
import { sideFilesOf, sideName, type Phase } from '../core/rotation.ts';

const PIECE = 64 * 1024;
/** No more than this is read back for the last lines. */
const MOST = 4 * 1024 * 1024;

export interface Tail {
  readonly lines: string[];
  readonly truncated: boolean;
  /** Where following goes on: the end of the live file, as of now. */
  readonly position: number;
  /** What is behind the last newline, where `wholeLines` has left it out of the lines. */
  readonly partial: Buffer;
}

/** A stretch of a file. */
interface Stretch {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  /** The log itself, as its service opens it: there a link is followed. */
  readonly isLive?: boolean;
}

/**
 * @param wholeLines leave out a last line that is still being written: a follower begins with it
 * @throws the file system's error, but a missing file is an empty one
 */
export function readTail(path: string, count: number, wholeLines: boolean): Tail {
  const [live = { path, from: 0, to: 0 }, ...older] = stretchesOf(path);
  const pieces: Buffer[] = [];
  let length = 0;
  let found = 0;
  let isAll = true;
  const isEnough = (): boolean => found > count || length >= MOST;
  for (const stretch of [live, ...older]) {
    if (isEnough() || !isAll) {
      isAll &&= stretch.to === stretch.from;
      continue;
    }
    isAll = readBack(stretch, (piece) => {
      pieces.unshift(piece);
      length += piece.length;
      found += newlines(piece);
      return !isEnough();
    });
  }
  const bytes = Buffer.concat(pieces);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  const all = (wholeLines ? bytes.subarray(0, whole) : bytes).toString('utf8').split('\n');
  if (all[all.length - 1] === '') all.pop();
  const lines = count === 0 ? [] : all.slice(-count);
  const partial = wholeLines ? bytes.subarray(whole) : Buffer.alloc(0);
  return { lines, truncated: !isAll || all.length > lines.length, position: live.to, partial };
}

/** The live file's text, then what was cut off it, the latest first. */
function stretchesOf(path: string): Stretch[] {
  const size = sizeOf(path) ?? 0;
  const folder = dirname(path);
  const live = basename(path);
  const { phases, bases, backups } = sideFilesOf(live, namesIn(folder));
  const base = bases.find((candidate) => candidate <= size && beginsWithHole(path)) ?? 0;
  const [phase] = phases;
  const gathered = phase === undefined ? [] : stretchOfBackup(`${folder}/${sideName(live, phase)}`, phase);
  const from = phase?.kind === 'punched' && beginsWithHole(path) ? Math.min(size, phase.to) : base;
  const earlier = [];
  for (let number = 1; backups.has(number); number += 1) earlier.push(wholeOf(`${path}.${number}`));
  return [{ path, from, to: size, isLive: true }, ...gathered, ...earlier];
}

/** What of the backup in the making is not in the live file any more. */
function stretchOfBackup(path: string, phase: Phase): Stretch[] {
  const size = sizeBeside(path);
  const copied = phase.kind === 'done' ? phase.to - phase.from : 0;
  return [{ path, from: 0, to: phase.kind === 'part' ? phase.gathered : Math.max(0, size - copied) }];
}

const wholeOf = (path: string): Stretch => ({ path, from: 0, to: sizeBeside(path) });

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return []; // A folder that may be entered, but not listed: only what is in the live file then.
  }
}

function beginsWithHole(path: string): boolean {
  const fd = openLog(path);
  if (fd === undefined) return false;
  try {
    const block = Buffer.alloc(4096);
    const length = fs.readSync(fd, block, 0, block.length, 0);
    return length > 0 && block.subarray(0, length).every((byte) => byte === 0);
  } finally {
    fs.closeSync(fd);
  }
}

/** Beside a log anybody may have put anything: links lead to what its reader may not read. */
function sizeBeside(path: string): number {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.nlink === 1 ? stats.size : 0;
}

function sizeOf(path: string): number | undefined {
  return fs.statSync(path, { throwIfNoEntry: false })?.size;
}

/** @returns whether it was read to its beginning; `take` says whether it wants more */
function readBack({ path, from, to, isLive }: Stretch, take: (piece: Buffer) => boolean): boolean {
  const fd = from < to ? openLog(path, isLive === true ? 0 : fs.constants.O_NOFOLLOW) : undefined;
  if (fd === undefined) return true;
  try {
    let end = to;
    let wantsMore = true;
    while (end > from && wantsMore) {
      const begin = Math.max(from, end - PIECE);
      const piece = Buffer.alloc(end - begin);
      const length = fs.readSync(fd, piece, 0, piece.length, begin);
      wantsMore = take(piece.subarray(0, length));
      end = begin;
    }
    return end === from;
  } finally {
    fs.closeSync(fd);
  }
}

/** @throws the file system's error, but for a missing file */
export function openLog(path: string, flags = 0): number | undefined {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | flags);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count += 1;
  return count;
}
