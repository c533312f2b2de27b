import { expect, test } from 'vitest';
import { isStateFile, replacedFolder, replacedStamp, stateFile, stateFiles } from './state-files.ts';

const now = new Date('2026-03-01T08:00:00.123Z');

test.each([
  ...Object.values(stateFiles),
  'procmand.lock.lock',
  'procmand.log.1',
  'procmand.log.12',
  'procmand.sock.4711',
  '.procman.4711',
  'events.db-wal',
  'events.db-shm',
  'notify.json.new',
  'config.last.toml.4711.new',
  'notify.json.broken-2026-03-01T080000.000Z',
  'events.db.broken-2026-03-01T080000.000Z',
  'events.db.broken-2026-03-01T080000.000Z-wal',
  'instances.broken-2026-03-01T080000.000Z',
  replacedFolder(replacedStamp(now)),
])('%s is of procman', (name) => expect(isStateFile(name)).toBe(true));

test.each([
  '',
  'notes.txt',
  'notes.prev',
  'notes.broken-2026-03-01T080000.000Z',
  'procmand.log.old',
  'procmand.log.gz',
  'notify.json.bak',
  'notify.json.1',
  'notify.json.broken-by-me',
  'notify.json.new-wal',
  'daemon.json.prev-wal',
  'events.dbx',
  'events.db.1',
  'replaced-',
  'replaced-by-me',
  'replaced-2026-03-01T08-00-00-123Z.old',
  '.new',
  '.hidden.new',
  'Notify.json',
])('%s is of somebody else', (name) => expect(isStateFile(name)).toBe(false));

test('the path of a file', () => {
  expect(stateFile('/state', 'notify')).toBe('/state/notify.json');
  expect(replacedFolder(replacedStamp(now))).toBe('replaced-2026-03-01T08-00-00-123Z');
});
