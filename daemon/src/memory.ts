/** Keeps a daemon small that works for milliseconds and waits for hours. Measured by `npm run bench` (memory). */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { config } from 'zod';

/**
 * Leaves out the optimizing compiler, whose working memory stays with the process: turns are bound by system calls. To be
 * called before anything else runs.
 */
export function preferSmall(): void {
  setFlagsFromString('--no-opt');
  config({ jitless: true });
}

/** So much work is worth a collection: about 20 ms. */
const BUSY_TURNS = 100;

/** Gives back what a busy time has used: Node itself collects only while it allocates, and a quiet daemon allocates nothing. */
export class QuietCollector {
  #turns = BUSY_TURNS;

  noteTurn(): void {
    this.#turns += 1;
  }

  /** To be called now and then. */
  collectAfterWork(): void {
    if (this.#turns < BUSY_TURNS) return;
    this.#turns = 0;
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof collect === 'function') (collect as () => void)();
  }
}
