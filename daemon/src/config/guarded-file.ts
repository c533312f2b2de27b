/** Reads a file that people name: whatever it is, the answer comes soon and is text or a clear reason. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

/** Larger files are no configuration. */
export const MOST_BYTES = 10 * 1024 * 1024;

/** The text with the file's owner and mode, or why there is none. */
export type GuardedText =
  | { readonly ok: true; readonly text: string; readonly stats: Pick<Stats, 'mode' | 'uid'> }
  | {
      readonly ok: false;
      readonly message: string;
      /** 1-based; of what is wrong with its bytes. */
      readonly line?: number;
      readonly hint?: string;
    };

/** Opens without blocking, so that a named pipe cannot hold the daemon up. Never throws. */
export function readGuarded(path: string): GuardedText {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return readOpen(descriptor);
  } catch (error) {
    return explainFailure(error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readOpen(descriptor: number): GuardedText {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return { ok: false, message: `is ${stats.isDirectory() ? 'a folder' : 'not a regular file'}` };
  if (stats.size > MOST_BYTES) {
    return { ok: false, message: `is larger than 10 MiB (${stats.size} bytes)`, hint: 'is this the right file?' };
  }
  const bytes = readAll(descriptor);
  if (bytes.length > MOST_BYTES) return { ok: false, message: 'is larger than 10 MiB' };
  const text = decode(bytes);
  if (text !== undefined) return { ok: true, text, stats };
  const line = lineOfWrongByte(bytes);
  return { ok: false, message: 'is not encoded in UTF-8', line, hint: 'TOML files are UTF-8: save it so' };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** In UTF-8 no character goes over the end of a line. */
function lineOfWrongByte(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    if (decode(bytes.subarray(start, end)) === undefined) break;
    start = end + 1;
  }
  return line;
}

/** To its end as it is now, or until it is too large: the size on record may be wrong (/proc) or grow. */
function readAll(descriptor: number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; total <= MOST_BYTES;) {
    const chunk = Buffer.alloc(64 * 1024);
    const count = readSync(descriptor, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
  return Buffer.concat(chunks);
}

function explainFailure(error: unknown): GuardedText {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  if (code === 'ENOENT') return { ok: false, message: 'there is no such file', hint: 'procmanctl gen-file makes one' };
  if (code === 'EACCES' || code === 'EPERM') return { ok: false, message: 'may not be read by this user' };
  return { ok: false, message: `cannot be read: ${code}` };
}
