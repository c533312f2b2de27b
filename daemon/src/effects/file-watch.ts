/**
 * Tells when files have changed and then kept still for a moment. Folders are watched and not the files: editors write beside
 * and rename, and what a symbolic link leads to may be exchanged as a whole. It says "look again", never what has changed.
 */
import { realpathSync, statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A file that is written slowly changes many times; it is looked at once it has kept still for so long. */
const STILL_MS = 200;

export interface FileWatchOptions {
  /** They have changed, or may have. */
  readonly onStill: () => void;
  /** A folder that cannot be watched; told once. */
  readonly onTrouble: (text: string) => void;
}

interface Folder {
  /** Of the files in it that matter. */
  readonly names: Set<string>;
  watcher?: FSWatcher;
  identity: string;
}

export class FileWatch {
  readonly #options: FileWatchOptions;
  #folders = new Map<string, Folder>();
  readonly #troubled = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  /**
   * Watches these files from now on and no others; they need not exist. Watches that hold already are kept.
   *
   * @param folders - in which files may appear
   */
  follow(files: readonly string[], folders: readonly string[] = []): void {
    const before = this.#folders;
    this.#folders = new Map();
    for (const [path, names] of namesByFolder(files, folders)) {
      const known = before.get(path);
      this.#folders.set(path, { identity: 'none', ...known, names });
      before.delete(path);
    }
    for (const { watcher } of before.values()) watcher?.close();
    for (const [path, folder] of this.#folders) if (folder.watcher === undefined) this.#watch(path, folder);
  }

  /** For the slow sweep: a watch on a folder that was removed and made again is silent for ever. */
  check(): void {
    for (const [path, folder] of this.#folders) {
      if (folder.watcher !== undefined && folder.identity === identityOf(path)) continue;
      folder.watcher?.close();
      delete folder.watcher;
      if (this.#watch(path, folder)) this.#arm();
    }
  }

  stop(): void {
    this.follow([]);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#troubled.clear();
  }

  #watch(path: string, folder: Folder): boolean {
    folder.identity = identityOf(path);
    try {
      folder.watcher = watch(path, { persistent: false }, (event, name) => this.#note(path, event, name));
      folder.watcher.on('error', (error) => this.#tell(path, error));
      return true;
    } catch (error) {
      this.#tell(path, error);
      return false;
    }
  }

  #tell(path: string, error: unknown): void {
    if (this.#troubled.has(path)) return;
    this.#troubled.add(path);
    this.#options.onTrouble(`${path} cannot be watched: ${error instanceof Error ? error.message : String(error)}`);
  }

  /**
   * What comes and goes beside the files matters too: a link on their way, a file of an `include`. It does not put the look
   * off, and what is merely written beside them (logs) is no reason to look: a busy folder must neither delay nor wake.
   */
  #note(path: string, event: string, name: string | null): void {
    if (name === null || this.#folders.get(path)?.names.has(name) === true) this.#arm();
    else if (event === 'rename' && this.#timer === undefined) this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#options.onStill();
    }, STILL_MS).unref();
  }
}

/** Each file where it is named, and where that leads to. */
function namesByFolder(files: readonly string[], folders: readonly string[]): Map<string, Set<string>> {
  const names = new Map(folders.map((folder) => [folder, new Set<string>()]));
  for (const file of files.flatMap((path) => [path, realPath(path)])) {
    const folder = dirname(file);
    names.set(folder, (names.get(folder) ?? new Set()).add(basename(file)));
  }
  return names;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Tells a folder from one that was made in its place: inode numbers are given out again at once, times of birth are not. */
function identityOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats === undefined ? 'none' : `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`;
}
