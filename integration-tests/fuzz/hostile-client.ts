/** A client that says whatever it likes: sends raw bytes, and keeps the lines that come back. */
import { createConnection, type Socket } from 'node:net';
import { LIMIT_MS } from '../harness/wait.ts';

export interface Reply {
  readonly jsonrpc?: unknown;
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
  /** Of a notification. */
  readonly method?: unknown;
}

export class HostileClient {
  readonly socket: Socket;
  /** Settles when both sides are closed, however that came. */
  readonly closed: Promise<void>;
  readonly #lines: string[] = [];
  /** Of a line that is not complete yet. */
  #pieces: string[] = [];
  #onText: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#keep(text);
      this.#onText();
    });
    // A daemon that drops a client may well reset the connection.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static connect(path: string): Promise<HostileClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HostileClient(socket));
      });
    });
  }

  send(bytes: string | Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** A long line comes in many pieces, which are joined once. */
  #keep(text: string): void {
    const [head = '', ...further] = text.split('\n');
    this.#pieces.push(head);
    for (const piece of further) {
      this.#lines.push(this.#pieces.join(''));
      this.#pieces = [piece];
    }
  }

  /** All complete lines that came, as what they say; a batch's replies one by one. @throws where a line is no JSON */
  replies(): Reply[] {
    return this.#lines.flatMap((line) => JSON.parse(line) as Reply | Reply[]);
  }

  /** Sends one request and waits for its reply; notifications are passed over. */
  async ask(method: string, params: unknown, id: unknown): Promise<Reply> {
    const before = this.#lines.length;
    this.send(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return within(`a reply to ${method}`, (done) => {
      const look = (): void => {
        const found = this.#lines
          .slice(before)
          .map((line) => JSON.parse(line) as Reply)
          .find((reply) => reply.method === undefined);
        if (found !== undefined) done(found);
      };
      this.#onText = look;
      look();
    });
  }

  /** Says that nothing more comes, and waits until the daemon has closed its side as well. */
  async finish(): Promise<void> {
    this.socket.end();
    this.socket.once('end', () => this.socket.destroy());
    await within('the daemon to close the connection', (done) => void this.closed.then(() => done(true)));
  }
}

function within<T>(what: string, begin: (done: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited ${LIMIT_MS / 1000} s in vain for ${what}`)), LIMIT_MS);
    begin((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
