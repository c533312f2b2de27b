import { expect, test } from 'vitest';
import { guardReload } from './guard.ts';
import type { CoreConfig, Instance, World } from './model.ts';
import { activityOf, applyOnAt, configOf, instanceOf, START, versionOf, worldOf } from './testing/builders.ts';
import { HOLD } from './testing/situations.ts';

const ids = ['a', 'b', 'c', 'd'];
const versions = ids.map((id) => versionOf({ id }));
const running = (given: Partial<Instance> = {}): readonly Instance[] =>
  versions.map((version) => instanceOf(version, { activity: activityOf('running', version), ...given }));
const world = (instances = running()): World => worldOf(configOf(versions), instances);
const without = (...gone: string[]): CoreConfig => configOf(versions.filter(({ id }) => !gone.includes(id)));

test.each([
  ['nothing', [], []],
  ['exactly the share', ['a', 'b'], []],
  ['more than the share', ['a', 'b', 'c'], ['a', 'b', 'c']],
  ['all', ids, ids],
] as const)('what would stop %s for good', (_what, gone, stops) => {
  expect(guardReload(world(), without(...gone), START).stops).toEqual(stops);
});

test('keeps what it would stop, with its definition, and applies the rest', () => {
  const next = configOf([versionOf({ id: 'd', stopTimeout: 1 }), versionOf({ id: 'e' })]);
  const { config, kept } = guardReload(world(), next, START);
  expect([...kept]).toEqual(['a~0', 'b~0', 'c~0']);
  expect(config.processes.map(({ id }) => id)).toEqual(['d', 'e', 'a', 'b', 'c']);
  expect(config.processes[0]!.versions[0]!.stopTimeout).toBe(1);
});

test('a rollback to nothing, or a date by mistake, is a stop for good too', () => {
  const fake = configOf(versions.map((version) => ({ ...version, fake: true })));
  expect(guardReload(world(), fake, START).stops).toEqual(ids);
  const future = configOf(versions.map((version) => ({ ...version, applyOn: applyOnAt(START.wall + 1) })));
  expect(guardReload(world(), future, START).stops).toEqual(ids);
});

test('a clock of 1970 is no date by mistake: what counts is when it has caught up', () => {
  const now = { ...START, wall: versions[0]!.applyOn.at - 1 };
  const behind = { ...world(), clock: { behindUntil: START.wall } };
  expect(guardReload(behind, configOf(versions), now).stops).toEqual([]);
  const future = configOf(versions.map((version) => ({ ...version, applyOn: applyOnAt(START.wall + 1) })));
  expect(guardReload(behind, future, now).stops).toEqual(ids);
});

test('one alone is never held, nor what does not run, nor what is held by an operator anyway', () => {
  const [first] = versions;
  const alone = worldOf(configOf([first!]), [instanceOf(first!, { activity: activityOf('running', first!) })]);
  expect(guardReload(alone, configOf([]), START).stops).toEqual([]);
  expect(guardReload(world(running({ activity: { kind: 'idle' } })), configOf([]), START).stops).toEqual([]);
  expect(guardReload(world(running({ hold: HOLD })), configOf([]), START).stops).toEqual([]);
});

test('off', () => {
  const { reloadGuard: _off, ...daemon } = configOf([]).daemon;
  expect(guardReload(world(), { daemon, processes: [] }, START).stops).toEqual([]);
});

test('a new version stops nothing for good', () => {
  const next = configOf(versions.map((version) => versionOf({ ...version, applyOn: applyOnAt(7) })));
  expect(guardReload(world(), next, START).stops).toEqual([]);
});
