/**
 * Answers `GET /metrics`. Nothing that a client does, and nothing that keeps it from listening, disturbs the daemon: a bounded number
 * of connections, each for one request and a few seconds; a port that cannot be had is tried again.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { MetricsTable } from '../config/metrics-table.ts';
import { carriesToken, readToken } from './access.ts';

export interface EndpointOptions {
  readonly table: MetricsTable;
  readonly contentType: string;
  readonly text: () => Promise<string>;
  readonly log: (level: 'warning' | 'info', text: string) => void;
  readonly limits?: Partial<EndpointLimits>;
}

export interface EndpointLimits {
  /** At once; more are closed without a word. */
  readonly connections: number;
  /** From the connection to the last byte of the answer, in milliseconds. */
  readonly longest: number;
  /** Until it is first tried again to listen; twice as long each time, up to a minute. */
  readonly firstRetry: number;
}

const LIMITS: EndpointLimits = { connections: 16, longest: 10_000, firstRetry: 1_000 };
const LONGEST_RETRY = 60_000;
const HEADER_BYTES = 8 * 1024;
/** Node would look at all connections twice a minute: each has its own deadline here. */
const NO_CHECKS = 2 ** 31 - 1;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Endpoint {
  readonly #o: EndpointOptions;
  readonly #limits: EndpointLimits;
  #server: Server | undefined;
  #retry: NodeJS.Timeout | undefined;
  #trouble: string | undefined;
  /** Of the token's file: told once. */
  #tokenProblem: string | undefined;
  #isClosed = false;

  constructor(options: EndpointOptions) {
    this.#o = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Listens from now on, or as soon as it can. */
  open(): void {
    this.#listen(this.#limits.firstRetry);
  }

  /** Resolves when the port is free again. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    return new Promise((resolve) => {
      if (this.#server?.listening !== true) this.#server?.removeAllListeners('listening');
      this.#server?.close(() => resolve());
      this.#server?.closeAllConnections();
      if (this.#server === undefined) resolve();
    });
  }

  #listen(retryIn: number): void {
    const options = {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: 0,
      requestTimeout: 0,
      connectionsCheckingInterval: NO_CHECKS,
    };
    const server = createServer(options, (request, response) => void this.#serve(request, response));
    this.#server = server;
    server.maxConnections = this.#limits.connections;
    server.on('connection', (socket) => this.#bound(socket));
    server.on('error', (error) => this.#onError(error, retryIn));
    server.on('listening', () => this.#onListening());
    const { host, port } = this.#o.table.listen;
    server.listen({ host, port });
  }

  #onListening(): void {
    this.#trouble = undefined;
    this.#o.log('info', `metrics: listens on ${this.#o.table.listen.text}`);
  }

  #onError(error: Error, retryIn: number): void {
    if (this.#isClosed) return;
    const why = reasonOf(error);
    if (why !== this.#trouble) {
      const { text } = this.#o.table.listen;
      this.#o.log('warning', `metrics: cannot listen on ${text}: ${why}; all else goes on, and it is tried again`);
    }
    this.#trouble = why;
    this.#server?.close();
    this.#server = undefined;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#listen(Math.min(2 * retryIn, LONGEST_RETRY)), retryIn).unref();
  }

  /** One deadline for all: headers that never end, an answer that nobody reads. */
  #bound(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), this.#limits.longest).unref();
    socket.once('close', () => clearTimeout(timer));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const { status, text, headers = {} } = await this.#answer(request);
    if (response.destroyed) return;
    response.writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      Connection: 'close',
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async #answer({ method, url = '', headers }: IncomingMessage): Promise<Answer> {
    if (!this.#isAllowed(headers.authorization)) {
      const text = 'a token is needed: Authorization: Bearer TOKEN\n';
      return { status: 401, text, headers: { 'WWW-Authenticate': 'Bearer realm="procman"' } };
    }
    if (method !== 'GET') return { status: 405, text: 'only GET is answered\n', headers: { Allow: 'GET' } };
    if (!/^\/metrics(\?|$)/.test(url)) return { status: 404, text: 'there is nothing but /metrics\n' };
    try {
      return { status: 200, text: await this.#o.text(), headers: { 'Content-Type': this.#o.contentType } };
    } catch (error) {
      this.#o.log('warning', `metrics: ${error instanceof Error ? error.message : String(error)}`);
      return { status: 503, text: 'the figures cannot be told now; see the log of the daemon\n' };
    }
  }

  #isAllowed(header: string | undefined): boolean {
    const { tokenFile } = this.#o.table;
    if (tokenFile === undefined) return true;
    const read = readToken(tokenFile);
    const problem = 'problem' in read ? read.problem : undefined;
    if (problem !== undefined && problem !== this.#tokenProblem)
      this.#o.log('warning', `metrics: nobody may read them: the token-file ${tokenFile} ${problem}`);
    this.#tokenProblem = problem;
    return 'token' in read && carriesToken(header, read.token);
  }
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EACCES: 'this user may not listen there',
};

function reasonOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' ? WHY[code] : undefined) ?? error.message;
}
