/**
 * What files and /proc say of a run, as events for its state machine. The one way to learn that a launch got on or that a
 * process has ended: while the daemon watches, in its slow sweep, and when it starts.
 */
import { jobStem, type Stem } from '../core/identity.ts';
import type { JobEvent } from '../core/jobs.ts';
import type { InstanceEvent } from '../core/lifecycle.ts';
import { maskValues } from '../core/masking.ts';
import type { Exit, Instance, InstanceKey, Job, LaunchId, ProcessIdentity, Run } from '../core/model.ts';
import { exitText } from '../core/wording.ts';
import type { ExitFile, LaunchFiles, RunRecord } from '../effects/launch-files.ts';
import { lastWords, markIn } from '../effects/last-words.ts';
import { groundOf } from '../effects/launch-plan.ts';
import type { System } from '../effects/system.ts';

export interface Evidence {
  readonly events: readonly InstanceEvent[];
  /** Undecided yet: look again soon, also without being told. */
  readonly undecided: boolean;
}

/** How much is taken back: a launch that may still be on its way is left alone until its patience is over. */
export type Patience = 'patient' | 'over';

const UNKNOWN: Exit = { kind: 'unknown' };
const decided = (...events: InstanceEvent[]): Evidence => ({ events, undecided: false });
const wait = (...events: InstanceEvent[]): Evidence => ({ events, undecided: true });

export class Witness {
  readonly #system: System;
  readonly #files: LaunchFiles;
  /** When the main process of a launch was last proven alive, in ticks. */
  readonly #aliveTicks = new Map<LaunchId, number>();

  constructor(system: System, files: LaunchFiles) {
    this.#system = system;
    this.#files = files;
  }

  /** What is known of the instance's current run, and is news to it. */
  evidence(instance: Instance, patience: Patience): Evidence {
    const { events, undecided } = this.#evidence(instance, patience);
    return { events: events.map((event) => this.#withLastWords(instance.key, event)), undecided };
  }

  /** What a run that has ended said last on its error stream; none where that is not certain. */
  lastWords(key: InstanceKey, launchId: LaunchId): { readonly stderr?: readonly string[] } {
    const plan = this.#files.readPlan(key, launchId);
    const mark = plan === undefined ? undefined : markIn(plan);
    if (plan === undefined || mark === undefined) return {};
    const stderr = lastWords(this.#system, mark, groundOf(plan)?.environment ?? {});
    return stderr.length === 0 ? {} : { stderr };
  }

  #withLastWords(key: InstanceKey, event: InstanceEvent): InstanceEvent {
    return event.kind === 'exited' ? { ...event, ...this.lastWords(key, event.launchId) } : event;
  }

  #evidence(instance: Instance, patience: Patience): Evidence {
    const { activity, key } = instance;
    if (activity.kind === 'idle' || activity.kind === 'preparing') return decided();
    if (activity.kind === 'clearing' || activity.kind === 'finishing') return decided();
    const { run } = activity;
    if (run.handed !== undefined) return this.#ofHanded(run, run.handed.process);
    const record = this.#recordOf(key, run);
    const news: InstanceEvent[] = run.process === undefined && record !== undefined ? [launchedEvent(record)] : [];
    const file = this.#files.readExit(key, run.launchId);
    const last = endingOf(run, file);
    const process = run.process ?? record?.process;
    if (last !== undefined) return decided(...news, this.#lastSeen(last, process));
    if (process !== undefined) return this.#ofProcess(key, run, process, run.launcher ?? record?.launcher, news);
    return patience === 'patient' ? decided() : this.#ofUnprovenLaunch(key, run);
  }

  /** What an expression named: nobody waits for it, so it has to be looked at, and its exit status cannot be known. */
  #ofHanded(run: Run, process: ProcessIdentity | undefined): Evidence {
    if (process === undefined) return decided();
    if (this.isAlive(process)) {
      this.#aliveTicks.set(run.launchId, this.#system.ticks());
      return wait();
    }
    const at = this.#system.now().wall;
    return decided(this.#lastSeen({ kind: 'exited', launchId: run.launchId, exit: UNKNOWN, at }, process));
  }

  /** What is known of a hook or a check that goes through a launcher, and is news. */
  jobEvidence(key: InstanceKey, job: Job, patience: Patience): Evidence {
    const { name, launchId } = job;
    if (job.result !== undefined || job.work.kind !== 'command') return decided();
    const stem = jobStem(key, name);
    const record = this.#files.readRecord(stem);
    const own = record?.launchId === launchId ? record : undefined;
    const news: JobEvent[] =
      job.process === undefined && own !== undefined
        ? [{ kind: 'job-launched', job: name, launchId, process: own.process, launcher: own.launcher }]
        : [];
    const last = this.#jobEnding(stem, job);
    if (last !== undefined) return decided(...news, last);
    const process = job.process ?? own?.process;
    const launcher = job.launcher ?? own?.launcher;
    if (process === undefined) return patience === 'patient' ? decided() : this.#ofUnprovenJob(stem, job);
    // Without its launcher nobody announces its end.
    if (this.isAlive(process))
      return launcher !== undefined && this.isAlive(launcher) ? decided(...news) : wait(...news);
    if (launcher !== undefined && this.isAlive(launcher)) {
      this.#system.kill(launcher.pid, 'CONT');
      return wait(...news);
    }
    const lost: JobEvent = {
      kind: 'job-ended',
      job: name,
      launchId,
      result: { ok: false, text: 'ended with an unknown status (its launcher was killed)' },
    };
    return decided(...news, this.#jobEnding(stem, job) ?? lost);
  }

  /** What a failure has printed is shown and logged: no values of its environment. */
  #outputOf(stem: Stem, launchId: LaunchId, ok: boolean): string {
    const output = this.#files.readOutput(stem, launchId).trim();
    const plan = ok || output === '' ? undefined : this.#files.readPlan(stem, launchId);
    return plan === undefined ? output : maskValues(output, groundOf(plan)?.environment ?? {});
  }

  #jobEnding(stem: Stem, { name, launchId }: Job): JobEvent | undefined {
    const file = this.#files.readExit(stem, launchId);
    const ended = { kind: 'job-ended' as const, job: name, launchId };
    switch (file.kind) {
      case 'ended': {
        const ok = file.exit.kind === 'code' && file.exit.code === 0;
        const output = this.#outputOf(stem, launchId, ok);
        return { ...ended, result: { ok, text: exitText(file.exit), ...(output === '' ? {} : { output }) } };
      }
      case 'not-started': {
        const result = { ok: false, text: jobNotStartedText(file.why, file.text) };
        return whoseFault(file) === 'refused' ? { ...ended, result, again: true } : { ...ended, result };
      }
      case 'pending':
      case 'missing':
      case 'aborted':
        return undefined;
    }
  }

  #ofUnprovenJob(stem: Stem, job: Job): Evidence {
    const { name, launchId } = job;
    const result = { ok: false, text: 'its launcher did not get on' };
    const never: JobEvent = { kind: 'job-ended', job: name, launchId, result, again: true };
    if (this.#files.voidIntent(stem, launchId) === 'voided') return decided(never);
    if (this.#files.probeLock(stem) === 'held') return wait();
    const isKnown = this.#files.readRecord(stem)?.launchId === launchId || this.#jobEnding(stem, job) !== undefined;
    return isKnown ? wait() : decided(never);
  }

  /** The process on record lives with this very start time, in this boot and pid namespace. */
  isAlive({ pid, startTicks, bootId, pidNamespace }: ProcessIdentity): boolean {
    if (bootId !== this.#system.bootId() || pidNamespace !== this.#system.pidNamespace()) return false;
    const stat = this.#system.stat(pid);
    return stat !== undefined && stat.startTicks === startTicks && !stat.ended;
  }

  /** It cannot be seen from here: another pid namespace of this boot. */
  isElsewhere({ bootId, pidNamespace }: ProcessIdentity): boolean {
    return bootId === this.#system.bootId() && pidNamespace !== this.#system.pidNamespace();
  }

  #recordOf(key: InstanceKey, run: Run): RunRecord | undefined {
    const record = this.#files.readRecord(key);
    return record?.launchId === run.launchId ? record : undefined;
  }

  #ofProcess(
    key: InstanceKey,
    run: Run,
    process: ProcessIdentity,
    launcher: ProcessIdentity | undefined,
    news: readonly InstanceEvent[],
  ): Evidence {
    if (this.isAlive(process)) {
      this.#aliveTicks.set(run.launchId, this.#system.ticks());
      // Without its launcher, or a file for that to fill, nobody announces its end: it has to be looked at.
      const isAnnounced =
        launcher !== undefined && this.isAlive(launcher) && this.#files.readExit(key, run.launchId).kind !== 'missing';
      return isAnnounced ? decided(...news) : wait(...news);
    }
    // Nothing is presumed dead that cannot be seen; the launcher's lock tells as long as the launcher lives.
    if (this.isElsewhere(process) && this.#files.probeLock(key) === 'held') return wait(...news);
    if (launcher !== undefined && this.isAlive(launcher)) {
      // It has yet to write how its service ended; a stopped one is set going for that.
      this.#system.kill(launcher.pid, 'CONT');
      return wait(...news);
    }
    // It may have written between the two looks.
    const last = endingOf(run, this.#files.readExit(key, run.launchId));
    const unknown: InstanceEvent = {
      kind: 'exited',
      launchId: run.launchId,
      exit: UNKNOWN,
      at: this.#system.now().wall,
    };
    return decided(...news, this.#lastSeen(last ?? unknown, process));
  }

  /** With the last proof of its life: all that is certain of a session whose end nobody saw. */
  #lastSeen(event: InstanceEvent, process: ProcessIdentity | undefined): InstanceEvent {
    if (event.kind !== 'exited' || process === undefined) return event;
    const aliveTicks = this.#aliveTicks.get(event.launchId) ?? process.startTicks;
    this.#aliveTicks.delete(event.launchId);
    return { ...event, aliveTicks };
  }

  /** No record after all this time: take the launch back, or find out what became of it. */
  #ofUnprovenLaunch(key: InstanceKey, run: Run): Evidence {
    const taken = this.#files.voidIntent(key, run.launchId);
    const neverRan: InstanceEvent = {
      kind: 'never-ran',
      launchId: run.launchId,
      why: 'voided',
      message: 'its launcher did not get on',
    };
    if (taken === 'voided') return decided(neverRan);
    // Claimed, or its files are gone. The child holds the lock until its record is in place: free and no record proves it.
    if (this.#files.probeLock(key) === 'held') return wait();
    const record = this.#recordOf(key, run);
    const last = endingOf(run, this.#files.readExit(key, run.launchId));
    if (record !== undefined || last !== undefined) return wait();
    return decided(neverRan);
  }
}

function launchedEvent({ launchId, process, launcher }: RunRecord): InstanceEvent {
  return { kind: 'launched', launchId, process, launcher };
}

/** What a valid exit file says. */
function endingOf({ launchId }: Run, file: ExitFile): InstanceEvent | undefined {
  switch (file.kind) {
    case 'ended':
      return { kind: 'exited', launchId, exit: file.exit, at: file.at };
    case 'not-started':
      return { kind: 'never-ran', launchId, why: whoseFault(file), message: notStartedText(file.why, file.text) };
    case 'pending':
    case 'missing':
    case 'aborted':
      return undefined;
  }
}

/** The launcher's own steps fail for want of disk or processes: no fault of the service, and tried again without counting. */
function whoseFault({ why, text }: { why: 'refused' | 'failed'; text: string }): 'refused' | 'failed' {
  return why === 'failed' && /^(?:lock|claim|record|launch) /.test(text) ? 'refused' : why;
}

function notStartedText(why: 'refused' | 'failed', text: string): string {
  return why === 'failed' ? `it could not be launched: ${text}` : `the launcher refused: ${text}`;
}

/** It follows the name of the hook or check, as `exited with code 1` does. */
function jobNotStartedText(why: 'refused' | 'failed', text: string): string {
  return why === 'failed' ? `could not be launched: ${text}` : `was refused by the launcher: ${text}`;
}
