/** Reads the `[[notify]]` tables. */
import { resolve } from 'node:path';
import type { Delivery, Notify, Secret } from '../core/notify/model.ts';
import { daemonKeys } from './daemon-keys.ts';
import { describeValue } from './issues.ts';
import { notifyKeys, type NotifyValues } from './notify-keys.ts';
import type { Path } from './positions.ts';
import { quote } from './problem.ts';
import { processKeys } from './process-keys.ts';
import type { Report } from './report.ts';
import { addDefaults, isTable, readTable, type TableKind } from './table-reader.ts';

/** One table while it is checked. */
export interface NotifyDraft {
  /** `['notify', N]`. */
  readonly path: Path;
  readonly notify: Notify;
}

/** Each has its own message under way. */
const MOST_TABLES = 50;
const WAYS = ['command', 'webhook', 'mail'] as const;

const NOTIFY: TableKind<typeof notifyKeys> = {
  shape: notifyKeys,
  elsewhere: (key) => {
    if (key === 'password') return 'a password does not belong into this file: mail = { password-file = "PATH" }';
    if (Object.hasOwn(processKeys, key)) return 'it belongs under [[process]]';
    return Object.hasOwn(daemonKeys, key) ? 'it belongs under [daemon]' : undefined;
  },
};

/**
 * Those without a mistake; problems go to the report.
 *
 * @param directory - of the configuration file: relative paths start there
 */
export function readNotifies(given: unknown, directory: string, report: Report): readonly NotifyDraft[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    const hint = 'write [[notify]], in double brackets, above each one';
    const found = describeValue(given);
    report.error({ path: ['notify'], key: 'notify', message: 'is not a list of tables', found, hint });
    return [];
  }
  if (given.length > MOST_TABLES) {
    const allowed = `at most ${MOST_TABLES}`;
    report.error({
      path: ['notify', MOST_TABLES],
      key: 'notify',
      message: 'there are too many',
      found: String(given.length),
      allowed,
    });
    return [];
  }
  const drafts = given.flatMap((raw: unknown, index) => readNotify(raw, index, directory, report) ?? []);
  reportDoubles(drafts, report);
  return drafts;
}

function readNotify(raw: unknown, index: number, directory: string, report: Report): NotifyDraft | undefined {
  const path = ['notify', index];
  if (!isTable(raw)) {
    report.error({
      path,
      key: 'notify',
      message: 'is not a table',
      found: describeValue(raw),
      hint: 'write [[notify]]',
    });
    return undefined;
  }
  const place = { path };
  const given = readTable(raw, NOTIFY, place, report);
  const values = addDefaults(given, raw, NOTIFY, place, report);
  const ways = WAYS.filter((way) => Object.hasOwn(raw, way));
  if (ways.length !== 1) {
    const message = ways.length === 0 ? 'says how in no key' : `has ${ways.join(' and ')}, which do not go together`;
    const at = ways[1] === undefined ? path : [...path, ways[1]];
    const hint = ways.length === 0 ? 'add one of the three' : 'make a [[notify]] of each';
    report.error({ path: at, key: 'notify', message, allowed: `exactly one of ${WAYS.join(', ')}`, hint });
    return undefined;
  }
  const delivery = deliveryOf(values, (written) => resolve(directory, written));
  const rule = ruleOf(values);
  if (delivery === undefined || rule === undefined) return undefined;
  const { timeout = 0, retries = delivery.kind === 'command' ? 0 : 4 } = values;
  return { path, notify: { ...rule, delivery, timeout, retries } };
}

function ruleOf(values: NotifyValues): Omit<Notify, 'delivery' | 'timeout' | 'retries'> | undefined {
  const { name, on, processes } = values;
  if (name === undefined || on === undefined || processes === undefined) return undefined;
  return {
    name,
    on,
    processes,
    groupInterval: values['group-interval'] ?? 0,
    repeatInterval: values['repeat-interval'] ?? 0,
    recoveredAfter: values['recovered-after'] ?? 0,
    maxPerHour: values['max-per-hour'] ?? 1,
  };
}

function deliveryOf(
  { command, webhook, mail }: NotifyValues,
  absolute: (path: string) => string,
): Delivery | undefined {
  const secret = (file: string | undefined, env: string | undefined): Secret | undefined => {
    if (file !== undefined) return { kind: 'file', path: absolute(file) };
    return env === undefined ? undefined : { kind: 'env', name: env };
  };
  const trust = (file: string | undefined): { readonly caFile?: string } =>
    file === undefined ? {} : { caFile: absolute(file) };
  if (command !== undefined) return { kind: 'command', line: command };
  if (webhook !== undefined) {
    const hook: GivenWebhook = webhook;
    const url =
      hook.url === undefined ? secret(hook['url-file'], hook['url-env']) : { kind: 'text' as const, text: hook.url };
    const token = secret(hook['token-file'], hook['token-env']);
    const more = { ...(token === undefined ? {} : { token }), ...trust(hook['ca-file']) };
    return url === undefined ? undefined : { kind: 'webhook', url, ...more };
  }
  if (mail === undefined) return undefined;
  const { to, from, smtp, tls = 'auto', user, sendmail } = mail;
  const password = secret(mail['password-file'], mail['password-env']);
  const login = { ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) };
  const program = typeof sendmail === 'string' ? absolute(sendmail) : '/usr/sbin/sendmail';
  return {
    kind: 'mail',
    to: typeof to === 'string' ? [to] : to,
    ...(from === undefined ? {} : { from }),
    through: smtp === undefined ? { sendmail: program } : { ...smtp, tls, ...login, ...trust(mail['ca-file']) },
  };
}

/** Of which the short form has only the URL. */
interface GivenWebhook {
  readonly url?: string | undefined;
  readonly 'url-file'?: string | undefined;
  readonly 'url-env'?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly 'token-env'?: string | undefined;
  readonly 'ca-file'?: string | undefined;
}

function reportDoubles(drafts: readonly NotifyDraft[], report: Report): void {
  const seen = new Map<string, NotifyDraft>();
  for (const draft of drafts) {
    const { name } = draft.notify;
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, draft);
      continue;
    }
    const { line } = report.locator.position(first.path);
    const message = `there is a [[notify]] ${quote(name)} already, at line ${line}`;
    report.error({ path: [...draft.path, 'name'], key: 'name', message, hint: 'rename one of the two' });
  }
}
