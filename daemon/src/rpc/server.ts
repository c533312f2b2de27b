/** The control socket: accepts clients within limits, and keeps its path. Nothing that a client does throws out of here. */

import * as fs from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { RpcFailure } from '@procman/protocol/errors';
import { frame } from '@procman/protocol/framing';
import type { PathContext } from '@procman/protocol/paths';
import { Connection } from './connection.ts';
import { Dispatcher, failureResponse, type Handlers } from './dispatch.ts';
import { defaultLimits, type Limits, type Log } from './limits.ts';
import { Turns } from './turns.ts';
import { bindSocket, type FileIdentity, identify } from './socket-file.ts';

export type { Call, Handlers } from './dispatch.ts';
export type { Limits } from './limits.ts';

export interface RpcServerOptions {
  /** Absolute path of the socket. */
  readonly path: string;
  /** Permission bits of the socket. */
  readonly mode: number;
  /** Numeric group id of the socket. */
  readonly group?: number;
  readonly handlers: Handlers;
  readonly log: Log;
  /** A monitor socket: acting methods are refused. */
  readonly monitor?: boolean;
  readonly limits?: Partial<Limits>;
  /** Who we are, for the rules of the socket's folder; this process unless told. */
  readonly context?: PathContext;
}

export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #limits: Limits;
  readonly #dispatcher: Dispatcher;
  readonly #turns = new Turns();
  readonly #connections = new Set<Connection>();
  /** Clients over the limit that have got their `busy` and not gone yet. */
  readonly #refused = new Set<Socket>();
  #server: Server | undefined;
  #file: FileIdentity | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const { handlers, log, monitor = false } = options;
    this.#dispatcher = new Dispatcher({ handlers, log, monitor });
  }

  get path(): string {
    return this.#options.path;
  }

  /** Serves from now on; rejects with the path and the cause. */
  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#file = await this.#bind(server);
    this.#server = server;
    server.on('error', (error) => this.#options.log('warning', `socket ${this.path}: ${error.message}`));
  }

  /** Whether clients that go by the path come here: the file may be removed at any time, with XDG_RUNTIME_DIR at a logout. */
  isReachable(): boolean {
    const found = identify(this.#options.path);
    const isOurs = found?.inode === this.#file?.inode && found?.device === this.#file?.device;
    return found !== undefined && isOurs && this.#server?.listening === true;
  }

  /** Puts the socket back at its path; clients that are connected stay so. */
  async rebind(): Promise<void> {
    const before = this.#server;
    await this.listen();
    before?.close();
  }

  /** Accepts nobody any more, sends the replies that are due, and closes; bounded. Never touches a successor's socket. */
  async close(): Promise<void> {
    if (this.isReachable()) fs.rmSync(this.#options.path, { force: true });
    this.#server?.close();
    for (const socket of this.#refused) socket.destroy();
    await Promise.all([...this.#connections].map((connection) => connection.finish()));
  }

  async #bind(server: Server): Promise<FileIdentity> {
    const { path, mode, group, context = ownContext() } = this.#options;
    try {
      return await bindSocket(server, { path, mode, context, ...(group === undefined ? {} : { group }) });
    } catch (error) {
      server.close();
      throw error;
    }
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= this.#limits.connections) {
      this.#refuse(socket);
      return;
    }
    const { log } = this.#options;
    const connection = new Connection(socket, {
      dispatcher: this.#dispatcher,
      limits: this.#limits,
      log,
      turns: this.#turns,
      unsentOfAll: () => [...this.#connections].reduce((sum, { unsent }) => sum + unsent, 0),
    });
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }

  #refuse(socket: Socket): void {
    socket.on('error', (error) => this.#options.log('debug', `refused client: ${error.message}`));
    const limit = this.#limits.connections;
    if (this.#refused.size >= this.#limits.refusals) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerMs).unref();
    socket.once('close', () => {
      clearTimeout(timer);
      this.#refused.delete(socket);
    });
    const failure = new RpcFailure('busy', `at most ${limit} clients at once`, { limit });
    socket.resume();
    socket.end(frame(failureResponse(null, failure)));
  }
}

function ownContext(): PathContext {
  return { euid: process.geteuid?.() ?? 0, env: process.env };
}
