/**
 * Tells when exit files or run records may have changed. It says "look again", never "this ended": inotify drops events
 * without a word when its queue is full, so a slow sweep must look as well.
 */

import { statSync, watch, type FSWatcher } from 'node:fs';
import { parseStem } from '../core/identity.ts';
import type { InstanceKey } from '../core/model.ts';

/** How often to look where the system has no inotify instance left. */
const POLL_MS = 250;

const FOLDERS = ['exit', 'record'] as const;

interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: string;
}

export class ExitWatch {
  readonly #runs: string;
  readonly #onLook: (names: ReadonlySet<InstanceKey> | 'all') => void;
  readonly #watched = new Map<string, Watched>();
  #poll: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #changed: Set<InstanceKey> | 'all' = new Set();
  #started = false;

  /**
   * @param runsDirectory - its folders `exit` and `record` must exist
   * @param onLook - called at most once per turn of the event loop
   */
  constructor(runsDirectory: string, onLook: (names: ReadonlySet<InstanceKey> | 'all') => void) {
    this.#runs = runsDirectory;
    this.#onLook = onLook;
  }

  /** How it learns of changes: by inotify, or by looking every 250 ms. */
  get mode(): 'watch' | 'poll' {
    return this.#poll === undefined ? 'watch' : 'poll';
  }

  /** Sets the watch, and only then asks for a look at everything. */
  start(): void {
    this.#started = true;
    this.#watchAll();
    this.#note('all');
  }

  /** For the slow sweep: a watch on a folder that was removed and made again is silent for ever. */
  check(): void {
    if (!this.#started) return;
    const stale = FOLDERS.filter(
      (folder) => this.#watched.get(folder)?.identity !== identityOf(`${this.#runs}/${folder}`),
    );
    if (stale.length === 0) return;
    for (const folder of stale) this.#unwatch(folder);
    this.#watchAll();
    this.#note('all');
  }

  stop(): void {
    this.#started = false;
    for (const folder of FOLDERS) this.#unwatch(folder);
    clearInterval(this.#poll);
    clearImmediate(this.#turn);
    this.#poll = this.#turn = undefined;
    this.#changed = new Set();
  }

  #watchAll(): void {
    for (const folder of FOLDERS) if (!this.#watched.has(folder)) this.#watch(folder);
    if (this.#watched.size === FOLDERS.length) {
      clearInterval(this.#poll);
      this.#poll = undefined;
    } else {
      this.#poll ??= setInterval(() => this.#note('all'), POLL_MS).unref();
    }
  }

  #watch(folder: string): void {
    const path = `${this.#runs}/${folder}`;
    const identity = identityOf(path);
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        // An event on the folder itself bears its name: it was removed or moved, and this watch hears no more.
        if (name === folder) this.#lose(folder, watcher);
        else this.#note(name);
      });
      watcher.on('error', () => this.#lose(folder, watcher));
      this.#watched.set(folder, { watcher, identity });
    } catch {
      // No inotify instance left, or no folder: #watchAll polls, and the next check tries again.
    }
  }

  #lose(folder: string, watcher: FSWatcher): void {
    if (this.#watched.get(folder)?.watcher !== watcher) return;
    this.#unwatch(folder);
    this.#watchAll();
    this.#note('all');
  }

  #unwatch(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }

  /** Files are called STEM (records) or STEM.LAUNCH (exits), with the stem of an instance or of a job of it. */
  #note(name: string | null): void {
    if (!this.#started) return;
    if (name === null || name === 'all') this.#changed = 'all';
    else if (this.#changed !== 'all') this.#changed.add(parseStem(name).key);
    this.#turn ??= setImmediate(() => this.#look());
  }

  #look(): void {
    const changed = this.#changed;
    this.#turn = undefined;
    this.#changed = new Set();
    this.#onLook(changed);
  }
}

/** Tells a folder from one that was made in its place: inode numbers are given out again at once, times of birth are not. */
function identityOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats === undefined ? 'none' : `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`;
}
