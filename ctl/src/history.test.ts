import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { appendHistory, historyFile, loadHistory } from './history.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'procmanctl-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('lies in the state folder of the user, or nowhere', () => {
  expect(historyFile({ XDG_STATE_HOME: '/s', HOME: '/h' }, 0)).toBe('/s/procman/history');
  expect(historyFile({ XDG_STATE_HOME: 'relative', HOME: '/h' }, 0)).toBe('/h/.local/state/procman/history');
  expect(historyFile({}, 0)).toBeUndefined();
  expect(historyFile({ HOME: '' }, 0)).toBeUndefined();
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

it('keeps out of the home of another user', () => {
  const { uid } = statSync(folder);
  expect(historyFile({ HOME: folder }, uid)).toBe(join(folder, '.local/state/procman/history'));
  expect(historyFile({ HOME: folder }, uid + 1)).toBeUndefined();
});

it('gives each line once, at its newest place', () => {
  const file = join(folder, 'history');
  writeFileSync(file, 'status\nstart a\nstatus\nstop a\nstatus\n');
  expect(loadHistory(file)).toEqual(['start a', 'stop a', 'status']);
});

it('makes a file private that was open to others', () => {
  const file = join(folder, 'history');
  writeFileSync(file, 'status\n', { mode: 0o644 });
  appendHistory(file, 'ping');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('leaves the file alone while another shell shortens it, and what that has left behind away', () => {
  const file = join(folder, 'history');
  const lines = Array.from({ length: 1500 }, (_, at) => `line ${at}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  writeFileSync(`${file}.lock`, '');
  expect(loadHistory(file)).toHaveLength(1000);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(1501);
  utimesSync(`${file}.lock`, 0, 0);
  loadHistory(file);
  loadHistory(file);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(1001);
});

it('bears a place where nothing can be written', () => {
  expect(() => appendHistory('/proc/no/history', 'status')).not.toThrow();
});
