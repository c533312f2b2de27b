import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import type * as SqliteModule from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NodeSystem } from '../effects/node-system.ts';
import { TimeText } from '../time-text.ts';
import { History } from './history.ts';

const { DatabaseSync } = createRequire(import.meta.url)('@photostructure/sqlite') as typeof SqliteModule;

let folder: string;
let told: string[];
const open: History[] = [];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'history-'));
  told = [];
});
afterEach(() => {
  for (const history of open.splice(0)) history.close();
  fs.rmSync(folder, { recursive: true });
});

function history(maxBytes = Infinity): History {
  const made = new History({
    system: new NodeSystem(),
    stateDirectory: folder,
    log: (_level, text) => told.push(text),
    time: () => new TimeText('UTC'),
    limits: () => ({ maxAge: Infinity, maxBytes }),
  });
  open.push(made);
  return made;
}

const database = (): string => path.join(folder, 'events.db');
const happen = (to: History, message: string): void => to.record({ at: 1_700_000_000_000, type: 'daemon', message });
const messages = (of: History, after = 0): string[] => of.after(after, 100).map(({ body }) => body.message);

/** What a daemon that ended well leaves behind. */
function leave(...texts: readonly string[]): void {
  const earlier = history();
  for (const text of texts) happen(earlier, text);
  earlier.close();
}

test('what was recorded last is there for the next daemon, and numbers go on without a gap', () => {
  leave('one', 'ended');
  const next = history();
  expect(messages(next)).toEqual(['one', 'ended']);
  happen(next, 'three');
  expect(messages(next, 2)).toEqual(['three']);
  expect(next.seq).toBe(3);
});

test('a daemon that was killed gives out no number twice', () => {
  happen(history(), 'never written');
  const next = history();
  happen(next, 'later');
  expect(next.seq).toBeGreaterThan(1);
});

test('without the file of numbers the store tells the newest', () => {
  leave('one', 'two');
  fs.rmSync(path.join(folder, 'events.seq'));
  const next = history();
  happen(next, 'three');
  expect(next.seq).toBe(3);
  expect(told).toEqual([]);
});

describe('a file that is no database', () => {
  test.each([true, false])('is set aside, and the history begins anew (with its numbers: %s)', (hasNumbers) => {
    leave('one');
    // With its journal SQLite would mend it.
    for (const end of ['-wal', '-shm']) fs.rmSync(`${database()}${end}`, { force: true });
    fs.writeFileSync(database(), 'garbage '.repeat(2_000));
    if (!hasNumbers) fs.rmSync(path.join(folder, 'events.seq'));
    const next = history();
    happen(next, 'two');
    next.close();
    expect(told.join()).toMatch(/set aside as .*the history begins anew/);
    expect(fs.readdirSync(folder).some((name) => name.startsWith('events.db.broken-'))).toBe(true);
    if (hasNumbers) expect(next.seq).toBe(2);
    expect(messages(history())).toEqual(['two']);
  });
});

test.each<[string, () => void, RegExp]>([
  ['a directory', () => fs.mkdirSync(database()), /EISDIR/],
  ['a symbolic link', () => fs.symlinkSync('elsewhere', database()), /ELOOP/],
])('%s in its place is told once; what happens stays in memory', (_what, make, why) => {
  make();
  const next = history();
  happen(next, 'one');
  expect(next.read(() => true)).toBeUndefined();
  expect(next.read(() => true)).toBeUndefined();
  expect(messages(next)).toEqual(['one']);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(why);
  expect(fs.existsSync(path.join(folder, 'elsewhere'))).toBe(false);
});

test('the database of a later release is left as it is', () => {
  const other = new DatabaseSync(database());
  other.exec('PRAGMA user_version = 99');
  other.close();
  const next = history();
  happen(next, 'one');
  next.close();
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/a later release.*kept in memory only/);
  expect(fs.readdirSync(folder).filter((name) => name.includes('broken'))).toEqual([]);
});

test('a lock of somebody else is not waited for, and hurts nothing that was written', () => {
  leave('one');
  const other = new DatabaseSync(database());
  other.exec('BEGIN IMMEDIATE');
  const next = history();
  happen(next, 'two');
  next.close();
  expect(told.join()).toMatch(/locked/);
  other.exec('ROLLBACK');
  other.close();
  expect(messages(history())).toEqual(['one']);
});

test('a lasting flood of events does not let the file grow beyond its bound', { timeout: 30_000 }, async () => {
  const flooded = history(300_000);
  const text = 'x'.repeat(100);
  // 10,000 rows: two megabytes.
  for (let wave = 0; wave < 10; wave += 1) {
    for (let row = 0; row < 1_000; row += 1) happen(flooded, text);
    await vi.waitFor(() => expect(flooded.waiting).toEqual([]), { timeout: 10_000, interval: 5 });
  }
  // What is written between two looks comes on top. The file itself tells nothing: rows are in its journal still.
  const kept = (): number => flooded.read((store) => store.after(0, 100_000).length) ?? Infinity;
  await vi.waitFor(() => expect(kept()).toBeLessThan(5_000), { timeout: 5_000 });
  expect(messages(flooded, flooded.seq - 1)).toEqual([text]);
});

test('only its owner may read it', () => {
  leave('one');
  expect(execFileSync('stat', ['-c', '%a', database()], { encoding: 'utf8' })).toBe('600\n');
});
