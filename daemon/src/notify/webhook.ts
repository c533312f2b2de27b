/** `webhook`: the details as JSON, by POST, on a connection of its own. */
import type { ClientRequest } from 'node:http';
import type { Milliseconds } from '../core/model.ts';
import type { MessageView } from '../core/notify/message.ts';

export interface WebhookCall {
  readonly url: string;
  readonly token?: string;
  /** The only authorities that are trusted, in PEM; undefined: those that Node trusts. */
  readonly authorities?: readonly string[];
  readonly version: string;
  readonly timeout: Milliseconds;
  readonly signal: AbortSignal;
}

/** Certificates are checked, redirects are not followed. @throws Error without the URL, which may be a secret */
export async function callWebhook(message: MessageView, call: WebhookCall): Promise<void> {
  if (!/^https?:\/\/[^/]/i.test(call.url) || !URL.canParse(call.url))
    throw new Error('its URL is none of http or https');
  const { protocol } = new URL(call.url);
  // Loaded by the first that needs it: it costs memory.
  const { request } = protocol === 'https:' ? await import('node:https') : await import('node:http');
  const body = `${JSON.stringify(message)}\n`;
  const controller = new AbortController();
  const { signal } = controller;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    controller.abort();
  }, call.timeout);
  const giveUp = (): void => controller.abort();
  call.signal.addEventListener('abort', giveUp);
  const trust = call.authorities === undefined ? {} : { ca: [...call.authorities] };
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'user-agent': `procman/${call.version}`,
    accept: '*/*',
    ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
  };
  const answered = new Promise<void>((resolve, reject) => {
    const options = { method: 'POST', agent: false, headers, signal, ...trust };
    const asked: ClientRequest = request(call.url, options, (answer) => {
      const { statusCode = 0, statusMessage = '' } = answer;
      // What it says beside that does not matter, and need not end.
      answer.on('error', () => undefined);
      answer.destroy();
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new Error(`HTTP ${statusCode} ${statusMessage}`.trimEnd()));
    });
    asked.on('error', (error) => reject(isLate ? new Error(`no answer within ${call.timeout / 1000} s`) : error));
    asked.on('close', () => reject(new Error('the connection was closed without an answer')));
    asked.end(body);
  });
  try {
    await answered;
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener('abort', giveUp);
  }
}
