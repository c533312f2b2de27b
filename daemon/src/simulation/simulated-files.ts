/** A file system in memory: directories of whole files, with modification times, inodes, and the faults of a full or read-only disk. */
import { SystemError } from '../effects/system.ts';

export interface SimulatedFile {
  text: string;
  modifiedAt: number;
  readonly inode: number;
}

/** A full disk takes no new block; a read-only one takes nothing. */
export type DiskFault = 'ENOSPC' | 'EROFS';

export class SimulatedFiles {
  readonly #directories = new Map<string, Map<string, SimulatedFile>>();
  /** When an entry of a directory was made, renamed or removed last. */
  readonly #changedAt = new Map<string, number>();
  readonly #wall: () => number;
  #nextInode = 1;
  fault: DiskFault | undefined;
  /** Calls of fsync: what is careful with the disk is slow as well. */
  syncs = 0;

  constructor(wall: () => number) {
    this.#wall = wall;
  }

  get(path: string): SimulatedFile | undefined {
    const { directory, name } = split(path);
    return this.#directories.get(directory)?.get(name);
  }

  read(path: string): string | undefined {
    return this.get(path)?.text;
  }

  exists(path: string): boolean {
    return this.#directories.has(path) || this.get(path) !== undefined;
  }

  /**
   * Truncates or makes the file, then writes. A full disk leaves it empty.
   *
   * @throws SystemError
   */
  write(path: string, text: string, exclusive = false): void {
    this.#refuseIf('EROFS', 'write', path);
    const folder = this.#folderOf(path, 'write');
    const { name } = split(path);
    const before = folder.get(name);
    if (exclusive && before !== undefined) throw new SystemError('write', path, 'EEXIST');
    if (before === undefined) this.#note(path);
    const file = before ?? { text: '', modifiedAt: 0, inode: this.#nextInode++ };
    file.text = '';
    file.modifiedAt = this.#wall();
    folder.set(name, file);
    if (text !== '') this.#refuseIf('ENOSPC', 'write', path);
    file.text = text;
  }

  /** Writes over the beginning of a file that is there, which needs no new block. */
  overwrite(path: string, text: string): boolean {
    const file = this.get(path);
    if (file === undefined || this.fault === 'EROFS') return false;
    file.text = text + file.text.slice(text.length);
    file.modifiedAt = this.#wall();
    return true;
  }

  /** @throws SystemError */
  rename(from: string, to: string): boolean {
    const file = this.get(from);
    if (file === undefined) return false;
    this.#refuseIf('EROFS', 'rename', from);
    this.#folderOf(to, 'rename').set(split(to).name, file);
    this.#folderOf(from, 'rename').delete(split(from).name);
    this.#note(from);
    this.#note(to);
    return true;
  }

  /** @throws SystemError */
  remove(path: string): void {
    if (this.get(path) === undefined) return;
    this.#refuseIf('EROFS', 'remove', path);
    this.#folderOf(path, 'remove').delete(split(path).name);
    this.#note(path);
  }

  makeDirectory(path: string): void {
    if (this.#directories.has(path)) return;
    this.#refuseIf('EROFS', 'make directory', path);
    this.#directories.set(path, new Map());
    this.#changedAt.set(path, this.#wall());
  }

  list(path: string): string[] {
    return [...(this.#directories.get(path)?.keys() ?? [])];
  }

  newestChange(path: string): number | undefined {
    const entries = this.#directories.get(path);
    if (entries === undefined) return undefined;
    return Math.max(this.#changedAt.get(path) ?? 0, ...[...entries.values()].map(({ modifiedAt }) => modifiedAt));
  }

  #note(path: string): void {
    this.#changedAt.set(split(path).directory, this.#wall());
  }

  #folderOf(path: string, act: string): Map<string, SimulatedFile> {
    const folder = this.#directories.get(split(path).directory);
    if (folder === undefined) throw new SystemError(act, path, 'ENOENT');
    return folder;
  }

  #refuseIf(fault: DiskFault, act: string, path: string): void {
    if (this.fault === fault) throw new SystemError(act, path, fault);
  }
}

function split(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: path.slice(0, slash), name: path.slice(slash + 1) };
}
