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

/** So much work is worth a collection, which takes 20 ms or more. */
const BUSY_TURNS = 100;
/** Nothing has happened for so long: it is quiet, in milliseconds. */
const QUIET = 1_500;

/** Gives back what a busy time has used: Node itself collects only while it allocates, and a quiet daemon allocates nothing. */
export class QuietCollector {
  #turns = 0;
  #lastTurn = 0;
  #timer: NodeJS.Timeout | undefined;

  noteTurn(): void {
    this.#turns += 1;
    this.#lastTurn = performance.now();
    if (this.#turns >= BUSY_TURNS) this.#wait();
  }

  /** After the start, which is work as well. */
  noteStart(): void {
    this.#turns += BUSY_TURNS;
    this.noteTurn();
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (performance.now() - this.#lastTurn < QUIET) this.#wait();
      else this.#collect();
    }, QUIET).unref();
  }

  #collect(): void {
    this.#turns = 0;
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof collect === 'function') (collect as () => void)();
  }
}
