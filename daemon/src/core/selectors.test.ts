import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWide, select } from './selectors.ts';
import { targetsOf } from './targets.ts';
import { configOf, START, versionOf, worldOf } from './testing/builders.ts';

const targets = targetsOf(
  worldOf(
    configOf([
      versionOf({ id: 'nginx', group: 'web' }),
      versionOf({ id: 'php', group: 'web' }),
      versionOf({ id: 'worker', numprocs: 3 }),
      versionOf({ id: 'job one' }),
    ]),
  ),
  START.wall,
);
const WORKERS = ['worker:worker_00', 'worker:worker_01', 'worker:worker_02'];
const ALL = ['web:nginx', 'web:php', ...WORKERS, 'job one'];

test('names of instances', () => {
  expect(targets.map(({ name }) => name)).toEqual(ALL);
});

test.each([
  ['all', ALL],
  ['web:nginx', ['web:nginx']],
  ['nginx', ['web:nginx']],
  ['worker', WORKERS],
  ['worker_01', ['worker:worker_01']],
  ['worker:worker_01', ['worker:worker_01']],
  ['web:*', ['web:nginx', 'web:php']],
  ['work*', WORKERS],
  ['*_02', ['worker:worker_02']],
  ['w*:*_0*', WORKERS],
  ['*', ALL],
  ['job one', ['job one']],
  ['job?one', []],
  ['n.*', []],
  ['web', []],
  ['Nginx', []],
  ['', []],
] as const)('%s', (selector, names) => {
  const { targets: found, unknown } = select(targets, [selector]);
  expect(found.map(({ name }) => name)).toEqual(names);
  expect(unknown).toEqual(names.length === 0 ? [selector] : []);
});

test('`all` of nothing is nothing, not a mistake', () => {
  expect(select([], ['all'])).toMatchObject({ targets: [], unknown: [] });
});

test('each once, in the order of the configuration; a name beside a wide selector is no longer wide', () => {
  const { targets: found, wide } = select(targets, ['work*', 'php', 'worker_01']);
  expect(found.map(({ name }) => name)).toEqual(['web:php', ...WORKERS]);
  expect([...wide]).toEqual(['worker~0', 'worker~2']);
});

test('what matches nothing is named, each', () => {
  expect(select(targets, ['nginx', 'ngnix', 'x*']).unknown).toEqual(['ngnix', 'x*']);
});

test('a glob matches what a regular expression would', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 12 });
  fc.assert(
    fc.property(
      text,
      text.map((name) => name.replaceAll('*', '')),
      (glob, name) => {
        fc.pre(name !== '' && glob !== '' && glob !== 'all');
        const found =
          select(targetsOf(worldOf(configOf([versionOf({ id: name })])), START.wall), [glob]).targets.length === 1;
        const regexp = new RegExp(`^${glob.split('*').join('.*')}$`);
        expect(found).toBe(regexp.test(name));
        expect(isWide(glob)).toBe(glob.includes('*'));
      },
    ),
    { numRuns: 2_000 },
  );
});
