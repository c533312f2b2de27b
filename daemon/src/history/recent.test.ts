import { expect, test } from 'vitest';
import type { Entry } from './event.ts';
import { isAsked } from './filter.ts';
import { MOST_WAITING, Recent } from './recent.ts';

const entry = (seq: number): Entry => ({ seq, at: seq, type: 'daemon', body: { message: String(seq) } });

test('what the store has taken is not waiting any more, and the newest stay for followers', () => {
  const recent = new Recent();
  for (let seq = 1; seq <= 3; seq += 1) recent.push(entry(seq));
  recent.noteStored(2);
  expect(recent.waiting(10).map(({ seq }) => seq)).toEqual([3]);
  expect(recent.after(0).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  recent.noteStored(3);
  expect(recent.hasWaiting).toBe(false);
});

test('memory is bounded while nothing can be stored; what was given up is counted once', () => {
  const recent = new Recent();
  for (let seq = 1; seq <= MOST_WAITING + 70; seq += 1) recent.push(entry(seq));
  expect(recent.waiting(Infinity)).toHaveLength(MOST_WAITING);
  expect(recent.first).toBe(71);
  expect(recent.takeLost()).toBe(70);
  expect(recent.takeLost()).toBe(0);
});

const about = { key: 'k.0', id: 'web', name: 'web' };

test.each([
  ['everything', {}, true],
  ['its name', { names: ['web'] }, true],
  ['another name', { names: ['db'] }, false],
  ['what it is called now', { names: ['shop'], keys: new Set(['k.0']) }, true],
  ['its type', { types: new Set(['state'] as const) }, true],
  ['another type', { types: new Set(['exit'] as const) }, false],
])('asked for by %s', (_what, filter, expected) => {
  expect(isAsked(filter, { type: 'state', about })).toBe(expected);
});

test('an event of the daemon is not one of a name', () => {
  expect(isAsked({ names: ['web'] }, { type: 'daemon' })).toBe(false);
});
