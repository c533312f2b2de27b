/** Secrets are read when they are needed, and taken out of every text that somebody may see. */
import { readFileSync, statSync } from 'node:fs';
import type { Secret } from '../core/notify/model.ts';

/** A password or a URL is one line. */
const LONGEST = 65_536;

/** @throws Error that says where it should be, never what is there */
export function readSecret(what: string, secret: Secret, env: Readonly<Record<string, string | undefined>>): string {
  const value = secret.kind === 'env' ? (env[secret.name] ?? '') : textOf(what, secret.path);
  const line = value.trim();
  if (line !== '' && !/[\r\n\0]/.test(line)) return line;
  const where = secret.kind === 'env' ? `the variable ${secret.name}` : secret.path;
  throw new Error(line === '' ? `there is no ${what} in ${where}` : `the ${what} in ${where} is more than one line`);
}

function textOf(what: string, path: string): string {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > LONGEST) throw new Error('it is no file of one line');
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`the ${what} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Of several addresses each has failed for a cause of its own, and the error as a whole says nothing. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

const LONGEST_TEXT = 300;

/** What went wrong, in one line, without the secrets that were used. */
export function failureText(error: unknown, secrets: readonly string[]): string {
  const text = messageOf(error).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ');
  const masked = secrets.reduce((shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '***')), text);
  return masked.length <= LONGEST_TEXT ? masked : `${masked.slice(0, LONGEST_TEXT)}...`;
}
