/** A real server on loopback for notices by webhook, of http or of https. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificates.ts';

export interface Notice {
  readonly kind: string;
  readonly name?: string;
  readonly from?: string;
  readonly message: string;
  readonly count: number;
  readonly again: boolean;
}

/** The JSON of a message, as far as tests look at it. */
export interface Message {
  readonly notify: string;
  readonly test: boolean;
  readonly uid: string;
  readonly summary: string;
  readonly text: string;
  readonly notices: readonly Notice[];
  readonly undelivered: number;
}

interface Request {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly message: Message;
}

/** Takes POSTs. Closed by `close`, with all connections. */
export class Hook {
  /** What it answers: a status; or it never does. */
  answer: number | 'hangs' = 200;
  /** All that came, also what was answered with a failure. */
  readonly requests: Request[] = [];
  readonly #isSecure: boolean;
  readonly #server: Server;

  /** @param certificate - of https; undefined: http */
  constructor(certificate?: Certificate) {
    this.#isSecure = certificate !== undefined;
    const listener = (request: IncomingMessage, response: ServerResponse): void => this.#take(request, response);
    this.#server = certificate === undefined ? createServer(listener) : createSecureServer(certificate, listener);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
      this.requests.push({ method: request.method, url: request.url, headers: request.headers, message });
      if (this.answer === 'hangs') return;
      response.writeHead(this.answer, { location: '/elsewhere' });
      response.end('an answer\n');
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#isSecure ? 'https' : 'http'}://127.0.0.1:${port}`;
  }

  get messages(): readonly Message[] {
    return this.requests.map(({ message }) => message);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
