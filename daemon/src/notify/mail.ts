/** Entry of the bundle `mail.cjs`: `mail`, through a server or a program like sendmail(8). Loaded with the first mail. */
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import type { Milliseconds } from '../core/model.ts';
import type { MessageView } from '../core/notify/message.ts';
import type { Smtp } from '../core/notify/model.ts';

export interface Letter {
  readonly to: readonly string[];
  readonly from?: string;
  readonly message: MessageView;
}

export interface Server extends Pick<Smtp, 'host' | 'port' | 'tls' | 'user'> {
  readonly password?: string;
  /** The only authorities that are trusted, in PEM; undefined: those that Node trusts. */
  readonly authorities?: readonly string[];
  readonly timeout: Milliseconds;
}

export interface Mailer {
  /** @throws Error */
  send(letter: Letter, server: Server): Promise<void>;
  /** The whole letter as it goes over the wire, and who it is for. */
  compose(letter: Letter): Promise<{ readonly text: Buffer; readonly to: readonly string[] }>;
}

export const mailer: Mailer = {
  send: async (letter, { host, port, tls, user, password, authorities, timeout }) => {
    const transport = createTransport({
      host,
      port,
      secure: tls === 'implicit',
      ignoreTLS: tls === 'off',
      // A password goes to no other machine in the clear.
      requireTLS: tls === 'required' || (tls === 'auto' && user !== undefined && !isLoopback(host)),
      tls: {
        // What encrypts unasked on this very machine mostly shows a certificate that its package has made: nobody is in between.
        rejectUnauthorized: authorities !== undefined || tls !== 'auto' || !isLoopback(host),
        ...(authorities === undefined ? {} : { ca: [...authorities] }),
      },
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      connectionTimeout: timeout,
      greetingTimeout: timeout,
      socketTimeout: timeout,
      dnsTimeout: timeout,
      ...safe,
    });
    try {
      await within(timeout, transport.sendMail(contentOf(letter)));
    } finally {
      transport.close();
    }
  },
  compose: async (letter) => {
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix', ...safe });
    const { message, envelope } = await transport.sendMail(contentOf(letter));
    const { to } = envelope;
    if (!Buffer.isBuffer(message)) throw new Error('the mail could not be written');
    return { text: message, to: Array.isArray(to) ? to : [to] };
  },
};

/** Nothing in a message makes it open a file or a URL. */
const safe = { disableFileAccess: true, disableUrlAccess: true };

/** `127.0.0.1`, `::1`, `localhost`: nobody listens in between. */
function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1' || host.toLowerCase() === 'localhost';
}

async function within<T>(timeout: Milliseconds, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not taken within ${timeout / 1000} s`)), timeout);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function contentOf({ to, from, message }: Letter): object {
  const { host, uid, summary, text, notify } = message;
  return {
    to: [...to],
    from: from ?? `procman <procman@${host}>`,
    subject: `[procman ${host}] ${summary}`,
    text: `${text}\n-- \nprocman on ${host}, configuration ${uid}, [[notify]] ${JSON.stringify(notify)}\n`,
    // RFC 3834: no answer from holidays.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Procman-Notify': notify },
  };
}
