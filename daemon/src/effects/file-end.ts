/** The end of a log that a service writes, for a daemon that may be root's: see `System.readEnd`. */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { folderTrust } from './log-file-owner.ts';
import type { FileEnd } from './system.ts';

/**
 * @param reader uid of the service's user
 * @param own uid of the daemon
 * @throws the file system's error
 */
export function readEnd(path: string, bytes: number, reader: number, own: number): FileEnd | undefined {
  // Looked at first: opening a pipe wakes whoever waits to write to it.
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = fs.constants;
  const fd = fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const stats = fs.fstatSync(fd);
    if (!stats.isFile() || !isReadableFor(stats, path, reader, own)) return undefined;
    const start = Math.max(0, stats.size - bytes);
    const buffer = Buffer.alloc(stats.size - start);
    const length = buffer.length === 0 ? 0 : fs.readSync(fd, buffer, 0, buffer.length, start);
    return { bytes: buffer.subarray(0, length), size: start + length };
  } finally {
    fs.closeSync(fd);
  }
}

/** Another daemon than root's reads what its own user may read, no more. */
function isReadableFor({ uid }: fs.Stats, path: string, reader: number, own: number): boolean {
  if (own !== 0) return true;
  return (reader !== 0 && uid === reader) || folderTrust(dirname(path), own) === 'own';
}
