import { describe, expect, test } from 'vitest';
import type { Goal } from './commands.ts';
import { Describer } from './describe.ts';
import { outcomeOf } from './outcome.ts';
import { activityOf, instanceOf, needs, versionOf } from './testing/builders.ts';
import { HOLD, named, type Given, type SituationName } from './testing/situations.ts';

function settled(goal: Goal, name: SituationName, given: Given = {}): string {
  const { survey, target } = named(name, given);
  const result = outcomeOf(goal, target, survey, new Describer(survey));
  return result === undefined ? 'on its way' : `${result.ok ? '+' : '-'}${result.code}`;
}

/* "Settled" of SPEC 9.1. */
const SETTLED: Readonly<Record<SituationName, readonly [started: string, stopped: string]>> = {
  'STOPPED manual': ['-failed', '+done'],
  'STOPPED not-yet-applied': ['-failed', '+done'],
  'STOPPED fake': ['-failed', '+done'],
  'STOPPED autostart': ['-failed', '+done'],
  'STOPPED schedule': ['-failed', '+done'],
  'STOPPED schedule, one-shot': ['-failed', '+done'],
  'STOPPED schedule, cron': ['-failed', '+done'],
  'STOPPED missed': ['-failed', '+done'],
  'STOPPED shutdown': ['-failed', '+done'],
  'STOPPED required': ['-failed', '+done'],
  'PENDING dependency': ['on its way', '+done'],
  'PENDING dependency rightly idle': ['-waiting', '+done'],
  'PENDING external': ['on its way', '+done'],
  'PENDING wait-after': ['on its way', '+done'],
  'PENDING start-queue': ['on its way', '+done'],
  'STARTING before': ['on its way', 'on its way'],
  'STARTING launch': ['on its way', 'on its way'],
  'STARTING pid-file': ['on its way', 'on its way'],
  'STARTING start-health-check': ['on its way', 'on its way'],
  'STARTING init': ['on its way', 'on its way'],
  'STARTING settle': ['on its way', 'on its way'],
  RUNNING: ['+done', 'on its way'],
  'RUNNING one-shot': ['on its way', 'on its way'],
  BACKOFF: ['-failed', '+done'],
  FATAL: ['-failed', '+done'],
  'STOPPING yielding': ['on its way', 'on its way'],
  'STOPPING signal': ['on its way', 'on its way'],
  'STOPPING before': ['on its way', 'on its way'],
  'STOPPING stop-hook': ['on its way', 'on its way'],
  'STOPPING after-stop': ['on its way', 'on its way'],
  'STOPPING leftovers': ['on its way', 'on its way'],
  'STOPPING survivors': ['-survivors', '-survivors'],
  'EXITED one-shot, well': ['+done', '+done'],
  'EXITED one-shot, failed': ['-failed', '+done'],
  'EXITED one-shot, interrupted': ['-failed', '+done'],
  'EXITED one-shot, well, outside its window': ['+done', '+done'],
  'EXITED one-shot, failed, outside its window': ['-failed', '+done'],
  'EXITED one-shot, cut off by its window': ['-failed', '+done'],
  'EXITED cron job, well': ['+done', '+done'],
  'EXITED service, well': ['+done', '+done'],
  'EXITED service, failed': ['-failed', '+done'],
  'BLOCKED too-many-runs': ['-failed', '+done'],
  'BLOCKED pid-file': ['-failed', '-in-doubt'],
  'BLOCKED identity': ['-failed', '-in-doubt'],
};

test.each(Object.keys(SETTLED) as SituationName[])('%s', (name) => {
  expect([settled({ for: 'started' }, name), settled({ for: 'stopped' }, name)]).toEqual(SETTLED[name]);
});

describe('a start', () => {
  test('is not answered by the run that it replaces', () => {
    expect(settled({ for: 'started', notBy: 'L0' }, 'RUNNING')).toBe('on its way');
    expect(settled({ for: 'started', notBy: 'L9' }, 'RUNNING')).toBe('+done');
  });
});

describe('waiting for a dependency', () => {
  const db = versionOf({ id: 'db' });
  const waits = (other: Given['otherInstances'], others = [db]): string =>
    settled({ for: 'started' }, 'PENDING dependency', {
      version: { dependsOn: [needs('db')] },
      others,
      otherInstances: other ?? [],
    });

  test('goes on while it is on its way', () => {
    expect(waits([instanceOf(db, { activity: activityOf('settling', db) })])).toBe('on its way');
    expect(waits([instanceOf(db, { activity: activityOf('stopping', db) })])).toBe('on its way');
  });

  test('is over when it is not', () => {
    expect(waits([instanceOf(db, { hold: HOLD })])).toBe('-waiting');
    expect(waits([instanceOf(db, { activity: activityOf('stopping', db), hold: HOLD })])).toBe('-waiting');
  });

  test('looks through chains', () => {
    const net = versionOf({ id: 'net' });
    const chained = versionOf({ id: 'db', dependsOn: [needs('net')] });
    expect(
      waits([instanceOf(chained), instanceOf(net, { activity: activityOf('launching', net) })], [chained, net]),
    ).toBe('on its way');
    expect(waits([instanceOf(chained), instanceOf(net, { hold: HOLD })], [chained, net])).toBe('-waiting');
  });

  test('ends in a cycle, as a kept old definition may bring in', () => {
    const back = versionOf({ id: 'db', dependsOn: [needs('web')] });
    expect(waits([instanceOf(back)], [back])).toBe('-waiting');
  });

  test('on a one-shot that has yet to finish', () => {
    const job = versionOf({ id: 'db', oneShot: true });
    const given = (other: Given['otherInstances']): Given => ({
      version: { dependsOn: [needs('db', { condition: 'finished' })] },
      others: [job],
      otherInstances: other ?? [],
    });
    const running = instanceOf(job, { activity: activityOf('running', job) });
    expect(settled({ for: 'started' }, 'PENDING dependency', given([running]))).toBe('on its way');
    const failed = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'interrupted' }] as const;
    expect(settled({ for: 'started' }, 'PENDING dependency', given([instanceOf(job, { ledger: failed })]))).toBe(
      '-waiting',
    );
  });
});
