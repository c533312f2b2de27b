/**
 * One client of the socket: lines in, replies out, within limits.
 *
 * A client that has sent all it has to say (half-close) still gets its replies. The kernel tells this apart from a client that
 * is gone only to a writer, so while such a client waits, an empty write asks: nothing is sent, and it fails with EPIPE once
 * nobody listens.
 */

import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { RpcFailure } from '@procman/protocol/errors';
import { frame, LineSplitter } from '@procman/protocol/framing';
import { type Call, type Dispatcher, failureResponse, idOf, invalidRequest } from './dispatch.ts';
import type { Limits, Log } from './limits.ts';
import type { Turns } from './turns.ts';

export interface ConnectionOptions {
  readonly dispatcher: Dispatcher;
  readonly limits: Limits;
  readonly log: Log;
  /** Shared by all clients. */
  readonly turns: Turns;
  /** What all clients together have not read yet, in bytes. */
  readonly unsentOfAll: () => number;
}

export class Connection {
  readonly #socket: Socket;
  readonly #dispatcher: Dispatcher;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #turns: Turns;
  readonly #unsentOfAll: () => number;
  readonly #splitter: LineSplitter;
  readonly #gone = new AbortController();
  readonly #call: Call;
  readonly #queue: string[] = [];
  #isPumping = false;
  /** Nothing more is taken from this client: it was refused, or the server closes. */
  #isDeaf = false;
  #hasClientEnded = false;
  #inFlight = 0;
  #onCallDone: (() => void) | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #probeTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#dispatcher = options.dispatcher;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#turns = options.turns;
    this.#unsentOfAll = options.unsentOfAll;
    this.#splitter = new LineSplitter(options.limits.lineBytes);
    this.#call = {
      closed: this.#gone.signal,
      notify: (method, params) => this.#notify(method, params),
      hasRoom: () => socket.writableLength < options.limits.bufferedBytes / 4,
    };
    setMaxListeners(0, this.#gone.signal);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#clientEnded());
    socket.on('error', (error) => this.#log('debug', `client connection: ${error.message}`));
    socket.once('close', () => this.#closed());
  }

  /** Bytes that this client has not read yet. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** Takes no more requests, sends what is still to be replied, then closes; at the latest after `closeMs`. */
  finish(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once('close', () => resolve());
    });
    this.#isDeaf = true;
    if (this.#socket.writableFinished) this.#socket.destroy();
    this.#socket.once('finish', () => this.#socket.destroy());
    this.#destroyAfter(this.#limits.closeMs);
    this.#endWhenDone();
    return closed;
  }

  /* ---------------------------------------------------------------- in */

  #receive(chunk: Buffer): void {
    if (this.#isDeaf) return;
    for (const line of this.#splitter.push(chunk)) this.#queue.push(line);
    this.#watchIncompleteLine();
    void this.#pump();
  }

  #clientEnded(): void {
    this.#hasClientEnded = true;
    clearTimeout(this.#idleTimer);
    for (const line of this.#splitter.end()) this.#queue.push(line);
    void this.#pump();
    this.#probe();
    this.#probeTimer = setInterval(() => this.#probe(), this.#limits.probeMs).unref();
  }

  #probe(): void {
    // What is already waiting to be written finds out by itself.
    if (this.#socket.writable && this.#socket.writableLength === 0) this.#socket.write('');
  }

  #watchIncompleteLine(): void {
    clearTimeout(this.#idleTimer);
    if (this.#splitter.pendingBytes === 0) return;
    this.#idleTimer = setTimeout(() => {
      this.#log('debug', 'a client fell silent in the middle of a line: dropped');
      this.#socket.destroy();
    }, this.#limits.incompleteLineMs).unref();
  }

  /** Takes the lines in order; reads on only when they are under way, so that no more than one chunk waits here. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#socket.pause();
    for (let line = this.#queue.shift(); line !== undefined; line = this.#queue.shift()) {
      await this.#turns.take(this);
      await this.#take(line);
    }
    this.#isPumping = false;
    if (this.#splitter.overflowed) this.#refuseTooLarge();
    this.#socket.resume();
    this.#endWhenDone();
  }

  async #take(line: string): Promise<void> {
    if (this.#isDeaf || this.#socket.destroyed) return;
    const message = parsed(line);
    if (message === undefined || (Array.isArray(message) && message.length === 0)) {
      this.#write(frame(message === undefined ? parseError() : invalidRequest(null)));
      return;
    }
    if (await this.#hasRoomFor(Array.isArray(message) ? message.length : 1)) void this.#run(message);
    else this.#refuseBusy(message);
  }

  /** Waits for a short while for calls under way to end. */
  #hasRoomFor(calls: number): boolean | Promise<boolean> {
    const most = this.#limits.callsInFlight;
    if (calls > most) return false;
    if (this.#inFlight + calls <= most) return true;
    return new Promise((resolve) => {
      const settle = (hasRoom: boolean): void => {
        clearTimeout(timer);
        this.#onCallDone = undefined;
        resolve(hasRoom);
      };
      const timer = setTimeout(() => settle(false), this.#limits.busyAfterMs).unref();
      this.#onCallDone = () => {
        if (this.#inFlight + calls <= most) settle(true);
      };
    });
  }

  /** A call is under way until its reply is written: only then may our side be closed. */
  async #run(message: unknown): Promise<void> {
    const calls = Array.isArray(message) ? message.length : 1;
    this.#inFlight += calls;
    const reply = Array.isArray(message) ? await this.#answerBatch(message) : await this.#answer(message);
    if (reply !== undefined) this.#write(`${reply}\n`);
    this.#inFlight -= calls;
    this.#onCallDone?.();
    this.#endWhenDone();
  }

  #answer(request: unknown): Promise<string | undefined> {
    return this.#dispatcher.answer(request, this.#call);
  }

  async #answerBatch(requests: readonly unknown[]): Promise<string | undefined> {
    const replies = await Promise.all(
      requests.map(async (request, at) => {
        if (at > 0) await this.#turns.take(this);
        return this.#answer(request);
      }),
    );
    const present = replies.filter((reply) => reply !== undefined);
    return present.length === 0 ? undefined : `[${present.join(',')}]`;
  }

  /* ---------------------------------------------------------------- out */

  #notify(method: string, params: unknown): boolean {
    return this.#write(frame({ jsonrpc: '2.0', method, params }));
  }

  /** What is already waiting counts, not this text: one long reply to a client that reads is in order. */
  #write(text: string): boolean {
    if (!this.#socket.writable) return false;
    if (this.#readsTooLittle()) {
      this.#log('info', `a client does not read: dropped with ${this.unsent} bytes unsent`);
      this.#socket.destroy();
      return false;
    }
    this.#socket.write(text);
    return true;
  }

  /** Many such clients get less each: what they keep from being freed is bounded for all of them together. */
  #readsTooLittle(): boolean {
    const { bufferedBytes, bufferedBytesOfAll } = this.#limits;
    if (this.unsent > bufferedBytes) return true;
    return this.unsent > bufferedBytes / 64 && this.#unsentOfAll() > bufferedBytesOfAll;
  }

  #refuseTooLarge(): void {
    const limitBytes = this.#limits.lineBytes;
    const failure = new RpcFailure('too-large', `a request line holds at most ${limitBytes} bytes`, { limitBytes });
    this.#refuse(frame(failureResponse(null, failure)));
  }

  #refuseBusy(message: unknown): void {
    const limit = this.#limits.callsInFlight;
    const failure = new RpcFailure('busy', `at most ${limit} calls at once on one connection`, { limit });
    this.#refuse(frame(failureResponse(Array.isArray(message) ? null : idOf(message), failure)));
  }

  #refuse(text: string): void {
    if (this.#isDeaf) return;
    this.#isDeaf = true;
    clearTimeout(this.#idleTimer);
    this.#write(text);
    this.#socket.end();
    this.#destroyAfter(this.#limits.lingerMs);
  }

  /** Closes our side once the client has nothing more to say, or is no longer listened to, and has got all its replies. */
  #endWhenDone(): void {
    const isDone = this.#inFlight === 0 && this.#queue.length === 0 && !this.#isPumping;
    if (isDone && (this.#hasClientEnded || this.#isDeaf)) this.#socket.end();
  }

  #destroyAfter(milliseconds: number): void {
    const timer = setTimeout(() => this.#socket.destroy(), milliseconds);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #closed(): void {
    clearTimeout(this.#idleTimer);
    clearInterval(this.#probeTimer);
    this.#gone.abort();
  }
}

/** `undefined` where the line is no JSON; no JSON text means `undefined`. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function parseError(): unknown {
  return failureResponse(null, new RpcFailure('parse-error', 'this line is no JSON text', {}));
}
