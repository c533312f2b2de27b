/**
 * What every reader makes of a foreign configuration, and the one writer takes: tables of settings in the order of the source, and
 * between them, at their places, what has no counterpart here.
 */
import type { daemonKeys } from '@procman/daemon/config/daemon-keys';
import type { identityKeys, sharedKeys } from '@procman/daemon/config/process-keys';

/** Where something stood. */
export interface Place {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** TOML that is written as it was. */
export class Verbatim {
  readonly toml: string;

  constructor(toml: string) {
    this.toml = toml;
  }
}

export type Value = string | number | boolean | Verbatim | readonly Value[] | { readonly [key: string]: Value };

/** Comments of the source that belong to a line. */
export interface Kept {
  readonly above: readonly string[];
  readonly beside: string | undefined;
}

/** Something without a counterpart, or with another meaning here. */
export interface Remark {
  readonly place: Place;
  /** As it stood there: `stopasgroup=true`. */
  readonly what: string;
  readonly why: string;
}

export type Item =
  | { readonly kind: 'setting'; readonly path: readonly string[]; readonly value: Value; readonly kept?: Kept }
  | { readonly kind: 'remark'; readonly remark: Remark }
  | { readonly kind: 'comment'; readonly text: string };

export type SharedKey = keyof typeof sharedKeys;
export type ProcessKey = SharedKey | keyof typeof identityKeys;
export type DaemonKey = keyof typeof daemonKeys;

/** A table of the configuration; without a header its items stand at the top, or alone. */
export class Table<Key extends string = string> {
  header: string;
  readonly items: Item[] = [];
  /** Comments above its header, and beside it. */
  kept: Kept | undefined;

  constructor(header = '') {
    this.header = header;
  }

  /** A later value for a key takes the place of an earlier one. */
  set(key: Key, value: Value, kept?: Kept): void {
    this.setPath([key], value, kept);
  }

  /** `env.PATH`: a line of its own, so that remarks have their place. */
  setIn(key: Key, name: string, value: Value, kept?: Kept): void {
    this.setPath([key, name], value, kept);
  }

  setPath(path: readonly string[], value: Value, kept?: Kept): void {
    const item: Item = { kind: 'setting', path, value, ...(kept === undefined ? {} : { kept }) };
    const at = this.items.findIndex((each) => each.kind === 'setting' && isSame(each.path, path));
    if (at === -1) this.items.push(item);
    else this.items[at] = item;
  }

  get(...path: readonly string[]): Value | undefined {
    const found = this.items.find((each) => each.kind === 'setting' && isSame(each.path, path));
    return found?.kind === 'setting' ? found.value : undefined;
  }

  /** Only its comments stay. */
  keepNothing(): void {
    this.header = '';
  }

  remark(place: Place, what: string, why: string): void {
    this.items.push({ kind: 'remark', remark: { place, what, why } });
  }

  comment(text: string): void {
    this.items.push({ kind: 'comment', text });
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((step, index) => step === other[index]);
}

/** `env.PATH` is a setting, too; remarks that come before the table has a name stay in order. */
export class ProcessTable extends Table<ProcessKey> {
  readonly id: string;
  readonly place: Place;

  constructor(id: string, place: Place) {
    super('[[process]]');
    this.id = id;
    this.place = place;
    this.set('id', id);
  }
}

/** A whole configuration on its way. */
export class Draft {
  readonly top = new Table();
  readonly daemon = new Table<DaemonKey>('[daemon]');
  readonly defaults = new Table<SharedKey>('[defaults]');
  /** Processes, and remarks about what is none, in the order of the source. */
  readonly tables: Table[] = [];

  add<T extends Table>(table: T): T {
    this.tables.push(table);
    return table;
  }

  /** Of a whole section without a counterpart. */
  remark(place: Place, what: string, why: string): void {
    this.add(new Table()).remark(place, what, why);
  }

  get processes(): readonly ProcessTable[] {
    return this.tables.filter((table) => table instanceof ProcessTable);
  }

  get remarks(): readonly Remark[] {
    return [this.top, this.daemon, this.defaults, ...this.tables].flatMap(({ items }) =>
      items.flatMap((item) => (item.kind === 'remark' ? [item.remark] : [])),
    );
  }
}
