/**
 * The history that a daemon has left, for one who only looks. SQLite would write beside the database even to read it, so a copy is read:
 * what lies in the state directory stays as it is, down to its times.
 */
import { stateFile } from '@procman/protocol/state-files';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from './event.ts';
import { copyDatabase } from './sqlite.ts';
import { EventStore } from './store.ts';

export class PastHistory {
  readonly waiting: readonly Entry[] = [];
  readonly #path: string;
  #store: EventStore | undefined;
  #trouble: string | undefined;

  constructor(stateDirectory: string) {
    this.#path = stateFile(stateDirectory, 'events');
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  read<T>(work: (store: EventStore) => T): T | undefined {
    try {
      this.#store ??= copied(this.#path);
      return work(this.#store);
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }
}

/** The copy has no name any more once it is open, so nothing is left of it whatever becomes of this process. */
function copied(path: string): EventStore {
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  // 0700.
  const folder = mkdtempSync(join(tmpdir(), 'procman-events-'));
  try {
    const store = new EventStore(copyDatabase(path, folder));
    store.last();
    return store;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
