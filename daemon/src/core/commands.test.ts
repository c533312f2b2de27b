import { describe, expect, test } from 'vitest';
import { applyCommand, type Command, type Verb } from './commands.ts';
import { turn } from './engine.ts';
import type { Instance } from './model.ts';
import { Survey } from './survey.ts';
import { activityOf, configOf, endedOf, instanceOf, needs, START, versionOf, worldOf } from './testing/builders.ts';
import { ALL_DAYS, daily } from './testing/schedules.ts';
import {
  HOLD,
  named,
  OPENS,
  SITUATIONS,
  type Given,
  type Situation,
  type SituationName,
} from './testing/situations.ts';

/**
 * One cell of the table of SPEC 9.1: `+code` or `-code` where it is answered at once, else `waits`; then what has happened to
 * the instance after the turn that follows.
 */
type Cell = string;

interface Answered {
  readonly cell: Cell;
  readonly instance: Instance;
}

function answer(verb: Verb, { survey, target }: Situation, given: Partial<Command> = {}): Answered {
  const outcome = applyCommand(survey, { verb, targets: [target], wide: new Set(), ...given });
  const { world } = turn(outcome.world, outcome.changes, START);
  const instance = world.instances.get(target.key)!;
  const { result, goal } = outcome.decided[0]!;
  const said = result === undefined ? `waits ${goal!.for}` : `${result.ok ? '+' : '-'}${result.code}`;
  return { cell: `${said}, ${follows(instance)}`, instance };
}

function follows({ activity, hold }: Instance): string {
  const { kind } = activity;
  const held = hold === undefined ? '' : ' held';
  const isEnding = kind === 'stopping' || kind === 'clearing' || kind === 'finishing';
  return `${isEnding ? `${kind} ${activity.run.launchId}` : kind}${held}`;
}

const wide = { wide: new Set(['web~0']) };

/* Rows as in SPEC 9.1; `wide` is left out where it is the same as by name. */
const TABLE: Readonly<
  Record<
    SituationName,
    Readonly<{ start: Cell; startWide?: Cell; force?: Cell; stop: Cell; restart: Cell; restartWide?: Cell; unblock: Cell }>
  >
> = {
  'STOPPED manual': {
    start: 'waits started, launching', stop: '+already, idle held', restart: 'waits started, launching',
    restartWide: '+skipped, idle held', unblock: '+nothing, idle held',
  },
  'STOPPED not-yet-applied': {
    start: '-no-version, idle', force: '-no-version, idle', stop: '+already, idle held', restart: '-no-version, idle', unblock: '+nothing, idle',
  },
  'STOPPED fake': {
    start: '-no-version, idle', force: '-no-version, idle', stop: '+already, idle held', restart: '-no-version, idle', unblock: '+nothing, idle',
  },
  'STOPPED autostart': {
    start: 'waits started, launching', startWide: '+skipped, idle', stop: '+already, idle held', restart: 'waits started, launching',
    restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'STOPPED schedule': {
    start: '-outside-window, idle', startWide: '+skipped, idle', force: 'waits started, launching', stop: '+already, idle held',
    restart: '-outside-window, idle', restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'STOPPED schedule, one-shot': {
    start: '-outside-window, idle', startWide: '+skipped, idle', force: 'waits started, launching', stop: '+already, idle held',
    restart: '-outside-window, idle', restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'STOPPED schedule, cron': {
    start: 'waits started, launching', startWide: '+skipped, idle', stop: '+already, idle held', restart: 'waits started, launching',
    restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'STOPPED missed': {
    start: '-outside-window, idle', startWide: '+skipped, idle', force: 'waits started, launching', stop: '+already, idle held',
    restart: '-outside-window, idle', restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'STOPPED shutdown': {
    start: 'waits started, idle', stop: '+already, idle held', restart: 'waits started, idle', restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'STOPPED required': {
    start: 'waits started, idle', stop: '+already, idle held', restart: 'waits started, idle', restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'PENDING dependency': { start: 'waits started, idle', stop: '+done, idle held', restart: 'waits started, idle', unblock: '+nothing, idle' },
  'PENDING dependency rightly idle': { start: 'waits started, idle', stop: '+done, idle held', restart: 'waits started, idle', unblock: '+nothing, idle' },
  'PENDING external': { start: 'waits started, idle', stop: '+done, idle held', restart: 'waits started, idle', unblock: '+nothing, idle' },
  'PENDING wait-after': { start: 'waits started, idle', stop: '+done, idle held', restart: 'waits started, idle', unblock: '+nothing, idle' },
  'PENDING start-queue': { start: 'waits started, launching', stop: '+done, idle held', restart: 'waits started, launching', unblock: '+nothing, launching' },
  'STARTING before': { start: 'waits started, preparing', stop: 'waits stopped, preparing held', restart: 'waits started, preparing', unblock: '+nothing, preparing' },
  'STARTING launch': { start: 'waits started, launching', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0', unblock: '+nothing, launching' },
  'STARTING pid-file': { start: 'waits started, settling', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0', unblock: '+nothing, settling' },
  'STARTING start-health-check': { start: 'waits started, settling', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0', unblock: '+nothing, settling' },
  'STARTING init': { start: 'waits started, settling', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0', unblock: '+nothing, settling' },
  'STARTING settle': { start: 'waits started, settling', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0', unblock: '+nothing, settling' },
  RUNNING: { start: '+already, running', force: '+already, running', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0', unblock: '+nothing, running' },
  'RUNNING one-shot': { start: '+already, running', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0', unblock: '+nothing, running' },
  BACKOFF: { start: 'waits started, launching', stop: '+done, idle held', restart: 'waits started, launching', unblock: 'waits started, launching' },
  FATAL: { start: 'waits started, launching', stop: '+done, idle held', restart: 'waits started, launching', unblock: 'waits started, launching' },
  'BLOCKED too-many-runs': { start: 'waits started, launching', stop: '+done, idle held', restart: 'waits started, launching', unblock: 'waits started, launching' },
  'STOPPING yielding': {
    start: 'waits started, stopping L0', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0',
    restartWide: '+skipped, stopping L0 held', unblock: '+nothing, stopping L0 held',
  },
  'STOPPING signal': {
    start: 'waits started, stopping L0', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0',
    restartWide: '+skipped, stopping L0 held', unblock: '+nothing, stopping L0 held',
  },
  'STOPPING before': {
    start: 'waits started, preparing', stop: 'waits stopped, preparing held', restart: 'waits started, preparing',
    restartWide: '+skipped, preparing held', unblock: '+nothing, preparing held',
  },
  'STOPPING stop-hook': {
    start: 'waits started, stopping L0', stop: 'waits stopped, stopping L0 held', restart: 'waits started, stopping L0',
    restartWide: '+skipped, stopping L0 held', unblock: '+nothing, stopping L0 held',
  },
  'STOPPING after-stop': { start: 'waits started, finishing L0', stop: 'waits stopped, finishing L0 held', restart: 'waits started, finishing L0', unblock: '+nothing, finishing L0' },
  'STOPPING leftovers': { start: 'waits started, clearing L0', stop: 'waits stopped, clearing L0 held', restart: 'waits started, clearing L0', unblock: '+nothing, clearing L0' },
  'STOPPING survivors': { start: 'waits started, clearing L0', stop: 'waits stopped, clearing L0 held', restart: 'waits started, clearing L0', unblock: '+nothing, clearing L0' },
  'EXITED one-shot, well': {
    start: '+already, idle', force: 'waits started, launching', stop: '+done, idle held', restart: 'waits started, launching',
    restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'EXITED one-shot, failed': {
    start: 'waits started, launching', startWide: '+skipped, idle', stop: '+done, idle held', restart: 'waits started, launching',
    restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'EXITED one-shot, interrupted': {
    start: 'waits started, launching', startWide: '+skipped, idle', stop: '+done, idle held', restart: 'waits started, launching',
    restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'EXITED one-shot, well, outside its window': {
    start: '+already, idle', force: 'waits started, launching', stop: '+done, idle held', restart: '-outside-window, idle',
    restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'EXITED one-shot, failed, outside its window': {
    start: '-outside-window, idle', startWide: '+skipped, idle', force: 'waits started, launching', stop: '+done, idle held',
    restart: '-outside-window, idle', restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'EXITED one-shot, cut off by its window': {
    start: '-outside-window, idle', startWide: '+skipped, idle', force: 'waits started, launching', stop: '+done, idle held',
    restart: '-outside-window, idle', restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'EXITED cron job, well': {
    start: 'waits started, launching', startWide: '+skipped, idle', stop: '+done, idle held', restart: 'waits started, launching',
    restartWide: '+skipped, idle', unblock: '+nothing, idle',
  },
  'EXITED service, well': { start: 'waits started, launching', stop: '+done, idle held', restart: 'waits started, launching', unblock: '+nothing, idle' },
  'EXITED service, failed': { start: 'waits started, launching', stop: '+done, idle held', restart: 'waits started, launching', unblock: '+nothing, idle' },
  'BLOCKED pid-file': { start: '-in-doubt, idle', force: '-in-doubt, idle', stop: '-in-doubt, idle held', restart: '-in-doubt, idle', unblock: '-in-doubt, idle' },
  'BLOCKED identity': { start: '-in-doubt, idle', force: '-in-doubt, idle', stop: '-in-doubt, idle held', restart: '-in-doubt, idle', unblock: '-in-doubt, idle' },
}; // prettier-ignore

describe.each(Object.keys(SITUATIONS) as SituationName[])('%s', (name) => {
  const row = TABLE[name];
  const cases: readonly (readonly [string, Verb, Partial<Command>, Cell])[] = [
    ['start', 'start', {}, row.start],
    ['start, wide', 'start', wide, row.startWide ?? row.start],
    ['start --force', 'start', { force: true }, row.force ?? row.start],
    ['stop', 'stop', {}, row.stop],
    ['stop, wide', 'stop', wide, row.stop],
    ['restart', 'restart', {}, row.restart],
    ['restart, wide', 'restart', wide, row.restartWide ?? row.restart],
    ['unblock', 'unblock', {}, row.unblock],
  ];
  test.each(cases)('%s', (_column, verb, given, cell) => {
    expect(answer(verb, named(name), given).cell).toBe(cell);
  });

  test('start releases the hold, even when it may not launch', () => {
    expect(answer('start', named(name, { instance: { hold: HOLD } })).instance.hold).toBeUndefined();
  });

  test('stop updates the hold, and ends what an operator started or forced', () => {
    const { instance } = answer('stop', named(name, { instance: { hold: HOLD, operatorStarted: true, forced: true } }));
    expect(instance).toMatchObject({ hold: { since: START.wall }, operatorStarted: false, forced: false });
  });
});

describe('outside its window', () => {
  const result = (verb: Verb, given: Given = {}, further: Partial<Command> = {}): unknown => {
    const { survey, target } = named('STOPPED schedule', given);
    return applyCommand(survey, { verb, targets: [target], wide: new Set(), ...further }).decided[0]!.result;
  };

  test('a start is refused with the next window, and what to do', () => {
    expect(result('start')).toEqual({
      ok: false, code: 'outside-window', until: OPENS,
      message: 'outside its window (08:00-18:00); `start --force` runs it all the same',
    });
  }); // prettier-ignore

  test.each([
    ['start', {}],
    ['start', wide],
    ['restart', {}],
  ] as const)('%s of what is held releases the hold, and tells the next window', (verb, further) => {
    const said = result(verb, { instance: { hold: HOLD } }, further);
    expect(said).toMatchObject({ ok: true, code: 'released', until: OPENS });
  });

  test('stop --until is noted with the hold', () => {
    const until = new Map([['web~0', OPENS]]);
    expect(answer('stop', named('STOPPED schedule'), { until }).instance.hold).toEqual({ since: START.wall, until: OPENS });
    expect(answer('stop', named('RUNNING'), { until: new Map([['web~0', 'reboot']]) }).instance.hold?.until).toBe('reboot');
  }); // prettier-ignore

  test('stop acknowledges what was missed', () => {
    expect(answer('stop', named('STOPPED missed')).instance.ledger).toMatchObject([{ outcome: 'skipped' }]);
  });

  test('--force outside of a window remembers none; within one it remembers which', () => {
    expect(answer('start', named('STOPPED schedule'), { force: true }).instance).toMatchObject({ forced: true });
    expect(answer('start', named('STOPPED schedule'), { force: true }).instance.forcedIn).toBeUndefined();
    const open = named('RUNNING', { version: { schedule: daily('20:00-23:00', ALL_DAYS, 'UTC') } });
    expect(answer('start', open, { force: true }).instance).toMatchObject({
      forced: true,
      forcedIn: Date.parse('2023-11-14T20:00Z'),
    });
  });
});

describe('start', () => {
  test('--force stays in effect', () => {
    expect(answer('start', named('STOPPED autostart'), { force: true }).instance.forced).toBe(true);
    expect(answer('start', named('RUNNING'), { force: true }).instance.forced).toBe(true);
  });

  test('on its way out, waits for another run than the one that ends', () => {
    const { survey, target } = named('STOPPING signal');
    const { decided } = applyCommand(survey, { verb: 'start', targets: [target], wide: new Set() });
    expect(decided[0]!.goal).toEqual({ for: 'started', notBy: 'L0' });
  });

  const clearing = (by: 'itself' | 'manual', code: number): Given => {
    const job = versionOf({ id: 'web', oneShot: true });
    const ended = endedOf(job, { by, exit: { kind: 'code', code } });
    const activity = { ...(activityOf('clearing', job) as Extract<Instance['activity'], { kind: 'clearing' }>), ended };
    const ledger = [{ entry: 'version:at 0', launchId: 'L0', outcome: 'running' }] as const;
    return { version: { oneShot: true }, instance: { activity, ledger } };
  };

  test.each([
    ['by itself, well', clearing('itself', 0), false],
    ['by itself, badly', clearing('itself', 1), true],
    ['by a stop', clearing('manual', 0), true],
  ] as const)('a one-shot whose run has just ended %s runs again: %3$s', (_how, given, again) => {
    const { instance } = answer('start', named('STOPPING leftovers', given));
    expect(instance.ledger.length === 0).toBe(again);
  });

  test('by name on a held one-shot that had finished well does not run it a second time', () => {
    expect(answer('start', named('EXITED one-shot, well', { instance: { hold: HOLD } })).cell).toBe('+already, idle');
  });
});

describe('restart', () => {
  test('stops nothing that could not be launched again', () => {
    const launchProblems = new Map([['web~0', '/bin/web is gone']]);
    const { survey, target, world } = named('RUNNING');
    const outcome = applyCommand(survey, { verb: 'restart', targets: [target], wide: new Set(), launchProblems });
    expect(outcome.decided[0]!.result).toMatchObject({ ok: false, code: 'not-launchable' });
    expect(outcome.changes).toEqual([]);
    expect(outcome.world.instances).toEqual(world.instances);
  });
});

describe('stop', () => {
  const db = versionOf({ id: 'db' });
  const web = versionOf({ id: 'web', dependsOn: [needs('db')] });
  const log = versionOf({ id: 'log', dependsOn: [needs('db', { onLoss: 'keep' })] });
  const ui = versionOf({ id: 'ui', dependsOn: [needs('web')] });
  const running = [db, web, log, ui].map((version) =>
    instanceOf(version, { activity: activityOf('running', version) }),
  );
  const survey = new Survey(worldOf(configOf([db, web, log, ui]), running), START);
  const targets = (...ids: string[]): typeof survey.targets => survey.targets.filter(({ id }) => ids.includes(id));

  test('names what it takes along, dependents of dependents included', () => {
    const outcome = applyCommand(survey, { verb: 'stop', targets: targets('db'), wide: new Set() });
    expect(outcome.alsoStopped).toEqual(['web', 'ui']);
  });

  test('names none of the targets themselves', () => {
    expect(applyCommand(survey, { verb: 'stop', targets: targets('db', 'web'), wide: new Set() }).alsoStopped).toEqual([
      'ui',
    ]);
  });

  test('takes nothing along where nothing stops', () => {
    const launchProblems = new Map([['db~0', 'gone']]);
    const outcome = applyCommand(survey, { verb: 'restart', targets: targets('db'), wide: new Set(), launchProblems });
    expect(outcome.alsoStopped).toEqual([]);
  });

  test('--now kills, dependents first', () => {
    const outcome = applyCommand(survey, { verb: 'stop', targets: targets('ui', 'db'), wide: new Set(), now: true });
    expect(outcome.changes.map(({ key, event }) => [key, event])).toMatchObject([
      ['db~0', { kind: 'stop', now: true, yieldFirst: true }],
      ['ui~0', { kind: 'stop', now: true, yieldFirst: false }],
    ]);
  });

  test('of many, what keeps running without its dependency stops before it all the same', () => {
    const outcome = applyCommand(survey, { verb: 'restart', targets: targets('log', 'db'), wide: new Set() });
    expect(outcome.changes.map(({ event }) => event)).toMatchObject([{ yieldFirst: true }, { yieldFirst: false }]);
  });
});
