/** One instance, led through its life event by event, without a world around it. */
import type { Action } from '../../core/actions.ts';
import { advance, deadlineOf, type InstanceEvent } from '../../core/lifecycle.ts';
import type {
  Activity, Exit, Instance, Job, JobName, JobResult, LiveProcess, Now, ProcessVersion, Run, StopCause,
} from '../../core/model.ts'; // prettier-ignore
import { activityOf, identityOf, instanceOf, later, runOf, START } from '../../core/testing/builders.ts';

export const OK: JobResult = { ok: true, text: 'exited with code 0' };
export const BAD: JobResult = { ok: false, text: 'exited with code 1' };
export const NEVER_RAN: JobResult = { ok: false, text: 'the disk is full', neverRan: true };

/** Ticks that one stretch of time may take; more is a defect. */
const TICKS_AT_MOST = 1_000;

export class Life {
  instance: Instance;
  now: Now = START;
  /** All that was asked for since it was taken last, as `signal TERM`, `start-job init`, `scan`. */
  private readonly asked: string[] = [];
  /** The latest action of each kind. */
  readonly latest = new Map<Action['kind'], Action>();

  constructor(version: ProcessVersion, kind: Activity['kind'] = 'idle', given: Partial<Run> = {}) {
    this.instance = instanceOf(version, { activity: activityOf(kind, version, given) });
  }

  /** An instance of which this launch has just begun. */
  static launching(version: ProcessVersion, given: Partial<Run> = {}): Life {
    const life = new Life(version);
    const { process: _none, ...run } = runOf(version, { type: version.command.type, ...given });
    return life.on({ kind: 'launch', run, counted: true, again: false });
  }

  /** Its record has been seen, and nothing of its start is done yet. */
  static launched(version: ProcessVersion, given: Partial<Run> = {}): Life {
    return Life.launching(version, given).on({ kind: 'launched', launchId: 'L0', process: identityOf(100) });
  }

  on(event: InstanceEvent): this {
    const { instance, actions } = advance(this.instance, event, this.now);
    this.instance = instance;
    for (const action of actions) {
      this.latest.set(action.kind, action);
      this.asked.push(brief(action));
    }
    return this;
  }

  /** Lets time pass, with a tick at every deadline. */
  pass(ms: number): this {
    const end = later(ms, this.now);
    for (let ticks = 0; ticks < TICKS_AT_MOST; ticks += 1) {
      const deadline = deadlineOf(this.instance) ?? Infinity;
      if (deadline > end.mono) {
        this.now = end;
        return this;
      }
      this.now = later(Math.max(deadline - this.now.mono, 0), this.now);
      this.on({ kind: 'tick' });
    }
    // Ticks without end: no time that is asserted after this is right.
    this.now = { wall: NaN, mono: NaN };
    return this;
  }

  stop(cause: StopCause, given: { readonly now?: boolean; readonly yieldFirst?: boolean } = {}): this {
    return this.on({ kind: 'stop', cause, now: false, yieldFirst: false, ...given });
  }

  exit(exit: Exit = { kind: 'code', code: 1 }): this {
    return this.on({ kind: 'exited', launchId: 'L0', exit, at: this.now.wall });
  }

  scanned(...remains: readonly LiveProcess[]): this {
    return this.on({ kind: 'scanned', launchId: 'L0', remains });
  }

  /** A job of this name ends, and nothing of it is left. */
  done(name: JobName, result: JobResult = OK): this {
    const { launchId, work } = this.job(name);
    if (work.kind !== 'command') return this.on({ kind: 'job-ended', job: name, launchId, result });
    if (result.neverRan === true) return this.on({ kind: 'job-ended', job: name, launchId, result, again: true });
    this.seen(name).on({ kind: 'job-ended', job: name, launchId, result });
    return this.on({ kind: 'job-cleared', job: name, launchId });
  }

  /** A job's record has been seen. */
  seen(name: JobName): this {
    const { launchId, process } = this.job(name);
    if (process !== undefined) return this;
    return this.on({ kind: 'job-launched', job: name, launchId, process: identityOf(300), launcher: identityOf(301) });
  }

  /** What was asked for since this was asked last. */
  took(): string[] {
    return this.asked.splice(0);
  }

  get activity(): Activity {
    return this.instance.activity;
  }

  /** `settling init`, or the kind alone. */
  get at(): string {
    return this.activity.kind === 'settling' ? `settling ${this.activity.step}` : this.activity.kind;
  }

  job(name: JobName): Job {
    return this.instance.jobs.find((job) => job.name === name) as Job;
  }
}

function brief(action: Action): string {
  if ('job' in action) return `${action.kind} ${action.job.name}`;
  if (action.kind === 'signal') return `${action.signal} ${action.scope}`;
  return action.kind;
}
