import * as fs from 'node:fs';

/**
 * The last bytes of an open file as UTF-8 text; undefined for what is no regular file. Of a character that the limit cuts,
 * nothing is left.
 */
export function tailOf(fd: number, limit: number): string | undefined {
  const stats = fs.fstatSync(fd);
  if (!stats.isFile()) return undefined;
  const start = Math.max(stats.size - limit, 0);
  const buffer = Buffer.alloc(stats.size - start);
  let length = 0;
  while (length < buffer.length) {
    const count = fs.readSync(fd, buffer, length, buffer.length - length, start + length);
    if (count === 0) break; // it was truncated meanwhile
    length += count;
  }
  return buffer.toString('utf8', start > 0 ? firstWhole(buffer) : 0, length);
}

/** UTF-8: the second to fourth byte of a character begin with the bits 10. */
function firstWhole(buffer: Buffer): number {
  let at = 0;
  while (at < 3 && at < buffer.length && ((buffer[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}
