/** One watch per folder, however many files in it are of interest: with one each, every write would wake them all. */
import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

interface Folder {
  readonly inode: number | undefined;
  readonly watcher: FSWatcher | undefined;
  readonly callbacks: Map<string, () => void>;
}

export class FolderWatches {
  readonly #folders = new Map<string, Folder>();

  /** A folder that cannot be watched is looked at by the sweep only. */
  add(path: string, onChange: () => void): { close(): void } {
    const directory = dirname(path);
    const folder = this.#folders.get(directory) ?? this.#open(directory);
    folder.callbacks.set(basename(path), onChange);
    return { close: () => this.#drop(directory, basename(path)) };
  }

  #open(directory: string, callbacks = new Map<string, () => void>()): Folder {
    const folder = { inode: inodeOf(directory), watcher: watchFolder(directory, callbacks), callbacks };
    folder.watcher?.on('error', () => folder.watcher?.close());
    this.#folders.set(directory, folder);
    return folder;
  }

  /** For the sweep: a folder that was removed and made again, or could not be watched, is watched anew. */
  check(): void {
    for (const [directory, folder] of this.#folders) {
      if (folder.watcher !== undefined && folder.inode === inodeOf(directory)) continue;
      folder.watcher?.close();
      this.#open(directory, folder.callbacks);
    }
  }

  #drop(directory: string, name: string): void {
    const folder = this.#folders.get(directory);
    folder?.callbacks.delete(name);
    if (folder?.callbacks.size !== 0) return;
    folder.watcher?.close();
    this.#folders.delete(directory);
  }
}

function watchFolder(directory: string, callbacks: ReadonlyMap<string, () => void>): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, (_event, name) => {
      if (name !== null) callbacks.get(name)?.();
      else for (const callback of callbacks.values()) callback();
    });
  } catch {
    return undefined;
  }
}

function inodeOf(directory: string): number | undefined {
  return statSync(directory, { throwIfNoEntry: false })?.ino;
}
