/** Long reckoning for clients, in slices: supervision and other calls go on in between. */
import { RpcFailure } from '@procman/protocol/errors';
import { setImmediate } from 'node:timers/promises';

/** Nobody notices a daemon that is away for so long. */
const SLICE_MS = 10;

export class Slices {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Takes all steps, after those of whoever came before: of many clients each gets its turn, and services wait for one of them
   * at most.
   *
   * @param gone - nobody waits for it any more
   */
  run<T>(steps: Generator<void, T>, gone: AbortSignal): Promise<T> {
    const mine = this.#last.then(() => finish(steps, gone));
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

async function finish<T>(steps: Generator<void, T>, gone: AbortSignal): Promise<T> {
  for (;;) {
    if (gone.aborted) throw new RpcFailure('internal-error', 'the client has gone', {});
    const end = performance.now() + SLICE_MS;
    while (performance.now() < end) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
    await setImmediate();
  }
}
