import { expect, it } from 'vitest';
import type { ConfigDiff } from './config-diff.ts';
import type { WallTime } from './model.ts';
import { ofReload } from './reload-happening.ts';

const none: ConfigDiff = {
  added: [],
  removed: [],
  restarted: [],
  stale: [],
  changed: [],
  unchanged: ['calm'],
  actions: [],
  hash: '',
};
const NOW = 1_700_000_000_000 as WallTime;
const told = (diff: Partial<ConfigDiff>, held: readonly string[] = []) =>
  ofReload({ ...none, ...diff }, held, 'SIGHUP', NOW);

it('names what was touched, and how', () => {
  expect(told({ added: ['db', 'web'], changed: ['cache'] })).toEqual({
    at: NOW,
    type: 'reload',
    by: 'SIGHUP',
    message: 'applied: 2 added (db, web), 1 changed (cache)',
    changes: { added: { count: 2, names: ['db', 'web'] }, changed: { count: 1, names: ['cache'] } },
  });
});

it('names what is held', () => {
  const { message, changes } = told({ removed: ['old'] }, ['old']);
  expect(message).toBe('applied: 1 removed (old); held: it would stop old');
  expect(changes?.held).toEqual({ count: 1, names: ['old'] });
});

it('says that nothing changed, and lists nothing then', () => {
  expect(told({})).toEqual({ at: NOW, type: 'reload', by: 'SIGHUP', message: 'applied: nothing changed' });
});

it('is bounded, however many there are and however long their names', () => {
  const many = Array.from({ length: 1000 }, (_, at) => `worker:worker_${at}`);
  const { message, changes } = told({ added: many });
  expect(message).toMatch(/^applied: 1000 added \(worker:worker_0, .* and 99\d more\)$/);
  expect(changes?.added).toEqual({ count: 1000, names: many.slice(0, 50) });

  const long = ['x'.repeat(201), 'y'.repeat(201)];
  const all = told({ added: long, removed: long, restarted: long, stale: long, changed: long }, long);
  expect(all.message.length).toBeLessThan(1500);
  expect(all.message).toContain(`1 more), 2 removed (${'x'.repeat(201)} and 1 more)`);
});
