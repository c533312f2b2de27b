/**
 * Calls of all clients, one after the other, and of each client one in turn: whoever asks a thousand things waits longer, not the
 * others. Between two of them the daemon does whatever else is due.
 */
export class Turns {
  /** By client, whoever has waited longest first. */
  readonly #waiting = new Map<object, (() => void)[]>();
  #isTaken = false;

  /** Resolves when it is this client's turn; the turn ends by itself, with what is done at once. */
  take(client: object): Promise<void> {
    if (!this.#isTaken) {
      this.#isTaken = true;
      setImmediate(() => this.#pass());
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const queue = this.#waiting.get(client);
      if (queue === undefined) this.#waiting.set(client, [resolve]);
      else queue.push(resolve);
    });
  }

  #pass(): void {
    const [client, queue = []] = this.#waiting.entries().next().value ?? [];
    if (client === undefined) {
      this.#isTaken = false;
      return;
    }
    this.#waiting.delete(client);
    queue.shift()?.();
    // The others come first now.
    if (queue.length > 0) this.#waiting.set(client, queue);
    setImmediate(() => this.#pass());
  }
}
