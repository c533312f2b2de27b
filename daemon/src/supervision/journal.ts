/** The daemon's log of what happens to instances: one line per ending, one per change of what is shown, with its cause. */
import type { Transition } from '../core/engine.ts';
import { textOf } from '../core/jobs.ts';
import { mainOf } from '../core/lifecycle.ts';
import type { Instance, InstanceKey, Job, JobResult } from '../core/model.ts';
import { exitText } from '../core/wording.ts';

export class Journal {
  readonly #log: (level: 'info' | 'warning', text: string) => void;
  /** Changes since the last `tell`, each from where it began. */
  readonly #transitions = new Map<InstanceKey, Transition>();

  constructor(log: (level: 'info' | 'warning', text: string) => void) {
    this.#log = log;
  }

  /** Notes changes; what is only passed through before `tell` is not told. */
  note(transitions: readonly Transition[]): void {
    for (const transition of transitions) {
      const from = this.#transitions.get(transition.key)?.from ?? transition.from;
      this.#transitions.set(transition.key, { ...transition, from });
    }
  }

  /** Tells of an ending that is new since `before`. */
  noteExit(before: Instance | undefined, instance: Instance): void {
    const {
      activity,
      exits: [last],
    } = instance;
    if (before === undefined || last === undefined || before.exits[0]?.launchId === last.launchId) return;
    const seconds = Math.max(0, last.at - last.startedAt) / 1000;
    const run = [activity, before.activity].find((known) => known.kind !== 'idle');
    const name = run?.run.name ?? plainName(instance);
    this.#log('info', `${name}: ${exitText(last.exit)} after ${seconds.toFixed(1)} s`);
  }

  /** A hook or a check that failed. Tries that come every second are not worth a line each. */
  noteJob(instance: Instance, { name }: Job, result: JobResult): void {
    if (name === 'start-health-check' || name === 'dependency') return;
    this.#log('warning', `${plainName(instance)}: ${name} ${textOf(result)}`);
  }

  tell(instances: ReadonlyMap<InstanceKey, Instance>): void {
    for (const transition of this.#transitions.values()) this.#tellOne(transition, instances.get(transition.key));
    this.#transitions.clear();
  }

  #tellOne({ name, from, to, view }: Transition, instance: Instance | undefined): void {
    // The same once more, as while the disk is full: said already.
    if (from === to) return;
    const activity = instance?.activity;
    const pid = activity !== undefined && activity.kind !== 'idle' ? mainOf(activity.run)?.pid : undefined;
    const { code, message } = view.reason;
    const cause = code === message ? code : `${code}: ${message}`;
    const level = view.verdict === 'problem' ? 'warning' : 'info';
    this.#log(level, `${name}: ${from} -> ${to} (${cause})${pid === undefined ? '' : ` pid ${pid}`}`);
  }
}

/** For an instance of which no run is known. */
function plainName({ id, num }: Instance): string {
  return num === 0 ? id : `${id} (${num})`;
}
