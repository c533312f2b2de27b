/** The daemon's side of `[[notify]]`: hands on what happens, once there is one. What is not used is not loaded. */
import { stateFile } from '@procman/protocol/state-files';
import type { Happening } from './core/happenings.ts';
import type { Notify } from './core/notify/model.ts';
import type { NotifyOptions, Notifying } from './notify/bundle.ts';
import type { Notifier, TestResult } from './notify/notifier.ts';

/** The bundles are CommonJS and lie side by side. */
declare const require: (path: string) => unknown;

const load = (): Notifying => (require('./notify.cjs') as { notifying: Notifying }).notifying;

export class Notices {
  readonly #options: NotifyOptions;
  #notifier: Notifier | undefined;
  /** The start is over: what has happened until then is found by looking. */
  #hasBegun = false;

  constructor(options: NotifyOptions) {
    this.#options = options;
  }

  /** Once all is taken over. */
  begin(notifies: readonly Notify[]): void {
    this.#hasBegun = true;
    if (notifies.length > 0) this.#load(notifies, true);
    // Of a daemon before that had some: its end is no news any more.
    else this.#options.system.remove(stateFile(this.#options.stateDirectory, 'notify'));
  }

  /** Another configuration is in force. */
  configure(notifies: readonly Notify[]): void {
    if (!this.#hasBegun) return;
    if (this.#notifier !== undefined) this.#notifier.configure(notifies);
    else if (notifies.length > 0) this.#load(notifies, false);
  }

  #load(notifies: readonly Notify[], isStart: boolean): void {
    this.#notifier = load().start(this.#options);
    this.#notifier.begin(notifies, isStart);
  }

  note(happening: Happening): void {
    this.#notifier?.note(happening);
  }

  /** A configuration was refused, and why. */
  noteRefusal(error: string): void {
    this.#notifier?.noteRefusal(error);
  }

  async test(names?: readonly string[]): Promise<readonly TestResult[]> {
    return this.#notifier?.test(names) ?? [];
  }

  end(code: number, by: string | undefined): void {
    this.#notifier?.end(code, by);
  }
}
