/** Threads that run histories, as many as there are cores. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

export const CORES = availableParallelism();

export class SimulationWorker {
  #worker;

  /** @param bundle - path of a bundled simulation */
  constructor(bundle) {
    // A history remembers little: more would only be garbage kept for later.
    this.#worker = new Worker(bundle, { resourceLimits: { maxOldGenerationSizeMb: 512 } });
    this.#worker.setMaxListeners(0);
  }

  /** Runs one task at a time. */
  do(task, limitMs = 3_600_000) {
    const { promise, resolve, reject } = withResolvers();
    const timer = setTimeout(() => reject(new Error(`no end after ${limitMs / 1000} s`)), limitMs);
    this.#worker.once('message', resolve);
    this.#worker.once('error', reject);
    const ended = () => reject(new Error('the worker has ended'));
    this.#worker.once('exit', ended);
    this.#worker.postMessage(task);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#worker.off('message', resolve).off('error', reject).off('exit', ended);
    });
  }

  end() {
    return this.#worker.terminate();
  }
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** Gives each worker the next piece until there is none, or one says to stop. */
export async function inParallel(bundle, pieces, work) {
  const iterator = pieces[Symbol.iterator]();
  const lane = async () => {
    const worker = new SimulationWorker(bundle);
    try {
      for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(worker, next.value);
    } finally {
      await worker.end();
    }
  };
  await Promise.all(Array.from({ length: CORES }, lane));
}
