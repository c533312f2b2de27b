import * as fs from 'node:fs';

/**
 * Opens what a descriptor writes to once more, appending and without blocking: a description of its own, so that whoever shares the
 * terminal or pipe does not become non-blocking too.
 *
 * @returns undefined for what cannot be opened by path, as a socket
 */
export function openNonBlocking(descriptor: number): number | undefined {
  try {
    const { O_WRONLY, O_APPEND, O_NONBLOCK } = fs.constants;
    return fs.openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_APPEND | O_NONBLOCK);
  } catch {
    return undefined;
  }
}
