/**
 * Counts what happens, for the figures of Prometheus. A part of the daemon and not of the bundle that is loaded on demand: what
 * happened before somebody asked counts, too. A few numbers for each instance; nothing is kept on disk.
 */
import type { EventType } from '@procman/protocol/vocabulary';
import type { Happening } from '../core/happenings.ts';
import type { Exit, Instance, InstanceKey, LaunchId, Milliseconds } from '../core/model.ts';

/** So many different endings are told apart of each instance; a label without bounds would cost Prometheus its memory. */
export const MOST_CODES = 32;

export type ReloadResult = 'applied' | 'held' | 'refused';

/** What one instance has done since the daemon began. */
export interface InstanceCounts {
  /** By exit code, `SIGKILL`, `unknown` or `other`. */
  readonly exits: ReadonlyMap<string, number>;
  /** That came as far as RUNNING. */
  readonly starts: number;
  /** Of these, from the launch on. */
  readonly startTime: Milliseconds;
  /** Of the latest one. */
  readonly lastStart?: Milliseconds;
  /** Of runs that have ended. */
  readonly runTime: Milliseconds;
}

interface Counts {
  readonly exits: Map<string, number>;
  starts: number;
  startTime: Milliseconds;
  lastStart?: Milliseconds;
  runTime: Milliseconds;
  startedRun?: LaunchId;
}

export const NO_COUNTS: InstanceCounts = { exits: new Map(), starts: 0, startTime: 0, runTime: 0 };

export class Tally {
  readonly #instances = new Map<InstanceKey, Counts>();
  readonly #events = new Map<EventType, number>();
  readonly #reloads = new Map<ReloadResult, number>();

  get events(): ReadonlyMap<EventType, number> {
    return this.#events;
  }

  get reloads(): ReadonlyMap<ReloadResult, number> {
    return this.#reloads;
  }

  of(key: InstanceKey): InstanceCounts {
    return this.#instances.get(key) ?? NO_COUNTS;
  }

  noteReload(result: ReloadResult): void {
    increase(this.#reloads, result, 1);
  }

  /** @param instance - as it is now: what it is about */
  note(happening: Happening, instance: Instance | undefined): void {
    const { type, about, exit, lasted = 0 } = happening;
    increase(this.#events, type, 1);
    if (about === undefined) return;
    if (type === 'exit' && exit !== undefined) this.#noteExit(about.key, exit, lasted);
    if (type === 'state' && happening.to === 'RUNNING' && instance !== undefined) this.#noteStart(instance);
  }

  /** Forgets what the configuration has no more, and of which nothing is left. */
  keepOnly(keys: { has(key: InstanceKey): boolean }): void {
    for (const key of this.#instances.keys()) if (!keys.has(key)) this.#instances.delete(key);
  }

  #noteExit(key: InstanceKey, exit: Exit, lasted: Milliseconds): void {
    const counts = this.#countsOf(key);
    const code = codeOf(exit);
    const isKnown = counts.exits.has(code) || counts.exits.size < MOST_CODES - 1;
    increase(counts.exits, isKnown ? code : 'other', 1);
    counts.runTime += lasted;
  }

  /** Once for each run: a state may be told again. */
  #noteStart({ key, activity }: Instance): void {
    if (activity.kind !== 'running') return;
    const { run, since } = activity;
    const counts = this.#countsOf(key);
    if (counts.startedRun === run.launchId) return;
    const took = Math.max(0, (since?.mono ?? run.startedMono) - run.startedMono);
    counts.startedRun = run.launchId;
    counts.starts += 1;
    counts.startTime += took;
    counts.lastStart = took;
  }

  #countsOf(key: InstanceKey): Counts {
    const known = this.#instances.get(key);
    if (known !== undefined) return known;
    const counts: Counts = { exits: new Map(), starts: 0, startTime: 0, runTime: 0 };
    this.#instances.set(key, counts);
    return counts;
  }
}

function codeOf(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return String(exit.code);
    case 'signal':
      return `SIG${exit.signal}`;
    case 'unknown':
      return 'unknown';
  }
}

function increase<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
