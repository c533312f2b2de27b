/** Real servers on loopback for notices: one of http, and one of SMTP with just what a mail needs (RFC 5321, RFC 4954). */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

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
  readonly #server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
      this.requests.push({ method: request.method, url: request.url, headers: request.headers, message });
      if (this.answer === 'hangs') return;
      response.writeHead(this.answer, { location: '/elsewhere' });
      response.end('an answer\n');
    });
  });

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get messages(): readonly Message[] {
    return this.requests.map(({ message }) => message);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  /** `AUTH PLAIN`, decoded; undefined: nobody logged in. */
  readonly login?: string;
}

/** One state per connection; pipelining is not offered. */
export class MailServer {
  /** What it does once connected: it takes mail, refuses it, or never says a word. */
  mode: 'takes' | 'refuses' | 'hangs' = 'takes';
  readonly mails: Mail[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#serve(socket));

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get place(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    if (this.mode === 'hangs') return;
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    let mail = { from: '', to: [] as string[] };
    let login: string | undefined;
    let body: string[] | undefined;
    let rest = '';
    say('220 test ESMTP');
    const take = (line: string): void => {
      if (body !== undefined) {
        if (line !== '.') {
          body.push(line.replace(/^\.\./, '.'));
          return;
        }
        this.mails.push({ ...mail, text: body.join('\n'), ...(login === undefined ? {} : { login }) });
        [body, mail] = [undefined, { from: '', to: [] }];
        say('250 taken');
        return;
      }
      const [verb = '', argument = ''] = line.split(/ (.*)/s);
      const address = /<([^>]*)>/.exec(argument)?.[1] ?? '';
      switch (verb.toUpperCase()) {
        case 'EHLO': {
          say('250-test\r\n250 AUTH PLAIN');
          return;
        }
        case 'AUTH':
          login = Buffer.from(argument.replace(/^PLAIN /i, ''), 'base64')
            .toString()
            .split('\0')
            .slice(1)
            .join(':');
          {
            say('235 welcome');
            return;
          }
        case 'MAIL':
          if (this.mode === 'refuses') {
            say('550 not from here');
            return;
          }
          mail.from = address;
          {
            say('250 ok');
            return;
          }
        case 'RCPT':
          mail.to.push(address);
          {
            say('250 ok');
            return;
          }
        case 'DATA':
          body = [];
          {
            say('354 go on');
            return;
          }
        case 'QUIT':
          say('221 bye');
          return void socket.end();
        default: {
          say('250 ok');
          return;
        }
      }
    };
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
