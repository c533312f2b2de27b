import type { InstanceKey } from './model.ts';

/** Longest stem, in bytes: leaves room for suffixes within the 255 bytes of a file name. */
const LONGEST = 150;

/**
 * The file-safe stem of an instance: `nginx~0`, `example%20process%202~0`. An id of 100 characters may be 400 bytes, so a
 * long one is cut and made unique by a hash of the whole.
 */
export function instanceKey(id: string, num: number): InstanceKey {
  const encoded = Array.from(new TextEncoder().encode(id), encodeByte).join('');
  const stem = encoded.length <= LONGEST ? encoded : `${encoded.slice(0, LONGEST - 20)}%${fnv1a64(id)}`;
  return `${stem}~${num}`;
}

function encodeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9_-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
}

/** FNV-1a, 64 bits, as 16 hexadecimal digits (http://www.isthe.com/chongo/tech/comp/fnv/). */
function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
