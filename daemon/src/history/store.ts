/**
 * The history on disk: `events.db`. One connection, used in small steps between the turns of the supervisor; it never waits.
 *
 * WAL with `synchronous = OFF`: an fsync on a busy disk takes seconds, in which no service would be started again. What was written
 * survives `kill -9` all the same; after a power cut the file may be broken, and is then set aside and started anew.
 */
import * as fs from 'node:fs';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { EventType } from '@procman/protocol/vocabulary';
import type { About, Entry, EventBody } from './event.ts';
import { sqlite } from './sqlite.ts';

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE instances (number INTEGER PRIMARY KEY, key TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (key, name));
  CREATE TABLE events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL, instance INTEGER, body TEXT NOT NULL);
  CREATE INDEX lives ON events (instance, seq) WHERE type IN ('state', 'exit', 'hold');
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export type Trouble = 'locked' | 'full' | 'broken' | 'newer' | 'other';

/** What a step on the store came to: whether waiting, room, or another file helps. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof NewerStoreError) return 'newer';
  switch (typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : 0) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return 'locked';
    case 13: // SQLITE_FULL
      return 'full';
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return 'broken';
    default:
      return 'other';
  }
}

/** A later release has written it: it is left as it is. */
export class NewerStoreError extends Error {}

/** Without waiting: a pipe at this place would hold up whoever opens it until somebody else does. */
function make(path: string): void {
  const { O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const fd = fs.openSync(path, O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    if (!fs.fstatSync(fd).isFile()) throw new Error(`${path} is no regular file: remove it, or move it away`);
  } finally {
    fs.closeSync(fd);
  }
}

type Row = readonly [seq: number, at: number, type: string, instance: number | null, body: string];

/** Which rows, beside their numbers. */
export interface RowFilter {
  readonly instances?: readonly number[] | undefined;
  readonly types?: readonly EventType[] | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export class EventStore {
  readonly #db: DatabaseSyncInstance;
  readonly #abouts = new Map<number, About>();
  readonly #numbers = new Map<string, number>();

  /** @throws the library's error: see `troubleOf` */
  constructor(path: string) {
    const { DatabaseSync } = sqlite();
    make(path);
    this.#db = new DatabaseSync(path, { timeout: 0 });
    try {
      this.#prepare();
      if (this.#pragma('user_version') > SCHEMA_VERSION)
        throw new NewerStoreError('a later release of procman has written it');
      this.#loadAbouts();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  #prepare(): void {
    // A small cache: rows are written once and rarely read.
    this.#db.exec(
      'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -256',
    );
    if (this.#pragma('user_version') !== 0) return;
    this.#within(() => this.#db.exec(SCHEMA));
  }

  #pragma(name: string): number {
    const row = this.#db.prepare(`PRAGMA ${name}`).get() as Record<string, number> | undefined;
    return row?.[name] ?? 0;
  }

  #loadAbouts(): void {
    for (const row of this.#db.prepare('SELECT number, key, id, name FROM instances').all()) {
      const { number, key, id, name } = row as { number: number } & About;
      this.#remember(number, { key, id, name });
    }
  }

  #remember(number: number, about: About): void {
    this.#abouts.set(number, about);
    this.#numbers.set(nameKey(about), number);
  }

  /** Instances that anything is known of, by their numbers here. */
  get instances(): ReadonlyMap<number, About> {
    return this.#abouts;
  }

  /** All of them or none. */
  append(entries: readonly Entry[]): void {
    const added: [number, About][] = [];
    try {
      this.#within(() => {
        const insert = this.#db.prepare('INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)');
        for (const { seq, at, type, about, body } of entries)
          insert.run(seq, at, type, about === undefined ? null : this.#numberOf(about, added), JSON.stringify(body));
      });
    } catch (error) {
      for (const [number, about] of added) {
        this.#abouts.delete(number);
        this.#numbers.delete(nameKey(about));
      }
      throw error;
    }
  }

  #numberOf(about: About, added: [number, About][]): number {
    const known = this.#numbers.get(nameKey(about));
    if (known !== undefined) return known;
    const { key, id, name } = about;
    const { lastInsertRowid } = this.#db
      .prepare('INSERT INTO instances (key, id, name) VALUES (?, ?, ?)')
      .run(key, id, name);
    const number = Number(lastInsertRowid);
    this.#remember(number, about);
    added.push([number, about]);
    return number;
  }

  #within(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      try {
        this.#db.exec('ROLLBACK');
      } catch {
        // Rolled back already, as a full disk does it.
      }
      throw error;
    }
  }

  /** The newest number; 0: there is none. */
  last(): number {
    const row = this.#db.prepare('SELECT max(seq) AS last FROM events').get() as { last: number | null } | undefined;
    return row?.last ?? 0;
  }

  /** The entries behind a number, oldest first. */
  after(seq: number, most: number): readonly Entry[] {
    return this.#rows('SELECT seq, at, type, instance, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?', [
      seq,
      most,
    ]);
  }

  /**
   * Looks at the next `breadth` entries before a number, newest first.
   *
   * @returns those that are asked for, and before which number to go on; undefined: that was the end
   */
  before(
    seq: number,
    breadth: number,
    filter: RowFilter,
  ): { readonly entries: readonly Entry[]; readonly next: number | undefined } {
    const span = this.#db
      .prepare(
        'SELECT min(seq) AS least, count(*) AS found FROM (SELECT seq FROM events WHERE seq < ? ORDER BY seq DESC LIMIT ?)',
      )
      .get(seq, breadth) as { least: number | null; found: number };
    if (span.least === null) return { entries: [], next: undefined };
    const { sql, values } = conditionOf(filter);
    const entries = this.#rows(
      `SELECT seq, at, type, instance, body FROM events WHERE seq >= ? AND seq < ?${sql} ORDER BY seq DESC`,
      [span.least, seq, ...values],
    );
    return { entries, next: span.found < breadth ? undefined : span.least };
  }

  /** States, exits and holds of one instance, newest first. */
  lifeOf(key: string, before: number, most: number): readonly Entry[] {
    const numbers = [...this.#abouts].filter(([, about]) => about.key === key).map(([number]) => number);
    if (numbers.length === 0) return [];
    return this.#rows(
      `SELECT seq, at, type, instance, body FROM events WHERE instance IN (${numbers.join(', ')})
       AND type IN ('state', 'exit', 'hold') AND seq < ? ORDER BY seq DESC LIMIT ?`,
      [before, most],
    );
  }

  #rows(sql: string, values: readonly (number | string)[]): readonly Entry[] {
    const statement = this.#db.prepare(sql);
    statement.setReturnArrays(true);
    return (statement.all(...values) as unknown as Row[]).map(([seq, at, type, instance, body]) => {
      const about = instance === null ? undefined : this.#abouts.get(instance);
      const kept = JSON.parse(body) as EventBody;
      return { seq, at, type: type as EventType, ...(about === undefined ? {} : { about }), body: kept };
    });
  }

  /** Removes a few of the oldest where there are too old ones or too many. @returns whether there may be more to do */
  prune({
    maxAge,
    maxBytes,
    now,
  }: {
    readonly maxAge: number;
    readonly maxBytes: number;
    readonly now: number;
  }): boolean {
    const bytes = (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pragma('page_size');
    const oldest = 'SELECT seq, at FROM events ORDER BY seq LIMIT 200';
    const condition = bytes > maxBytes ? '' : ` WHERE at < ${Math.floor(now - maxAge)}`;
    const { changes } = this.#db
      .prepare(`DELETE FROM events WHERE seq IN (SELECT seq FROM (${oldest})${condition})`)
      .run();
    if (changes > 0) this.#db.exec('PRAGMA incremental_vacuum(64)');
    return changes === 200;
  }

  close(): void {
    this.#db.close();
  }
}

const nameKey = ({ key, name }: About): string => JSON.stringify([key, name]);

function conditionOf({ instances, types, since, until }: RowFilter): { sql: string; values: (number | string)[] } {
  const sql = [
    ...(instances === undefined ? [] : [`instance IN (${instances.join(', ')})`]),
    ...(types === undefined ? [] : [`type IN (${types.map(() => '?').join(', ')})`]),
    ...(since === undefined ? [] : ['at >= ?']),
    ...(until === undefined ? [] : ['at < ?']),
  ].map((each) => ` AND ${each}`);
  const values = [...(types ?? []), ...(since === undefined ? [] : [since]), ...(until === undefined ? [] : [until])];
  return { sql: sql.join(''), values };
}
