/**
 * What truly happened: what services wrote down of themselves, and what was done to them. Against it stands what the daemon reports.
 */
import type { PastRun } from '@procman/protocol/views';
import { isAlive } from '../harness/processes.ts';
import type { World } from '../harness/world.ts';

/** One launch, as the service itself noted it. */
export interface TrueRun {
  readonly service: string;
  readonly pid: number;
  /** Its launch id. */
  readonly run: string;
  /** It ended by itself, with this code. */
  readonly code?: number;
  /** It can be talked to: its traps are set. */
  readonly isReady: boolean;
  /** It got SIGTERM. */
  readonly wasTold: boolean;
}

/** All launches of a service, oldest first. Pids come round in a long run: each line is about the latest launch of its pid. */
export function trueRuns(world: World, service: string): TrueRun[] {
  const runs: Writable<TrueRun>[] = [];
  for (const [what, pid, word = ''] of world.lines(`log.${service}`).map((line) => line.split(' '))) {
    if (what === 'run') runs.push({ service, pid: Number(pid), run: word, isReady: false, wasTold: false });
    const run = runs.findLast((each) => each.pid === Number(pid));
    if (run === undefined) continue;
    if (what === 'ready') run.isReady = true;
    if (what === 'term') run.wasTold = true;
    if (what === 'end') run.code = Number(word);
  }
  return runs;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export interface Findings {
  /** Ended, and never reported. */
  readonly lostExits: string[];
  /** Reported in another way than it ended. */
  readonly wrongExits: string[];
  /** Ended, though nobody did anything to it. */
  readonly unexpectedStops: string[];
}

/** What the daemon may be held to. */
export class Book {
  /** What was done: signals by launch id, and commands by service. */
  readonly #signals = new Map<string, Set<string>>();
  readonly #commanded = new Map<string, number>();
  /** Launches whose launcher was killed: nobody saw their end. */
  readonly #orphaned = new Set<string>();
  readonly #reported = new Map<string, PastRun>();

  noteSignal({ run }: TrueRun, name: string): void {
    this.#signals.set(run, (this.#signals.get(run) ?? new Set()).add(name));
  }

  /** An operator's command has ended, or is about to end, what runs of these. */
  noteCommand(services: readonly string[]): void {
    for (const service of services) this.#commanded.set(service, (this.#commanded.get(service) ?? 0) + 1);
  }

  noteOrphan(run: string): void {
    this.#orphaned.add(run);
  }

  /** @returns how many of these are new */
  noteReported(exits: readonly PastRun[]): number {
    const before = this.#reported.size;
    for (const exit of exits) if (!this.#reported.has(exit.run)) this.#reported.set(exit.run, exit);
    return this.#reported.size - before;
  }

  /** Compares what services noted with what was reported. @param runs - all launches, those of a service oldest first */
  judge(runs: readonly TrueRun[]): Findings {
    const findings: Findings = { lostExits: [], wrongExits: [], unexpectedStops: [] };
    const latest = new Map(runs.map((run) => [run.service, run]));
    // All but the latest have ended, whoever has their pid now.
    for (const run of runs.filter((each) => latest.get(each.service) !== each || !isAlive(each.pid))) {
      const exit = this.#reported.get(run.run);
      const what = `${run.service} run ${run.run} pid ${run.pid}`;
      if (exit === undefined) findings.lostExits.push(what);
      else if (!this.#fits(run, exit)) findings.wrongExits.push(`${what}: ${JSON.stringify(exit)}`);
      if (!this.#hasCause(run)) findings.unexpectedStops.push(what);
    }
    return findings;
  }

  #fits(run: TrueRun, exit: PastRun): boolean {
    if (exit.unknown === true) return this.#orphaned.has(run.run);
    if (exit.signal !== undefined) {
      const signals = this.#signals.get(run.run) ?? new Set<string>();
      return signals.has(exit.signal) || (exit.signal === 'SIGKILL' && this.#wasCommanded(run));
    }
    return exit.code === run.code || (exit.code === 0 && run.wasTold);
  }

  #hasCause(run: TrueRun): boolean {
    if (run.wasTold) return this.#wasCommanded(run);
    return run.code !== undefined || this.#signals.has(run.run) || this.#wasCommanded(run);
  }

  #wasCommanded({ service }: TrueRun): boolean {
    return (this.#commanded.get(service) ?? 0) > 0;
  }
}
