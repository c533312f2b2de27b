/** The last lines of a log file, and those to come. Reads by descriptor and in bounded pieces: a log may be any size. */
import * as fs from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const PIECE = 64 * 1024;
/** No more than this is read back for the last lines. */
const MOST = 4 * 1024 * 1024;
/** A line that never ends is handed over in parts of this length. */
const LONGEST_LINE = 256 * 1024;

export interface Tail {
  readonly lines: string[];
  readonly truncated: boolean;
  /** Where following goes on: behind the last whole line. */
  readonly position: number;
}

/**
 * @param wholeLines leave out a last line that is still being written: following goes on from its beginning
 * @throws the file system's error, but a missing file is an empty one
 */
export function readTail(path: string, count: number, wholeLines: boolean): Tail {
  const fd = openLog(path);
  if (fd === undefined) return { lines: [], truncated: false, position: 0 };
  try {
    const { size } = fs.fstatSync(fd);
    let start = size;
    let bytes = Buffer.alloc(0);
    while (start > 0 && size - start < MOST && newlines(bytes) <= count) {
      const from = Math.max(0, start - PIECE);
      const piece = Buffer.alloc(start - from);
      fs.readSync(fd, piece, 0, piece.length, from);
      bytes = Buffer.concat([piece, bytes]);
      start = from;
    }
    const whole = bytes.lastIndexOf(0x0a) + 1;
    const all = (wholeLines ? bytes.subarray(0, whole) : bytes).toString('utf8').split('\n');
    if (all[all.length - 1] === '') all.pop();
    const lines = count === 0 ? [] : all.slice(-count);
    return { lines, truncated: start > 0 || all.length > lines.length, position: start + whole };
  } finally {
    fs.closeSync(fd);
  }
}

function openLog(path: string): number | undefined {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
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

/** Follows a file from a position, across truncation and replacement, until stopped. */
export class Follower {
  readonly #path: string;
  readonly #onLines: (lines: string[]) => void;
  #position: number;
  #inode: number | undefined;
  #watcher: fs.FSWatcher | undefined;
  #decoder = new StringDecoder('utf8');
  #partial = '';

  /** @param onLines gets whole lines, oldest first */
  constructor(path: string, position: number, onLines: (lines: string[]) => void) {
    this.#path = path;
    this.#position = position;
    this.#onLines = onLines;
    this.#watch();
    this.#read();
  }

  /** The folder is watched: the file may come, go, and come again. */
  #watch(): void {
    const slash = this.#path.lastIndexOf('/');
    const name = this.#path.slice(slash + 1);
    this.#watcher = fs.watch(this.#path.slice(0, slash) || '/', { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) this.#read();
    });
    this.#watcher.on('error', () => this.stop());
  }

  #read(): void {
    const fd = openLog(this.#path);
    if (fd === undefined) return;
    try {
      const { ino, size } = fs.fstatSync(fd);
      if ((this.#inode !== undefined && this.#inode !== ino) || size < this.#position) this.#startAnew();
      this.#inode = ino;
      const piece = Buffer.alloc(PIECE);
      for (
        let read = fs.readSync(fd, piece, 0, PIECE, this.#position);
        read > 0;
        read = fs.readSync(fd, piece, 0, PIECE, this.#position)
      ) {
        this.#position += read;
        this.#take(this.#decoder.write(piece.subarray(0, read)));
        // What is written meanwhile comes with the next event; a writer at full speed must not keep us here.
        if (this.#position >= size) break;
      }
    } finally {
      fs.closeSync(fd);
    }
  }

  #startAnew(): void {
    this.#position = 0;
    this.#partial = '';
    this.#decoder = new StringDecoder('utf8');
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    if (this.#partial.length > LONGEST_LINE) {
      lines.push(this.#partial);
      this.#partial = '';
    }
    if (lines.length > 0) this.#onLines(lines);
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
