/** The sweep of /proc: all processes of this pid namespace, with the marks that tell whose they are. */

import type { ProcessMarks, ProcessStat, System } from './system.ts';

export interface ProcessInfo extends ProcessStat {
  readonly marks: ProcessMarks;
}

/** A process younger than this may still be on its way from fork to exec, with the environment of its parent. */
const SETTLED_SECONDS = 2;

const NO_MARKS: ProcessMarks = {};

interface Known {
  readonly startTicks: number;
  readonly marks: ProcessMarks;
}

export class ProcessScanner {
  readonly #system: System;
  /** By pid. Environments are read once per process: reading them all is nearly half of a sweep. */
  #known = new Map<number, Known>();

  constructor(system: System) {
    this.#system = system;
  }

  /**
   * One sweep.
   *
   * @param skip - pids to leave out
   */
  scan(skip?: ReadonlySet<number>): ProcessInfo[] {
    const young = this.#system.ticks() - SETTLED_SECONDS * this.#system.ticksPerSecond;
    const known = new Map<number, Known>();
    const found: ProcessInfo[] = [];
    for (const pid of this.#system.pids()) {
      if (skip?.has(pid) === true) continue;
      const stat = this.#system.stat(pid);
      if (stat === undefined) continue;
      const marks = this.#marksOf(stat, stat.startTicks < young, known);
      found.push({ ...stat, marks });
    }
    this.#known = known;
    return found;
  }

  /** A launcher's child keeps pid and start time when it becomes the service: what carries a launcher's mark is read anew. */
  #marksOf(stat: ProcessStat, isSettled: boolean, known: Map<number, Known>): ProcessMarks {
    const before = this.#known.get(stat.pid);
    const isKnown = before?.startTicks === stat.startTicks;
    if (stat.ended) return isKnown ? before.marks : NO_MARKS;
    const marks = isKnown ? before.marks : this.#system.marks(stat.pid);
    if (isSettled && marks.launcher === undefined) known.set(stat.pid, { startTicks: stat.startTicks, marks });
    return marks;
  }
}
