import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { appendHistory, historyFile, loadHistory } from './history.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'procmanctl-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('lies in the state folder of the user, or nowhere', () => {
  expect(historyFile({ XDG_STATE_HOME: '/s', HOME: '/h' })).toBe('/s/procman/history');
  expect(historyFile({ HOME: '/h' })).toBe('/h/.local/state/procman/history');
  expect(historyFile({})).toBeUndefined();
  expect(loadHistory(undefined)).toEqual([]);
});

it('is private, and comes back in order', () => {
  const file = join(folder, 'new/history');
  appendHistory(file, 'status');
  appendHistory(file, 'start a');
  expect(loadHistory(file)).toEqual(['status', 'start a']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('keeps the newest thousand lines, none twice in a row', () => {
  const file = join(folder, 'history');
  const lines = Array.from({ length: 1500 }, (_, at) => `line ${at}`);
  writeFileSync(file, [...lines, 'line 1499', ''].join('\n'));
  expect(loadHistory(file)).toEqual(lines.slice(500));
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(1001);
});

it('bears a place where nothing can be written', () => {
  expect(() => appendHistory('/proc/no/history', 'status')).not.toThrow();
});
