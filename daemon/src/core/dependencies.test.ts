import { describe, expect, test } from 'vitest';
import { dependentsInTheWay, dependentsOf, hasFinished, isMet, stoppedAlong } from './dependencies.ts';
import type { Activity, Dependency, Instance, ProcessVersion } from './model.ts';
import { Survey } from './survey.ts';
import {
  ACTIVITIES,
  activityOf,
  applyOnAt,
  configOf,
  endedOf,
  instanceOf,
  needs,
  runOf,
  START,
  versionOf,
  worldOf,
} from './testing/builders.ts';
import { ALL_DAYS, daily } from './testing/schedules.ts';

function surveyOf(versions: readonly ProcessVersion[], instances: readonly Instance[]): Survey {
  return new Survey(worldOf(configOf(versions), instances), START);
}

function byIdOf(versions: readonly ProcessVersion[], instances: readonly Instance[]): Survey['byId'] {
  return surveyOf(versions, instances).byId;
}

function met(dependency: Dependency, versions: readonly ProcessVersion[], instances: readonly Instance[]): boolean {
  const { byId, world, now } = surveyOf(versions, instances);
  return isMet(dependency, byId, world, now);
}

const at = (version: ProcessVersion, kind: Activity['kind'], num = 0): Instance => ({
  ...instanceOf(version, { activity: activityOf(kind, version) }),
  num,
  key: `${version.id}~${num}`,
});

describe.each([
  ['started', ['settling', 'running']],
  ['running', ['running']],
  ['healthy', []],
] as const)('%s', (condition, kinds) => {
  const db = versionOf({ id: 'db' });

  test.each(ACTIVITIES)('%s', (kind) => {
    expect(met(needs('db', { condition }), [db], [at(db, kind)])).toBe((kinds as readonly string[]).includes(kind));
  });
});

test.each([
  ['not asked yet', {}, false],
  ['well', { ok: true }, true],
  ['unhealthy', { ok: false }, false],
  ['well, with a failure since', { ok: true, failures: 1 }, true],
] as const)('healthy: what is %s', (_what, known, healthy) => {
  const db = versionOf({ id: 'db' });
  const health = { failures: 0, nextAt: 0, ...known };
  const activity = { kind: 'running', run: runOf(db), since: START, health } as const;
  expect(met(needs('db', { condition: 'healthy' }), [db], [instanceOf(db, { activity })])).toBe(healthy);
});

describe('running', () => {
  const db = versionOf({ id: 'db' });

  test('means all instances, of those that are configured', () => {
    const two = versionOf({ id: 'db', numprocs: 2 });
    expect(met(needs('db'), [two], [at(two, 'running'), at(two, 'settling', 1)])).toBe(false);
    expect(met(needs('db'), [two], [at(two, 'running'), at(two, 'running', 1)])).toBe(true);
    expect(met(needs('db'), [db], [at(db, 'running'), at(db, 'stopping', 1)])).toBe(true);
  });

  test('is not met by what is not there, but by what lives on without a version, under a clock that is not trusted', () => {
    expect(met(needs('db'), [], [])).toBe(false);
    const fake = versionOf({ id: 'db', fake: true });
    expect(met(needs('db'), [fake], [at(fake, 'running')])).toBe(true);
    expect(met(needs('db'), [fake], [at(fake, 'idle')])).toBe(false);
  });
});

/* START is 2023-11-14 22:13:20 UTC. */
const OPEN = daily('20:00-23:00', ALL_DAYS, 'UTC');

describe('finished', () => {
  const job = versionOf({ id: 'job', oneShot: true });
  const line = { entry: 'version:at 0', launchId: 'L0', outcome: 'ended' } as const;
  const ledger = [line];

  test.each([
    ['a one-shot that ended well', job, { ledger, ended: endedOf(job) }, true],
    ['one that failed', job, { ledger, ended: endedOf(job, { exit: { kind: 'code', code: 1 } }) }, false],
    ['one whose status is unknown', job, { ledger, ended: endedOf(job, { exit: { kind: 'unknown' } }) }, false],
    [
      'one that was interrupted',
      job,
      { ledger: [{ ...line, outcome: 'interrupted' }], ended: endedOf(job, { by: 'manual' }) },
      false,
    ],
    [
      'one whose end was under another version',
      job,
      { ledger: [{ ...line, entry: 'version:old' }], ended: endedOf(job) },
      false,
    ],
    ['a service that ended by itself', versionOf({ id: 'job' }), { ended: endedOf(job) }, true],
    ['a service that was stopped', versionOf({ id: 'job' }), { ended: endedOf(job, { by: 'manual' }) }, false],
    ['a service of another version', versionOf({ id: 'job', applyOn: applyOnAt(5) }), { ended: endedOf(job) }, false],
    ['what never ran', job, {}, false],
    [
      'a one-shot that runs again',
      job,
      {
        ledger: [{ ...line, launchId: 'L1', outcome: 'running' }],
        ended: endedOf(job),
        activity: activityOf('running', job),
      },
      false,
    ],
    [
      'a service that runs again',
      versionOf({ id: 'job' }),
      { ended: endedOf(job), activity: activityOf('running', job) },
      false,
    ],
    ['a service, in this window', versionOf({ id: 'job', schedule: OPEN }), { ended: endedOf(job) }, true],
    [
      'a service, in the window before',
      versionOf({ id: 'job', schedule: OPEN }),
      { ended: endedOf(job, { startedAt: START.wall - 24 * 3_600_000 }) },
      false,
    ],
  ] as const)('%s', (_what, version, known, finished) => {
    const instance = instanceOf(version, known);
    expect(hasFinished(worldOf(configOf([version]), [instance]), instance, version, START)).toBe(finished);
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
  const inTheWay = (byId: Survey['byId'], leaving?: ReadonlySet<string>, num = 0): string[] =>
    ids(dependentsInTheWay(byId.get('db')!.find(({ target }) => target.num === num)!.target, byId, leaving));
  const ids = (found: readonly { readonly id: string }[]): string[] => found.map(({ id }) => id);

  test("are those with a condition that lasts, in the configuration's order", () => {
    expect(dependentsOf('db', all('running')).map(({ target }) => target.id)).toEqual(['keeping', 'lossy']);
    expect(dependentsOf('nothing', all('running'))).toEqual([]);
  });

  test('are in the way while they live and lose by it, or are on their way out', () => {
    expect(inTheWay(all('running'))).toEqual(['lossy']);
    expect(inTheWay(all('clearing'))).toEqual(['keeping', 'lossy']);
    expect(inTheWay(all('idle'))).toEqual([]);
    expect(inTheWay(all('running'), new Set(['keeping~0']))).toEqual(['keeping', 'lossy']);
  });

  test('lose nothing by an instance that is one too many', () => {
    const instances = [at(db, 'running'), at(db, 'running', 1), at(lossy, 'running')];
    expect(inTheWay(byIdOf([db, lossy], instances))).toEqual(['lossy']);
    expect(inTheWay(byIdOf([db, lossy], instances), new Set(), 1)).toEqual([]);
    expect(inTheWay(byIdOf([db, lossy], instances), new Set(['lossy~0']), 1)).toEqual(['lossy']);
  });

  test('keep their place after their definition is gone', () => {
    expect(inTheWay(byIdOf([db], [at(db, 'running'), at(lossy, 'running')]))).toEqual(['lossy']);
  });

  test('stop along, with theirs', () => {
    expect(ids(stoppedAlong(new Set(['db~0']), all('running')))).toEqual(['lossy', 'chained']);
    expect(ids(stoppedAlong(new Set(['db~0', 'lossy~0']), all('running')))).toEqual(['chained']);
    expect(ids(stoppedAlong(new Set(['db~0']), all('idle')))).toEqual([]);
  });
});
