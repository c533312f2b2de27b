/** Who may read the figures. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readGuarded } from '../config/guarded-file.ts';
import { tokenIn } from '../config/rules-metrics.ts';

/** @returns the token, or why there is none */
export function readToken(path: string): { readonly token: string } | { readonly problem: string } {
  const file = readGuarded(path);
  if (!file.ok) return { problem: file.message };
  const token = tokenIn(file.text);
  return token === undefined ? { problem: 'holds no token' } : { token };
}

/** @param header - `Authorization` (RFC 6750, section 2.1) */
export function carriesToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  // Hashes are of one length: the time tells nothing of the token, not even how long it is.
  return given !== undefined && timingSafeEqual(hash(given), hash(token));
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
