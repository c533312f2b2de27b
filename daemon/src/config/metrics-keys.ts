/** The keys of `[metrics]`, each declared once: check, default, meaning. */
import { isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';
import { key, type Values } from './key.ts';
import * as value from './values.ts';

/** Where it is listened, and how that was written. */
export interface ListenAddress {
  /** As written. */
  readonly text: string;
  /** An IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

const ADDRESS_FORMS = '"ADDRESS:PORT" with an IP address, IPv6 in brackets, or "localhost"; ports 1 to 65535';

/** An address to listen on. Names are not looked up: what a name means may change behind the daemon's back. */
function listenAddress(): z.ZodType<ListenAddress> {
  return z.string().transform((given, context) => {
    const [, host = '', digits = ''] = /^(.*):(\d{1,5})$/.exec(given) ?? [];
    const port = Number(digits);
    const address = host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1');
    const isAddress = host.startsWith('[') ? isIPv6(address) : isIPv4(address);
    if (digits === '') return value.refuse(context, given, 'is not an address with a port');
    if (host === '') return value.refuse(context, given, 'has no address', `write "127.0.0.1:${digits}"`);
    if (!isAddress) return value.refuse(context, given, `${JSON.stringify(host)} is no IP address`);
    if (port < 1 || port > 65_535) return value.refuse(context, given, 'the port is out of range');
    return { text: given, host: address, port };
  });
}

export const metricsKeys = {
  /** [+] `ADDRESS:PORT`. */
  listen: key(listenAddress().optional(), {
    about:
      'Where Prometheus finds the figures, at `http://ADDRESS:PORT/metrics`. Whoever reaches the address may read them; beyond this machine a `token-file` is needed.',
    allowed: ADDRESS_FORMS,
    defaultText: 'nothing listens',
    example: 'listen = "127.0.0.1:9464"',
  }),
  /** [+] Path. */
  'token-file': key(value.pathText().optional(), {
    about:
      'A file that holds a token: only requests with `Authorization: Bearer TOKEN` are answered then. It is read anew for each request, so a new token counts at once.',
    allowed: "a path; relative ones start at the configuration file's folder",
    example: 'listen = "127.0.0.1:9464"\ntoken-file = "/etc/procman.token"',
  }),
};

/** The checked values of `[metrics]`. */
export type MetricsValues = Values<typeof metricsKeys>;

/** Does nothing but this machine reach it? */
export function isLoopback(host: string): boolean {
  return host === '::1' || /^127\./.test(host);
}
