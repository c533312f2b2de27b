import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffConfig, staleKeys, type ConfigDiff } from './config-diff.ts';
import type { Instance, ProcessVersion, World } from './model.ts';
import { Survey } from './survey.ts';
import {
  ACTIVITIES,
  activityOf,
  applyOnAt,
  configOf,
  endedOf,
  fingerprintOf,
  instanceOf,
  needs,
  START,
  versionOf,
  worldOf,
} from './testing/builders.ts';

const KINDS = ['added', 'removed', 'restarted', 'stale', 'changed', 'unchanged'] as const;
const db = versionOf({ id: 'db' });
const web = versionOf({ id: 'web', dependsOn: [needs('db')] });

const running = (version: ProcessVersion): Instance =>
  instanceOf(version, { activity: activityOf('running', version) });

function diff(
  next: readonly ProcessVersion[],
  world: World = worldOf(configOf([db, web]), [running(db), running(web)]),
): ConfigDiff {
  return diffConfig(world, configOf(next), new Set(), START);
}

const kindOf = (found: ConfigDiff, name: string): string[] => KINDS.filter((kind) => found[kind].includes(name));
const actionsOf = ({ actions }: ConfigDiff): string[] =>
  actions.map(({ name, action, reason }) => `${action} ${name} ${reason}`);

test('each name is in exactly one list', () => {
  const version = fc
    .record({
      id: fc.constantFrom('a', 'b', 'c'),
      numprocs: fc.integer({ min: 1, max: 3 }),
      group: fc.constantFrom('g', 'h'),
      fake: fc.boolean(),
      hash: fc.constantFrom('x', 'y'),
      at: fc.constantFrom(0, 5, START.wall + 5),
    })
    .map(({ hash, at, ...given }) => versionOf({ ...given, fingerprint: fingerprintOf(hash), applyOn: applyOnAt(at) }));
  const versions = fc.uniqueArray(version, { selector: ({ id }) => id });
  fc.assert(
    fc.property(versions, versions, fc.array(fc.constantFrom(...ACTIVITIES), { minLength: 9, maxLength: 9 }), (before, after, kinds) => {
      const instances = before.flatMap((one, index) =>
        Array.from({ length: one.numprocs }, (_, num) => ({
          ...instanceOf(one, { activity: activityOf(kinds[3 * index + num]!, one) }), num, key: `${one.id}~${num}`,
        })),
      );
      const found = diff(after, worldOf(configOf(before), instances));
      const names = KINDS.flatMap((kind) => found[kind]);
      expect(new Set(names).size).toBe(names.length);
      const configured = new Survey(worldOf(configOf(after)), START).targets.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(configured));
      for (const { name } of found.actions) expect(names).toContain(name);
    }),
    { numRuns: 500 },
  ); // prettier-ignore
});

describe('what a reload does', () => {
  test('nothing, to what has not changed', () => {
    const found = diff([db, web]);
    expect(found).toMatchObject({ unchanged: ['db', 'web'], actions: [] });
  });

  test('starts what is added, stops what is removed and what it takes along', () => {
    expect(actionsOf(diff([db, web, versionOf({ id: 'new' })]))).toEqual(['start new wanted']);
    expect(diff([db]).removed).toEqual(['web']);
    expect(actionsOf(diff([db]))).toEqual(['stop web not-in-config']);
    expect(actionsOf(diff([web]))).toEqual(['restart web dependency', 'stop db not-in-config']);
  });

  test('restarts what has another apply-on, dependents first', () => {
    const found = diff([versionOf({ ...db, applyOn: applyOnAt(5) }), web]);
    expect(actionsOf(found)).toEqual(['restart web dependency', 'restart db new-version']);
    expect(found.restarted).toEqual(['db', 'web']);
  });

  test('makes stale what runs with another command; it ends when that is changed back', () => {
    const edited = versionOf({ ...web, fingerprint: { ...web.fingerprint, command: 'other' }, digest: 'other' });
    const found = diff([db, edited]);
    expect([kindOf(found, 'web'), found.actions]).toEqual([['stale'], []]);
    const survey = new Survey(worldOf(configOf([db, edited]), [running(db), running(web)]), START);
    expect(staleKeys(survey, survey.targets[1]!)).toEqual(['command']);
    expect(kindOf(diff([db, web], survey.world), 'web')).toEqual(['changed']);
  });

  test('changes live what only has other settings, or another name', () => {
    expect(kindOf(diff([db, versionOf({ ...web, stopTimeout: 1, digest: 'other' })]), 'web')).toEqual(['changed']);
    expect(kindOf(diff([db, { ...web, group: 'g' }]), 'g:web')).toEqual(['changed']);
  });

  test('starts again what had given up, if its definition has changed', () => {
    const failure = { code: 'exit', message: '', at: START.mono, counts: true } as const;
    const bad = versionOf({ id: 'bad', startRetries: 0 });
    const fatal = instanceOf(bad, {
      counters: { failedStarts: 1, failure, runs: [] },
      ended: endedOf(bad, { settled: false }),
    });
    const world = worldOf(configOf([bad]), [fatal]);
    expect(actionsOf(diff([bad], world))).toEqual([]);
    expect(actionsOf(diff([versionOf({ ...bad, digest: 'mended' })], world))).toEqual(['start bad wanted']);
  });
});

test('the hash is that of the plan', () => {
  expect(diff([db, web]).hash).toBe(diff([db, web]).hash);
  expect(diff([db]).hash).not.toBe(diff([db, web]).hash);
  expect(diff([db, versionOf({ ...web, digest: 'other' })]).hash).not.toBe(diff([db, web]).hash);
  const other = worldOf(configOf([db, web]), [running(db), instanceOf(web)]);
  expect(diff([db], other).hash).not.toBe(diff([db]).hash);
});

test('a long chain of dependencies takes no time', () => {
  const chain = Array.from({ length: 60 }, (_, index) =>
    versionOf({
      id: `p${index}`,
      dependsOn: [index - 1, index - 2].filter((other) => other >= 0).map((other) => needs(`p${other}`)),
    }),
  );
  const found = diff([], worldOf(configOf(chain), chain.map(running)));
  expect(found.actions[0]!.name).toBe('p59');
  expect(found.actions.length).toBe(60);
});
