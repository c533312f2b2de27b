import { describe, expect, test } from 'vitest';
import { dependentsInTheWay, dependentsOf, hasFinished, isMet, stoppedAlong } from './dependencies.ts';
import type { Activity, Instance, ProcessVersion } from './model.ts';
import { Survey } from './survey.ts';
import {
  ACTIVITIES,
  activityOf,
  applyOnAt,
  configOf,
  endedOf,
  instanceOf,
  needs,
  START,
  versionOf,
  worldOf,
} from './testing/builders.ts';

function byIdOf(versions: readonly ProcessVersion[], instances: readonly Instance[]): Survey['byId'] {
  return new Survey(worldOf(configOf(versions), instances), START).byId;
}

const at = (version: ProcessVersion, kind: Activity['kind'], num = 0): Instance => ({
  ...instanceOf(version, { activity: activityOf(kind, version) }),
  num,
  key: `${version.id}~${num}`,
});

describe('running', () => {
  const db = versionOf({ id: 'db' });

  test.each(ACTIVITIES)('%s', (kind) => {
    expect(isMet(needs('db'), byIdOf([db], [at(db, kind)]))).toBe(kind === 'running');
  });

  test('means all instances, of those that are configured', () => {
    const two = versionOf({ id: 'db', numprocs: 2 });
    expect(isMet(needs('db'), byIdOf([two], [at(two, 'running'), at(two, 'settling', 1)]))).toBe(false);
    expect(isMet(needs('db'), byIdOf([two], [at(two, 'running'), at(two, 'running', 1)]))).toBe(true);
    expect(isMet(needs('db'), byIdOf([db], [at(db, 'running'), at(db, 'stopping', 1)]))).toBe(true);
  });

  test('is not met by what is not there, nor by what has no version', () => {
    expect(isMet(needs('db'), byIdOf([], []))).toBe(false);
    const fake = versionOf({ id: 'db', fake: true });
    expect(isMet(needs('db'), byIdOf([fake], [at(fake, 'running')]))).toBe(false);
  });
});

describe('finished', () => {
  const job = versionOf({ id: 'job', oneShot: true });
  const ledger = { entry: 'version:at 0', launchId: 'L0', outcome: 'ended' } as const;

  test.each([
    ['a one-shot that ended well', job, { ledger, ended: endedOf(job) }, true],
    ['one that failed', job, { ledger, ended: endedOf(job, { exit: { kind: 'code', code: 1 } }) }, false],
    ['one whose status is unknown', job, { ledger, ended: endedOf(job, { exit: { kind: 'unknown' } }) }, false],
    [
      'one that was interrupted',
      job,
      { ledger: { ...ledger, outcome: 'interrupted' }, ended: endedOf(job, { by: 'manual' }) },
      false,
    ],
    [
      'one whose end was under another version',
      job,
      { ledger: { ...ledger, entry: 'version:old' }, ended: endedOf(job) },
      false,
    ],
    ['a service that ended by itself', versionOf({ id: 'job' }), { ended: endedOf(job) }, true],
    ['a service that was stopped', versionOf({ id: 'job' }), { ended: endedOf(job, { by: 'manual' }) }, false],
    ['a service of another version', versionOf({ id: 'job', applyOn: applyOnAt(5) }), { ended: endedOf(job) }, false],
    ['what never ran', job, {}, false],
    ['what runs again', job, { ledger, ended: endedOf(job), activity: activityOf('running', job) }, false],
  ] as const)('%s', (_what, version, known, finished) => {
    expect(hasFinished(instanceOf(version, known), version)).toBe(finished);
  });
});

describe('dependents', () => {
  const db = versionOf({ id: 'db' });
  const lossy = versionOf({ id: 'lossy', dependsOn: [needs('db')] });
  const keeping = versionOf({ id: 'keeping', dependsOn: [needs('db', { onLoss: 'keep' })] });
  const after = versionOf({ id: 'after', dependsOn: [needs('db', { condition: 'finished' })] });
  const chained = versionOf({ id: 'chained', dependsOn: [needs('lossy')] });
  const versions = [chained, after, keeping, lossy, db];
  const all = (kind: Activity['kind']): Survey['byId'] =>
    byIdOf(
      versions,
      versions.map((version) => at(version, kind)),
    );
  const ids = (found: readonly { readonly id: string }[]): string[] => found.map(({ id }) => id);

  test("are those with a condition that lasts, in the configuration's order", () => {
    expect(dependentsOf('db', all('running')).map(({ target }) => target.id)).toEqual(['keeping', 'lossy']);
    expect(dependentsOf('nothing', all('running'))).toEqual([]);
  });

  test('are in the way while they live and lose by it, or are on their way out', () => {
    expect(ids(dependentsInTheWay('db', all('running')))).toEqual(['lossy']);
    expect(ids(dependentsInTheWay('db', all('clearing')))).toEqual(['keeping', 'lossy']);
    expect(ids(dependentsInTheWay('db', all('idle')))).toEqual([]);
    expect(ids(dependentsInTheWay('db', all('running'), new Set(['keeping~0'])))).toEqual(['keeping', 'lossy']);
  });

  test('keep their place after their definition is gone', () => {
    expect(ids(dependentsInTheWay('db', byIdOf([db], [at(db, 'running'), at(lossy, 'running')])))).toEqual(['lossy']);
  });

  test('stop along, with theirs', () => {
    expect(ids(stoppedAlong(new Set(['db~0']), all('running')))).toEqual(['lossy', 'chained']);
    expect(ids(stoppedAlong(new Set(['db~0', 'lossy~0']), all('running')))).toEqual(['chained']);
    expect(ids(stoppedAlong(new Set(['db~0']), all('idle')))).toEqual([]);
  });
});
