/**
 * The history of events: numbers what has happened, keeps the newest in memory, tells followers, and brings all of it to the store
 * between the turns of the supervisor. Whatever becomes of the store, nothing here waits for it or throws.
 */
import { stateFile } from '@procman/protocol/state-files';
import * as fs from 'node:fs';
import type { Happening } from '../core/happenings.ts';
import { asidePath } from '../effects/set-aside.ts';
import type { System } from '../effects/system.ts';
import type { TimeText } from '../time-text.ts';
import { entryOf, type Entry } from './event.ts';
import { Recent } from './recent.ts';
import { Sequence } from './sequence.ts';
import { EventStore, troubleOf } from './store.ts';

export interface HistoryOptions {
  readonly system: System;
  readonly stateDirectory: string;
  readonly log: (level: 'info' | 'warning', text: string) => void;
  readonly time: () => TimeText;
  /** Told of each, as it is noted. */
  readonly onRecord?: (happening: Happening) => void;
  readonly limits: () => { readonly maxAge: number; readonly maxBytes: number };
}

const FLUSH_MS = 500;
/** After trouble with the store. */
const AGAIN_MS = 3_000;
/** A few milliseconds' work. */
const BATCH = 200;
const PRUNE_MS = 60_000;
/** In a flood time alone would let the file grow far beyond its bound: less than a megabyte is written in between. */
const PRUNE_ROWS = 2_000;

export class History {
  readonly #o: HistoryOptions;
  readonly #path: string;
  readonly #recent = new Recent();
  /** Not there yet while it asks the store for the newest number. */
  readonly #sequence: Sequence | undefined;
  readonly #listeners = new Set<() => void>();
  #store: EventStore | undefined;
  /** Why there is none: said once. */
  #trouble: string | undefined;
  /** It cannot be used by this daemon at all: all stays in memory. */
  #isHopeless = false;
  #timer: NodeJS.Timeout | undefined;
  #telling: NodeJS.Immediate | undefined;
  #prunedAt = -Infinity;
  #rowsSincePruned = 0;
  #isClosed = false;
  /** Closed, and the last of it is written. */
  #isOver = false;

  constructor(options: HistoryOptions) {
    this.#o = options;
    this.#path = stateFile(options.stateDirectory, 'events');
    const known = (): number => (fs.existsSync(this.#path) ? (this.#try(() => this.#opened()?.last()) ?? 0) : 0);
    this.#sequence = new Sequence(options.system, stateFile(options.stateDirectory, 'sequence'), known);
  }

  /** Of the newest event; 0: none yet. */
  get seq(): number {
    return this.#numbers.last;
  }

  /** Why nothing can be read but what is in memory; undefined: all is well. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get #numbers(): Sequence {
    if (this.#sequence === undefined) throw new Error('the numbers are asked for while they are being read');
    return this.#sequence;
  }

  record(happening: Happening): void {
    this.#recent.push(entryOf(this.#numbers.next(), happening, this.#o.time()));
    this.#o.onRecord?.(happening);
    this.#flushIn(FLUSH_MS);
    if (this.#listeners.size > 0) this.#telling ??= setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#telling = undefined;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls back, outside of the supervisor's turns, when there is something new. @returns how to leave */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The next entries behind a number, oldest first: from memory, else from the store. */
  after(seq: number, most: number): readonly Entry[] {
    const first = this.#recent.first;
    if (seq >= this.seq) return [];
    if (first !== undefined && first <= seq + 1) return this.#recent.after(seq, most);
    const older = this.#try(() => this.#opened()?.after(seq, most)) ?? [];
    const end = first ?? Infinity;
    const usable = older.filter((entry) => entry.seq < end);
    return usable.length > 0 ? usable : this.#recent.after(seq, most);
  }

  /** What is not in the store yet, oldest first. */
  get waiting(): readonly Entry[] {
    return this.#recent.waiting(Infinity);
  }

  /** For those who read: undefined where it cannot be read now, see `trouble`. */
  read<T>(work: (store: EventStore) => T): T | undefined {
    return this.#try(() => {
      const store = this.#opened();
      return store === undefined ? undefined : work(store);
    });
  }

  /* ---------------------------------------------------------------- the store */

  #flushIn(milliseconds: number): void {
    if (this.#isClosed || this.#isHopeless) return;
    this.#timer ??= setTimeout(() => this.#flush(), milliseconds).unref();
  }

  #flush(): void {
    this.#timer = undefined;
    if (!this.#write()) {
      this.#flushIn(AGAIN_MS);
      return;
    }
    // Beside the writing, not only after it: who writes without end would never come to it.
    const hasMore = this.#prune();
    if (this.#recent.hasWaiting) this.#flushIn(10);
    else if (hasMore) this.#timer ??= setTimeout(() => this.#flush(), 50).unref();
  }

  /** @returns whether it went well */
  #write(): boolean {
    const entries = this.#recent.waiting(BATCH);
    const last = entries.at(-1);
    if (last === undefined) return true;
    const isWritten = this.#try(() => {
      const store = this.#opened();
      store?.append(entries);
      return store !== undefined;
    });
    this.#rowsSincePruned += entries.length;
    if (isWritten === true) this.#noteWritten(last.seq);
    // Nobody will ever take them: only the newest are kept.
    if (this.#isHopeless) this.#recent.noteStored(last.seq);
    return isWritten === true || this.#isHopeless;
  }

  #noteWritten(seq: number): void {
    this.#recent.noteStored(seq);
    if (this.#trouble !== undefined) this.#o.log('info', 'the history of events can be written again');
    this.#trouble = undefined;
    const lost = this.#recent.takeLost();
    if (lost === 0) return;
    const message = `${lost} events were lost: the history could not be written`;
    this.#o.log('warning', message);
    this.record({ at: this.#o.system.now().wall, type: 'daemon', message });
  }

  /** A small step where it is time for one. @returns whether there is more to remove */
  #prune(): boolean {
    const { wall, mono } = this.#o.system.now();
    if (mono - this.#prunedAt < PRUNE_MS && this.#rowsSincePruned < PRUNE_ROWS) return false;
    const hasMore = this.#try(() => this.#opened()?.prune({ ...this.#o.limits(), now: wall })) === true;
    if (!hasMore) {
      this.#prunedAt = mono;
      this.#rowsSincePruned = 0;
    }
    return hasMore;
  }

  #opened(): EventStore | undefined {
    // Whoever still asks after the end opens nothing anew.
    if (this.#isHopeless || this.#isOver) return undefined;
    if (this.#store !== undefined) return this.#store;
    this.#store = new EventStore(this.#path);
    // Somebody has removed the file of numbers, or put an older one in its place.
    this.#sequence?.skipTo(this.#store.last());
    return this.#store;
  }

  /** undefined where the store is in trouble, which is told once. */
  #try<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#note(error);
      return undefined;
    }
  }

  #note(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const trouble = troubleOf(error);
    if (trouble === 'broken') {
      this.#setAside(why);
      return;
    }
    const isLoadable = !(
      error instanceof Error &&
      'code' in error &&
      /^(MODULE_NOT_FOUND|ERR_DLOPEN_FAILED)$/.test(String(error.code))
    );
    this.#isHopeless ||= trouble === 'newer' || !isLoadable;
    if (this.#trouble === undefined) {
      const go = this.#isHopeless ? 'it is kept in memory only' : 'it is kept in memory until then';
      this.#o.log('warning', `the history of events cannot be kept in ${this.#path}: ${why}; services go on, ${go}`);
    }
    this.#trouble = why;
  }

  #setAside(why: string): void {
    this.#closeStore();
    const to = asidePath(this.#path, this.#o.system.now().wall);
    try {
      for (const part of ['', '-wal', '-shm'])
        if (fs.existsSync(`${this.#path}${part}`)) fs.renameSync(`${this.#path}${part}`, `${to}${part}`);
      this.#o.log('warning', `${this.#path} cannot be read (${why}): set aside as ${to}; the history begins anew`);
    } catch (error) {
      this.#isHopeless = true;
      this.#trouble = error instanceof Error ? error.message : String(error);
      this.#o.log('warning', `${this.#path} cannot be read (${why}), nor set aside: ${this.#trouble}`);
    }
  }

  #closeStore(): void {
    const store = this.#store;
    this.#store = undefined;
    try {
      store?.close();
    } catch {
      // A broken file, set aside anyway.
    }
  }

  /** The daemon ends: what is waiting is written now. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#telling);
    // Twice: the first may have found a broken file and set it aside.
    while (this.#recent.hasWaiting && (this.#write() || this.#write()) && !this.#isHopeless);
    this.#isOver = true;
    this.#closeStore();
    this.#numbers.close();
  }
}
