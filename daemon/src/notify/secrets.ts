/** Secrets are read when they are needed, and taken out of every text that somebody may see. */
import { readFileSync, statSync } from 'node:fs';
import type { Secret } from '../core/notify/model.ts';

/** A password or a URL is one line. */
const LONGEST = 65_536;
/** Of any file that is named for a notice, in bytes: a whole bundle of authorities, as distributions ship it, has a quarter of it. */
export const LONGEST_NAMED = 1_048_576;

/** @throws Error that says where it should be, never what is there */
export function readSecret(what: string, secret: Secret, env: Readonly<Record<string, string | undefined>>): string {
  const value = secret.kind === 'env' ? (env[secret.name] ?? '') : readNamed(what, secret.path, LONGEST);
  const line = value.trim();
  if (line !== '' && !/[\r\n\0]/.test(line)) return line;
  const where = secret.kind === 'env' ? `the variable ${secret.name}` : secret.path;
  throw new Error(line === '' ? `there is no ${what} in ${where}` : `the ${what} in ${where} is more than one line`);
}

/** @param longest - in bytes @throws Error that says what it is for, and its path */
export function readNamed(what: string, path: string, longest: number): string {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new Error(`${path} is no plain file`);
    if (stats.size > longest) throw new Error(`${path} is larger than ${longest / 1024} KiB`);
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
  // The longest first: one may be a part of another. As they are: a tab in one is no space yet.
  const masked = secrets
    .filter((secret) => secret !== '')
    .toSorted((a, b) => b.length - a.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), messageOf(error))
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
    .trim();
  return masked.length <= LONGEST_TEXT ? masked : `${masked.slice(0, LONGEST_TEXT)}...`;
}
