/** Brings instances to disk: before they act, else when the turn is over; what fails is tried again and said once. */
import type { Instance, InstanceKey, MonotonicTime } from '../core/model.ts';
import type { StateStore } from '../effects/state-store.ts';
import { SystemError, type System } from '../effects/system.ts';

/** How long to wait before what could not be written is written again, in milliseconds. */
const SAVE_AGAIN = 3_000;

export class Saver {
  readonly #system: System;
  readonly #store: StateStore;
  readonly #log: (level: 'error' | 'warning', text: string) => void;
  readonly #unsaved = new Set<InstanceKey>();
  #problem: string | undefined;
  #againAt: MonotonicTime | undefined;

  constructor(system: System, store: StateStore, log: (level: 'error' | 'warning', text: string) => void) {
    this.#system = system;
    this.#store = store;
    this.#log = log;
  }

  /** Why the state cannot be written now; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** When to try again; undefined while all is well. */
  get againAt(): MonotonicTime | undefined {
    return this.#againAt;
  }

  /** Tries again with the next save, however short a time ago it failed. */
  hurry(): void {
    this.#againAt = undefined;
  }

  /** It is no longer on disk as it is in memory. */
  noteChanged(key: InstanceKey): void {
    this.#unsaved.add(key);
  }

  isSaved(key: InstanceKey): boolean {
    return !this.#unsaved.has(key);
  }

  /** Everything that has changed, unless it is too early to try again. */
  saveAll(instances: ReadonlyMap<InstanceKey, Instance>): void {
    if (this.#againAt === undefined || this.#system.now().mono >= this.#againAt) this.save(this.#unsaved, instances);
  }

  /** @returns what could not be saved, and why */
  save(
    keys: ReadonlySet<InstanceKey>,
    instances: ReadonlyMap<InstanceKey, Instance>,
  ): ReadonlyMap<InstanceKey, string> {
    const failed = new Map<InstanceKey, string>();
    for (const key of [...keys]) {
      const instance = instances.get(key);
      if (instance === undefined || !this.#unsaved.has(key)) continue;
      try {
        this.#store.save(instance);
        this.#unsaved.delete(key);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        failed.set(key, error.message);
      }
    }
    this.#tell(keys, failed);
    return failed;
  }

  #tell(keys: ReadonlySet<InstanceKey>, failed: ReadonlyMap<InstanceKey, string>): void {
    const [problem] = failed.values();
    if (problem !== undefined) {
      if (this.#problem === undefined) {
        this.#log('error', `the state cannot be written: ${problem}; services go on, nothing new is launched`);
      }
      this.#problem = problem;
      this.#againAt = this.#system.now().mono + SAVE_AGAIN;
    } else if (this.#problem !== undefined && keys.size > 0 && this.#unsaved.size === 0) {
      this.#log('warning', 'the state can be written again');
      this.#problem = undefined;
      this.#againAt = undefined;
    }
  }
}
