/** Standard output that never blocks the daemon: what it does not take now is kept up to a limit, and tried again. */
import * as fs from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { openNonBlocking } from '../effects/non-blocking.ts';

/** No more bytes than this wait; what comes then stays in the files it comes from. */
const MOST_WAITING = 256 * 1024;
/** How soon a full pipe or terminal is tried again: soon at first, then less and less often. */
const FIRST_AGAIN = 20;
const LAST_AGAIN = 1_000;

export interface OutputOptions {
  /** All has been written: there is room again. */
  readonly onDrained: () => void;
  /** The reader is gone for good. */
  readonly onClosed: (why: string) => void;
}

export class Output {
  readonly #o: OutputOptions;
  #fd: number | undefined;
  #waiting: Buffer[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #again = FIRST_AGAIN;

  constructor(options: OutputOptions, descriptor = 1) {
    this.#o = options;
    this.#fd = nonBlocking(descriptor);
  }

  get isClosed(): boolean {
    return this.#fd === undefined;
  }

  get isDrained(): boolean {
    return this.#size === 0;
  }

  hasRoom(): boolean {
    return !this.isClosed && this.#size < MOST_WAITING;
  }

  write(text: string): void {
    if (this.isClosed) return;
    const bytes = Buffer.from(text);
    this.#waiting.push(bytes);
    this.#size += bytes.length;
    if (this.#timer === undefined) this.#flush();
  }

  /** Resolves once all is written, nobody reads any more, or the time is over. */
  async drained(limit: number): Promise<void> {
    const end = performance.now() + limit;
    while (!this.isDrained && !this.isClosed && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, FIRST_AGAIN));
  }

  #flush(): void {
    const wasFull = !this.hasRoom();
    try {
      while (this.#writeSome());
      this.#again = FIRST_AGAIN;
      if (wasFull) setImmediate(this.#o.onDrained);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') this.#later();
      else this.#close(error instanceof Error ? error.message : String(error));
    }
  }

  #writeSome(): boolean {
    const [first] = this.#waiting;
    if (first === undefined || this.#fd === undefined) return false;
    const written = fs.writeSync(this.#fd, first);
    this.#size -= written;
    if (written < first.length) this.#waiting[0] = first.subarray(written);
    else this.#waiting.shift();
    return true;
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, this.#again).unref();
    this.#again = Math.min(this.#again * 2, LAST_AGAIN);
  }

  #close(why: string): void {
    this.#fd = undefined;
    this.#waiting = [];
    this.#size = 0;
    this.#o.onClosed(why);
  }
}

function nonBlocking(descriptor: number): number {
  const opened = openNonBlocking(descriptor);
  if (opened === undefined) makeNonBlocking(descriptor);
  return opened ?? descriptor;
}

/** Kept for ever: collected, they would close what they are made of. */
const sockets: Socket[] = [];

/** A socket (systemd's journal) cannot be opened by path; that Node makes it non-blocking is all that is wanted of it here. */
function makeNonBlocking(descriptor: number): void {
  try {
    sockets.push(new Socket({ fd: descriptor, readable: false, writable: true }).unref());
  } catch {
    // A file, which never blocks, or nothing at all: the first write tells.
  }
}

/** Colours on a terminal, or where they are forced; NO_COLOR says never (https://no-color.org, https://bixense.com/clicolors). */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTerminal = isatty(1)): boolean {
  const isOn = (name: string): boolean => !['', '0', undefined].includes(env[name]);
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  return isTerminal || isOn('FORCE_COLOR') || isOn('CLICOLOR_FORCE');
}
