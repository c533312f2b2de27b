/** The sweep of /proc: all processes of this pid namespace, with the marks that tell whose they are. */

import type { PidCursor, ProcessMarks, ProcessStat, System } from './system.ts';

export interface ProcessInfo extends ProcessStat {
  readonly marks: ProcessMarks;
}

/** A process younger than this may still be on its way from fork to exec, with the environment of its parent. */
const SETTLED_SECONDS = 2;
/** With fewer processes begun since the last sweep than this, no pid can have come round again: the smallest pid_max is larger. */
const SURELY_NOT_ROUND = 8_192;

const NO_MARKS: ProcessMarks = {};

export class ProcessScanner {
  readonly #system: System;
  /** Settled processes by pid. Environments are read once per process: reading them all is nearly half of a sweep. */
  #known = new Map<number, ProcessInfo>();
  /** From before the last sweep's listing. */
  #cursor: PidCursor | undefined;

  constructor(system: System) {
    this.#system = system;
  }

  /**
   * One sweep.
   *
   * @param skip - pids to leave out
   * @param sessions - members of which sessions are looked for, besides whatever carries a mark. What was seen outside them and
   *   without a mark, and surely is still the same process, is not read again: nobody joins a session from outside. `all`:
   *   everything is read.
   */
  scan(skip?: ReadonlySet<number>, sessions: ReadonlySet<number> | 'all' = 'all'): ProcessInfo[] {
    const steps = this.sweep(skip, sessions);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** As `scan`, process by process: others get their turn in between. One sweep at a time. */
  *sweep(skip?: ReadonlySet<number>, sessions: ReadonlySet<number> | 'all' = 'all'): Generator<void, ProcessInfo[]> {
    const young = this.#system.ticks() - SETTLED_SECONDS * this.#system.ticksPerSecond;
    const before = this.#system.pidCursor();
    const pids = this.#system.pids();
    const isNew = stretch(this.#cursor, this.#system.pidCursor());
    const known = new Map<number, ProcessInfo>();
    const found: ProcessInfo[] = [];
    for (const pid of pids) {
      yield;
      if (skip?.has(pid) === true) continue;
      const seen = this.#known.get(pid);
      const isOutside =
        seen !== undefined && sessions !== 'all' && !isNew(pid) && isStranger(seen) && !sessions.has(seen.session);
      const info = isOutside ? seen : this.#read(pid, seen);
      if (info === undefined) continue;
      found.push(info);
      // A launcher's child keeps pid and start time when it becomes the service: what carries a launcher's mark is read anew.
      if (!info.ended && info.startTicks < young && info.marks.launcher === undefined) known.set(pid, info);
    }
    this.#known = known;
    this.#cursor = before;
    return found;
  }

  #read(pid: number, seen: ProcessInfo | undefined): ProcessInfo | undefined {
    const stat = this.#system.stat(pid);
    if (stat === undefined) return undefined;
    const isKnown = seen?.startTicks === stat.startTicks;
    if (isKnown) return { ...stat, marks: seen.marks };
    return { ...stat, marks: stat.ended ? NO_MARKS : this.#system.marks(pid) };
  }
}

const isStranger = ({ marks }: ProcessInfo): boolean =>
  marks.run === undefined && marks.hook === undefined && marks.launcher === undefined;

/** Which pids were given out between two cursors; all, where that cannot be told. */
function stretch(from: PidCursor | undefined, to: PidCursor | undefined): (pid: number) => boolean {
  if (from === undefined || to === undefined || to.forks - from.forks >= SURELY_NOT_ROUND) return () => true;
  if (from.last <= to.last) return (pid) => pid > from.last && pid <= to.last;
  return (pid) => pid > from.last || pid <= to.last;
}
