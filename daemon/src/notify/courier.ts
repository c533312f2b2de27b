/** Brings one message to where a `[[notify]]` says: one try, or some with growing pauses. Never rejects, never waits for long. */
import type { Milliseconds } from '../core/model.ts';
import type { MessageView } from '../core/notify/message.ts';
import type { Notify, Secret } from '../core/notify/model.ts';
import { tlsWay } from '../core/notify/tls-way.ts';
import { runCommand } from './command.ts';
import type { Mailer } from './mail.ts';
import { run } from './run.ts';
import { failureText, readSecret } from './secrets.ts';
import { readAuthorities, withAdvice } from './trust.ts';
import { callWebhook } from './webhook.ts';

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly text: string };

export interface CourierOptions {
  readonly version: string;
  /** Of the configuration file: where commands run. */
  readonly directory: () => string;
  /** What commands inherit. */
  readonly environment: Readonly<Record<string, string>>;
  /** The daemon's own, where secrets are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loads nodemailer. */
  readonly mailer: () => Mailer;
}

/** What a secret looks like on its way: a server may answer with what it was sent. */
type SentForms = (value: string) => readonly string[];

/** Of `AUTH PLAIN` (RFC 4616) and `AUTH LOGIN`. */
const loginForms =
  (user = ''): SentForms =>
  (password) =>
    [`\0${user}\0${password}`, password].map((text) => Buffer.from(text).toString('base64'));

/** Between tries, in milliseconds: 1 s, 2 s, 4 s... */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 300_000;

export const pauseBefore = (retry: number): Milliseconds => Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (retry - 1));

export class Courier {
  readonly #o: CourierOptions;

  constructor(options: CourierOptions) {
    this.#o = options;
  }

  /** All tries. @param signal - gives it up */
  async deliver(notify: Notify, message: MessageView, signal: AbortSignal): Promise<Outcome> {
    for (let retry = 1; ; retry += 1) {
      const outcome = await this.tryOnce(notify, message, signal);
      if (outcome.ok || retry > notify.retries || signal.aborted) return outcome;
      // Else a mail would go off that was given up for another way.
      if (!(await pause(pauseBefore(retry), signal))) return outcome;
    }
  }

  async tryOnce(notify: Notify, message: MessageView, signal: AbortSignal): Promise<Outcome> {
    const secrets: string[] = [];
    const secret = (what: string, where: Secret, forms: SentForms = () => []): string => {
      const value = readSecret(what, where, this.#o.env);
      secrets.push(value, ...forms(value));
      return value;
    };
    try {
      await this.#send(notify, message, signal, secret);
      return { ok: true };
    } catch (error) {
      const way = tlsWay(notify.delivery);
      return { ok: false, text: failureText(way === undefined ? error : withAdvice(error, way), secrets) };
    }
  }

  async #send(
    { delivery, timeout }: Notify,
    message: MessageView,
    signal: AbortSignal,
    secret: (what: string, where: Secret, forms?: SentForms) => string,
  ): Promise<void> {
    const { environment: env, version } = this.#o;
    const around = { directory: this.#o.directory(), env, timeout, signal };
    if (delivery.kind === 'command') return runCommand(delivery.line, message, around);
    if (delivery.kind === 'webhook') {
      const url = delivery.url.kind === 'text' ? delivery.url.text : secret('URL', delivery.url);
      const token = delivery.token === undefined ? {} : { token: secret('token', delivery.token) };
      return callWebhook(message, { url, ...token, ...trustOf(delivery.caFile), version, timeout, signal });
    }
    const { to, from, through } = delivery;
    const letter = { to, message, ...(from === undefined ? {} : { from }) };
    if ('sendmail' in through) {
      const { text, to: recipients } = await this.#o.mailer().compose(letter);
      return run({ ...around, file: through.sendmail, args: ['-i', '--', ...recipients], stdin: text });
    }
    const { password, caFile, ...server } = through;
    const login = password === undefined ? {} : { password: secret('password', password, loginForms(server.user)) };
    return this.#o.mailer().send(letter, { ...server, ...login, ...trustOf(caFile), timeout });
  }
}

/** Read when it is needed, so that a renewed authority counts at once. */
function trustOf(caFile: string | undefined): { readonly authorities?: readonly string[] } {
  return caFile === undefined ? {} : { authorities: readAuthorities(caFile) };
}

/** @returns false: it was given up */
function pause(milliseconds: Milliseconds, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/** Where it goes, for people: no command, and of a URL only the server, for the rest may be secret. */
export function targetText({ delivery }: Notify): string {
  if (delivery.kind === 'command') return 'command';
  if (delivery.kind === 'mail') {
    const { to, through } = delivery;
    const way = 'sendmail' in through ? through.sendmail : `${through.host}:${through.port}`;
    return `mail to ${to.join(', ')} by ${way}`;
  }
  const { url } = delivery;
  if (url.kind === 'text') return `webhook ${new URL(url.text).origin}`;
  return `webhook of ${url.kind === 'env' ? `$${url.name}` : url.path}`;
}
