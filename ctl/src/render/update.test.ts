import type { UpdateResult } from '@procman/protocol/views';
import { expect, it } from 'vitest';
import type { Style } from './style.ts';
import { renderUpdate } from './update.ts';

const plain: Style = { terminal: false, columns: Infinity, color: false };
const unchanged: UpdateResult = {
  ok: true,
  applied: false,
  hash: 'abc',
  added: [],
  removed: [],
  restarted: [],
  stale: [],
  changed: [],
  unchanged: ['a'],
  actions: [],
  daemon: [],
  problems: [],
};

it('says that nothing changes', () => expect(renderUpdate(unchanged, 'would', plain)).toBe('no changes\n'));

it('prints each change, the steps in order, and the command for what is stale', () => {
  const update: UpdateResult = {
    ...unchanged,
    added: ['new'],
    restarted: ['nginx'],
    stale: ['example process 2', 'api'],
    actions: [{ name: 'nginx', action: 'restart', reason: { code: 'new-version', message: 'a new version' } }],
    daemon: [{ key: 'socket', takesEffect: 'next-start' }],
    held: { stops: ['nginx', 'db'] },
  };
  expect(renderUpdate(update, 'would', plain).split('\n')).toEqual([
    'new: added',
    'example process 2: stale: would run on as it was launched',
    'api: stale: would run on as it was launched',
    'would restart nginx: a new version',
    '[daemon] socket: takes effect at the next start of the daemon',
    'to apply what is stale, after "update": procmanctl restart "example process 2" api',
    'the reload guard holds this when it comes by SIGHUP (it stops nginx, db); "update" confirms it',
    '',
  ]);
  expect(renderUpdate({ ...update, held: { stops: [] } }, 'did', plain)).toContain('\nrestart nginx: a new version\n');
});

it('prints every problem of a configuration that is refused', () => {
  const update: UpdateResult = {
    ...unchanged,
    ok: false,
    problems: [
      { severity: 'error', file: '/etc/p.toml', line: 3, column: 1, process: 'a', key: 'nice', message: 'is too high' },
    ],
  };
  expect(renderUpdate(update, 'did', plain)).toBe(
    '/etc/p.toml:3:1: error: process "a": nice: is too high\nthe configuration has errors: nothing was changed\n',
  );
});
