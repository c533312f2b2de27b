import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CONFIGURATION, type NotifyState } from '../core/notify/model.ts';
import { NodeSystem } from '../effects/node-system.ts';
import { NotifyFile } from './notify-file.ts';

const now = { wall: Date.parse('2026-03-01T08:00:00Z'), mono: 1_000_000 };
const LIFE = { pid: 7, bootId: 'boot', ended: { at: now.wall, code: 0, by: 'SIGTERM' } };
const STATE: NotifyState = {
  troubles: [
    { subject: CONFIGURATION, kind: 'reload-failed', since: 900_000, text: 'refused', untold: 2, isOn: true, told: 950_000, relapses: 1 },
  ], // prettier-ignore
  sent: [950_000],
  left: 3,
  undelivered: 4,
  notBefore: -Infinity,
};

let folder = '';
let warnings: string[] = [];
let file: NotifyFile;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procman-notify-file-'));
  warnings = [];
  file = new NotifyFile(new NodeSystem(), folder, (text) => warnings.push(text));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what was written is read, for its owner only, also by a daemon whose clock began anew', () => {
  file.write(LIFE, new Map([['ops', STATE]]), now);
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  const later = { wall: now.wall + 60_000, mono: 5_000 };
  const { life, states } = file.read(later);
  expect(life).toEqual(LIFE);
  const state = states.get('ops');
  expect(state).toMatchObject({ sent: [-105_000], left: 3, undelivered: 4 });
  expect(state?.troubles).toMatchObject([{ untold: 2, relapses: 1, since: -155_000, told: -105_000 }]);
  expect([warnings, readdirSync(folder)]).toEqual([[], ['notify.json']]);
});

test('without a file nothing is known, and nothing is wrong', () => {
  expect(file.read(now)).toEqual({ states: new Map() });
  expect(warnings).toEqual([]);
});

test.each([
  ['no JSON', 'x'],
  ['cut off', '{"version":1,"notifies":{'],
  ['empty', ''],
  ['a list', '[]'],
  ['of a later version', '{"version":2,"notifies":{}}'],
  ['without its part', '{"version":1}'],
  ['a state that is none', '{"version":1,"notifies":{"ops":{}}}'],
  [
    'a kind that is none',
    '{"version":1,"notifies":{"ops":{"sent":[],"troubles":[{"key":"a","kind":"x","text":"","since":1}]}}}',
  ],
  ['a time that is none', '{"version":1,"notifies":{"ops":{"sent":["x"],"troubles":[]}}}'],
])('%s: it is set aside whole, and said', (_what, text) => {
  writeFileSync(file.path, text);
  expect(file.read(now)).toEqual({ states: new Map() });
  expect(readdirSync(folder)).toEqual(['notify.json.broken-2026-03-01T080000.000Z']);
  expect(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8')).toBe(text);
  expect(warnings).toEqual([expect.stringContaining('set aside as')]);
});

test.each([
  ['nothing', undefined, undefined],
  ['a pid that is none', { pid: '7', bootId: 'b' }, undefined],
  ['no end', { pid: 7, bootId: 'b' }, { pid: 7, bootId: 'b' }],
  ['an end that is none', { pid: 7, bootId: 'b', ended: { at: 'x' } }, { pid: 7, bootId: 'b' }],
])('of the daemon before it says %s', (_what, life, known) => {
  writeFileSync(file.path, JSON.stringify({ version: 1, notifies: {}, life }));
  expect(file.read(now).life).toEqual(known);
});

test('what cannot be written is said once, until it works again', () => {
  // In the place of the draft: a folder, which fails for root as well.
  const draft = `${file.path}.new`;
  for (let round = 1; round <= 2; round += 1) {
    mkdirSync(draft);
    file.write(LIFE, new Map(), now);
    file.write(LIFE, new Map(), now);
    expect(warnings).toHaveLength(round);
    rmSync(draft, { recursive: true });
    file.write(LIFE, new Map(), now);
  }
  expect(warnings[0]).toMatch(/notify\.json\.new.*; after a restart something may be told a second time$/);
});

test('what cannot be read is said, and stays where it is', () => {
  mkdirSync(file.path);
  chmodSync(file.path, 0o700);
  expect(file.read(now)).toEqual({ states: new Map() });
  expect(warnings).toEqual([expect.stringContaining('something may be told a second time')]);
});
