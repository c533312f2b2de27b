/** The lines to come of a log file. Reads by descriptor and in bounded pieces: a log may be any size. */
import * as fs from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { LogAudience } from './log-audience.ts';
import { Backlog } from './log-backlog.ts';
import { openLog } from './log-tail.ts';

const PIECE = 64 * 1024;
/** A line that never ends is handed over in parts of this length. */
const LONGEST_LINE = 256 * 1024;
/** No more than this is read in one turn of the event loop: a writer at full speed must not keep the daemon here. */
const PER_TURN = 1024 * 1024;
/** How soon it is looked again whether the reader has caught up. */
const AGAIN_MS = 20;

export interface FollowerOptions {
  readonly path: string;
  readonly position: number;
  /** The beginning of a line that goes on at the position. */
  readonly partial?: Buffer;
  /** Tells of rotations; without it they look like a file that was emptied. */
  readonly audience?: LogAudience;
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
  readonly #backlog = new Backlog();
  readonly #leave: () => void;

  /** @throws the file system's error where the log's folder cannot be watched */
  constructor(options: FollowerOptions) {
    this.#o = options;
    this.#position = options.position;
    this.#inode = options.inode;
    this.#partial = options.partial === undefined ? '' : this.#decoder.write(options.partial);
    this.#partialBytes = options.partial?.length ?? 0;
    this.#watch();
    this.#leave = options.audience?.join(options.path, this) ?? ((): void => undefined);
    this.look();
  }

  get position(): number {
    return this.#position;
  }

  /** Behind the last whole line that was handed over, and the file it was in. */
  get place(): { readonly position: number; readonly inode: number | undefined } {
    return { position: Math.max(0, this.#position - this.#partialBytes), inode: this.#inode };
  }

  /** Nothing more comes to what is there of a last line. */
  flush(): void {
    const line = this.#partial + this.#decoder.end();
    this.#partial = '';
    this.#partialBytes = 0;
    if (line !== '') this.#o.onLines([line]);
  }

  /** Rotation takes the live file's text up to `to` away: what was not read of it is in a copy, or lost. */
  skip(to: number, copy?: { readonly path: string; readonly at: number }): void {
    const length = to - this.#position;
    // Who may fall behind that far only is not read to from the copy either.
    if (length > (this.#o.mostBehind ?? length)) {
      this.#skipTo(to);
      return;
    }
    let lost = length;
    try {
      if (copy !== undefined) lost = this.#backlog.add(copy.path, copy.at, length);
    } catch {
      // The copy is gone, too.
    }
    if (lost > 0)
      this.#take(Buffer.from(`\n[procmand: ${lost} bytes of this log were rotated away before they were read]\n`));
    this.#position = to;
  }

  /** Rotation has taken so much off the beginning of the live file, or put a shorter file in its place. */
  moved(shorter: number): void {
    this.#position = Math.max(0, this.#position - shorter);
    this.#inode = undefined;
    this.look();
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
    // While rotation works on it, nobody knows where in the file the position is: it calls `moved` afterwards.
    if (this.#o.audience?.isHeld(this.#o.path) === true) return true;
    if (!this.#o.hasRoom()) return this.#o.isWoken === true;
    let left = PER_TURN;
    while (!this.#backlog.isEmpty && left > 0 && this.#watcher !== undefined) {
      const piece = this.#backlog.read(PIECE);
      left -= piece.length;
      this.#take(piece);
    }
    return this.#backlog.isEmpty && this.#readLive(left);
  }

  #readLive(most: number): boolean {
    const fd = openLog(this.#o.path);
    if (fd === undefined) return true;
    try {
      const { ino, size } = fs.fstatSync(fd);
      if ((this.#inode !== undefined && this.#inode !== ino) || size < this.#position) this.#startAnew();
      this.#inode = ino;
      this.#skipTo(size - (this.#o.mostBehind ?? size));
      const end = Math.min(size, this.#position + most);
      const piece = Buffer.alloc(PIECE);
      while (this.#position < end && this.#watcher !== undefined) {
        const read = fs.readSync(fd, piece, 0, Math.min(PIECE, end - this.#position), this.#position);
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
    this.#leave();
    this.#backlog.close();
    clearTimeout(this.#again);
    this.#again = undefined;
  }
}
