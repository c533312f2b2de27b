/**
 * The link to one daemon: events say when to look, and what is seen is told. Where no daemon can be reached its files answer, and it is
 * looked for again and again, because there is nobody yet who could tell.
 */
import type { Answer, Method, Params } from '@procman/protocol/contract';
import type { Resources } from '@procman/protocol/views';
import type { Connection } from '../../client.ts';
import type { Reached } from '../../context.ts';
import { throttle } from '../../live/throttle.ts';
import type { Input } from '../model/inputs.ts';

/** At most so often the daemon is asked for its status, however much happens. */
const REST_MS = 250;
/** After so long files are read anew, or the daemon is looked for. */
const LOOK_AGAIN_MS = 2000;
/** CPU and memory change without an event. */
const USAGE_MS = 2000;
/** A daemon that says nothing for so long is asked whether it lives. */
const PING_MS = 4000;

export interface SessionOptions {
  /** Rejects where neither a daemon nor files can answer. */
  readonly reach: () => Promise<Reached>;
  readonly tell: (input: Input) => void;
  /** Instances whose CPU and memory are in sight; empty: nobody wants to know. */
  readonly wanted: () => readonly string[];
}

export class Session {
  readonly #options: SessionOptions;
  #connection: Connection | undefined;
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Goes on until `close`. @param first - already reached */
  async run(first?: Reached): Promise<void> {
    let reached = first;
    while (!this.#isClosed) {
      try {
        reached ??= await this.#options.reach();
        await (reached.isUnsupervised ? this.#look(reached) : this.#follow(reached.connection));
      } catch (error) {
        this.#tell({ kind: 'link', link: { kind: 'lost', message: messageOf(error) } });
        await this.#pause(LOOK_AGAIN_MS);
      }
      reached = undefined;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
    this.#wake();
  }

  /** Rejects where there is no connection, or the daemon refuses. */
  call<M extends Method, const P extends Params<M>>(method: M, params: P): Promise<Answer<M, P>> {
    if (this.#connection === undefined) return Promise.reject(new Error('there is no connection to a daemon'));
    return this.#connection.call(method, params);
  }

  #tell(input: Input): void {
    if (!this.#isClosed) this.#options.tell(input);
  }

  #replace(connection: Connection): void {
    const before = this.#connection;
    this.#connection = connection;
    if (before !== connection) before?.close();
    if (this.#isClosed) connection.close();
  }

  /** One look at the files. */
  async #look({ connection, headline }: Reached): Promise<void> {
    this.#replace(connection);
    const status = await connection.call('status', {});
    this.#tell({ kind: 'status', status });
    this.#tell({ kind: 'link', link: { kind: 'unsupervised', headline: headline ?? 'unsupervised: no daemon runs' } });
    await this.#pause(LOOK_AGAIN_MS);
  }

  /** Until the connection ends; it is looked first after the subscription, so nothing is missed in between. */
  async #follow(connection: Connection): Promise<void> {
    this.#replace(connection);
    let end: (error?: unknown) => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = () => resolve()));
    connection.onClose(end);
    let heardAt = performance.now();
    const heard = <T>(value: T): T => {
      heardAt = performance.now();
      return value;
    };
    let isFirst = true;
    const { nudge, stop } = throttle(
      async () => {
        const status = heard(await connection.call('status', {}));
        this.#tell({ kind: 'status', status });
        // Which instances are in sight is known from now on.
        if (isFirst) askUsage();
        isFirst = false;
      },
      REST_MS,
      end,
    );
    connection.onNotification(({ method }) => {
      if (method === 'event') nudge();
    });
    const { stop: stopUsage, now: askUsage } = every(USAGE_MS, async () => {
      const names = this.#options.wanted();
      if (names.length > 0) this.#tell({ kind: 'usage', usage: heard(await usageOf(connection, names)) });
      else if (performance.now() - heardAt > PING_MS) {
        heard(await connection.call('ping', {}));
        this.#tell({ kind: 'heard' });
      }
    });
    // Where the history is broken nothing is told: then looking now and then has to do.
    let stopPolling: () => void = () => undefined;
    const pollOnce = (): Promise<void> => {
      nudge();
      return Promise.resolve();
    };
    const poll = (): void => {
      if (!this.#isClosed) stopPolling = every(LOOK_AGAIN_MS, pollOnce).stop;
    };
    connection.call('subscribe', {}).then(nudge, () => {
      nudge();
      poll();
    });
    this.#tell({ kind: 'link', link: { kind: 'connected' } });
    try {
      await ended;
    } finally {
      stop();
      stopUsage();
      stopPolling();
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Never twice at a time: a daemon that is stuck is not asked again. What fails is left to the end of the connection. */
function every(ms: number, errand: () => Promise<void>): { readonly stop: () => void; readonly now: () => void } {
  let isBusy = false;
  const now = (): void => {
    if (isBusy) return;
    isBusy = true;
    errand()
      .catch(() => undefined)
      .finally(() => (isBusy = false));
  };
  const timer = setInterval(now, ms);
  return { stop: () => clearInterval(timer), now };
}

async function usageOf(connection: Connection, names: readonly string[]): Promise<ReadonlyMap<string, Resources>> {
  const { processes } = await connection.call('status', { names: [...names], resources: true });
  return new Map(processes.flatMap(({ name, resources }) => (resources === undefined ? [] : [[name, resources]])));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
