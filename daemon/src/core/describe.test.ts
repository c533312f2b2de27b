import { describe, expect, test } from 'vitest';
import { Describer, judge, type Expected, type Verdict, type View } from './describe.ts';
import { show } from './engine.ts';
import type { State, World } from './model.ts';
import { Survey } from './survey.ts';
import {
  activityOf,
  applyOnAt,
  configOf,
  endedOf,
  instanceOf,
  later,
  needs,
  START,
  versionOf,
  viewOf,
  worldOf,
} from './testing/builders.ts';
import { HOLD, named, SITUATIONS, situationOf, type SituationName } from './testing/situations.ts';

/* The last three columns of the table of SPEC 7.2, row by row. `late`: pending for longer than is right. */
const VERDICTS: readonly (readonly [row: string, State, code: string, late: boolean, Partial<Record<Expected, Verdict>>])[] = [
  ['STOPPED', 'STOPPED', 'manual', false, { stopped: 'ok', running: 'pending', finished: 'pending' }],
  ['STOPPED for 5 s', 'STOPPED', 'manual', true, { stopped: 'ok', running: 'problem', finished: 'pending' }],
  ['PENDING dependency', 'PENDING', 'dependency', false, { stopped: 'ok', running: 'pending', finished: 'pending' }],
  ['PENDING dependency, past dependency-timeout', 'PENDING', 'dependency', true, { stopped: 'ok', running: 'problem', finished: 'problem' }],
  ['PENDING other', 'PENDING', 'start-queue', false, { running: 'pending', finished: 'pending' }],
  ['PENDING other, long', 'PENDING', 'start-queue', true, { running: 'pending', finished: 'pending' }],
  ['STARTING', 'STARTING', 'wanted', true, { stopped: 'pending', running: 'pending', finished: 'pending' }],
  ['RUNNING', 'RUNNING', 'wanted', true, { stopped: 'problem', running: 'ok', finished: 'ok' }],
  ['BACKOFF', 'BACKOFF', 'exit', false, { running: 'problem', finished: 'problem' }],
  ['STOPPING', 'STOPPING', 'manual', true, { stopped: 'pending', running: 'pending', finished: 'pending' }],
  ['STOPPING survivors', 'STOPPING', 'survivors', false, { stopped: 'problem', running: 'problem', finished: 'problem' }],
  ['EXITED finished', 'EXITED', 'finished', false, { finished: 'ok' }],
  ['EXITED exit', 'EXITED', 'exit', false, { finished: 'problem' }],
  ['EXITED interrupted', 'EXITED', 'interrupted', false, { finished: 'problem' }],
  ['FATAL', 'FATAL', 'exit', false, { running: 'problem', finished: 'problem' }],
  ['BLOCKED too-many-runs', 'BLOCKED', 'too-many-runs', false, { running: 'problem', finished: 'problem' }],
  ['BLOCKED identity', 'BLOCKED', 'identity', false, { stopped: 'problem', running: 'problem', finished: 'problem' }],
]; // prettier-ignore

describe('verdicts (SPEC 7.2)', () => {
  test.each(VERDICTS)('%s', (_row, state, code, late, verdicts) => {
    for (const [expected, verdict] of Object.entries(verdicts)) {
      expect(judge({ state, reason: { code, message: '' } }, expected as Expected, late), expected).toBe(verdict);
    }
  });
});

/* Each situation: what is shown when it is wanted, and when an operator holds it (not wanted). */
const SHOWN: Readonly<Record<SituationName, readonly [shown: string, Expected, Verdict, held: string]>> = {
  'STOPPED manual': ['STOPPED manual', 'stopped', 'ok', 'STOPPED manual'],
  'STOPPED not-yet-applied': ['STOPPED not-yet-applied', 'stopped', 'ok', 'STOPPED not-yet-applied'],
  'STOPPED fake': ['STOPPED fake', 'stopped', 'ok', 'STOPPED fake'],
  'STOPPED autostart': ['STOPPED autostart', 'stopped', 'ok', 'STOPPED manual'],
  'STOPPED shutdown': ['STOPPED shutdown', 'stopped', 'ok', 'STOPPED shutdown'],
  'PENDING dependency': ['PENDING dependency', 'running', 'pending', 'STOPPED manual'],
  'PENDING dependency rightly idle': ['PENDING dependency', 'stopped', 'ok', 'STOPPED manual'],
  'PENDING start-queue': ['PENDING start-queue', 'running', 'pending', 'STOPPED manual'],
  'STARTING launch': ['STARTING wanted', 'running', 'pending', 'STARTING wanted'],
  'STARTING settle': ['STARTING wanted', 'running', 'pending', 'STARTING wanted'],
  RUNNING: ['RUNNING wanted', 'running', 'ok', 'RUNNING wanted'],
  'RUNNING one-shot': ['RUNNING wanted', 'finished', 'ok', 'RUNNING wanted'],
  BACKOFF: ['BACKOFF exit', 'running', 'problem', 'STOPPED manual'],
  FATAL: ['FATAL exit', 'running', 'problem', 'STOPPED manual'],
  'STOPPING yielding': ['STOPPING manual', 'stopped', 'pending', 'STOPPING manual'],
  'STOPPING signal': ['STOPPING manual', 'stopped', 'pending', 'STOPPING manual'],
  'STOPPING leftovers': ['STOPPING leftovers', 'running', 'pending', 'STOPPING leftovers'],
  'STOPPING survivors': ['STOPPING survivors', 'running', 'problem', 'STOPPING survivors'],
  'EXITED one-shot, well': ['EXITED finished', 'finished', 'ok', 'STOPPED manual'],
  'EXITED one-shot, failed': ['EXITED exit', 'finished', 'problem', 'STOPPED manual'],
  'EXITED one-shot, interrupted': ['EXITED interrupted', 'finished', 'problem', 'STOPPED manual'],
  'EXITED service, well': ['EXITED finished', 'finished', 'ok', 'STOPPED manual'],
  'EXITED service, failed': ['EXITED exit', 'finished', 'problem', 'STOPPED manual'],
  'BLOCKED too-many-runs': ['BLOCKED too-many-runs', 'running', 'problem', 'STOPPED manual'],
  'BLOCKED identity': ['BLOCKED identity', 'running', 'problem', 'BLOCKED identity'],
};

const brief = ({ state, reason }: View): string => `${state} ${reason.code}`;

describe('what is shown', () => {
  test.each(Object.keys(SITUATIONS) as SituationName[])('%s', (name) => {
    const [shown, expected, verdict] = SHOWN[name];
    const { view } = named(name);
    expect([brief(view), view.expected, view.verdict]).toEqual([shown, expected, verdict]);
    expect(view.reason.message).not.toBe('');
  });

  test.each(Object.keys(SITUATIONS) as SituationName[])('%s, held', (name) => {
    const { view } = named(name, { instance: { hold: HOLD } });
    expect([brief(view), view.expected]).toEqual([SHOWN[name][3], 'stopped']);
    // Stopping is the acknowledgement: what is down is all right then.
    if (view.state === 'STOPPED') expect(view.verdict).toBe('ok');
  });

  test('gates 1 and 2 hold also when it is not wanted', () => {
    const doubt = { code: 'identity', message: '?', candidates: [] } as const;
    expect(named('STOPPED fake', { instance: { doubt } }).view).toMatchObject({ state: 'BLOCKED', verdict: 'problem' });
    expect(named('STOPPING leftovers', { instance: { doubt } }).view.state).toBe('STOPPING');
  });

  test('what an operator started with autostart = false shows how it ended', () => {
    const version = { autostart: false, autorestart: 'never' } as const;
    const { view } = situationOf({ version, instance: { ended: endedOf(versionOf({ id: 'web' })) } });
    expect(view).toMatchObject({ state: 'EXITED', reason: { code: 'finished' }, expected: 'finished', verdict: 'ok' });
  });

  test('a one-shot that is due is expected to finish', () => {
    expect(named('PENDING dependency', { version: { oneShot: true } }).view.expected).toBe('finished');
    expect(named('BACKOFF', { version: { oneShot: true } }).view).toMatchObject({
      expected: 'finished',
      verdict: 'problem',
    });
  });

  test('retry times are in wall-clock time', () => {
    expect(named('BACKOFF').view).toMatchObject({
      retryAt: START.wall + 1_000,
      next: { at: START.wall + 1_000, action: 'retry' },
    });
    expect(named('BLOCKED too-many-runs').view).toMatchObject({ retryAt: START.wall - 5 + 600_000 });
  });

  test('the next version is announced; the earlier of it and a retry comes first', () => {
    expect(named('STOPPED not-yet-applied').view.next).toEqual({ at: START.wall + 60_000, action: 'start' });
    const two = versionOf({ id: 'db' });
    const config = configOf([two, versionOf({ ...two, applyOn: applyOnAt(START.wall + 9) })]);
    const survey = new Survey(worldOf(config), START);
    expect(viewOf(survey, new Describer(survey), 'db')?.next).toEqual({ at: START.wall + 9, action: 'version' });
  });

  test('what a guard keeps runs against the configuration', () => {
    const { view } = named('RUNNING', { world: { kept: new Set(['web~0']) } });
    expect(view).toMatchObject({ reason: { code: 'not-in-config' }, expected: 'stopped', verdict: 'problem' });
  });

  test('a stop that waits for dependents names them; survivors and waiting name what is in the way', () => {
    const ui = versionOf({ id: 'ui', dependsOn: [needs('web')] });
    const running = instanceOf(ui, { activity: activityOf('running', ui) });
    const { view } = named('STOPPING yielding', { others: [ui], otherInstances: [running] });
    expect(view.reason.data?.waitsFor).toEqual(['ui']);
    expect(named('STOPPING survivors').view.reason.data?.pids).toEqual([7]);
    expect(named('PENDING dependency').view.reason.data?.waitsFor).toEqual(['db']);
  });
});

describe('dependency-timeout', () => {
  const db = versionOf({ id: 'db' });
  const web = versionOf({ id: 'web', dependsOn: [needs('db')] });
  const world = (hold: boolean): World =>
    worldOf(configOf([db, web]), [instanceOf(db, hold ? { hold: HOLD } : {}), instanceOf(web)]);
  const verdictAt = (shown: World, ms: number): Verdict | undefined => {
    const survey = new Survey(shown, later(ms));
    return viewOf(survey, new Describer(survey), 'web')?.verdict;
  };

  test('makes waiting a problem when it is over', () => {
    const shown = show(world(false), START).world;
    expect(verdictAt(shown, 120_000)).toBe('pending');
    expect(verdictAt(shown, 120_001)).toBe('problem');
  });

  test('does not run while a dependency is rightly idle, and begins anew after that', () => {
    const idle = show(world(true), START).world;
    expect(verdictAt(idle, 999_999)).toBe('ok');
    const { hold: _released, ...released } = idle.instances.get('db~0')!;
    const again: World = { ...idle, instances: new Map(idle.instances).set('db~0', released) };
    const shown = show(again, later(500_000)).world;
    expect(verdictAt(shown, 620_000)).toBe('pending');
    expect(verdictAt(shown, 620_001)).toBe('problem');
    expect(shown.instances.get('web~0')?.shown).toMatchObject({ since: START.wall, dueSince: later(500_000).mono });
  });

  test('0 turns it off', () => {
    const config = configOf([db, web], { dependencyTimeout: 0 });
    const shown = show({ ...world(false), config }, START).world;
    expect(verdictAt(shown, 9_999_999)).toBe('pending');
  });

  test('a chain that waits for something rightly idle is all right', () => {
    const ui = versionOf({ id: 'ui', dependsOn: [needs('web')] });
    const chain: World = { ...world(true), config: configOf([ui, web, db]) };
    const survey = new Survey({ ...chain, instances: new Map(chain.instances).set('ui~0', instanceOf(ui)) }, START);
    expect(viewOf(survey, new Describer(survey), 'ui')).toMatchObject({
      state: 'PENDING',
      expected: 'stopped',
      verdict: 'ok',
    });
  });

  test('a cycle, as a kept old definition may bring in, ends', () => {
    const a = versionOf({ id: 'a', dependsOn: [needs('b')] });
    const b = versionOf({ id: 'b', dependsOn: [needs('a')] });
    const survey = new Survey(worldOf(configOf([a, b]), [instanceOf(a), instanceOf(b)]), START);
    expect(viewOf(survey, new Describer(survey), 'a')).toMatchObject({ state: 'PENDING', verdict: 'pending' });
  });
});

describe('show', () => {
  test('notes changes of state only, with both clocks', () => {
    const shown = show(named('RUNNING').world, later(7));
    expect(shown.transitions).toMatchObject([{ key: 'web~0', name: 'web', from: 'STOPPED', to: 'RUNNING' }]);
    expect(shown.world.instances.get('web~0')?.shown).toEqual({
      state: 'RUNNING',
      since: later(7).wall,
      sinceMono: later(7).mono,
    });
    const again = show(shown.world, later(9));
    expect(again.transitions).toEqual([]);
    expect(again.world).toBe(shown.world);
  });
});
