/** What runs use, as counters and gauges: one sweep of /proc each time that somebody asks; nothing is measured by itself. */
import type { InstanceKey, LaunchId, World } from '../core/model.ts';
import type { ProcessUsage, System } from '../effects/system.ts';
import type { Census, RunCensus } from '../supervision/census.ts';

/** What one run uses now. */
export interface Consumption {
  readonly rssBytes: number;
  readonly threads: number;
  /** undefined where some of it may not be read. */
  readonly openFiles: number | undefined;
  readonly processes: number;
  readonly zombies: number;
}

interface Known {
  readonly key: InstanceKey;
  /** Processor time of all its processes and of those that they have waited for, when seen last. */
  readonly ticks: number;
}

export class ConsumptionMeter {
  readonly #system: System;
  readonly #census: Census;
  /** Runs that began before are counted from when they are first seen: else a new daemon would count all of it once more. */
  readonly #sinceTicks: number;
  /** Per instance, over all of its runs. */
  readonly #totals = new Map<InstanceKey, number>();
  #known: ReadonlyMap<LaunchId, Known> = new Map();

  /** @param sinceTicks - the daemon's start, in clock ticks since boot */
  constructor(system: System, census: Census, sinceTicks: number) {
    this.#system = system;
    this.#census = census;
    this.#sinceTicks = sinceTicks;
  }

  /** Processor time of the instance's runs, in seconds, as of the last measurement. */
  cpuSecondsOf(key: InstanceKey): number {
    return (this.#totals.get(key) ?? 0) / this.#system.ticksPerSecond;
  }

  /** In steps, so that supervision goes on in between. */
  *measure(world: () => World): Generator<void, ReadonlyMap<InstanceKey, Consumption>> {
    const census = yield* this.#census.take(world);
    const consumptions = new Map<InstanceKey, Consumption>();
    const known = new Map<LaunchId, Known>();
    for (const [launchId, entry] of census) {
      const { usages, ticks, isOlder } = yield* this.#look(entry);
      const before = this.#known.get(launchId)?.ticks ?? (isOlder ? ticks : 0);
      known.set(launchId, { key: entry.key, ticks });
      // It falls where a process goes that nobody of the run has waited for: its time was counted while it lived.
      this.#add(entry.key, Math.max(0, ticks - before));
      consumptions.set(entry.key, consumptionOf(usages, entry.zombies.length));
    }
    this.#known = known;
    for (const key of this.#totals.keys()) if (!world().instances.has(key)) this.#totals.delete(key);
    return consumptions;
  }

  /** A zombie's time is counted with the run until its parent has waited for it, and then as its parent's. */
  *#look({
    members,
    zombies,
    run,
  }: RunCensus): Generator<void, { usages: ProcessUsage[]; ticks: number; isOlder: boolean }> {
    const usages: ProcessUsage[] = [];
    let ticks = 0;
    for (const { pid, startTicks, ended } of [...members, ...zombies]) {
      const usage = this.#system.usage(pid);
      // Gone meanwhile, or another process already.
      if (usage?.startTicks === startTicks) {
        if (!ended) usages.push(usage);
        ticks += usage.cpuTicks + usage.waitedTicks;
      }
      yield;
    }
    const began = run.process?.startTicks ?? members[0]?.startTicks ?? 0;
    return { usages, ticks, isOlder: began < this.#sinceTicks };
  }

  #add(key: InstanceKey, ticks: number): void {
    this.#totals.set(key, (this.#totals.get(key) ?? 0) + ticks);
  }
}

function consumptionOf(usages: readonly ProcessUsage[], zombies: number): Consumption {
  const openFiles = usages.map((usage) => usage.openFiles);
  return {
    rssBytes: sum(usages.map(({ rssBytes }) => rssBytes)),
    threads: sum(usages.map(({ threads }) => threads)),
    openFiles: openFiles.every((count) => count !== undefined) ? sum(openFiles) : undefined,
    processes: usages.length,
    zombies,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
