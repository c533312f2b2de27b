import { reasonCodes } from '@procman/protocol/vocabulary';
import { describe, expect, test } from 'vitest';
import { Describer } from '../describe.ts';
import type { Failure, Instance, StopCause } from '../model.ts';
import { vetoKey } from '../schedule.ts';
import { Survey } from '../survey.ts';
import {
  activityOf, applyOnAt, configOf, endedOf, identityOf, instanceOf, needs, runOf, START, versionOf, worldOf,
} from '../testing/builders.ts'; // prettier-ignore
import { ALL_DAYS, daily } from '../testing/schedules.ts';
import { HOLD, named, SITUATIONS, situationOf, type Given, type SituationName } from '../testing/situations.ts';
import { explain, type Explained } from './explain.ts';
import { factsOf, type Facts } from './facts.ts';

const tell = (at: number): string => new Date(at).toISOString().slice(5, 19);

function factsAbout(survey: Survey, name: string): Facts {
  const target = survey.targets.find((each) => each.name === name);
  if (target === undefined) throw new Error(`no ${name}`);
  return factsOf(survey, new Describer(survey), target, tell);
}

const about = (given: Given): { facts: Facts; explained: Explained } => {
  const { survey } = situationOf(given);
  const facts = factsAbout(survey, 'web');
  return { facts, explained: explain(facts) };
};

/** `STATE code: first line`. */
function first(given: Given): string {
  const { facts, explained } = about(given);
  const [cause] = explained.because;
  return `${facts.view.state} ${cause?.code ?? '-'}: ${cause?.message ?? ''}`;
}

const rest = (given: Given): string[] =>
  about(given)
    .explained.because.slice(1)
    .map(({ code, message }) => `${code}: ${message}`);

/* ---------------------------------------------------------------- each state and reason of SPEC 7.3 */

const service = versionOf({ id: 'web' });
const job = versionOf({ id: 'web', oneShot: true });
const failure = (code: Failure['code'], given: Partial<Failure> = {}): Failure => ({
  code, message: 'MESSAGE', at: START.mono, counts: true, ...(code === 'exit' ? { exit: { kind: 'code', code: 1 } } : {}), ...given,
}); // prettier-ignore
const backoff = (code: Failure['code']): Given => ({
  instance: { counters: { failedStarts: 1, failure: failure(code), runs: [] }, ended: endedOf(service, { settled: false }) },
}); // prettier-ignore
const fatal = (code: Failure['code']): Given => ({
  version: { startRetries: 0 },
  instance: { counters: { failedStarts: 1, failure: failure(code), runs: [] } },
});
const stopping = (cause: StopCause): Given => ({
  instance: {
    activity: {
      kind: 'stopping',
      run: runOf(service),
      stop: { cause, since: START.mono, now: false },
      settled: true,
      clearing: { remains: [], firstSignalAt: START.mono },
    },
  },
});
const up = (why: 'wanted' | 'operator' | 'forced' | 'catch-up', oneShot = false): Given => ({
  version: { oneShot },
  instance: { activity: activityOf('running', oneShot ? job : service, { why }), forced: why === 'forced' },
});
const starting = (why: 'wanted' | 'operator' | 'forced' | 'catch-up'): Given => ({
  instance: { activity: activityOf('settling', service, { why }) },
});
const exited = (by: 'itself' | 'boot' | 'schedule' | 'health-check' | 'max-run-time', code = 1): Given => ({
  version: { autorestart: 'never', oneShot: by === 'boot' || by === 'schedule' },
  instance: {
    ended: endedOf(by === 'boot' || by === 'schedule' ? job : service, { by, exit: { kind: 'code', code } }),
    ledger:
      by === 'boot' || by === 'schedule' ? [{ entry: 'version:at 0', launchId: 'L0', outcome: 'interrupted' }] : [],
  },
});
const unhealthy = { ok: false, failures: 3, text: 'exited with code 1: down', nextAt: 0 };
const KEPT: Given['world'] = { kept: new Set([instanceOf(service).key]), config: configOf([]) };
const LATER = versionOf({ id: 'web', applyOn: applyOnAt(START.wall - 1_000) });
const VETO: Given = {
  others: [LATER],
  world: { vetoes: new Map([[vetoKey(LATER), 'CHECK']]) },
  instance: { activity: activityOf('running', service) },
};

const STOPS = 'SIGTERM was sent, and SIGKILL follows 11-14T22:13:30 (stop-timeout)';
const FAILED = 'failed start 1 in a row; next try 11-14T22:13:21';
const GAVE_UP = 'gave up after 1 failed start (start-retries = 0)';

/** Of each state and reason, the line that alone has to say why. */
const FIRST: readonly (readonly [SituationName | Given, string])[] = [
  ['STOPPED manual', 'STOPPED manual: an operator stopped it: it is held until `start` or `restart`'],
  [{ instance: { hold: { ...HOLD, until: START.wall + 60_000 } } }, 'STOPPED manual: an operator stopped it: it is held until 11-14T22:14:20, or until `start`'],
  [{ instance: { hold: { ...HOLD, until: 'reboot' } } }, 'STOPPED manual: an operator stopped it: it is held until the next boot, or until `start`'],
  ['STOPPED schedule', 'STOPPED schedule: outside its window (08:00-18:00); it starts next 11-15T08:00:00'],
  ['STOPPED schedule, one-shot', 'STOPPED schedule: outside its window (08:00-18:00); it runs next 11-15T08:00:00'],
  ['STOPPED schedule, cron', 'STOPPED schedule: its time has not come (0 3 * * *); it runs next 11-15T03:00:00'],
  ['STOPPED not-yet-applied', 'STOPPED not-yet-applied: its first version takes effect 11-14T22:14:20'],
  ['STOPPED fake', 'STOPPED fake: each version that would be in effect is marked fake'],
  [{ world: { config: configOf([]) }, instance: { doubt: { code: 'identity', message: 'who?', candidates: [] } } }, 'BLOCKED identity: who?'],
  ['STOPPED autostart', 'STOPPED autostart: autostart is off, and no operator has started it: `start` runs it'],
  ['STOPPED missed', 'STOPPED missed: its last window closed before it could run: that of 11-14T08:00:00; it runs next 11-15T08:00:00'],
  ['STOPPED shutdown', 'STOPPED shutdown: everything is being stopped'],
  ['STOPPED required', 'STOPPED required: everything is being stopped: a required process has failed'],
  ['PENDING dependency', 'PENDING dependency: it waits: db is not running'],
  ['PENDING dependency rightly idle', 'PENDING dependency: it waits: db is not running (STOPPED); that is as it should be'],
  ['PENDING external', 'PENDING dependency: it waits: `ping ...` has not succeeded: it failed'],
  ['PENDING wait-after', 'PENDING wait-after: it waits for 5 s after its dependencies (wait-after): until 11-14T22:13:25'],
  ['PENDING start-queue', 'PENDING start-queue: it waits for its turn: 0 starts under way, of 1000 at once (max-parallel-starts)'],
  ['STARTING before', 'STARTING wanted: it is being started: its `before` runs; it has until 11-14T22:13:25'],
  ['STARTING launch', 'STARTING wanted: it is being started: its launcher is at work'],
  ['STARTING pid-file', 'STARTING wanted: it is being started: it waits for the pid that its command has to name'],
  ['STARTING start-health-check', 'STARTING wanted: it is being started: its start-health-check has not succeeded yet'],
  ['STARTING init', 'STARTING wanted: it is being started: its `init` runs; it has until 11-14T22:13:25'],
  ['STARTING settle', 'STARTING wanted: it is being started: it has to live for 1 s to count as started (start-secs)'],
  [starting('operator'), 'STARTING operator: it is being started (an operator started it): it has to live for 1 s to count as started (start-secs)'],
  [starting('forced'), 'STARTING forced: it is being started (an operator forced it): it has to live for 1 s to count as started (start-secs)'],
  [starting('catch-up'), 'STARTING catch-up: it is being started (a missed window is run late): it has to live for 1 s to count as started (start-secs)'],
  ['RUNNING', 'RUNNING wanted: it is to run, and it runs'],
  ['RUNNING one-shot', 'RUNNING wanted: its run is due, and under way'],
  [up('operator'), 'RUNNING operator: an operator started it, and it runs'],
  [up('forced'), 'RUNNING forced: an operator started it with --force'],
  [up('catch-up', true), 'RUNNING catch-up: it runs late, for a window that it had missed (catch-up)'],
  [{ instance: { activity: { kind: 'running', run: runOf(service), since: START, health: unhealthy } } }, 'RUNNING health-check: it is unhealthy: exited with code 1: down (3 failed checks in a row): it is stopped, and started again'],
  [VETO, `RUNNING version-failed: version ${LATER.applyOn.text} may not take over: CHECK; the version before goes on`],
  [{ world: KEPT, instance: { activity: activityOf('running', service) } }, 'RUNNING not-in-config: the configuration has it no more, and a held reload would stop it: `update` confirms that'],
  [{ world: KEPT, instance: { activity: activityOf('settling', service) } }, 'STARTING not-in-config: the configuration has it no more, and a held reload would stop it: `update` confirms that'],
  [{ version: { schedule: daily('08:00-18:00', ALL_DAYS, 'UTC') }, world: { clock: { settlesAt: START.mono + 5_000 } }, instance: { activity: activityOf('running', service) } }, 'RUNNING clock: the clock is not to be trusted yet: what it would stop goes on until 11-14T22:13:25'],
  [backoff('exit'), `BACKOFF exit: it exited with code 1 before it had settled; ${FAILED}`],
  [backoff('spawn-error'), `BACKOFF spawn-error: MESSAGE; ${FAILED}`],
  [backoff('before'), `BACKOFF before: MESSAGE; ${FAILED}`],
  [backoff('init'), `BACKOFF init: its \`init\` failed: MESSAGE; ${FAILED}`],
  [backoff('start-health-check'), `BACKOFF start-health-check: its start-health-check failed: MESSAGE; ${FAILED}`],
  [{ version: { startRetries: 3 }, instance: { counters: { failedStarts: 2, failure: failure('exit'), runs: [] } } }, 'BACKOFF exit: it exited with code 1 before it had settled; failed start 2 of 4 in a row; next try 11-14T22:13:22'],
  [{ instance: { counters: { failedStarts: 0, failure: failure('spawn-error', { counts: false }), runs: [] } } }, 'BACKOFF spawn-error: MESSAGE; no fault of its own, so it is not counted; next try 11-14T22:13:21'],
  [fatal('exit'), `FATAL exit: it exited with code 1 before it had settled; ${GAVE_UP}`],
  [fatal('spawn-error'), `FATAL spawn-error: MESSAGE; ${GAVE_UP}`],
  [fatal('before'), `FATAL before: MESSAGE; ${GAVE_UP}`],
  [fatal('init'), `FATAL init: its \`init\` failed: MESSAGE; ${GAVE_UP}`],
  [fatal('start-health-check'), `FATAL start-health-check: its start-health-check failed: MESSAGE; ${GAVE_UP}`],
  ['STOPPING signal', `STOPPING manual: an operator stopped it; ${STOPS}`],
  ['STOPPING stop-hook', 'STOPPING manual: an operator stopped it; its `stop` hook has until 11-14T22:13:25'],
  ['STOPPING yielding', 'STOPPING manual: an operator stopped it; its dependents stop first: '],
  ['STOPPING before', 'STOPPING manual: an operator stopped it'],
  [stopping('schedule'), `STOPPING schedule: its window has closed; ${STOPS}`],
  [stopping('new-version'), `STOPPING new-version: a new version takes over; ${STOPS}`],
  [stopping('restart'), `STOPPING restart: an operator restarts it; ${STOPS}`],
  [stopping('dependency'), `STOPPING dependency: a dependency was lost; ${STOPS}`],
  [stopping('health-check'), `STOPPING health-check: it is unhealthy; ${STOPS}`],
  [stopping('init'), `STOPPING init: its \`init\` failed; ${STOPS}`],
  [stopping('start-health-check'), `STOPPING start-health-check: its start-health-check failed; ${STOPS}`],
  [stopping('not-in-config'), `STOPPING not-in-config: it was removed from the configuration; ${STOPS}`],
  [stopping('fake'), `STOPPING fake: its version was marked fake; ${STOPS}`],
  [stopping('not-yet-applied'), `STOPPING not-yet-applied: its apply-on was moved into the future; ${STOPS}`],
  [stopping('shutdown'), `STOPPING shutdown: everything is being stopped; ${STOPS}`],
  [stopping('required'), `STOPPING required: everything is being stopped: a required process has failed; ${STOPS}`],
  [stopping('fallback'), `STOPPING fallback: its new version did not come up: back to the one before; ${STOPS}`],
  [stopping('max-run-time'), `STOPPING max-run-time: it has run for as long as it may; ${STOPS}`],
  ['STOPPING leftovers', 'STOPPING leftovers: it exited with code 0; ends what it left: looking'],
  ['STOPPING survivors', 'STOPPING survivors: outlived SIGKILL: 7 (uid 0, x)'],
  ['STOPPING after-stop', 'STOPPING after-stop: its `after-stop` runs'],
  ['EXITED one-shot, well', 'EXITED finished: finished: it exited with code 0; a new version or `restart` runs it again'],
  ['EXITED cron job, well', 'EXITED finished: finished: it exited with code 0; it runs next 11-15T03:00:00'],
  ['EXITED service, well', 'EXITED finished: finished: it exited with code 0'],
  ['EXITED service, failed', 'EXITED exit: it was killed by SIGSEGV; autorestart leaves it'],
  ['EXITED one-shot, failed', 'EXITED exit: it exited with code 1; autorestart leaves it; a new version or `restart` runs it again'],
  [exited('boot'), 'EXITED interrupted: cut off: it exited with code 1; a new version or `restart` runs it again'],
  [exited('schedule'), 'EXITED window-ended: its window closed before it had finished; a new version or `restart` runs it again'],
  [exited('health-check'), 'EXITED health-check: it is unhealthy; autorestart leaves it'],
  [exited('max-run-time'), 'EXITED max-run-time: it has run for as long as it may; autorestart leaves it'],
  ['BLOCKED too-many-runs', 'BLOCKED too-many-runs: it was launched 1 time within 10 min (max-runs), the first of them 11-14T22:13:19; it is tried again 11-14T22:23:19, or with `unblock`'],
  ['BLOCKED pid-file', 'BLOCKED pid-file: who is that?'],
  ['BLOCKED identity', 'BLOCKED identity: who is that?'],
]; // prettier-ignore

/** SPEC 7.3. STOPPED `not-in-config` is shown of nothing: what is gone from the configuration and idle is no target. */
const TABLE = [
  'STOPPED: manual schedule not-yet-applied fake autostart missed shutdown required',
  'PENDING: dependency wait-after start-queue',
  'STARTING: wanted operator forced catch-up not-in-config',
  'RUNNING: wanted operator forced catch-up health-check version-failed not-in-config clock',
  'BACKOFF: exit spawn-error before init start-health-check',
  'FATAL: exit spawn-error before init start-health-check',
  'STOPPING: manual schedule new-version restart dependency health-check init start-health-check not-in-config fake',
  'STOPPING: not-yet-applied shutdown required fallback max-run-time leftovers after-stop survivors',
  'EXITED: finished exit interrupted window-ended health-check max-run-time',
  'BLOCKED: too-many-runs pid-file identity',
].flatMap((line) => {
  const [state = '', codes = ''] = line.split(': ');
  return codes.split(' ').map((code) => `${state} ${code}`);
});

const givenOf = (what: SituationName | Given): Given => (typeof what === 'string' ? SITUATIONS[what] : what);

describe('the first line', () => {
  test.each(FIRST.map(([what, line]) => ({ what, line })))('$line', ({ what, line }) =>
    expect(first(givenOf(what))).toBe(line),
  );

  test('is there for each state and reason', () => {
    const told = new Set(FIRST.map(([, line]) => line.split(':')[0]));
    expect(TABLE.filter((each) => !told.has(each))).toEqual([]);
    const codes = new Set(TABLE.map((each) => each.split(' ')[1]));
    expect(reasonCodes.filter((code) => !codes.has(code))).toEqual([]);
  });

  test.each(Object.keys(SITUATIONS) as SituationName[])('%s: never empty, and no fact twice', (name) => {
    const causes = explain(factsAbout(named(name).survey, 'web')).because;
    expect(causes[0]?.message).not.toBe('');
    expect(new Set(causes.map(({ message }) => message)).size).toBe(causes.length);
    expect(JSON.stringify(causes)).not.toMatch(/undefined|NaN|null|Invalid/);
  });
});

/* ---------------------------------------------------------------- what else applies */

describe('what else applies', () => {
  const closed = daily('08:00-18:00', ALL_DAYS, 'UTC');

  test('all deciders', () => {
    const version = { schedule: closed, autostart: false };
    expect(rest({ version, instance: { hold: HOLD }, world: { ending: 'shutdown' } })).toEqual([
      'manual: an operator stopped it: it is held until `start` or `restart`',
      'schedule: outside its window (08:00-18:00); it opens next 11-15T08:00:00',
      'autostart: autostart is off, and no operator has started it',
    ]);
  });

  test('what --force overrides', () => {
    const instance: Partial<Instance> = { activity: activityOf('running', service, { why: 'forced' }), forced: true };
    expect(rest({ version: { schedule: closed, autostart: false }, instance })).toEqual([
      'schedule: outside its window (08:00-18:00), which --force overrides; it opens next 11-15T08:00:00',
      'autostart: autostart is off, and no operator has started it, which --force overrides',
    ]);
  });

  test('all closed gates', () => {
    const counters = { failedStarts: 2, failure: failure('exit'), runs: [START.mono - 5] };
    expect(
      rest({
        version: { dependsOn: [needs('db')], waitAfter: 60_000, maxRuns: 1 },
        others: [versionOf({ id: 'db' })],
        instance: { counters },
      }),
    ).toEqual([
      'not-in-config: nothing is known of db',
      'wait-after: it starts 1 min after its dependencies are met (wait-after)',
      'too-many-runs: max-runs has no room before 11-14T22:23:19',
      'exit: it exited with code 1 before it had settled; no other try before 11-14T22:13:22',
    ]);
  });

  test('whose trouble is behind a dependency, down the chain', () => {
    const cache = versionOf({ id: 'cache' });
    const db = versionOf({ id: 'db', dependsOn: [needs('cache')] });
    const counters = { failedStarts: 1, failure: failure('exit'), runs: [] };
    const given: Given = {
      version: { dependsOn: [needs('db')] },
      others: [db, cache],
      otherInstances: [instanceOf(db), instanceOf(cache, { counters })],
    };
    expect(rest(given)).toEqual([
      'dependency: db is PENDING: it waits: cache is not running (BACKOFF)',
      `exit: cache is BACKOFF: it exited with code 1 before it had settled; ${FAILED}`,
    ]);
    expect(first(given)).toBe(
      'PENDING dependency: it waits: db is not running (PENDING); at the root: cache (BACKOFF)',
    );
    expect(about(given).explained.dependencies).toEqual([
      { id: 'db', condition: 'running', onLoss: 'stop', met: false, state: 'PENDING', verdict: 'pending' },
    ]);
  });

  test('of many in trouble only the first are told', () => {
    const db = versionOf({ id: 'db', numprocs: 20 });
    const held = Array.from({ length: 20 }, (_, num) => {
      const { key, ...instance } = instanceOf(db, { hold: HOLD });
      return { ...instance, key: key.replace(/\d+$/, String(num)), num };
    });
    const lines = rest({ version: { dependsOn: [needs('db')] }, others: [db], otherInstances: held });
    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toBe('dependency: and 12 more behind it');
  });

  test('restarts, staleness and failing checks of what runs', () => {
    const run = runOf(service, { fingerprint: { ...service.fingerprint, command: 'old' } });
    const health = { ok: true, failures: 1, text: 'timed out', nextAt: 0 };
    const ended = endedOf(service, { exit: { kind: 'signal', signal: 'SEGV' } });
    const activity = { kind: 'running', run, since: START, health } as const;
    expect(rest({ instance: { activity, ended, restarts: 2 } })).toEqual([
      'health-check: its health-check has failed 1 time: timed out',
      'restarts: it was restarted 2 times by itself; the run before was killed by SIGSEGV',
      'stale: it runs as it was launched: command changed since; `restart` applies it',
    ]);
  });

  test('a try after failed ones, and what is required', () => {
    const counters = { failedStarts: 2, failure: failure('exit'), runs: [] };
    expect(rest({ instance: { activity: activityOf('settling', service), counters, restarts: 2 } })).toEqual([
      'exit: it exited with code 1 before it had settled; 2 failed starts in a row until now',
    ]);
    expect(rest({ ...fatal('exit'), version: { startRetries: 0, required: true } })).toEqual([
      'required: it is required: once it has failed for good, everything is stopped',
    ]);
  });
});

/* ---------------------------------------------------------------- the rest of the answer */

describe('versions', () => {
  const at = (hours: number, given = {}) =>
    versionOf({ id: 'web', applyOn: applyOnAt(START.wall + hours * 3_600_000), ...given });
  const all = [at(-3), at(-2), at(-1, { fake: true }), at(1)];
  const told = (vetoed: boolean): string[] => {
    const config = configOf(all);
    const vetoes = new Map(vetoed ? [[vetoKey(all[1] ?? service), 'CHECK']] : []);
    const survey = new Survey({ ...worldOf(config, [instanceOf(at(-2))]), vetoes }, START);
    return explain(factsAbout(survey, 'web')).versions.map(({ effective, why }) => `${effective ? '*' : ' '} ${why}`);
  };

  test('each with why', () => {
    expect(told(false)).toEqual([
      '  takes effect 11-14T23:13:20',
      '  marked fake: it is left out',
      '* in effect since 11-14T20:13:20',
      `  superseded by at ${START.wall - 7_200_000}`,
    ]);
    expect(told(true)).toEqual([
      '  takes effect 11-14T23:13:20',
      '  marked fake: it is left out',
      '  may not take over: CHECK',
      `* in effect in place of at ${START.wall - 7_200_000}`,
    ]);
  });
});

test('an external dependency is named by its program alone', () => {
  const externals = [{ command: 'psql postgres://me:secret@db', interval: 1_000, timeout: 1_000 }];
  const { explained } = about({ version: { externals } });
  expect(explained.dependencies).toEqual([{ id: 'psql ...', condition: 'succeeds', onLoss: 'keep', met: false }]);
  expect(JSON.stringify(explained)).not.toContain('secret');
});

test('schedule, and what comes', () => {
  const { explained } = about({ version: { schedule: daily('20:00-23:00', ALL_DAYS, 'UTC') } });
  expect(explained.schedule).toMatchObject({ active: true, nextStop: Date.parse('2023-11-14T23:00Z') });
  expect(explained.upcoming.map(({ at, action }) => `${tell(at)} ${action}`)).toEqual([
    '11-14T23:00:00 stop',
    '11-15T20:00:00 start',
    '11-15T23:00:00 stop',
    '11-16T20:00:00 start',
    '11-16T23:00:00 stop',
  ]);
  expect(about(backoff('exit')).explained.upcoming).toEqual([{ at: START.wall + 1_000, action: 'retry' }]);
  expect(about({ instance: { hold: { ...HOLD, until: START.wall + 5 } } }).explained.upcoming).toEqual([
    { at: START.wall + 5, action: 'hold-ends' },
  ]);
});

test('no value of an environment, and no line of a command', () => {
  const given: Given = {
    version: {
      env: { TOKEN: 'secret-value' },
      command: { line: 'serve --key secret-value', type: 'simple', why: 'no shell syntax', argv: ['serve'] },
      hooks: { before: { command: 'echo secret-value', timeout: 1 } },
    },
    instance: {
      activity: { ...activityOf('running', service), run: runOf(service, { process: identityOf(7) }) } as never,
    },
  };
  expect(JSON.stringify(about(given).explained)).not.toContain('secret-value');
});
