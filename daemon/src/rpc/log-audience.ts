/** Those who follow a log in this process, and the rotation that moves its text under their feet. */
import type { RotationAudience } from '../effects/rotation.ts';

export interface LogListener {
  /** Up to where it has read the live file. */
  readonly position: number;
  /** From `from` on the live file loses its text up to `to`; where there is no copy, so does the listener. */
  skip(to: number, copy?: { readonly path: string; readonly at: number }): void;
  /** The live file's beginning was taken off: positions are less by so much. Held listeners go on reading. */
  moved(shorter: number): void;
}

interface Held {
  readonly over: Promise<void>;
  readonly end: () => void;
}

export class LogAudience implements RotationAudience {
  readonly #listeners = new Map<string, Set<LogListener>>();
  readonly #held = new Map<string, Held>();

  /** @returns how to leave */
  join(path: string, listener: LogListener): () => void {
    const listeners = this.#listeners.get(path) ?? new Set();
    this.#listeners.set(path, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(path) === listeners) this.#listeners.delete(path);
    };
  }

  /** While it is, nobody knows where in the live file a text is. */
  isHeld(path: string): boolean {
    return this.#held.has(path);
  }

  /** Resolves when it is known where the text is. */
  async still(path: string): Promise<void> {
    for (let held = this.#held.get(path); held !== undefined; held = this.#held.get(path)) await held.over;
  }

  isBehind(path: string, to: number): boolean {
    return this.#of(path).some(({ position }) => position < to);
  }

  cut(path: string, { from, to, copy }: Parameters<RotationAudience['cut']>[1]): void {
    for (const listener of this.#of(path)) {
      if (listener.position >= to) continue;
      const at = copy === undefined ? undefined : copy.at + Math.max(0, listener.position - from);
      listener.skip(to, copy === undefined || at === undefined ? undefined : { path: copy.path, at });
    }
  }

  hold(path: string): void {
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#held.set(path, { over, end });
  }

  release(path: string, shorter: number): void {
    const held = this.#held.get(path);
    this.#held.delete(path);
    for (const listener of this.#of(path)) listener.moved(shorter);
    held?.end();
  }

  replaced(path: string, base: number): void {
    for (const listener of this.#of(path)) listener.moved(base);
  }

  #of(path: string): LogListener[] {
    return [...(this.#listeners.get(path) ?? [])];
  }
}
