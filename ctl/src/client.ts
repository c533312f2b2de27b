/** The client's side of the protocol. Cheap to import: `status` must not wait for what it does not use. */

import { connect, type Socket } from 'node:net';
import type { Answer, Method, Notification, NotificationParams, Params } from '@procman/protocol/contract';
import { RpcFailure } from '@procman/protocol/errors';
import { frame, LineSplitter } from '@procman/protocol/framing';
import { JSONRPCClient } from 'json-rpc-2.0/dist/client.js';
import { createJSONRPCRequest, isJSONRPCResponse, type JSONRPCResponse } from 'json-rpc-2.0/dist/models.js';

/** The daemon went away, or never answered, before the reply came: whether it did what was asked is not known. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** A notification of the daemon. */
export type Notice = {
  [N in Notification]: { readonly method: N; readonly params: NotificationParams<N> };
}[Notification];

/** What commands use of a client. */
export type Connection = Pick<Client, 'call' | 'onNotification' | 'onClose' | 'close'>;

export class Client {
  readonly #socket: Socket;
  readonly #rpc: JSONRPCClient;
  readonly #splitter = new LineSplitter(Infinity);
  readonly #pending = new Set<(error: Error) => void>();
  readonly #noticeListeners: ((notice: Notice) => void)[] = [];
  readonly #closeListeners: ((error: Error) => void)[] = [];
  #lost: Error | undefined;
  #nextId = 1;

  /** Rejects with the system's error (`code` ENOENT, ECONNREFUSED, EACCES, EAGAIN) where nobody answers. */
  static connect(socketPath: string): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path: socketPath });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Client(socket));
      });
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#rpc = new JSONRPCClient((request) => {
      socket.write(frame(request));
    });
    socket.on('data', (chunk: Buffer) => {
      for (const line of this.#splitter.push(chunk)) this.#receive(line);
    });
    // A write that fails says EPIPE while the daemon's last words are still unread, so only the close counts.
    let cause: Error | undefined;
    socket.on('error', (error) => (cause = error));
    socket.once('close', () => this.#lose(new ConnectionLost('the daemon closed the connection', { cause })));
  }

  /** Rejects with `RpcFailure` where the daemon refuses, with `ConnectionLost` where the connection ends first. */
  async call<M extends Method, const P extends Params<M>>(method: M, params: P): Promise<Answer<M, P>> {
    const response = await this.#request(method, params);
    if (response.error !== undefined) throw RpcFailure.fromWire(response.error);
    return response.result as Answer<M, P>;
  }

  /** Called for each notification of the daemon. */
  onNotification(listener: (notice: Notice) => void): void {
    this.#noticeListeners.push(listener);
  }

  /** Called once when the connection has ended, also by `close`. */
  onClose(listener: (error: Error) => void): void {
    this.#closeListeners.push(listener);
  }

  /** Ends the connection; calls that still wait are rejected, what the daemon does for them goes on. */
  close(): void {
    this.#lose(new ConnectionLost('the connection was closed'));
    this.#socket.destroy();
  }

  /** The library's own `request` makes a message of every error; the whole reply keeps code and data. */
  #request(method: string, params: unknown): Promise<JSONRPCResponse> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      this.#pending.add(reject);
      const request = createJSONRPCRequest(this.#nextId++, method, params);
      this.#rpc.requestAdvanced(request).then((response) => {
        this.#pending.delete(reject);
        resolve(response);
      }, reject);
    });
  }

  #receive(line: string): void {
    const message = parsed(line);
    if (typeof message !== 'object' || message === null) return;
    if ('method' in message) {
      for (const listener of this.#noticeListeners) listener(message as Notice);
    } else if (isJSONRPCResponse(message)) this.#receiveResponse(message);
  }

  /** An error without id (busy, too large) is about the connection: every call that waits gets it. */
  #receiveResponse(response: JSONRPCResponse): void {
    if (response.id === null && response.error !== undefined) this.#lose(RpcFailure.fromWire(response.error));
    else this.#rpc.receive(response);
  }

  #lose(error: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const reject of this.#pending) reject(error);
    this.#pending.clear();
    for (const listener of this.#closeListeners) listener(error);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
