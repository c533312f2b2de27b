/**
 * Numbers of events: each is given out once, also by daemons to come, and whatever becomes of the store. A file says up to which they
 * may have been given out; it is written once for many of them, so after a crash some are left out.
 */
import { replaceFile } from '../effects/atomic-file.ts';
import { SystemError, type System } from '../effects/system.ts';

const AHEAD = 1_000;

export class Sequence {
  readonly #system: System;
  readonly #path: string;
  #last: number;
  #reserved: number;

  /** @param known - the newest number that is in the store; where the file is lost, it is what is left */
  constructor(system: System, path: string, known: () => number) {
    this.#system = system;
    this.#path = path;
    const text = read(system, path);
    this.#last = /^\d{1,15}\n$/.test(text ?? '') ? Number(text) : known();
    this.#reserved = this.#last;
  }

  /** Given out last; 0: none yet. */
  get last(): number {
    return this.#last;
  }

  next(): number {
    this.#last += 1;
    if (this.#last > this.#reserved) this.#write(this.#last + AHEAD);
    return this.#last;
  }

  /** Numbers up to this one were found in use. */
  skipTo(seq: number): void {
    if (seq > this.#last) this.#last = seq;
  }

  /** The daemon ends: the next one goes on without a gap. */
  close(): void {
    if (this.#reserved !== this.#last) this.#write(this.#last);
  }

  #write(upTo: number): void {
    this.#reserved = upTo;
    try {
      replaceFile(this.#system, this.#path, `${upTo}\n`);
    } catch (error) {
      // A full disk: the numbers of this daemon are right all the same.
      if (!(error instanceof SystemError)) throw error;
    }
  }
}

function read(system: System, path: string): string | undefined {
  try {
    return system.readFile(path)?.text;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}
