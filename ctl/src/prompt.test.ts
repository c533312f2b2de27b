import { expect, it } from 'vitest';
import { type DaemonView, promptOf, viewOf } from './prompt.ts';
import { row, running, statusOf } from './testing/fake-daemon.ts';

const up = (problems = 0, marks: string[] = []): DaemonView => ({ kind: 'up', uid: 'shop', pid: 1, problems, marks });

it.each<[DaemonView, boolean, number, string]>([
  [up(), false, 0, 'procman> '],
  [{ kind: 'unknown' }, false, 0, 'procman> '],
  [up(), true, 0, '[shop] procman> '],
  [up(1), false, 0, '[1 problem] procman> '],
  [up(2, ['config error']), true, 4, '[shop, 2 problems, config error, exit 4] procman> '],
  [{ kind: 'none' }, true, 5, '[no daemon, exit 5] procman> '],
  [{ kind: 'several' }, true, 0, '[no daemon chosen] procman> '],
  [{ kind: 'silent' }, false, 0, '[the daemon does not answer] procman> '],
])('%j, others: %s, exit %i: %s', (daemon, hasOthers, lastCode, prompt) => {
  expect(promptOf({ daemon, hasOthers, lastCode }, false)).toBe(prompt);
});

it('is red only where something is wrong', () => {
  expect(promptOf({ daemon: up(1), hasOthers: false, lastCode: 0 }, true)).toBe(
    '\u001b[31m[1 problem]\u001b[0m procman> ',
  );
  expect(promptOf({ daemon: up(), hasOthers: true, lastCode: 0 }, true)).toBe('\u001b[2m[shop]\u001b[0m procman> ');
});

it('counts problems, not what is pending', () => {
  const rows = [running('a', 1, 1), row({ name: 'b', verdict: 'pending' }), row({ name: 'c', verdict: 'problem' })];
  const status = statusOf(rows);
  const configError = { at: '2026-03-01T08:00:00.000+00:00', problems: [] };
  expect(viewOf(status)).toMatchObject({ kind: 'up', problems: 1, marks: [] });
  expect(viewOf({ ...status, daemon: { ...status.daemon, configError } })).toMatchObject({ marks: ['config error'] });
});
