/** Follows one log at a time, on a connection of its own: that is how one stops following. */
import type { Connection } from '../../client.ts';
import type { Reached } from '../../context.ts';
import type { Input } from '../model/inputs.ts';
import type { LogState } from '../model/state.ts';
import { messageOf } from './session.ts';

const LINES = 1000;

export interface LogTailOptions {
  readonly reach: () => Promise<Reached>;
  readonly tell: (input: Input) => void;
}

export class LogTail {
  readonly #options: LogTailOptions;
  #connection: Connection | undefined;
  /** Of the latest wish; what comes for an earlier one is dropped. */
  #turn = 0;

  constructor(options: LogTailOptions) {
    this.#options = options;
  }

  follow(name: string, stream: LogState['stream']): void {
    this.stop();
    const turn = this.#turn;
    this.#begin(name, stream, () => turn === this.#turn).catch((error: unknown) => {
      if (turn === this.#turn) this.#options.tell({ kind: 'log-failed', name, message: messageOf(error) });
    });
  }

  stop(): void {
    this.#turn += 1;
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #begin(name: string, stream: LogState['stream'], isWanted: () => boolean): Promise<void> {
    const { reach, tell } = this.#options;
    const { connection } = await reach();
    if (!isWanted()) {
      connection.close();
      return;
    }
    this.#connection = connection;
    // The first ones may come in one chunk with the reply, and are seen before it: they wait for it.
    let early: string[] | undefined = [];
    connection.onNotification(({ method, params }) => {
      if (method !== 'log' || !isWanted()) return;
      const lines = (params as { readonly lines: readonly string[] }).lines;
      if (early) early.push(...lines);
      else tell({ kind: 'log-more', name, stream, lines });
    });
    const { lines, path } = await connection.call('logs', { name, stream, lines: LINES, follow: true });
    if (!isWanted()) return;
    tell({ kind: 'log', name, log: { stream, path, lines: [...lines, ...early] } });
    early = undefined;
  }
}
