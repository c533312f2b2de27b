/**
 * A live log file and what is beside it, by descriptor only. The folder may belong to the service's user, and the daemon may be
 * root: nothing is reached through a path that somebody could turn elsewhere meanwhile, no link is followed, and of what is found
 * there only what belongs to us or to the log's owner counts.
 */
import { constants, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { baseName, lockName, sideFilesOf, sideName, type Phase, type SideFiles } from '../core/rotation.ts';
import { CannotRotate } from './rotation-cut.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;
const NO_LINK = O_NOFOLLOW | O_NONBLOCK;

export class LogFiles {
  readonly name: string;
  readonly live: fs.FileHandle;
  readonly folder: fs.FileHandle;
  readonly owner: Stats;

  private constructor(name: string, live: fs.FileHandle, folder: fs.FileHandle, owner: Stats) {
    this.name = name;
    this.live = live;
    this.folder = folder;
    this.owner = owner;
  }

  /**
   * @returns undefined where there is no such file
   * @throws CannotRotate for what is no file of its own: a link, a device, a file with a second name
   */
  static async open(path: string): Promise<LogFiles | undefined> {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const folder = await fs.open(path.slice(0, slash) || '/', O_RDONLY | O_DIRECTORY).catch(noneFor('ENOENT'));
    if (folder === undefined) return undefined;
    let live: fs.FileHandle | undefined;
    try {
      live = await fs.open(within(folder, name), O_RDWR | NO_LINK).catch(noneFor('ENOENT'));
      if (live !== undefined) return new LogFiles(name, live, folder, await plainFile(live));
    } catch (error) {
      await live?.close();
      await folder.close();
      throw codeOf(error) === 'ELOOP' ? new CannotRotate('it is a symbolic link') : error;
    }
    await folder.close();
    return undefined;
  }

  async close(): Promise<void> {
    await this.live.close();
    await this.folder.close();
  }

  /** Reaches a name in the folder that was opened, wherever that is now. */
  path(name: string): string {
    return within(this.folder, name);
  }

  async list(): Promise<SideFiles> {
    return sideFilesOf(this.name, await fs.readdir(this.path('.')));
  }

  /** Opens the lock file, and makes it where it is missing. It is never removed: a late child may wait for it. */
  async openLock(): Promise<fs.FileHandle> {
    const path = this.path(lockName(this.name));
    const made = await fs.open(path, O_RDWR | O_CREAT | O_EXCL | NO_LINK, 0o600).catch(noneFor('EEXIST'));
    return made ?? (await this.#trusted(path));
  }

  async openBackup(phase: Phase): Promise<fs.FileHandle> {
    return this.#trusted(this.path(sideName(this.name, phase)));
  }

  /** @throws Error with EEXIST where somebody has put something there */
  async make(name: string): Promise<fs.FileHandle> {
    const file = await fs.open(this.path(name), O_RDWR | O_CREAT | O_EXCL | NO_LINK, 0o600);
    try {
      // Whoever may read the log may read what is cut off it.
      const { uid, gid, mode } = this.owner;
      if (process.geteuid?.() === 0) await file.chown(uid, gid);
      await file.chmod(mode & 0o777);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async noteBase(base: number): Promise<void> {
    const file = await fs
      .open(this.path(baseName(this.name, base)), O_RDWR | O_CREAT | O_EXCL | NO_LINK, 0o600)
      .catch(noneFor('EEXIST'));
    await file?.close();
    await this.folder.sync();
  }

  async removeBases(bases: readonly number[]): Promise<void> {
    for (const base of bases) await this.remove(baseName(this.name, base));
  }

  async remove(name: string): Promise<void> {
    await fs.unlink(this.path(name)).catch(noneFor('ENOENT'));
  }

  async rename(from: string, to: string): Promise<void> {
    await fs.rename(this.path(from), this.path(to));
  }

  /** Whether what is there was made by us, or by the log's owner (who may do with his logs what he wants). */
  async isOurs(phase: Phase): Promise<boolean> {
    const stats = await fs.lstat(this.path(sideName(this.name, phase))).catch(noneFor('ENOENT'));
    return stats !== undefined && this.#isOurs(stats);
  }

  #isOurs(stats: Stats): boolean {
    return stats.isFile() && stats.nlink === 1 && (stats.uid === process.geteuid?.() || stats.uid === this.owner.uid);
  }

  async #trusted(path: string): Promise<fs.FileHandle> {
    const file = await fs.open(path, O_RDWR | NO_LINK);
    if (this.#isOurs(await file.stat())) return file;
    await file.close();
    throw new Error(`${path.slice(path.lastIndexOf('/') + 1)} beside it was made by somebody else`);
  }
}

function within(folder: fs.FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}

async function plainFile(file: fs.FileHandle): Promise<Stats> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new CannotRotate('it is no regular file');
  if (stats.nlink > 1) throw new CannotRotate('it has a second name (a hard link), which would lose its text');
  return stats;
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Makes undefined of one error, and throws all others. */
export function noneFor(code: string): (error: unknown) => undefined {
  return (error) => {
    if (codeOf(error) !== code) throw error;
    return undefined;
  };
}
