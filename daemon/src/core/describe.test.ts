import { describe, expect, test } from 'vitest';
import { Describer, judge, type Expected, type Verdict, type View } from './describe.ts';
import { show } from './engine.ts';
import type { Activity, Ended, ProcessVersion, Run, State, World } from './model.ts';
import { vetoKey } from './schedule.ts';
import { Survey } from './survey.ts';
import {
  activityOf,
  applyOnAt,
  configOf,
  endedOf,
  instanceOf,
  later,
  needs,
  runOf,
  START,
  versionOf,
  viewOf,
  worldOf,
} from './testing/builders.ts';
import { ALL_DAYS, daily } from './testing/schedules.ts';
import { HOLD, named, OPENS, SITUATIONS, situationOf, type Given, type SituationName } from './testing/situations.ts';

/* The last three columns of the table of SPEC 7.2, row by row. `late`: pending for longer than is right. */
const VERDICTS: readonly (readonly [row: string, State, code: string, late: boolean, Partial<Record<Expected, Verdict>>])[] = [
  ['STOPPED', 'STOPPED', 'manual', false, { stopped: 'ok', running: 'pending', finished: 'pending' }],
  ['STOPPED for 5 s', 'STOPPED', 'manual', true, { stopped: 'ok', running: 'problem', finished: 'pending' }],
  ['PENDING dependency', 'PENDING', 'dependency', false, { stopped: 'ok', running: 'pending', finished: 'pending' }],
  ['PENDING dependency, past dependency-timeout', 'PENDING', 'dependency', true, { stopped: 'ok', running: 'problem', finished: 'problem' }],
  ['PENDING other', 'PENDING', 'start-queue', false, { running: 'pending', finished: 'pending' }],
  ['PENDING other, long', 'PENDING', 'start-queue', true, { running: 'pending', finished: 'pending' }],
  ['STOPPED missed', 'STOPPED', 'missed', false, { finished: 'problem' }],
  ['STARTING', 'STARTING', 'wanted', false, { stopped: 'pending', running: 'pending', finished: 'pending' }],
  ['STARTING, past pid-file-timeout', 'STARTING', 'wanted', true, { stopped: 'pending', running: 'problem', finished: 'problem' }],
  ['RUNNING', 'RUNNING', 'wanted', true, { stopped: 'problem', running: 'ok', finished: 'ok' }],
  ['RUNNING, the clock guard delays its stop', 'RUNNING', 'clock', true, { stopped: 'pending', running: 'pending' }],
  ['RUNNING, unhealthy', 'RUNNING', 'health-check', false, { running: 'problem' }],
  ['RUNNING, version-failed', 'RUNNING', 'version-failed', false, { running: 'problem' }],
  ['BACKOFF', 'BACKOFF', 'exit', false, { running: 'problem', finished: 'problem' }],
  ['STOPPING', 'STOPPING', 'manual', true, { stopped: 'pending', running: 'pending', finished: 'pending' }],
  ['STOPPING survivors', 'STOPPING', 'survivors', false, { stopped: 'problem', running: 'problem', finished: 'problem' }],
  ['STOPPING health-check', 'STOPPING', 'health-check', false, { running: 'problem', finished: 'problem' }],
  ['EXITED finished', 'EXITED', 'finished', false, { finished: 'ok' }],
  ['EXITED exit', 'EXITED', 'exit', false, { finished: 'problem' }],
  ['EXITED interrupted', 'EXITED', 'interrupted', false, { finished: 'problem' }],
  ['EXITED window-ended', 'EXITED', 'window-ended', false, { finished: 'problem' }],
  ['EXITED health-check', 'EXITED', 'health-check', false, { finished: 'problem' }],
  ['EXITED max-run-time', 'EXITED', 'max-run-time', false, { finished: 'problem' }],
  ['FATAL', 'FATAL', 'exit', false, { running: 'problem', finished: 'problem' }],
  ['BLOCKED too-many-runs', 'BLOCKED', 'too-many-runs', false, { running: 'problem', finished: 'problem' }],
  ['BLOCKED pid-file', 'BLOCKED', 'pid-file', false, { stopped: 'problem', running: 'problem', finished: 'problem' }],
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
  'STOPPED schedule': ['STOPPED schedule', 'stopped', 'ok', 'STOPPED manual'],
  'STOPPED schedule, one-shot': ['STOPPED schedule', 'stopped', 'ok', 'STOPPED manual'],
  'STOPPED schedule, cron': ['STOPPED schedule', 'stopped', 'ok', 'STOPPED manual'],
  'STOPPED missed': ['STOPPED missed', 'finished', 'problem', 'STOPPED manual'],
  'STOPPED shutdown': ['STOPPED shutdown', 'stopped', 'ok', 'STOPPED shutdown'],
  'STOPPED required': ['STOPPED required', 'stopped', 'ok', 'STOPPED required'],
  'PENDING dependency': ['PENDING dependency', 'running', 'pending', 'STOPPED manual'],
  'PENDING dependency rightly idle': ['PENDING dependency', 'stopped', 'ok', 'STOPPED manual'],
  'PENDING external': ['PENDING dependency', 'running', 'pending', 'STOPPED manual'],
  'PENDING wait-after': ['PENDING wait-after', 'running', 'pending', 'STOPPED manual'],
  'PENDING start-queue': ['PENDING start-queue', 'running', 'pending', 'STOPPED manual'],
  'STARTING before': ['STARTING wanted', 'running', 'pending', 'STARTING wanted'],
  'STARTING launch': ['STARTING wanted', 'running', 'pending', 'STARTING wanted'],
  'STARTING pid-file': ['STARTING wanted', 'running', 'pending', 'STARTING wanted'],
  'STARTING start-health-check': ['STARTING wanted', 'running', 'pending', 'STARTING wanted'],
  'STARTING init': ['STARTING wanted', 'running', 'pending', 'STARTING wanted'],
  'STARTING settle': ['STARTING wanted', 'running', 'pending', 'STARTING wanted'],
  RUNNING: ['RUNNING wanted', 'running', 'ok', 'RUNNING wanted'],
  'RUNNING one-shot': ['RUNNING wanted', 'finished', 'ok', 'RUNNING wanted'],
  BACKOFF: ['BACKOFF exit', 'running', 'problem', 'STOPPED manual'],
  FATAL: ['FATAL exit', 'running', 'problem', 'STOPPED manual'],
  'STOPPING yielding': ['STOPPING manual', 'stopped', 'pending', 'STOPPING manual'],
  'STOPPING signal': ['STOPPING manual', 'stopped', 'pending', 'STOPPING manual'],
  'STOPPING before': ['STOPPING manual', 'stopped', 'pending', 'STOPPING manual'],
  'STOPPING stop-hook': ['STOPPING manual', 'stopped', 'pending', 'STOPPING manual'],
  'STOPPING after-stop': ['STOPPING after-stop', 'running', 'pending', 'STOPPING after-stop'],
  'STOPPING leftovers': ['STOPPING leftovers', 'running', 'pending', 'STOPPING leftovers'],
  'STOPPING survivors': ['STOPPING survivors', 'running', 'problem', 'STOPPING survivors'],
  'EXITED one-shot, well': ['EXITED finished', 'finished', 'ok', 'STOPPED manual'],
  'EXITED one-shot, failed': ['EXITED exit', 'finished', 'problem', 'STOPPED manual'],
  'EXITED one-shot, interrupted': ['EXITED interrupted', 'finished', 'problem', 'STOPPED manual'],
  'EXITED one-shot, well, outside its window': ['EXITED finished', 'finished', 'ok', 'STOPPED manual'],
  'EXITED one-shot, failed, outside its window': ['EXITED exit', 'finished', 'problem', 'STOPPED manual'],
  'EXITED one-shot, cut off by its window': ['EXITED window-ended', 'finished', 'problem', 'STOPPED manual'],
  'EXITED cron job, well': ['EXITED finished', 'finished', 'ok', 'STOPPED manual'],
  'EXITED service, well': ['EXITED finished', 'finished', 'ok', 'STOPPED manual'],
  'EXITED service, failed': ['EXITED exit', 'finished', 'problem', 'STOPPED manual'],
  'BLOCKED too-many-runs': ['BLOCKED too-many-runs', 'running', 'problem', 'STOPPED manual'],
  'BLOCKED pid-file': ['BLOCKED pid-file', 'running', 'problem', 'BLOCKED pid-file'],
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

/* SPEC 7.3: each phase. */
test.each<readonly [SituationName, View['phase']]>([
  ['STARTING before', 'before'],
  ['STARTING launch', 'launch'],
  ['STARTING pid-file', 'pid-file'],
  ['STARTING start-health-check', 'start-health-check'],
  ['STARTING init', 'init'],
  ['STARTING settle', 'settle'],
  ['STOPPING before', 'kill'],
  ['STOPPING stop-hook', 'stop-hook'],
  ['STOPPING signal', 'signal'],
  ['STOPPING leftovers', 'leftovers'],
  ['STOPPING survivors', 'leftovers'],
  ['STOPPING after-stop', 'after-stop'],
  ['STOPPING yielding', undefined],
  ['RUNNING', undefined],
])('%s is in phase %s', (name, phase) => {
  expect(named(name).view.phase).toBe(phase);
});

/* SPEC 7.3: what the situations above do not show of each state's reasons. */
describe('reasons', () => {
  const service = versionOf({ id: 'web' });
  const up = (kind: 'settling' | 'running', given: Partial<Activity> = {}, run: Partial<Run> = {}): Given => ({
    instance: { activity: { ...activityOf(kind, service, run), ...given } as Activity },
  });
  const VETO = versionOf({ id: 'web', applyOn: applyOnAt(5) });
  const vetoes = new Map([[vetoKey(VETO), 'its program is gone']]);
  const UNHEALTHY = { ok: false, failures: 3, text: 'no route', nextAt: 0 };
  const GUARDED = { clock: { settlesAt: START.mono + 30_000 } };
  const CLOSED = { schedule: daily('08:00-18:00', ALL_DAYS, 'UTC') };

  test.each(['wanted', 'operator', 'forced', 'catch-up'] as const)('STARTING and RUNNING %s', (why) => {
    for (const kind of ['settling', 'running'] as const) {
      expect(situationOf(up(kind, {}, { why })).view.reason.code).toBe(why);
    }
  });

  /* Trouble first, in this order. */
  const TROUBLES: readonly (readonly [code: string, Given])[] = [
    ['health-check', up('running', { health: UNHEALTHY })],
    ['not-in-config', { ...up('running'), world: { kept: new Set(['web~0']) } }],
    ['version-failed', { ...up('running'), others: [VETO], world: { vetoes } }],
    ['clock', { ...up('running'), version: CLOSED, world: GUARDED }],
    ['wanted', up('running')],
  ];
  test.each(TROUBLES.map((trouble, index) => [...trouble, index] as const))('RUNNING %s, before what follows', (code, given, index) => {
    for (const [, other] of TROUBLES.slice(index)) {
      const both: Given = {
        ...other, ...given, version: { ...other.version, ...given.version }, world: { ...other.world, ...given.world },
        others: [...(other.others ?? []), ...(given.others ?? [])].slice(0, 1),
      };
      expect(situationOf(both).view.reason.code).toBe(code);
    }
  }); // prettier-ignore

  test('a one-shot that runs on under its old version is in no trouble', () => {
    const job = versionOf({ id: 'web', oneShot: true });
    const { view } = situationOf({
      version: { oneShot: true },
      others: [versionOf({ id: 'web', oneShot: true, applyOn: applyOnAt(5) })],
      instance: { activity: activityOf('running', job) },
      world: GUARDED,
    });
    expect(brief(view)).toBe('RUNNING wanted');
  });

  test.each(['exit', 'spawn-error', 'before', 'init', 'start-health-check'] as const)(
    'BACKOFF and FATAL %s',
    (code) => {
      const failure = { code, message: 'because', at: START.mono, counts: true };
      const counters = { failedStarts: 1, failure, runs: [] };
      expect(situationOf({ instance: { counters } }).view).toMatchObject({ state: 'BACKOFF', reason: { code } });
      const fatal = situationOf({ version: { startRetries: 0 }, instance: { counters } }).view;
      expect(fatal).toMatchObject({ state: 'FATAL', reason: { code, data: { tries: 1 } } });
      expect(fatal.reason.message).toMatch(/because.*gave up after 1 failed start/);
    },
  );

  const CAUSES = [
    'manual', 'schedule', 'new-version', 'restart', 'dependency', 'health-check', 'init', 'start-health-check', 'not-in-config',
    'fake', 'not-yet-applied', 'shutdown', 'fallback', 'max-run-time',
  ] as const; // prettier-ignore
  test.each(CAUSES)('STOPPING %s, with what went wrong', (cause) => {
    const stop = { cause, since: START.mono, now: false, text: 'no route' };
    for (const kind of ['yielding', 'stopping'] as const) {
      const activity = { ...activityOf(kind, service), stop } as Activity;
      const { view } = situationOf({ instance: { activity } });
      expect(brief(view)).toBe(`STOPPING ${cause}`);
      expect(view.reason.message).toContain('no route');
    }
  });

  test.each<readonly [code: string, Partial<Ended>, Partial<ProcessVersion>]>([
    ['finished', {}, {}],
    ['exit', { exit: { kind: 'code', code: 3 } }, {}],
    ['exit', { exit: { kind: 'signal', signal: 'SEGV' } }, {}],
    ['exit', { exit: { kind: 'unknown' } }, {}],
    ['finished', { exit: { kind: 'signal', signal: 'TERM' } }, { exitCodes: [0, 143] }],
    ['health-check', { by: 'health-check', text: 'no route' }, {}],
    ['max-run-time', { by: 'max-run-time' }, {}],
    ['exit', { by: 'init', text: 'no route' }, {}],
    ['exit', { by: 'start-health-check', text: 'no route' }, {}],
    ['interrupted', { by: 'boot', exit: { kind: 'unknown' } }, { oneShot: true }],
    ['interrupted', { by: 'dependency' }, { oneShot: true }],
    ['window-ended', { by: 'schedule' }, { oneShot: true }],
  ])('EXITED %s: %j', (code, how, given) => {
    const version = { autorestart: 'never', ...given } as const;
    const ended = endedOf(service, how);
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'ended' }] as const;
    const { view } = situationOf({ version, instance: { ended, ...(given.oneShot === true ? { ledger } : {}) } });
    expect(view).toMatchObject({
      state: 'EXITED', reason: { code, data: { exit: ended.exit } }, expected: 'finished', verdict: code === 'finished' ? 'ok' : 'problem',
    });
    if (how.text !== undefined) expect(view.reason.message).toContain(how.text);
  }); // prettier-ignore

  test('a one-shot of which only the ledger knows was interrupted', () => {
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'interrupted' }] as const;
    expect(brief(situationOf({ version: { oneShot: true }, instance: { ledger } }).view)).toBe('EXITED interrupted');
  });

  test('what waits names what for, and until when', () => {
    expect(named('PENDING external').view.reason).toMatchObject({
      message: 'waits: `ping ...` has not succeeded: it failed',
      data: { waitsFor: ['ping ...'] },
    });
    expect(named('PENDING external', { instance: { externals: { met: 0 } } }).view.reason.message).toContain('has not succeeded');
    expect(named('PENDING wait-after').view.reason.data).toEqual({ until: START.wall + 5_000 });
    expect(named('STOPPED schedule').view.reason).toMatchObject({ message: 'outside its window (08:00-18:00)', data: { until: OPENS } });
    expect(named('STOPPED manual', { instance: { hold: { since: 1, until: OPENS } } }).view.reason.data).toEqual({ until: OPENS });
  }); // prettier-ignore

  test('a window that will start nothing is not announced', () => {
    const off = named('STOPPED schedule', { version: { autostart: false } }).view;
    expect(off.next).toBeUndefined();
    expect(off.reason).not.toHaveProperty('data');
    const asked = named('STOPPED schedule', {
      version: { autostart: false },
      instance: { operatorStarted: true },
    }).view;
    expect(asked.next).toEqual({ at: OPENS, action: 'start' });
  });

  test('a hook that is left over from a run before is in the way', () => {
    const work = { kind: 'command', command: 'x' } as const;
    const job = { name: 'init', launchId: 'J0', work, timeout: 5_000, startedMono: 1, lookAt: 1 } as const;
    expect(situationOf({ instance: { jobs: [job] } }).view).toMatchObject({
      state: 'STOPPING',
      phase: 'leftovers',
      reason: { code: 'leftovers' },
    });
    expect(brief(situationOf({ instance: { jobs: [{ ...job, name: 'dependency' }] } }).view)).toBe(
      'PENDING start-queue',
    );
  });

  test('an `external` that is still alive after all has outlived its stop', () => {
    const stop = { cause: 'manual', since: START.mono, now: false } as const;
    const run = runOf(service, { type: 'external', handed: {} });
    const at = (killedAt: number): string => {
      const clearing = { remains: [], killedAt, scanAt: START.mono + 1 };
      return brief(
        situationOf({ instance: { activity: { kind: 'stopping', run, stop, settled: true, clearing } } }).view,
      );
    };
    expect([at(START.mono - 4_000), at(START.mono - 6_000)]).toEqual(['STOPPING manual', 'STOPPING survivors']);
  });

  test('past its pid-file-timeout a start is a problem', () => {
    const late = (pidFileTimeout?: number): string => {
      const activity = {
        ...activityOf('settling', service),
        step: 'pid-file',
        stepSince: START.mono - 10_000,
      } as Activity;
      return situationOf({ version: pidFileTimeout === undefined ? {} : { pidFileTimeout }, instance: { activity } })
        .view.verdict;
    };
    expect([late(), late(10_000), late(9_999)]).toEqual(['pending', 'pending', 'problem']);
  });
});

describe('next', () => {
  const open = daily('20:00-23:00', ALL_DAYS, 'UTC');
  const CLOSES = Date.parse('2023-11-14T23:00Z');
  test.each<readonly [string, Given, View['next']]>([
    ['nothing', {}, undefined],
    ['the window opens', SITUATIONS['STOPPED schedule'], { at: OPENS, action: 'start' }],
    ['the window of a one-shot opens', SITUATIONS['STOPPED schedule, one-shot'], { at: OPENS, action: 'run' }],
    ['a cron time', SITUATIONS['STOPPED schedule, cron'], { at: Date.parse('2023-11-15T03:00Z'), action: 'run' }],
    ['the window closes', { version: { schedule: open } }, { at: CLOSES, action: 'stop' }],
    ['the hold ends; what is held has no windows', { version: { schedule: open }, instance: { hold: { since: 1, until: OPENS } } }, { at: OPENS, action: 'hold-ends' }],
    ['a hold without end', { version: { schedule: open }, instance: { hold: { since: 1 } } }, undefined],
    ['a first version', SITUATIONS['STOPPED not-yet-applied'], { at: START.wall + 60_000, action: 'start' }],
    ['a version before the close', { version: { schedule: open }, others: [versionOf({ id: 'web', applyOn: applyOnAt(CLOSES - 1) })] }, { at: CLOSES - 1, action: 'version' }],
    ['a version after it', { version: { schedule: open }, others: [versionOf({ id: 'web', applyOn: applyOnAt(CLOSES + 1) })] }, { at: CLOSES, action: 'stop' }],
    ['a retry', SITUATIONS.BACKOFF, { at: START.wall + 1_000, action: 'retry' }],
  ])('%s', (_what, given, next) => {
    expect(situationOf(given).view.next).toEqual(next);
  }); // prettier-ignore
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
