/**
 * What the daemon remembers of each instance: one small JSON file, the one before it as `.prev`, and a hold as a file of its own
 * whose existence is the fact. What does not parse is set aside, never overwritten.
 */
import { stateFile } from '@procman/protocol/state-files';
import type { Hold, Instance, InstanceKey } from '../core/model.ts';
import { replaceFile } from './atomic-file.ts';
import { asidePath } from './set-aside.ts';
import { formatInstance, parseInstance, storable, type StoredInstance } from './stored-instance.ts';
import type { System } from './system.ts';

export interface BrokenFile {
  readonly path: string;
  readonly movedTo: string | undefined;
  readonly why: string;
  /** What to do where a person has brought it about. */
  readonly hint?: string;
}

export interface Loaded {
  readonly instances: readonly StoredInstance[];
  readonly holds: ReadonlyMap<InstanceKey, Hold>;
  /** Their hold was until the next boot, and that has come. */
  readonly endedHolds: readonly InstanceKey[];
  /** Instances of which only an older state is left: things may have been done since that it does not tell. */
  readonly setBack: ReadonlySet<InstanceKey>;
  /** Files that do not parse, with where they were set aside; nowhere on a machine that is only looked at. */
  readonly broken: readonly BrokenFile[];
}

/** No hold's text. */
const UNSURE = '';

export class StateStore {
  readonly #system: System;
  readonly #directory: string;
  readonly #bootId: string;
  /** What is on disk, so that nothing is written twice. */
  readonly #written = new Map<InstanceKey, string>();
  readonly #held = new Map<InstanceKey, string>();

  /** @param stateDirectory - absolute path; the files are in its `instances` */
  constructor(system: System, stateDirectory: string) {
    this.#system = system;
    this.#directory = stateFile(stateDirectory, 'instances');
    this.#bootId = system.bootId();
  }

  makeDirectory(): void {
    this.#system.makeDirectory(this.#directory);
  }

  /** Reads everything. Never fails because of what a file holds. */
  load(): Loaded {
    const instances: StoredInstance[] = [];
    const broken: BrokenFile[] = [];
    const setBack = new Set<InstanceKey>();
    const holds = new Map<InstanceKey, Hold>();
    const endedHolds: InstanceKey[] = [];
    const names = this.#system.list(this.#directory);
    const keys = new Set(
      names.map((name) => /^(.+)\.json(?:\.prev)?$/.exec(name)?.[1]).filter((key) => key !== undefined),
    );
    for (const key of keys) {
      const stored = this.#loadInstance(key, broken);
      if (stored !== undefined) instances.push(stored);
      // A `.prev` alone is what a crash within a save leaves, but also what is left where somebody removed the newest one:
      // nothing tells these apart for certain, so launches may be newer than it.
      if (stored !== undefined && !this.#written.has(key)) setBack.add(key);
    }
    for (const name of names) {
      if (!name.endsWith('.hold')) continue;
      const key = name.slice(0, -'.hold'.length);
      const { hold, isOver } = this.#loadHold(key);
      if (isOver) endedHolds.push(key);
      else holds.set(key, hold);
    }
    return { instances, holds, endedHolds, setBack, broken };
  }

  #loadInstance(key: InstanceKey, broken: BrokenFile[]): StoredInstance | undefined {
    for (const path of [this.#path(key), `${this.#path(key)}.prev`]) {
      const file = this.#system.readFile(path);
      if (file === undefined) continue;
      const parsed = parseInstance(file.text, key);
      if (parsed.ok) {
        if (!path.endsWith('.prev')) this.#written.set(key, file.text);
        return parsed.stored;
      }
      const { why, hint } = parsed;
      broken.push({ path, movedTo: this.#setAside(path), why, ...(hint === undefined ? {} : { hint }) });
    }
    return undefined;
  }

  #setAside(path: string): string | undefined {
    const movedTo = asidePath(path, this.#system.now().wall);
    return this.#system.rename(path, movedTo) ? movedTo : undefined;
  }

  /** A hold that cannot be read is a hold all the same. One until the reboot says which boot it is of. */
  #loadHold(key: InstanceKey): { readonly hold: Hold; readonly isOver: boolean } {
    const file = this.#system.readFile(this.#holdPath(key));
    const since = Number(/"since":\s*(\d+)/.exec(file?.text ?? '')?.[1] ?? file?.modifiedAt ?? this.#system.now().wall);
    const until = /"until":\s*(?:(\d+)|"(reboot)")/.exec(file?.text ?? '');
    const hold: Hold = {
      since,
      ...(until === null ? {} : { until: until[1] === undefined ? ('reboot' as const) : Number(until[1]) }),
    };
    const boot = /"bootId":\s*"([^"]*)"/.exec(file?.text ?? '')?.[1];
    this.#held.set(key, holdText(hold, boot));
    return { hold, isOver: hold.until === 'reboot' && boot !== undefined && boot !== this.#bootId };
  }

  /**
   * Puts an instance on disk, as far as it is not there already.
   *
   * @throws SystemError
   */
  save(instance: Instance): void {
    this.#saveHold(instance.key, instance.hold);
    const stored: StoredInstance = { version: 1, bootId: this.#bootId, instance: storable(instance) };
    const text = formatInstance(stored);
    const before = this.#written.get(instance.key);
    if (before === text) return;
    // A one-shot's ledger must survive a power cut, or it runs twice: each file that holds it, as the synced one before it is gone
    // with the second save after it.
    const sync = instance.ledger.length > 0;
    this.#written.delete(instance.key);
    replaceFile(this.#system, this.#path(instance.key), text, { keepPrevious: true, sync });
    this.#written.set(instance.key, text);
  }

  #saveHold(key: InstanceKey, hold: Hold | undefined): void {
    const text = hold === undefined ? undefined : holdText(hold, this.#bootId);
    if (this.#held.get(key) === text) return;
    if (text === undefined) {
      this.#system.remove(this.#holdPath(key));
      // Or the hold would be back after a power cut.
      this.#system.syncDirectory(this.#directory);
      this.#held.delete(key);
    } else {
      // What fails in here may be on disk all the same: nothing is taken for written, or not written, any more.
      this.#held.set(key, UNSURE);
      replaceFile(this.#system, this.#holdPath(key), `${text}\n`, { sync: true });
      this.#held.set(key, text);
    }
  }

  /** Removes all that is kept of an instance; nothing of it may be alive. */
  remove(key: InstanceKey): void {
    for (const path of [this.#holdPath(key), `${this.#path(key)}.prev`, this.#path(key)]) this.#system.remove(path);
    this.#written.delete(key);
    this.#held.delete(key);
  }

  /** The files may be gone (somebody removed the folder): write all of them again. */
  forgetWritten(): void {
    this.#written.clear();
    this.#held.clear();
  }

  #path(key: InstanceKey): string {
    return `${this.#directory}/${key}.json`;
  }

  #holdPath(key: InstanceKey): string {
    return `${this.#directory}/${key}.hold`;
  }
}

function holdText(hold: Hold, bootId: string | undefined): string {
  return JSON.stringify(hold.until === 'reboot' && bootId !== undefined ? { ...hold, bootId } : hold);
}
