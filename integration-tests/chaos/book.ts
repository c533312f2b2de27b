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
  /** It got SIGTERM. */
  readonly wasTold: boolean;
}

/** All launches of a service, oldest first. */
export function trueRuns(world: World, service: string): TrueRun[] {
  const lines = world.lines(`log.${service}`).map((line) => line.split(' '));
  const told = new Set(lines.filter(([what]) => what === 'term').map(([, pid]) => pid));
  const codes = new Map(lines.filter(([what]) => what === 'end').map(([, pid, code]) => [pid, Number(code)]));
  return lines
    .filter(([what]) => what === 'run')
    .map(([, pid = '', run = '']) => {
      const code = codes.get(pid);
      return { service, pid: Number(pid), run, wasTold: told.has(pid), ...(code === undefined ? {} : { code }) };
    });
}

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
  /** What was done to a process: signals by pid, and commands by service. */
  readonly #signals = new Map<number, Set<string>>();
  readonly #commanded = new Map<string, number>();
  /** Launches whose launcher was killed: nobody saw their end. */
  readonly #orphaned = new Set<string>();
  readonly #reported = new Map<string, PastRun>();

  noteSignal(pid: number, name: string): void {
    this.#signals.set(pid, (this.#signals.get(pid) ?? new Set()).add(name));
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

  /** Compares what services noted with what was reported. */
  judge(runs: readonly TrueRun[]): Findings {
    const findings: Findings = { lostExits: [], wrongExits: [], unexpectedStops: [] };
    for (const run of runs.filter(({ pid }) => !isAlive(pid))) {
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
      const signals = this.#signals.get(run.pid) ?? new Set<string>();
      return signals.has(exit.signal) || (exit.signal === 'SIGKILL' && this.#wasCommanded(run));
    }
    return exit.code === run.code || (exit.code === 0 && run.wasTold);
  }

  #hasCause(run: TrueRun): boolean {
    if (run.wasTold) return this.#wasCommanded(run);
    return run.code !== undefined || this.#signals.has(run.pid) || this.#wasCommanded(run);
  }

  #wasCommanded({ service }: TrueRun): boolean {
    return (this.#commanded.get(service) ?? 0) > 0;
  }
}
