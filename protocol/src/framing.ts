/** One JSON text per line: bytes in, lines out. Free of I/O, shared by both sides. */

/** A request line holds at most 1 MiB, its newline not counted. */
export const maxLineBytes = 1024 * 1024;

const newline = 0x0a;

/**
 * Cuts a stream of bytes into lines. Pieces are kept as they came and joined once per line, so a long line in small pieces
 * costs no more than its length; they are decoded per line, so a character may be cut anywhere. Blank lines and a CR before the newline are dropped.
 */
export class LineSplitter {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #pendingBytes = 0;
  #overflowed = false;

  constructor(limitBytes: number = maxLineBytes) {
    this.#limit = limitBytes;
  }

  /** Bytes of a line that is not complete yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** A line was longer than the limit. From then on nothing comes out: where the next line begins is of no use. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** The lines that this chunk completes. The chunk must not be changed afterwards. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    while (!this.#overflowed) {
      const end = chunk.indexOf(newline, start);
      this.#keep(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) break;
      this.#finish(lines);
      start = end + 1;
    }
    return lines;
  }

  /** The stream has ended: a last line without a newline counts. */
  end(): string[] {
    const lines: string[] = [];
    if (!this.#overflowed) this.#finish(lines);
    return lines;
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes <= this.#limit) return;
    this.#overflowed = true;
    this.#clear();
  }

  #finish(lines: string[]): void {
    if (this.#overflowed) return;
    const line = Buffer.concat(this.#pieces, this.#pendingBytes).toString('utf8').replace(/\r$/, '');
    if (line.trim() !== '') lines.push(line);
    this.#clear();
  }

  #clear(): void {
    this.#pieces = [];
    this.#pendingBytes = 0;
  }
}

/** A message as it goes over the wire. JSON text holds no raw newline, so one line is one message. */
export function frame(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}
