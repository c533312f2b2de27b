/** What runs use now: all of a run's processes together. Measured when asked, in steps; nothing is measured by itself. */
import type { LaunchId, MonotonicTime, World } from '../core/model.ts';
import type { ProcessUsage, System } from '../effects/system.ts';
import type { Census, CensusResult, RunCensus } from './census.ts';

/** What one run uses. */
export interface RunUsage {
  /** Of one processor, so 200 are two; undefined where it was measured once only. */
  readonly cpuPercent: number | undefined;
  readonly rssBytes: number;
  readonly threads: number;
  /** undefined where some of it may not be read. */
  readonly openFiles: number | undefined;
  readonly processes: number;
}

export interface Measurement {
  readonly census: CensusResult;
  readonly usages: ReadonlyMap<LaunchId, RunUsage>;
  /** The processor's share is known of all. */
  readonly isComplete: boolean;
}

/** Processor time counts in ticks of 10 ms: over less than this the share would be a guess. In milliseconds. */
export const SHORTEST_INTERVAL = 500;
/** A share over more than this is none of now. */
export const LONGEST_INTERVAL = 60_000;

/** Processor time of a run's processes at a moment. */
interface Sample {
  readonly at: MonotonicTime;
  /** In ticks, by pid and start time. */
  readonly ticks: ReadonlyMap<string, number>;
}

export class UsageMeter {
  readonly #system: System;
  readonly #census: Census;
  /** What the next measurement is compared with. */
  readonly #bases = new Map<LaunchId, Sample>();

  constructor(system: System, census: Census) {
    this.#system = system;
    this.#census = census;
  }

  /**
   * Measures once. The processor's share is that since the measurement before, if that was half a second to a minute ago; else measure
   * again after `SHORTEST_INTERVAL`.
   *
   * @param wanted - which runs
   * @param isLast - of what began meanwhile the share is that since its launch
   */
  *measure(world: () => World, wanted: (launchId: LaunchId) => boolean, isLast: boolean): Generator<void, Measurement> {
    const census = yield* this.#census.take(world);
    this.#forgetOld(census);
    const usages = new Map<LaunchId, RunUsage>();
    for (const [launchId, entry] of census) {
      if (wanted(launchId)) usages.set(launchId, yield* this.#usageOf(entry, isLast));
    }
    return { census, usages, isComplete: [...usages.values()].every(({ cpuPercent }) => cpuPercent !== undefined) };
  }

  *#usageOf({ run, members }: RunCensus, isLast: boolean): Generator<void, RunUsage> {
    const { mono: at } = this.#system.now();
    const ticks = new Map<string, number>();
    const usages: ProcessUsage[] = [];
    for (const { pid, startTicks } of members) {
      const usage = this.#system.usage(pid);
      // Gone meanwhile, or another process already.
      if (usage?.startTicks === startTicks) {
        usages.push(usage);
        ticks.set(`${pid}@${startTicks}`, usage.cpuTicks);
      }
      yield;
    }
    const cpuPercent =
      this.#share(run.launchId, { at, ticks }) ?? (isLast ? this.#since(run.startedMono, { at, ticks }) : undefined);
    const openFiles = usages.map((usage) => usage.openFiles);
    return {
      cpuPercent,
      rssBytes: sum(usages.map(({ rssBytes }) => rssBytes)),
      threads: sum(usages.map(({ threads }) => threads)),
      openFiles: openFiles.every((count) => count !== undefined) ? sum(openFiles) : undefined,
      processes: usages.length,
    };
  }

  /** Since the base, which is replaced by what is measured now once it is old enough. */
  #share(launchId: LaunchId, now: Sample): number | undefined {
    const base = this.#bases.get(launchId);
    if (base !== undefined && now.at - base.at < SHORTEST_INTERVAL) return undefined;
    this.#bases.set(launchId, now);
    if (base === undefined) return undefined;
    // What is new since then has used all of its time since then.
    const used = [...now.ticks].map(([process, ticks]) => Math.max(0, ticks - (base.ticks.get(process) ?? 0)));
    return this.#percent(sum(used), now.at - base.at);
  }

  #since(start: MonotonicTime, { at, ticks }: Sample): number {
    return this.#percent(sum([...ticks.values()]), Math.max(at - start, SHORTEST_INTERVAL));
  }

  #percent(ticks: number, milliseconds: number): number {
    return ((ticks / this.#system.ticksPerSecond) * 100_000) / milliseconds;
  }

  #forgetOld(census: CensusResult): void {
    const { mono } = this.#system.now();
    for (const [launchId, { at }] of this.#bases) {
      if (!census.has(launchId) || mono - at > LONGEST_INTERVAL) this.#bases.delete(launchId);
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
