/**
 * A file system in memory: directories of whole files, with modification times and inodes, and with two layers. What is written,
 * renamed or removed is seen at once, but only what was synced is sure to be there after a power cut. The faults of a bad disk
 * leave what they leave on a real one: a file cut short.
 */
import { SystemError } from '../effects/system.ts';
import type { Random } from './random.ts';

export interface SimulatedFile {
  text: string;
  modifiedAt: number;
  readonly inode: number;
  /** What is on the disk for certain; undefined where not even the file is. */
  synced?: string;
}

/** A full disk takes no new block; a read-only one takes nothing; one with errors fails now and then. */
export type DiskFault = 'ENOSPC' | 'EROFS' | 'EIO';

interface Folder {
  readonly entries: Map<string, SimulatedFile>;
  /** Its entries on the disk. */
  readonly durable: Map<string, SimulatedFile>;
  /** When an entry was made, renamed or removed last. */
  changedAt: number;
}

/** One change of entries that the disk does not have yet; all of it or nothing. */
type Change = readonly { readonly folder: Folder; readonly name: string; readonly file: SimulatedFile | undefined }[];

/** The kernel writes back what is old by itself. */
const PENDING_KEPT = 300;

export class SimulatedFiles {
  readonly #folders = new Map<string, Folder>();
  readonly #wall: () => number;
  readonly #random: Random;
  #pending: Change[] = [];
  #nextInode = 1;
  fault: DiskFault | undefined;
  /** Calls of fsync: what is careful with the disk is slow as well. */
  syncs = 0;

  constructor(wall: () => number, random: Random) {
    this.#wall = wall;
    this.#random = random;
  }

  get(path: string): SimulatedFile | undefined {
    const slash = path.lastIndexOf('/');
    return this.#folders.get(path.slice(0, slash))?.entries.get(path.slice(slash + 1));
  }

  read(path: string): string | undefined {
    return this.get(path)?.text;
  }

  exists(path: string): boolean {
    return this.#folders.has(path) || this.get(path) !== undefined;
  }

  /**
   * Truncates or makes the file, then writes. What the disk does not take is missing at its end.
   *
   * @throws SystemError
   */
  write(path: string, text: string, { exclusive = false, sync = false } = {}): void {
    this.#refuseIf('EROFS', 'write', path);
    const { folder, name } = this.#placeOf(path, 'write');
    const before = folder.entries.get(name);
    if (exclusive && before !== undefined) throw new SystemError('write', path, 'EEXIST');
    const file = before ?? { text: '', modifiedAt: 0, inode: this.#nextInode++ };
    if (before === undefined) this.#change([{ folder, name, file }]);
    file.text = '';
    file.modifiedAt = this.#wall();
    if (text !== '') this.#cutShort(file, text, path);
    file.text = text;
    if (sync) this.#sync(file, path);
  }

  #cutShort(file: SimulatedFile, text: string, path: string): void {
    if (this.fault !== 'ENOSPC' && !this.#isHit()) return;
    file.text = text.slice(0, this.#random.below(text.length));
    throw new SystemError('write', path, this.fault ?? 'EIO');
  }

  #sync(file: SimulatedFile, path: string): void {
    this.#refuseNow('sync', path);
    this.syncs += 1;
    file.synced = file.text;
  }

  /** Writes over the beginning of a file that is there, which needs no new block. */
  overwrite(path: string, text: string): boolean {
    const file = this.get(path);
    if (file === undefined || this.fault === 'EROFS' || this.#isHit()) return false;
    file.text = text + file.text.slice(text.length);
    file.modifiedAt = this.#wall();
    return true;
  }

  /** @throws SystemError */
  rename(from: string, to: string): boolean {
    const file = this.get(from);
    if (file === undefined) return false;
    this.#refuseNow('rename', from);
    this.#change([
      { ...this.#placeOf(to, 'rename'), file },
      { ...this.#placeOf(from, 'rename'), file: undefined },
    ]);
    return true;
  }

  /** @throws SystemError */
  remove(path: string): void {
    if (this.get(path) === undefined) return;
    this.#refuseNow('remove', path);
    this.#change([{ ...this.#placeOf(path, 'remove'), file: undefined }]);
  }

  /** A directory is there for good at once: nothing of what is simulated depends on when. */
  makeDirectory(path: string): void {
    if (this.#folders.has(path)) return;
    this.#refuseNow('make directory', path);
    this.#folders.set(path, { entries: new Map(), durable: new Map(), changedAt: this.#wall() });
  }

  /**
   * fsync of a directory: its entries are on the disk; those of others need not be.
   *
   * @throws SystemError
   */
  syncDirectory(path: string): void {
    this.#refuseNow('sync', path);
    this.syncs += 1;
    const synced = this.#folders.get(path);
    this.#pending = this.#pending.filter((change) => {
      if (!change.some(({ folder }) => folder === synced)) return true;
      settle(change);
      return false;
    });
  }

  list(path: string): string[] {
    return [...(this.#folders.get(path)?.entries.keys() ?? [])];
  }

  newestChange(path: string): number | undefined {
    const folder = this.#folders.get(path);
    if (folder === undefined) return undefined;
    return Math.max(folder.changedAt, ...[...folder.entries.values()].map(({ modifiedAt }) => modifiedAt));
  }

  /* ---------------------------------------------------------------- the end of the machine */

  /** An orderly end: all of it gets to the disk. */
  syncAll(): void {
    for (const change of this.#pending.splice(0)) settle(change);
    for (const { entries } of this.#folders.values()) for (const file of entries.values()) file.synced = file.text;
  }

  /**
   * The power fails. Of what was not synced anything may be lost: changes of entries from some point on, either one point for
   * all (a journal) or one for each directory; the texts of files wholly, or their ends.
   */
  cutPower(): void {
    const random = this.#random;
    const kept = random.oneOf(0, 1, random.next());
    const isJournalled = random.chance(0.5);
    const ofFolder = new Map(
      [...this.#folders.values()].map((folder) => [folder, isJournalled ? kept : random.next()]),
    );
    const pending = this.#pending.splice(0);
    for (const [index, change] of pending.entries()) {
      const [first] = change;
      if (first !== undefined && index < (ofFolder.get(first.folder) ?? 1) * pending.length) settle(change);
    }
    for (const { entries, durable } of this.#folders.values()) {
      entries.clear();
      for (const [name, file] of durable) entries.set(name, file);
      for (const file of entries.values()) if (file.synced !== file.text) file.text = this.#leftOf(file);
    }
    this.syncAll();
  }

  #leftOf({ text, synced = '' }: SimulatedFile): string {
    switch (this.#random.weighted({ written: 2, old: 1, torn: 1, empty: 1 })) {
      case 'written':
        return text;
      case 'old':
        return synced;
      case 'torn':
        return text.slice(0, this.#random.below(text.length + 1));
      case 'empty':
        return '';
    }
  }

  /* ---------------------------------------------------------------- within */

  #change(change: Change): void {
    this.#pending.push(change);
    if (this.#pending.length > PENDING_KEPT) for (const old of this.#pending.splice(0, PENDING_KEPT / 2)) settle(old);
    for (const { folder, name, file } of change) {
      if (file === undefined) folder.entries.delete(name);
      else folder.entries.set(name, file);
      folder.changedAt = this.#wall();
    }
  }

  #placeOf(path: string, act: string): { folder: Folder; name: string } {
    const slash = path.lastIndexOf('/');
    const folder = this.#folders.get(path.slice(0, slash));
    if (folder === undefined) throw new SystemError(act, path, 'ENOENT');
    return { folder, name: path.slice(slash + 1) };
  }

  #isHit(): boolean {
    return this.fault === 'EIO' && this.#random.chance(0.4);
  }

  #refuseNow(act: string, path: string): void {
    this.#refuseIf('EROFS', act, path);
    if (this.#isHit()) throw new SystemError(act, path, 'EIO');
  }

  #refuseIf(fault: DiskFault, act: string, path: string): void {
    if (this.fault === fault) throw new SystemError(act, path, fault);
  }
}

function settle(change: Change): void {
  for (const { folder, name, file } of change) {
    if (file === undefined) folder.durable.delete(name);
    else folder.durable.set(name, file);
  }
}
