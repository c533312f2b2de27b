/** The keys of a `[[notify]]` table, each declared once: check, default, meaning. */
import * as z from 'zod';
import { DEFAULT_KINDS, noticeKinds } from '../core/notify/model.ts';
import { allowing, key, type Values } from './key.ts';
import * as value from './values.ts';

const HOUR = 3_600_000;
const KINDS = noticeKinds.map((kind) => JSON.stringify(kind)).join(', ');
const SECRET_FORMS = 'the name of a variable of the daemon';
const URL_FORM = 'a URL such as "https://chat.example.com/hook"';

const variable = allowing(
  z.string().refine((name) => value.VARIABLE_NAME.test(name), 'is not a shell identifier'),
  SECRET_FORMS,
);
const file = allowing(value.pathText(), "a path; relative ones start at the configuration file's folder");

/** Never shown: a chat's webhook is a secret as a whole. */
const url = allowing(
  z.string().refine((given) => isHttpUrl(given), 'is not a URL of http or https'),
  URL_FORM,
);

export function isHttpUrl(given: string): boolean {
  return /^https?:\/\/[^/]/i.test(given) && URL.canParse(given);
}

const WEBHOOK_FORMS = `${URL_FORM}; or a table with one of url, url-file, url-env; further token-file or token-env, ca-file`;

const webhookTable = value
  .strictTable({
    url: url.optional(),
    'url-file': file.optional(),
    'url-env': variable.optional(),
    'token-file': file.optional(),
    'token-env': variable.optional(),
    'ca-file': file.optional(),
  })
  .transform((given, context) => {
    const problem =
      oneOf(given, ['url', 'url-file', 'url-env']) ??
      (given['token-file'] !== undefined && given['token-env'] !== undefined
        ? 'has token-file and token-env, which do not go together'
        : undefined) ??
      (given['ca-file'] !== undefined && /^http:/i.test(given.url ?? '') ? 'ca-file goes with https only' : undefined);
    return problem === undefined ? given : value.refuse(context, given, problem);
  });

/** What is wrong unless exactly one of them is given. */
function oneOf(given: Readonly<Record<string, unknown>>, keys: readonly string[]): string | undefined {
  const names = keys.filter((name) => given[name] !== undefined);
  if (names.length === 0) return `needs one of ${keys.join(', ')}`;
  return names.length === 1 ? undefined : `has ${names.join(' and ')}, which do not go together`;
}

const address = allowing(
  z.string().refine((given) => /^[^\r\n\0]*[^\s@<>,;]@[^\s@<>,;]+>?$/.test(given.trim()), 'is no address of mail'),
  'an address such as "ops@example.com"',
);

const MAIL_FORMS =
  'a table with to, and one of smtp ("host" or "host:port") and sendmail (true, or the path of the program); further from, user, password-file or password-env, tls, ca-file';

const mail = value
  .strictTable({
    to: z.union([address, allowing(z.array(address).min(1, 'nobody is named'), 'addresses')]),
    from: address.optional(),
    smtp: allowing(z.string(), '"host" or "host:port"').optional(),
    tls: allowing(
      value.choice(['auto', 'required', 'implicit', 'off']),
      '"auto", "required", "implicit", "off"',
    ).optional(),
    user: allowing(
      value.text().refine((given) => given !== '', 'the name is empty'),
      'a name',
    ).optional(),
    'password-file': file.optional(),
    'password-env': variable.optional(),
    'ca-file': file.optional(),
    sendmail: allowing(z.union([z.boolean(), value.pathText()]), 'true, or the path of the program').optional(),
  })
  .transform((given, context) => {
    const problem =
      oneOf({ ...given, sendmail: given.sendmail === false ? undefined : given.sendmail }, ['smtp', 'sendmail']) ??
      loginProblem(given);
    if (problem !== undefined) return value.refuse(context, given, problem);
    const { smtp } = given;
    if (smtp === undefined) return { ...given, smtp: undefined };
    const server = serverOf(smtp, standardPort(given));
    return server === undefined
      ? value.refuse(context, given, 'smtp is not a host, or a host and a port', 'write it like "mail.example.com:587"')
      : { ...given, smtp: server };
  });

interface GivenLogin {
  readonly smtp?: string | undefined;
  readonly user?: string | undefined;
  readonly tls?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly 'password-env'?: string | undefined;
  readonly 'ca-file'?: string | undefined;
}

function loginProblem(given: GivenLogin): string | undefined {
  const passwords = (['password-file', 'password-env'] as const).filter((name) => given[name] !== undefined);
  if (given.smtp === undefined) {
    const idle = (['user', 'tls', 'ca-file', ...passwords] as const).find((name) => given[name] !== undefined);
    return idle === undefined ? undefined : `${idle} goes with smtp only`;
  }
  if (given.tls === 'off' && given['ca-file'] !== undefined)
    return 'has a ca-file, and tls = "off" asks for no certificate';
  if (passwords.length > 1) return `has ${passwords.join(' and ')}, which do not go together`;
  if (given.user === undefined && passwords.length > 0) return `has ${passwords.join('')}, but no user`;
  return given.user !== undefined && passwords.length === 0
    ? 'has a user, but neither password-file nor password-env'
    : undefined;
}

/** Of implicit TLS (RFC 8314), of submission with a login (RFC 6409), or of plain SMTP. */
const standardPort = ({ tls, user }: GivenLogin): number => (tls === 'implicit' ? 465 : user === undefined ? 25 : 587);

function serverOf(written: string, standard: number): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, name, digits] = /^(?:\[([^\]\s]+)\]|([^\s:/[\]@]+))(?::(\d{1,5}))?$/.exec(written.trim()) ?? [];
  const host = bracketed ?? name;
  const port = digits === undefined ? standard : Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

export const notifyKeys = {
  /** Text. */
  name: key(value.name(), {
    about: 'What `notify-test`, events and the log call it; each its own.',
    allowed: value.NAME_FORM,
    example: 'name = "ops"\ncommand = "logger -t procman \\"$PROCMAN_NOTIFY_SUMMARY\\""',
  }),
  /** Kinds of notices. */
  on: key(
    z
      .array(allowing(value.choice(noticeKinds), KINDS))
      .min(1, 'nothing is named')
      .default([...DEFAULT_KINDS]),
    {
      about:
        'What it tells of; docs/notify.md has the meaning of each. `problem` is everything that `status` calls a problem.',
      allowed: `a list of ${KINDS}`,
      defaultText: 'all but `"backoff"` and `"problem"`',
      example: 'on = ["fatal", "blocked", "recovered"]',
    },
  ),
  /** Selectors. */
  processes: key(
    z
      .array(
        allowing(
          value.text().refine((selector) => selector.trim() !== '', 'the selector is empty'),
          '"all", names, ids, "group:*", or patterns',
        ),
      )
      .min(1, 'nothing is named')
      .default(['all']),
    {
      about: 'Of which processes it tells. What is about the daemon or the configuration is told in any case.',
      allowed: 'a list of "all", names, ids, "group:*", or patterns with `*`',
      example: 'processes = ["server", "worker"]',
    },
  ),
  /** A line for /bin/sh. */
  command: key(
    value
      .text()
      .refine((line) => line.trim() !== '', 'the command is empty')
      .optional(),
    {
      about:
        'Run with `/bin/sh`, as the user of the daemon, in the folder of the configuration file; the details are in `$PROCMAN_NOTIFY_*` and, as JSON, on its stdin. One of `command`, `webhook`, `mail`.',
      allowed: 'a line for /bin/sh',
      example: 'command = "logger -t procman \\"$PROCMAN_NOTIFY_SUMMARY\\""',
    },
  ),
  /** URL, or a table. */
  webhook: key(z.union([url.transform((given) => ({ url: given })), webhookTable]).optional(), {
    about:
      'A URL that the details are sent to, as JSON by POST; any answer from 200 to 299 is well. Where the URL, or a token for `Authorization: Bearer`, is a secret: in a file or a variable. `ca-file`: certificates (PEM) of the only authorities that are trusted, for a server of https whose certificate no public one has signed.',
    allowed: WEBHOOK_FORMS,
    example: 'webhook = { url-file = "/etc/procman/chat.url" }',
  }),
  /** A table. */
  mail: key(mail.optional(), {
    about:
      'A mail, through a server or sendmail(8). `tls`: `auto` encrypts where the server can (STARTTLS), and always where a password goes to another machine; `required`, `implicit`, `off`. `ca-file`: certificates (PEM) of the only authorities that are trusted. The port is 465 with `implicit`, 587 with a `user`, else 25.',
    allowed: MAIL_FORMS,
    example:
      'mail = { to = "ops@example.com", smtp = "mail.example.com:587", user = "procman", password-file = "/etc/procman/smtp.password" }',
  }),
  /** Duration. */
  timeout: key(value.duration({ zero: false }).default(30_000), {
    about: 'How long one try may take; then a command is killed, a connection closed.',
    allowed: value.durationForm({ zero: false }),
    example: 'timeout = "10s"',
  }),
  /** Count. */
  retries: key(value.integer(0, 20).optional(), {
    about: 'How often a message that could not be delivered is tried again: after 1 s, 2 s, 4 s... at most 5 minutes.',
    allowed: 'a whole number from 0 to 20',
    defaultText: '4; of a command 0',
    example: 'retries = 2',
  }),
  /** Duration. */
  'group-interval': key(value.duration({ zero: true }).default(10_000), {
    about: 'After the first news it is waited so long for more; all of it is one message.',
    allowed: value.durationForm({ zero: true }),
    example: 'group-interval = "30s"',
  }),
  /** Duration. */
  'repeat-interval': key(value.duration({ zero: false }).default(HOUR), {
    about: 'What was told and comes again is only counted for so long; the next message tells how often.',
    allowed: value.durationForm({ zero: false }),
    example: 'repeat-interval = "4h"',
  }),
  /** Duration. */
  'recovered-after': key(value.duration({ zero: true }).default(60_000), {
    about:
      'What was told has recovered once it was well for so long; twice as long after each relapse, up to `repeat-interval`.',
    allowed: value.durationForm({ zero: true }),
    example: 'recovered-after = "5m"',
  }),
  /** Count. */
  'max-per-hour': key(value.integer(1, 1000).default(20), {
    about: 'So many messages within an hour; what comes then is told in the next one that may go.',
    allowed: 'a whole number from 1 to 1000',
    example: 'max-per-hour = 6',
  }),
};

/** The checked values of a `[[notify]]` table. */
export type NotifyValues = Values<typeof notifyKeys>;
