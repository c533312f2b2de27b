/** The last lines of a log file, and those to come. Reads by descriptor and in bounded pieces: a log may be any size. */
import * as fs from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const PIECE = 64 * 1024;
/** No more than this is read back for the last lines. */
const MOST = 4 * 1024 * 1024;
/** A line that never ends is handed over in parts of this length. */
const LONGEST_LINE = 256 * 1024;
/** No more than this is read in one turn of the event loop: a writer at full speed must not keep the daemon here. */
const PER_TURN = 1024 * 1024;
/** How soon it is looked again whether the reader has caught up. */
const AGAIN_MS = 20;

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

export interface FollowerOptions {
  readonly path: string;
  readonly position: number;
  /** Gets whole lines, oldest first. */
  readonly onLines: (lines: string[]) => void;
  /** Whether the reader can take more now: what it cannot take stays in the file, not in the daemon's memory. */
  readonly hasRoom: () => boolean;
  /** Calls back when the file may have changed; a watch of its own on the folder unless given. */
  readonly watch?: ((onChange: () => void) => { close(): void }) | undefined;
  /** `look` is called once there is room again; else it is looked every so often. */
  readonly isWoken?: boolean;
  /** Of the file that `position` belongs to. */
  readonly inode?: number | undefined;
  /** Further behind than this many bytes it goes on near the end, and tells how much was left out. */
  readonly mostBehind?: number;
  readonly onSkipped?: (bytes: number) => void;
}

/**
 * Follows a file from a position, across truncation and replacement, until stopped. Whatever is put in the file's place (a
 * folder, a link to itself, a file of somebody else) is not read; when the file is there again, so is the follower.
 */
export class Follower {
  readonly #o: FollowerOptions;
  #position: number;
  #inode: number | undefined;
  #watcher: { close(): void } | undefined;
  #again: NodeJS.Timeout | undefined;
  #decoder = new StringDecoder('utf8');
  #partial = '';
  /** How many bytes of the file it is. */
  #partialBytes = 0;

  /** @throws the file system's error where the log's folder cannot be watched */
  constructor(options: FollowerOptions) {
    this.#o = options;
    this.#position = options.position;
    this.#inode = options.inode;
    this.#watch();
    this.look();
  }

  /** Behind the last whole line that was handed over, and the file it was in. */
  get place(): { readonly position: number; readonly inode: number | undefined } {
    return { position: Math.max(0, this.#position - this.#partialBytes), inode: this.#inode };
  }

  /** The file lost so many bytes at its beginning: what was read is not read again. */
  noteRemoved(bytes: number): void {
    this.#position = Math.max(0, this.#position - bytes);
  }

  /** Nothing more comes to what is there of a last line. */
  flush(): void {
    const line = this.#partial + this.#decoder.end();
    this.#partial = '';
    this.#partialBytes = 0;
    if (line !== '') this.#o.onLines([line]);
  }

  /** The folder is watched: the file may come, go, and come again. */
  #watch(): void {
    const { path, watch } = this.#o;
    if (watch !== undefined) {
      this.#watcher = watch(() => this.look());
      return;
    }
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const watcher = fs.watch(path.slice(0, slash) || '/', { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) this.look();
    });
    watcher.on('error', () => this.stop());
    this.#watcher = watcher;
  }

  /** Nobody is above it to catch anything: an error here would end the daemon. */
  look(): void {
    // What is due is read in its turn.
    if (this.#again !== undefined || this.#watcher === undefined) return;
    try {
      if (this.#read()) return;
    } catch {
      return; // The next change tells when to try again.
    }
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.look();
    }, AGAIN_MS).unref();
  }

  /** @returns whether all was read; else the rest is due later */
  #read(): boolean {
    if (!this.#o.hasRoom()) return this.#o.isWoken === true;
    const fd = openLog(this.#o.path);
    if (fd === undefined) return true;
    try {
      const { ino, size } = fs.fstatSync(fd);
      if ((this.#inode !== undefined && this.#inode !== ino) || size < this.#position) this.#startAnew();
      this.#inode = ino;
      this.#skipTo(size - (this.#o.mostBehind ?? size));
      const end = Math.min(size, this.#position + PER_TURN);
      const piece = Buffer.alloc(PIECE);
      while (this.#position < end && this.#watcher !== undefined) {
        const read = fs.readSync(fd, piece, 0, PIECE, this.#position);
        if (read === 0) break;
        this.#position += read;
        this.#take(piece.subarray(0, read));
      }
      return this.#position >= size;
    } finally {
      fs.closeSync(fd);
    }
  }

  #skipTo(position: number): void {
    if (position <= this.#position) return;
    this.#o.onSkipped?.(position - this.place.position);
    this.#startAnew(position);
  }

  #startAnew(position = 0): void {
    this.#position = position;
    this.#partial = '';
    this.#partialBytes = 0;
    this.#decoder = new StringDecoder('utf8');
  }

  #take(bytes: Buffer): void {
    const newline = bytes.lastIndexOf(0x0a);
    this.#partialBytes = newline < 0 ? this.#partialBytes + bytes.length : bytes.length - newline - 1;
    const lines = (this.#partial + this.#decoder.write(bytes)).split('\n');
    this.#partial = lines.pop() ?? '';
    if (this.#partial.length > LONGEST_LINE) {
      lines.push(this.#partial);
      this.#partial = '';
      this.#partialBytes = 0;
    }
    if (lines.length > 0) this.#o.onLines(lines);
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    clearTimeout(this.#again);
    this.#again = undefined;
  }
}
