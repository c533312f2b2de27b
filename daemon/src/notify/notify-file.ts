/** `STATE-DIR/notify.json`: what was told already, and whether the daemon before came to its end. Losing it only tells something twice. */
import { stateFile } from '@procman/protocol/state-files';
import { isObject } from '../core/is-object.ts';
import type { Now, WallTime } from '../core/model.ts';
import type { NotifyState } from '../core/notify/model.ts';
import { restored, saved } from '../core/notify/saved.ts';
import { replaceFile } from '../effects/atomic-file.ts';
import { asidePath } from '../effects/set-aside.ts';
import { isSystemFailure } from '../effects/system-failure.ts';
import type { System } from '../effects/system.ts';

const VERSION = 1;

/** A daemon that used the file. */
export interface Life {
  readonly pid: number;
  readonly bootId: string;
  /** How it ended; absent: nobody knows, it was killed or it crashed. */
  readonly ended?: { readonly at: WallTime; readonly code: number; readonly by?: string };
}

export interface Remembered {
  readonly life?: Life;
  /** By the name of each `[[notify]]`. */
  readonly states: ReadonlyMap<string, NotifyState>;
}

const NOTHING: Remembered = { states: new Map() };

export class NotifyFile {
  readonly path: string;
  readonly #system: System;
  readonly #warn: (text: string) => void;
  /** Said once, until it works again. */
  #isFailing = false;

  constructor(system: System, stateDirectory: string, warn: (text: string) => void) {
    this.path = stateFile(stateDirectory, 'notify');
    this.#system = system;
    this.#warn = warn;
  }

  read(now: Now): Remembered {
    try {
      const text = this.#system.readFile(this.path)?.text;
      if (text === undefined) return NOTHING;
      const remembered = parsed(text, now);
      if (remembered !== undefined) return remembered;
      const to = asidePath(this.path, now.wall);
      this.#system.rename(this.path, to);
      this.#warn(`${this.path} cannot be read: set aside as ${to}; something may be told a second time`);
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      this.#warn(`${error.message}; something may be told a second time`);
    }
    return NOTHING;
  }

  write(life: Life, states: ReadonlyMap<string, NotifyState>, now: Now): void {
    const notifies = Object.fromEntries([...states].map(([name, state]) => [name, saved(state, now)]));
    try {
      replaceFile(this.#system, this.path, `${JSON.stringify({ version: VERSION, life, notifies })}\n`);
      this.#isFailing = false;
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      if (!this.#isFailing) this.#warn(`${error.message}; after a restart something may be told a second time`);
      this.#isFailing = true;
    }
  }
}

function parsed(text: string, now: Now): Remembered | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || value['version'] !== VERSION || !isObject(value['notifies'])) return undefined;
  const states = new Map<string, NotifyState>();
  for (const [name, one] of Object.entries(value['notifies'])) {
    const state = restored(one, now);
    if (state === undefined) return undefined;
    states.set(name, state);
  }
  const life = lifeOf(value['life']);
  return { states, ...(life === undefined ? {} : { life }) };
}

function lifeOf(value: unknown): Life | undefined {
  if (!isObject(value)) return undefined;
  const { pid, bootId, ended } = value;
  if (typeof pid !== 'number' || typeof bootId !== 'string') return undefined;
  if (!isObject(ended)) return { pid, bootId };
  const { at, code, by } = ended;
  if (typeof at !== 'number' || typeof code !== 'number') return { pid, bootId };
  return { pid, bootId, ended: { at, code, ...(typeof by === 'string' ? { by } : {}) } };
}
