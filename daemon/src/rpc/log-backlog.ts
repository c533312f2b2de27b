/** What a follower has not read yet of text that rotation has taken out of the live file: it is read from the backups. */
import * as fs from 'node:fs';

interface Stretch {
  /** Open, so that it may be renamed and removed. */
  readonly fd: number;
  readonly ino: number;
  from: number;
  to: number;
}

/** Backups that a reader may keep open before the oldest is given up: each of them takes disk space after it was removed. */
const MOST = 8;

export class Backlog {
  readonly #stretches: Stretch[] = [];

  get isEmpty(): boolean {
    return this.#stretches.length === 0;
  }

  /**
   * @returns how many bytes are given up instead, as the reader is too slow
   * @throws the file system's error where the copy cannot be opened
   */
  add(path: string, at: number, length: number): number {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    const { ino } = fs.fstatSync(fd);
    const last = this.#stretches.at(-1);
    if (last?.ino === ino && last.to === at) {
      fs.closeSync(fd);
      last.to += length;
      return 0;
    }
    this.#stretches.push({ fd, ino, from: at, to: at + length });
    return this.#stretches.length > MOST ? this.#drop() : 0;
  }

  /** @returns what comes next; empty at the end */
  read(length: number): Buffer {
    for (let [first] = this.#stretches; first !== undefined; [first] = this.#stretches) {
      const piece = Buffer.alloc(Math.min(length, first.to - first.from));
      const read = piece.length === 0 ? 0 : fs.readSync(first.fd, piece, 0, piece.length, first.from);
      first.from += read;
      if (read > 0) return piece.subarray(0, read);
      this.#drop();
    }
    return Buffer.alloc(0);
  }

  #drop(): number {
    const first = this.#stretches.shift();
    if (first === undefined) return 0;
    fs.closeSync(first.fd);
    return first.to - first.from;
  }

  close(): void {
    while (!this.isEmpty) this.#drop();
  }
}
