/** The newest entries in memory: those that are not in the store yet, and some more for whoever follows. Bounded. */
import type { Entry } from './event.ts';

/** So many are kept, though they are in the store: followers that are a little behind need not read that. */
const KEPT = 500;
/** So many may wait for the store; then the oldest are given up. */
export const MOST_WAITING = 5_000;

export class Recent {
  #entries: Entry[] = [];
  /** Up to this number all are in the store, or given up. */
  #stored = 0;
  #lost = 0;

  push(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > 2 * KEPT) this.#trim();
  }

  /** What the store has not got yet, oldest first. */
  waiting(most: number): readonly Entry[] {
    return this.after(this.#stored, most);
  }

  get hasWaiting(): boolean {
    return (this.#entries.at(-1)?.seq ?? 0) > this.#stored;
  }

  /** They are in the store up to this one; or there is none. */
  noteStored(seq: number): void {
    this.#stored = Math.max(this.#stored, seq);
    this.#trim();
  }

  /** How many were given up since this was asked last. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** The number from which on all are here; undefined: there are none. */
  get first(): number | undefined {
    return this.#entries[0]?.seq;
  }

  /** Those behind a number, oldest first. */
  after(seq: number, most = Infinity): readonly Entry[] {
    const from = this.#indexAfter(seq);
    return this.#entries.slice(from, from + most);
  }

  #indexAfter(seq: number): number {
    const entries = this.#entries;
    let [low, high] = [0, entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle]?.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #trim(): void {
    const waiting = this.#entries.length - this.#indexAfter(this.#stored);
    const given = Math.max(0, waiting - MOST_WAITING);
    if (given > 0) {
      this.#lost += given;
      this.#stored = this.#entries[this.#entries.length - waiting + given - 1]?.seq ?? this.#stored;
    }
    const keep = Math.max(KEPT, waiting - given);
    if (this.#entries.length > keep) this.#entries = this.#entries.slice(-keep);
  }
}
