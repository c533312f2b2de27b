/** Opens files of places in which others may have laid something else. */
import * as fs from 'node:fs';
import { codeOf } from './system-failure.ts';

/** undefined where there is none. */
export function openIfThere(path: string, flags: number): number | undefined {
  try {
    return fs.openSync(path, flags);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whatever stands there that is no file (a link that leads elsewhere, a pipe that nobody reads) gives way to a file. */
export function openForWriting(path: string, mode: number): number {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  try {
    const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, mode);
    if (fs.fstatSync(fd).isFile()) return fd;
    fs.closeSync(fd);
  } catch (error) {
    // A link, and a pipe or a socket.
    if (!['ELOOP', 'ENXIO'].includes(codeOf(error))) throw error;
  }
  fs.unlinkSync(path);
  return fs.openSync(path, 'wx', mode);
}

/** undefined for a symbolic link, too. */
export function openUnlessLink(path: string, flags: number): number | undefined {
  try {
    return openIfThere(path, flags);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}
