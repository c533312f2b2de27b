/**
 * What happens to instances, told once: as a line of the daemon's log and as an event of the history, both made of the same thing. A
 * line per ending, per failed hook, and per change of what is shown, with its cause; events of these, and of what is no line: health,
 * holds, versions, missed windows, problems that began and are over.
 */
import type { Transition } from '../core/engine.ts';
import {
  between,
  causeOf,
  ofHoldOverBoot,
  ofHook,
  ofTransition,
  type Happening,
  type Subject,
} from '../core/happenings.ts';
import { textOf } from '../core/jobs.ts';
import { mainOf } from '../core/lifecycle.ts';
import type { Instance, InstanceKey, Job, JobResult, Now, WallTime } from '../core/model.ts';

export interface JournalOptions {
  readonly log: (level: 'info' | 'warning', text: string, mark?: 'important') => void;
  readonly record: (happening: Happening) => void;
  /** What an instance is called now; undefined where the configuration does not ask for it and nothing of it lives. */
  readonly nameOf: (key: InstanceKey) => string | undefined;
  readonly time: (at: WallTime) => string;
}

/** Nobody else can ask for a hold than who may write to the socket. */
export const OPERATOR = 'operator';

export class Journal {
  readonly #o: JournalOptions;
  /** Changes since the last `tell`, each from where it began. */
  readonly #transitions = new Map<InstanceKey, Transition>();

  constructor(options: JournalOptions) {
    this.#o = options;
  }

  /** Notes changes; what is only passed through before `tell` is not told. */
  note(transitions: readonly Transition[]): void {
    for (const transition of transitions) {
      const earlier = this.#transitions.get(transition.key);
      this.#transitions.set(transition.key, earlier === undefined ? transition : followed(earlier, transition));
    }
  }

  /** Tells how an instance has changed. */
  noteChange(before: Instance, instance: Instance, now: Now): void {
    const { record, time, log } = this.#o;
    const about = (): Subject => this.#subject(instance, before);
    for (const happening of between(about, before, instance, { now, by: OPERATOR, time })) {
      record(happening);
      if (happening.type === 'exit') log('info', `${happening.about?.name}: ${happening.message}`);
    }
  }

  /** A hold that a boot has ended: the state on disk did not know of it. */
  noteHoldOverBoot(instance: Instance, now: Now): void {
    this.#o.record(ofHoldOverBoot(this.#subject(instance), now.wall));
  }

  /** A hook that has ended, or a check that failed. Tries that come every second are not worth a line each. */
  noteJob(instance: Instance, job: Job, result: JobResult, now: Now): void {
    for (const happening of ofHook(this.#subject(instance), job, result, { now })) this.#o.record(happening);
    if (result.ok || job.name === 'start-health-check' || job.name === 'dependency') return;
    this.#o.log('warning', `${plainName(instance)}: ${job.name} ${textOf(result)}`);
  }

  tell(instances: ReadonlyMap<InstanceKey, Instance>, now: Now): void {
    for (const transition of this.#transitions.values()) this.#tellOne(transition, instances.get(transition.key), now);
    this.#transitions.clear();
  }

  #tellOne(transition: Transition, instance: Instance | undefined, now: Now): void {
    const { key, id, name, from, to, view } = transition;
    const activity = instance?.activity;
    const run = activity !== undefined && activity.kind !== 'idle' ? activity.run : undefined;
    for (const happening of ofTransition({ key, id, name }, transition, run?.launchId, now.wall))
      this.#o.record(happening);
    // The same once more, as while the disk is full: said already.
    if (from === to) return;
    const pid = run === undefined ? undefined : mainOf(run)?.pid;
    const text = `${name}: ${from} -> ${to} (${causeOf(view.reason)})${pid === undefined ? '' : ` pid ${pid}`}`;
    if (view.verdict === 'problem') this.#o.log('warning', text, 'important');
    else this.#o.log('info', text);
  }

  #subject(instance: Instance, before = instance): Subject {
    const { key, id } = instance;
    const run = [instance.activity, before.activity].find((known) => known.kind !== 'idle');
    return { key, id, name: this.#o.nameOf(key) ?? run?.run.name ?? plainName(instance) };
  }
}

/** Two changes in one: a problem that began and is over, or the other way round, was none. */
function followed(earlier: Transition, later: Transition): Transition {
  const { trouble: _merged, ...rest } = later;
  const trouble =
    earlier.trouble === undefined ? later.trouble : later.trouble === undefined ? earlier.trouble : undefined;
  return { ...rest, from: earlier.from, ...(trouble === undefined ? {} : { trouble }) };
}

/** For an instance of which no run is known. */
function plainName({ id, num }: Instance): string {
  return num === 0 ? id : `${id} (${num})`;
}
