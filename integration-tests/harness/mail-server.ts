/** A real mail server on loopback, with just what a mail needs (RFC 5321), a login (RFC 4954) and STARTTLS (RFC 3207). */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer, TLSSocket } from 'node:tls';
import type { Certificate } from './certificates.ts';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  /** `USER:PASSWORD`; undefined: nobody logged in. */
  readonly login?: string;
  /** It came over an encrypted connection. */
  readonly isSecure: boolean;
}

/** How it encrypts: from the first byte on, or after STARTTLS. */
export interface MailTls {
  readonly kind: 'implicit' | 'starttls';
  readonly certificate: Certificate;
}

/** One state per connection; pipelining is not offered. */
export class MailServer {
  /** What it does once connected: it takes mail, refuses it, refuses the password, or never says a word. */
  mode: 'takes' | 'refuses' | 'refuses-login' | 'hangs' = 'takes';
  readonly mails: Mail[] = [];
  /** Every line that came over a connection that was not encrypted. */
  readonly inTheClear: string[] = [];
  readonly #tls: MailTls | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(tls?: MailTls) {
    this.#tls = tls;
    this.#server = tls?.kind === 'implicit' ? createSecureServer(tls.certificate) : createServer();
    this.#server.on(tls?.kind === 'implicit' ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#serve(socket);
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get place(): string {
    return `127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.mode !== 'hangs') socket.write('220 test ESMTP\r\n');
    this.#converse(socket);
  }

  #converse(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.mode === 'hangs') return;
    const isSecure = socket instanceof TLSSocket;
    const conversation = new Conversation(this, isSecure, this.#tls?.kind === 'starttls' && !isSecure);
    let rest = '';
    const onData = (chunk: Buffer): void => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!isSecure) this.inTheClear.push(line);
        const reply = conversation.take(line);
        if (reply !== undefined) socket.write(`${reply}\r\n`);
        if (reply?.startsWith('221') === true) socket.end();
        if (line.toUpperCase() !== 'STARTTLS' || this.#tls?.kind !== 'starttls') continue;
        socket.removeListener('data', onData);
        this.#converse(new TLSSocket(socket, { isServer: true, ...this.#tls.certificate }));
        return;
      }
    };
    socket.on('data', onData);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** What one client has said so far. */
class Conversation {
  readonly #server: Pick<MailServer, 'mode' | 'mails'>;
  readonly #isSecure: boolean;
  readonly #offersTls: boolean;
  #from = '';
  #to: string[] = [];
  #login: string | undefined;
  #body: string[] | undefined;

  constructor(server: Pick<MailServer, 'mode' | 'mails'>, isSecure: boolean, offersTls: boolean) {
    this.#server = server;
    this.#isSecure = isSecure;
    this.#offersTls = offersTls;
  }

  /** @returns the reply; undefined: within a mail */
  take(line: string): string | undefined {
    if (this.#body !== undefined) return this.#takeBody(line);
    const [verb = '', argument = ''] = line.split(/ (.*)/s);
    const address = /<([^>]*)>/.exec(argument)?.[1] ?? '';
    const { mode } = this.#server;
    switch (verb.toUpperCase()) {
      case 'EHLO':
        return `250-test\r\n${this.#offersTls ? '250-STARTTLS\r\n' : ''}250 AUTH PLAIN`;
      case 'STARTTLS':
        return this.#offersTls ? '220 go on' : '502 not here';
      case 'AUTH':
        this.#login = loginOf(argument);
        return mode === 'refuses-login' ? `535 no: AUTH ${argument}, which is ${this.#login}` : '235 welcome';
      case 'MAIL':
        this.#from = address;
        return mode === 'refuses' ? '550 not from here' : '250 ok';
      case 'RCPT':
        this.#to.push(address);
        return '250 ok';
      case 'DATA':
        this.#body = [];
        return '354 go on';
      case 'QUIT':
        return '221 bye';
      default:
        return '250 ok';
    }
  }

  #takeBody(line: string): string | undefined {
    if (line !== '.') {
      this.#body?.push(line.replace(/^\.\./, '.'));
      return undefined;
    }
    const text = (this.#body ?? []).join('\n');
    const login = this.#login === undefined ? {} : { login: this.#login };
    this.#server.mails.push({ from: this.#from, to: this.#to, text, ...login, isSecure: this.#isSecure });
    [this.#body, this.#from, this.#to] = [undefined, '', []];
    return '250 taken';
  }
}

/** Of `PLAIN` (RFC 4616): `USER:PASSWORD`. */
function loginOf(argument: string): string {
  const [, user = '', password = ''] = Buffer.from(argument.replace(/^PLAIN /i, ''), 'base64')
    .toString()
    .split('\0');
  return `${user}:${password}`;
}
