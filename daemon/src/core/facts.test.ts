import { describe, expect, test } from 'vitest';
import { settleFacts, withConfig } from './facts.ts';
import type { Counters, Instance, World } from './model.ts';
import { Survey } from './survey.ts';
import {
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

const failure = { code: 'exit', message: '', at: START.mono, counts: true } as const;
const TRIED: Counters = { failedStarts: 9, failure, runs: [1, 2] };
const CLEARED: Counters = { failedStarts: 0, runs: [] };
const db = versionOf({ id: 'db' });
const web = versionOf({ id: 'web', dependsOn: [needs('db')], startRetries: 10 });

function settle(world: World): World {
  return settleFacts(new Survey(world, START));
}

const running = (version: typeof db): Instance => instanceOf(version, { activity: activityOf('running', version) });
const worldWith = (instance: Instance, other: Instance = running(db)): World =>
  worldOf(configOf([db, web]), [other, instance]);

test('a turn that brings nothing changes nothing, not even the object', () => {
  const world = worldWith(instanceOf(web, { counters: TRIED }));
  expect(settle(world)).toBe(world);
});

describe('definitions', () => {
  const edited = versionOf({ ...web, digest: 'edited' });
  const reloaded = (instance: Instance): Instance =>
    settle(withConfig(worldWith(instance), configOf([db, edited]), new Set())).instances.get('web~0')!;

  test('a changed one clears while it is not running', () => {
    const after = reloaded(instanceOf(web, { counters: TRIED, restarts: 4 }));
    expect(after).toMatchObject({ counters: CLEARED, credit: 'definition', restarts: 4, seen: { digest: 'edited' } });
  });

  test('a changed one clears nothing while it runs, nor when that run ends later', () => {
    const after = reloaded({ ...running(web), counters: TRIED });
    expect(after).toMatchObject({ counters: TRIED, seen: { digest: 'edited' } });
    expect(after.credit).toBeUndefined();
  });

  test('an unchanged one clears nothing', () => {
    const world = worldWith(instanceOf(web, { counters: TRIED }));
    const again = settle(withConfig(world, configOf([db, web]), new Set()));
    expect(again.instances.get('web~0')).toBe(world.instances.get('web~0'));
  });

  test('a changed one leaves alone what autorestart leaves ended', () => {
    const after = reloaded(instanceOf(web, { ended: endedOf(web) }));
    expect(after).toMatchObject({ credit: 'definition', ended: { by: 'itself' } });
  });

  test('one seen for the first time is no change: a daemon that starts clears nothing', () => {
    const unseen = instanceOf(web, { counters: TRIED, seen: {} });
    expect(settle(worldWith(unseen)).instances.get('web~0')).toMatchObject({
      counters: TRIED,
      seen: { digest: web.digest },
    });
  });

  test('live settings reach a live run, whose version it still is', () => {
    const config = configOf([db, versionOf({ ...web, stopTimeout: 1, killMode: 'mixed' })]);
    const after = withConfig(worldWith(running(web)), config, new Set()).instances.get('web~0');
    expect(after).toMatchObject({ activity: { run: { settings: { stopTimeout: 1, killMode: 'mixed' } } } });
    const other = configOf([db, versionOf({ ...web, stopTimeout: 1, applyOn: applyOnAt(5) })]);
    expect(withConfig(worldWith(running(web)), other, new Set()).instances.get('web~0')).toEqual(running(web));
  });
});

describe('a new effective version', () => {
  test.each(['idle', 'running'] as const)('clears everything, also while it is %s', (kind) => {
    const before = { ...instanceOf(web), activity: activityOf(kind, web), counters: TRIED, restarts: 4 };
    const next = versionOf({ ...web, applyOn: applyOnAt(5) });
    const after = settle({ ...worldWith(before), config: configOf([db, web, next]) }).instances.get('web~0');
    expect(after).toMatchObject({
      counters: CLEARED,
      credit: 'version',
      restarts: 0,
      seen: { applyOn: next.applyOn.text },
    });
  });
});

describe('a dependency', () => {
  const lost = (instance: Instance): Instance => settle(worldWith(instance, instanceOf(db))).instances.get('web~0')!;
  const met = (instance: Instance): Instance => settle(worldWith(instance)).instances.get('web~0')!;

  test('lost is noted, and its return clears backoff and runs', () => {
    const waiting = lost(instanceOf(web, { counters: TRIED, ended: endedOf(web, { settled: false }) }));
    expect(waiting).toMatchObject({ dependencyLost: true, counters: TRIED });
    expect(met(waiting)).toMatchObject({ dependencyLost: false, counters: CLEARED, credit: 'dependency' });
  });

  test('its return clears the runs only, where it had given up', () => {
    const fatal = instanceOf(web, { counters: { ...TRIED, failedStarts: 11 }, dependencyLost: true });
    expect(met(fatal).counters).toEqual({ ...TRIED, failedStarts: 11, runs: [] });
  });

  test('that was waited for before the very first launch is no return: that launch counts', () => {
    const untried = lost(instanceOf(web));
    expect(untried.dependencyLost).toBe(false);
    expect(met(untried).credit).toBeUndefined();
  });

  test('changes nothing while the instance lives', () => {
    expect(lost(running(web))).toEqual(running(web));
  });
});
