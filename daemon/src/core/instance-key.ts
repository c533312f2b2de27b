import { fnv1a64 } from './hash.ts';
import type { InstanceKey } from './model.ts';

/** Longest stem, in bytes: leaves room for suffixes within the 255 bytes of a file name. */
const LONGEST = 150;

/**
 * The file-safe stem of an instance: `nginx~0`, `example%20process%202~0`. An id of 100 characters may be 400 bytes, so a
 * long one is cut and made unique by a hash of the whole, after a `+` that no encoded id has.
 */
export function instanceKey(id: string, num: number): InstanceKey {
  const encoded = Array.from(new TextEncoder().encode(id), encodeByte).join('');
  const stem = encoded.length <= LONGEST ? encoded : `${encoded.slice(0, LONGEST - 20)}+${fnv1a64(id)}`;
  return `${stem}~${num}`;
}

function encodeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9_-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
}
