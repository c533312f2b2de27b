/**
 * What must hold of hooks and checks:
 *
 *  1. No two of the same stem live at once, nor does anything that one left in its session beside the next.
 *  2. Nothing of a run begins while a hook of the run before, or what it left, lives; `dependency` asks before a start, and may be late.
 *  3. Nothing that left a hook's session is signalled; nothing of a hook is, unless its end is on record.
 *  4. None is killed before its time, unless nobody waits for it any more.
 */
import type { Job } from '../core/model.ts';
import type { SimulatedProcess } from './machine.ts';
import { described, isHeld, isOfHook, jobOf, keyOf, nameOf, onRecord, type LaunchTruth, type Truth } from './truth.ts';

/** What runs only while nothing of a run lives. */
const FIRST_OR_LAST: ReadonlySet<string | undefined> = new Set(['before', 'after-stop', 'dependency']);

export class HookInvariants {
  readonly #truth: Truth;

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  onLaunch({ key: stem, launchId }: LaunchTruth): void {
    const name = jobOf(stem);
    if ((name === 'before' || name === 'dependency') && isHeld(this.#truth, keyOf(stem)))
      this.#truth.violate('holds are kept', `${keyOf(stem)} is held, but its ${name} ${launchId} was started`);
  }

  onBegin(process: SimulatedProcess, { key: stem, launchId }: LaunchTruth): void {
    for (const other of this.#truth.machine.processes.values()) {
      if (!isOfHook(other) || other.state === 'zombie' || this.#isUnprovable(other)) continue;
      if (other.run?.key === stem && other.run.launchId !== launchId)
        this.#truth.violate(
          'one live copy',
          `${stem} ${launchId} (pid ${process.pid}) runs while ${described(other)} lives`,
        );
    }
    if (!FIRST_OR_LAST.has(jobOf(stem)) || this.#isNoLongerAsked(stem, launchId)) return;
    this.checkNoHooks(process, stem, launchId);
    this.#checkNoRun(process, stem, launchId);
  }

  /** A question about a dependency that is none any more holds nothing up: it asks about somebody else. */
  #isNoLongerAsked(stem: string, launchId: string): boolean {
    if (jobOf(stem) !== 'dependency') return false;
    const job = onRecord(this.#truth, keyOf(stem))?.jobs.find((each) => each.launchId === launchId);
    return job === undefined || job.killed !== undefined;
  }

  /** A run, or its first or last hook, begins. */
  checkNoHooks(process: SimulatedProcess, stem: string, launchId: string): void {
    const key = keyOf(stem);
    for (const other of this.#truth.machine.processes.values()) {
      if (!isOfHook(other) || other.state === 'zombie' || other.run === undefined) continue;
      // RUNNING may come with the record, an instant before the exec: then hooks of this very run have begun.
      if (this.#isUnprovable(other) || other.run.launchId.startsWith(`${launchId}t`)) continue;
      if (keyOf(other.run.key) !== key || other.run.key === stem || jobOf(other.run.key) === 'dependency') continue;
      this.#truth.violate(
        'one live copy',
        `${stem} ${launchId} (pid ${process.pid}) begins while ${described(other)} lives`,
      );
    }
  }

  #checkNoRun(process: SimulatedProcess, stem: string, launchId: string): void {
    const { machine, deeds, violate } = this.#truth;
    const key = keyOf(stem);
    const { killMode } = deeds.settingsOf(key);
    for (const other of machine.processes.values()) {
      if (other.run?.key !== key || other.state === 'zombie' || other.role === 'child') continue;
      if (other.role === 'member' && (killMode === 'process' || deeds.lossy.has(key))) continue;
      violate('one live copy', `${stem} ${launchId} (pid ${process.pid}) runs while ${described(other)} lives`);
    }
  }

  /** Its shell's end is not known, or by another clock: nothing tells that an unmarked child was of its session. */
  #isUnprovable({ marks, run }: SimulatedProcess): boolean {
    const { launches, machine } = this.#truth;
    const launch = run && launches.get(nameOf(run));
    if (launch === undefined || marks.hook !== undefined) return false;
    const { at, lastWord } = launch;
    return lastWord === undefined || machine.wall - machine.mono !== at.wall - at.mono;
  }

  /** The daemon signals a hook, or what it left. */
  onSignal(process: SimulatedProcess, stem: string, launchId: string): void {
    const { violate, launches, machine } = this.#truth;
    const about = `${process.role} ${process.pid} of ${stem} ${launchId}`;
    if (process.role === 'hook-member' && !isOfHook(process))
      violate('only the proven are signalled', `a signal to ${about}, which left its session`);
    const job = onRecord(this.#truth, keyOf(stem))?.jobs.find(
      (each) => each.name === jobOf(stem) && each.launchId === launchId,
    );
    if (job?.killed === undefined && job?.result === undefined) {
      violate('no stop without a cause', `a signal to ${about} without an end on record`);
    } else if (job.killed?.why === 'timeout' && process.role === 'hook') {
      const began = launches.get(nameOf({ key: stem, launchId }))?.at.mono ?? 0;
      const age = machine.mono - began;
      // Where calls take their time it begins later than it was asked to, which its timeout counts from.
      const delay = machine.isSlow ? Math.max(began - job.startedMono, 0) : 0;
      if (age + delay < job.timeout)
        violate('its time to stop is given', `${about} is killed after ${age} ms, its timeout is ${job.timeout} ms`);
    }
  }

  /** With all faults over, none lasts longer than its timeout and what it takes to see that. */
  checkLengths(since: number): void {
    const { deeds, machine, violate } = this.#truth;
    for (const { key, jobs } of deeds.world()?.instances.values() ?? []) {
      for (const job of jobs) {
        if (machine.mono - Math.max(since, job.startedMono) > job.timeout + BOUND)
          violate('hooks end in time', `${key}: ${describe(job)} is there after ${machine.mono - job.startedMono} ms`);
      }
    }
  }
}

/** A launch that is not proven to have begun is looked at after 10 s. */
const BOUND = 15_000;

const describe = ({ name, launchId, timeout }: Job): string => `${name} ${launchId} (timeout ${timeout} ms)`;
