/** RUNNING: what checks find of a service's health, and how long it may run (SPEC 5). */
import { describe, expect, test } from 'vitest';
import { runTimeDeadline } from '../lifecycle.ts';
import type { Health, HealthCheck, JobResult } from '../model.ts';
import { later, START, versionOf } from '../testing/builders.ts';
import { BAD, Life, NEVER_RAN, OK } from '../testing/life.ts';

type ProbeCheck = Extract<HealthCheck, { kind: 'probe' }>;

const CHECK: ProbeCheck = {
  kind: 'probe', probe: { kind: 'http', url: 'http://localhost/' }, timeout: 5_000, interval: 10_000, retries: 3, startPeriod: 0,
}; // prettier-ignore

/** RUNNING for no time at all, with its first check under way. */
function checked(healthCheck: HealthCheck): Life {
  return new Life(versionOf({ id: 'web', healthCheck }), 'running').pass(0);
}

const healthOf = ({ activity }: Life): Health | undefined =>
  activity.kind === 'running' ? activity.health : undefined;

describe('a health-check', () => {
  test('is asked at once, then every interval after the answer', () => {
    const life = checked(CHECK);
    expect(life.took()).toEqual(['start-job health-check']);
    expect(life.job('health-check')).toMatchObject({ work: CHECK.probe, timeout: 5_000 });
    life.pass(2_000).done('health-check');
    expect(life.pass(9_999).took()).toEqual([]);
    expect(life.pass(1).took()).toEqual(['start-job health-check']);
  });

  test('is not known before its first answer', () => {
    expect(healthOf(checked(CHECK))).toEqual({ failures: 0, nextAt: START.mono });
  });

  /* Answers, one per interval, and what is known after them. */
  test.each<readonly [answers: string, given: Partial<ProbeCheck>, ok: boolean | undefined, failures: number]>([
    ['+', {}, true, 0],
    ['-', {}, undefined, 1],
    ['--', {}, undefined, 2],
    ['---', {}, false, 3],
    ['+--', {}, true, 2],
    ['+--+', {}, true, 0],
    ['+--+--', {}, true, 2],
    ['+---', {}, false, 3],
    ['-', { retries: 1 }, false, 1],
    ['+-', { retries: 1 }, false, 1],
    // What never ran says nothing.
    ['--?', {}, undefined, 2],
    ['--?-', {}, false, 3],
    ['+??', {}, true, 0],
    // Failures within the start-period do not count, unless it has been well before.
    ['--', { startPeriod: 30_000, retries: 1 }, undefined, 0],
    ['---', { startPeriod: 30_000, retries: 1 }, undefined, 0],
    ['----', { startPeriod: 30_000, retries: 1 }, false, 1],
    ['+-', { startPeriod: 30_000, retries: 1 }, false, 1],
  ])('%s %j', (answers, given, ok, failures) => {
    const life = checked({ ...CHECK, ...given });
    const results: Readonly<Record<string, JobResult>> = { '+': OK, '-': BAD, '?': NEVER_RAN };
    for (const answer of answers) {
      life.done('health-check', results[answer]).pass(10_000);
    }
    expect([healthOf(life)?.ok, healthOf(life)?.failures]).toEqual([ok, failures]);
  });

  test('tells what it found, and when', () => {
    const life = checked(CHECK)
      .pass(2_000)
      .done('health-check', { ...BAD, output: 'no route' });
    expect(healthOf(life)).toMatchObject({ text: 'exited with code 1: no route', at: later(2_000).wall });
  });

  test('that found it unhealthy is asked no more: it has to end', () => {
    const life = checked({ ...CHECK, retries: 1 }).done('health-check', BAD);
    life.took();
    expect(life.pass(3_600_000).took()).toEqual([]);
  });

  test.each(['always', 'on-failure', 'never'] as const)(
    'what it ends is an ending of its own: autorestart %s',
    (autorestart) => {
      const version = versionOf({ id: 'web', autorestart, healthCheck: { ...CHECK, retries: 1 } });
      const life = new Life(version, 'running').pass(0).done('health-check', BAD).pass(5_000);
      life.stop('health-check').exit({ kind: 'code', code: 0 }).scanned();
      expect(life.instance).toMatchObject({
        activity: { kind: 'idle' },
        ended: { by: 'health-check', text: 'exited with code 1', settled: true },
        counters: { failedStarts: 0 },
      });
      expect(life.instance.counters.failure).toBeUndefined();
    },
  );

  test('whose one-shot is unhealthy: it failed, and is run again only where autorestart says so', () => {
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    const outcomes = (['never', 'on-failure'] as const).map((autorestart) => {
      const version = versionOf({ id: 'web', oneShot: true, autorestart, healthCheck: { ...CHECK, retries: 1 } });
      const life = new Life(version, 'running').pass(0);
      life.instance = { ...life.instance, ledger };
      life.done('health-check', BAD).stop('health-check').exit({ kind: 'code', code: 0 }).scanned();
      return life.instance.ledger[0]?.outcome;
    });
    expect(outcomes).toEqual(['ended', undefined]);
  });
});

describe('a folder', () => {
  const FOLDER: HealthCheck = { kind: 'folder', folder: '/var/spool/web', inactiveTime: 300_000 };

  test('is looked at with what it needs to judge: since when it is RUNNING', () => {
    expect(checked(FOLDER).job('health-check').work).toEqual({
      kind: 'folder', folder: '/var/spool/web', inactiveTime: 300_000, since: START.wall,
    }); // prettier-ignore
  });

  test.each([
    ['as soon as it can have become inactive', 120_000, 120_000],
    ['once a second at most', 3, 1_000],
    ['after its inactive-time, where it is not told', undefined, 300_000],
  ])('is looked at again %s', (_what, again, ms) => {
    const life = checked(FOLDER).done('health-check', { ...OK, ...(again === undefined ? {} : { again }) });
    life.took();
    expect(life.pass(ms - 1).took()).toEqual([]);
    expect(life.pass(1).took()).toEqual(['start-job health-check']);
  });

  test('that is inactive once is unhealthy', () => {
    expect(healthOf(checked(FOLDER).done('health-check', BAD))?.ok).toBe(false);
  });
});

describe('max-run-time', () => {
  test('counts from the launch', () => {
    const version = versionOf({ id: 'web', maxRunTime: 60_000 });
    for (const kind of ['settling', 'running'] as const) {
      const { activity } = new Life(version, kind);
      expect(activity.kind === kind && runTimeDeadline(activity)).toBe(later(60_000).mono);
    }
  });

  test('ends a one-shot as failed: not run again, unless autorestart says so', () => {
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    const outcomes = (['never', 'on-failure', 'always'] as const).map((autorestart) => {
      const life = new Life(versionOf({ id: 'web', oneShot: true, autorestart }), 'running');
      life.instance = { ...life.instance, ledger };
      return life.stop('max-run-time').exit({ kind: 'code', code: 0 }).scanned().instance.ledger[0]?.outcome;
    });
    expect(outcomes).toEqual(['ended', undefined, undefined]);
  });
});
