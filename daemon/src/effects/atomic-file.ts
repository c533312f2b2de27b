/** Files that are whole or not there: written beside, then renamed into place. */
import type { System, WriteOptions } from './system.ts';

export interface AtomicOptions extends WriteOptions {
  /** Keep the file that was there as `PATH.prev`. */
  readonly keepPrevious?: boolean;
}

/**
 * Replaces a file. A crash at any point leaves the old text or the new one, at `path` or (with `keepPrevious`, for an instant)
 * at `path.prev`.
 *
 * @throws SystemError
 */
export function replaceFile(system: System, path: string, text: string, options: AtomicOptions = {}): void {
  const draft = `${path}.new`;
  system.writeFile(draft, text, options);
  // After a crash in here `.prev` is the only copy: it must not go before there is another in its place.
  if (options.keepPrevious === true && system.exists(path)) {
    // Removed first: ext4 writes a file out at once when it is renamed over another, which costs more than all the rest.
    system.remove(`${path}.prev`);
    system.rename(path, `${path}.prev`);
  }
  system.rename(draft, path);
  if (options.sync === true) system.syncDirectory(path.slice(0, path.lastIndexOf('/')));
}
