/** What windows, cron times, holds, versions and clocks bring, over days, against a fake machine and a fake clock (SPEC 3). */
import { describe, expect, test } from 'vitest';
import { afterJump } from './clock.ts';
import type { LedgerEntry, ProcessVersion, WallTime } from './model.ts';
import { vetoKey } from './schedule.ts';
import { applyOnAt, configOf, later, needs, START, versionOf, worldOf } from './testing/builders.ts';
import { Driver } from './testing/driver.ts';
import { ALL_DAYS, cron, daily } from './testing/schedules.ts';

const at = (text: string): WallTime => Date.parse(`${text}Z`);
/* START is a Tuesday, 22:13:20. */
const [TUE, WED, THU, FRI] = ['2023-11-14', '2023-11-15', '2023-11-16', '2023-11-17'] as const;
const HOUR = 3_600_000;
const utc = (times: string): ProcessVersion['schedule'] & object => daily(times, ALL_DAYS, 'UTC');
const CODE_0 = { kind: 'code', code: 0 } as const;

const web = versionOf({ id: 'web', schedule: utc('08:00-18:00') });
const job = versionOf({ id: 'job', oneShot: true, schedule: utc('08:00-18:00') });
const nightly = versionOf({ id: 'job', oneShot: true, schedule: cron('0 3 * * *', 'UTC') });

/** A turn at every time that is asked for until then. */
function to(driver: Driver, text: string): Driver {
  driver.pass(at(text) - driver.now.wall);
  return driver;
}

/** The daemon is down until then; the machine goes on. */
function downTo(driver: Driver, text: string): Driver {
  driver.now = later(at(text) - driver.now.wall, driver.now);
  driver.settle();
  return driver;
}

/** The wall clock is set; the daemon notices. */
function setClock(driver: Driver, text: string): Driver {
  driver.now = { wall: at(text), mono: driver.now.mono + 1_000 };
  driver.world = { ...driver.world, clock: afterJump(driver.world.clock, driver.now) };
  driver.settle();
  return driver;
}

const launches = ({ machine }: Driver): number => machine.launched.length;
const outcomes = (driver: Driver, id = 'job'): string[] =>
  driver.instance(id).ledger.map(({ outcome, opens }) => `${outcome} ${day(opens)}`);
const day = (opens: LedgerEntry['opens']): string =>
  opens === undefined ? '-' : new Date(opens).toISOString().slice(0, 10);

describe('a service with windows', () => {
  test('runs from the opening to the close, to the millisecond', () => {
    const driver = to(Driver.of(web), `${WED}T07:59:59.999`);
    expect([driver.brief('web'), driver.view('web').verdict]).toEqual(['STOPPED schedule', 'ok']);
    expect(driver.view('web').next).toEqual({ at: at(`${WED}T08:00`), action: 'start' });
    driver.pass(1);
    expect(driver.brief('web')).toBe('STARTING wanted');
    to(driver, `${WED}T17:59:59.999`);
    expect(driver.view('web')).toMatchObject({ state: 'RUNNING', next: { at: at(`${WED}T18:00`), action: 'stop' } });
    driver.pass(1);
    expect([driver.brief('web'), driver.instance('web').ended?.by]).toEqual(['STOPPED schedule', 'schedule']);
    expect(driver.machine.breaches).toEqual([]);
  });

  test('has no stop at midnight between windows that touch', () => {
    const driver = Driver.of(versionOf({ id: 'web', schedule: daily('00:00-24:00', [2, 3], 'UTC') }));
    to(driver, `${WED}T23:00`);
    expect([launches(driver), driver.view('web').state]).toEqual([1, 'RUNNING']);
    expect(to(driver, `${THU}T00:00`).brief('web')).toBe('STOPPED schedule');
  });

  test('an opening clears FATAL and what was left ended, and its launch does not count', () => {
    const fatal = to(Driver.of(versionOf({ ...web, startRetries: 0 })), `${WED}T08:00`);
    fatal.exit('web');
    expect(fatal.brief('web')).toBe('FATAL exit');
    expect(to(fatal, `${WED}T19:00`).brief('web')).toBe('STOPPED schedule');
    expect(to(fatal, `${THU}T08:00`).brief('web')).toBe('STARTING wanted');
    expect(fatal.instance('web').counters).toEqual({ failedStarts: 0, runs: [] });

    const ended = to(Driver.of(versionOf({ ...web, autorestart: 'never' })), `${WED}T09:00`);
    ended.exit('web', CODE_0);
    expect(ended.brief('web')).toBe('EXITED finished');
    expect(to(ended, `${WED}T17:00`).brief('web')).toBe('EXITED finished');
    expect(to(ended, `${THU}T08:00`).brief('web')).toBe('STARTING wanted');
  });

  test('what is on its way up at the close is stopped, too', () => {
    const driver = new Driver(worldOf(configOf([versionOf({ ...web, schedule: utc('22:00-22:14') })])));
    driver.machine.behaviour.launch = 'hangs';
    driver.settle();
    expect(driver.brief('web')).toBe('STARTING wanted');
    expect(to(driver, `${TUE}T22:14`).brief('web')).toBe('STOPPED schedule');
    expect(driver.machine.breaches).toEqual([]);
  });
});

describe('start --force', () => {
  const force = { force: true };

  test('outside of a window: until the window next closes', () => {
    const driver = Driver.of(web);
    driver.command('start', ['web'], force);
    expect(driver.brief('web')).toBe('STARTING forced');
    expect(to(driver, `${WED}T12:00`).brief('web')).toBe('RUNNING forced');
    expect(to(driver, `${WED}T18:00`).brief('web')).toBe('STOPPED schedule');
    expect(driver.instance('web')).toMatchObject({ forced: false });
    expect(launches(driver)).toBe(1);
  });

  test('within a window: it survives this close, and ends with the next', () => {
    const driver = to(Driver.of(web), `${WED}T12:00`);
    driver.command('start', ['web'], force);
    expect(to(driver, `${WED}T20:00`).brief('web')).toBe('RUNNING wanted');
    expect(to(driver, `${THU}T12:00`).view('web').state).toBe('RUNNING');
    expect(to(driver, `${THU}T18:00`).brief('web')).toBe('STOPPED schedule');
    expect([launches(driver), driver.instance('web').forcedIn]).toEqual([1, undefined]);
  });

  test('ends with a stop', () => {
    const driver = Driver.of(web);
    driver.command('start', ['web'], force);
    driver.command('stop', ['web']);
    driver.command('start', ['web']);
    expect(driver.brief('web')).toBe('STOPPED schedule');
  });

  test('ends with its own end, where autorestart leaves that', () => {
    const driver = Driver.of(versionOf({ ...web, autorestart: 'never' }));
    driver.command('start', ['web'], force);
    driver.pass(2_000);
    driver.exit('web');
    expect(driver.brief('web')).toBe('STOPPED schedule');
  });

  test('runs a one-shot once, and leaves the window that comes its own run', () => {
    const driver = Driver.of(job);
    driver.command('start', ['job'], force);
    driver.exit('job', CODE_0);
    expect([driver.brief('job'), launches(driver)]).toEqual(['EXITED finished', 1]);
    expect(to(driver, `${WED}T08:00`).brief('job')).toBe('RUNNING wanted');
  });
});

describe('holds', () => {
  test('with a time end by themselves', () => {
    const driver = to(Driver.of(web), `${WED}T09:00`);
    driver.command('stop', ['web'], { until: new Map([['web~0', at(`${WED}T11:00`)]]) });
    expect(driver.view('web')).toMatchObject({
      state: 'STOPPED',
      next: { at: at(`${WED}T11:00`), action: 'hold-ends' },
    });
    expect(to(driver, `${WED}T10:59:59.999`).brief('web')).toBe('STOPPED manual');
    driver.pass(1);
    expect([driver.brief('web'), driver.instance('web').hold]).toEqual(['STARTING wanted', undefined]);
  });

  test('without one, and until a reboot, do not', () => {
    for (const until of [undefined, 'reboot'] as const) {
      const driver = to(Driver.of(web), `${WED}T09:00`);
      driver.command('stop', ['web'], until === undefined ? {} : { until: new Map([['web~0', until]]) });
      expect(to(driver, `${THU}T12:00`).brief('web')).toBe('STOPPED manual');
    }
  });
});

describe('a one-shot with windows', () => {
  test('runs once in each, whatever the daemon does', () => {
    const driver = to(Driver.of(job), `${WED}T08:00`);
    driver.exit('job', CODE_0);
    driver.reload([versionOf({ ...job, digest: 'edited' })]);
    expect(to(driver, `${WED}T20:00`).brief('job')).toBe('EXITED finished');
    expect(downTo(driver, `${THU}T07:00`).brief('job')).toBe('EXITED finished');
    expect(launches(driver)).toBe(1);
    to(driver, `${THU}T08:00`);
    expect([launches(driver), driver.brief('job')]).toEqual([2, 'RUNNING wanted']);
    expect(outcomes(driver)).toEqual([`running ${THU}`, `ended ${WED}`]);
  });

  test('is stopped when its window closes, and not run again in it', () => {
    const driver = to(Driver.of(job), `${WED}T18:00`);
    expect([driver.brief('job'), driver.view('job').verdict]).toEqual(['EXITED window-ended', 'problem']);
    expect(outcomes(driver)).toEqual([`interrupted ${WED}`]);
    expect(to(driver, `${THU}T07:59`).brief('job')).toBe('EXITED window-ended');
  });

  test('that is loaded within a window runs in it; one that is loaded after it has missed nothing', () => {
    const driver = to(Driver.of(), `${WED}T09:00`);
    driver.reload([job]);
    expect(driver.brief('job')).toBe('RUNNING wanted');
    const late = to(Driver.of(), `${WED}T19:00`);
    late.reload([job]);
    expect([late.brief('job'), late.view('job').verdict, late.instance('job').ledger]).toEqual(['STOPPED schedule', 'ok', []]);
  }); // prettier-ignore

  test('that was being launched when the daemon died is not launched again', () => {
    const driver = Driver.of(job);
    driver.machine.behaviour.launch = 'hangs';
    to(driver, `${WED}T08:00`);
    expect(outcomes(driver)).toEqual([`running ${WED}`]);
    // Another daemon finds the launch that is under way.
    const next = new Driver({ ...driver.world, session: 'T', nextLaunch: 0 });
    next.now = later(1_000, driver.now);
    next.settle();
    expect(launches(next)).toBe(0);
  });

  test.each([
    ['into the same window', `${WED}T08:30`],
    ['before it', `${WED}T07:00`],
    ['into the window of the day before', `${TUE}T09:00`],
  ])('does not run again when the clock is set back %s', (_where, time) => {
    const driver = to(Driver.of(job), `${WED}T09:00`);
    driver.exit('job', CODE_0);
    setClock(driver, time);
    to(driver, `${WED}T12:00`);
    expect(launches(driver)).toBe(1);
    expect(outcomes(driver)[0]).toBe(`ended ${WED}`);
    expect(to(driver, `${THU}T08:00`).brief('job')).toBe('RUNNING wanted');
  });
});

describe('a window that is missed', () => {
  const db = versionOf({ id: 'db' });
  const waiting = versionOf({ ...job, dependsOn: [needs('db')] });

  test('with the daemon down', () => {
    const driver = downTo(Driver.of(job), `${WED}T19:00`);
    expect([driver.brief('job'), driver.view('job').verdict]).toEqual(['STOPPED missed', 'problem']);
    expect(outcomes(driver)).toEqual([`missed ${WED}`]);
    expect(driver.view('job').expected).toBe('finished');
  });

  test('with a dependency unmet', () => {
    const driver = Driver.of(waiting, db);
    driver.command('stop', ['db']);
    expect(to(driver, `${WED}T17:00`).brief('job')).toBe('PENDING dependency');
    expect(to(driver, `${WED}T18:00`).brief('job')).toBe('STOPPED missed');
  });

  test('is told until the next one opens', () => {
    const driver = to(downTo(Driver.of(job), `${WED}T19:00`), `${THU}T07:59`);
    expect(driver.brief('job')).toBe('STOPPED missed');
    driver.pass(60_000);
    expect(driver.brief('job')).toBe('RUNNING wanted');
  });

  test('and is acknowledged by a stop', () => {
    const driver = downTo(Driver.of(job), `${WED}T19:00`);
    driver.command('stop', ['job']);
    expect([driver.brief('job'), driver.view('job').verdict]).toEqual(['STOPPED manual', 'ok']);
    driver.command('start', ['job']);
    expect([driver.brief('job'), driver.view('job').verdict]).toEqual(['STOPPED schedule', 'ok']);
  });

  test.each<readonly [string, ProcessVersion, held: boolean]>([
    ['it was held', job, true],
    ['autostart is off', versionOf({ ...job, autostart: false }), false],
  ])('is none where %s', (_why, version, held) => {
    const driver = Driver.of(version);
    if (held) driver.command('stop', ['job'], { until: new Map([['job~0', at(`${WED}T20:00`)]]) });
    to(driver, `${WED}T21:00`);
    expect([driver.brief('job'), driver.view('job').verdict]).toEqual(['STOPPED schedule', 'ok']);
    expect(launches(driver)).toBe(0);
  });

  test('is none where the daemon was down and it was held', () => {
    const driver = Driver.of(job);
    driver.command('stop', ['job']);
    downTo(driver, `${WED}T19:00`);
    expect(outcomes(driver)).toEqual([`skipped ${WED}`]);
  });
});

describe('catch-up', () => {
  const late = versionOf({ ...job, catchUp: true });

  test('runs the latest missed window, once', () => {
    const driver = downTo(Driver.of(late), `${FRI}T19:00`);
    expect(driver.brief('job')).toBe('RUNNING catch-up');
    driver.exit('job', CODE_0);
    driver.pass(HOUR);
    expect([driver.brief('job'), launches(driver), outcomes(driver)]).toEqual(['EXITED finished', 1, [`ended ${FRI}`]]);
  });

  test('waits for its dependency', () => {
    const driver = Driver.of(versionOf({ id: 'db' }), versionOf({ ...late, dependsOn: [needs('db')] }));
    driver.command('stop', ['db']);
    expect(to(driver, `${WED}T20:00`).brief('job')).toBe('PENDING dependency');
    driver.command('start', ['db']);
    driver.pass(2_000);
    expect(driver.brief('job')).toBe('RUNNING catch-up');
  });

  test('is given up when the next window opens: that one is run', () => {
    const driver = Driver.of(versionOf({ id: 'db' }), versionOf({ ...late, dependsOn: [needs('db')] }));
    driver.command('stop', ['db']);
    to(driver, `${THU}T09:00`);
    expect(outcomes(driver)).toEqual([`due ${THU}`, `missed ${WED}`]);
    driver.command('start', ['db']);
    driver.pass(2_000);
    expect([driver.brief('job'), outcomes(driver)]).toEqual(['RUNNING wanted', [`running ${THU}`, `missed ${WED}`]]);
  });

  test('also of a cron time', () => {
    const driver = downTo(Driver.of(versionOf({ ...nightly, catchUp: true })), `${WED}T12:00`);
    expect(driver.brief('job')).toBe('RUNNING catch-up');
  });
});

describe('a cron job', () => {
  test('runs at its times', () => {
    const driver = to(Driver.of(nightly), `${WED}T02:59:59.999`);
    expect(driver.view('job')).toMatchObject({ state: 'STOPPED', reason: { code: 'schedule' }, next: { at: at(`${WED}T03:00`), action: 'run' } });
    driver.pass(1);
    expect(driver.brief('job')).toBe('RUNNING wanted');
    driver.exit('job', CODE_0);
    expect(to(driver, `${THU}T02:00`).brief('job')).toBe('EXITED finished');
    expect(to(driver, `${THU}T03:00`).brief('job')).toBe('RUNNING wanted');
  }); // prettier-ignore

  test('is still due when the daemon comes back within a minute, and missed after that', () => {
    expect(downTo(Driver.of(nightly), `${WED}T03:00:59`).brief('job')).toBe('RUNNING wanted');
    expect(downTo(Driver.of(nightly), `${WED}T03:01`).brief('job')).toBe('STOPPED missed');
  });

  test('stays due while it waits for a dependency', () => {
    const driver = Driver.of(versionOf({ id: 'db' }), versionOf({ ...nightly, dependsOn: [needs('db')] }));
    driver.command('stop', ['db']);
    expect(to(driver, `${WED}T09:00`).brief('job')).toBe('PENDING dependency');
    driver.command('start', ['db']);
    driver.pass(2_000);
    expect(driver.brief('job')).toBe('RUNNING wanted');
  });

  test('that is still at work at its next time has missed that', () => {
    const driver = to(Driver.of(nightly), `${THU}T04:00`);
    expect([driver.view('job').state, launches(driver)]).toEqual(['RUNNING', 1]);
    expect(outcomes(driver)).toEqual([`missed ${THU}`, `running ${WED}`]);
    driver.exit('job', CODE_0);
    expect(driver.brief('job')).toBe('STOPPED missed');
    expect(to(driver, `${FRI}T03:00`).brief('job')).toBe('RUNNING wanted');
  });

  test('that is loaded after its time, or held at it, has missed nothing', () => {
    const loaded = to(Driver.of(), `${WED}T03:00:30`);
    loaded.reload([nightly]);
    loaded.pass(HOUR);
    expect([loaded.brief('job'), launches(loaded)]).toEqual(['STOPPED schedule', 0]);
    const held = Driver.of(nightly);
    held.command('stop', ['job'], { until: new Map([['job~0', at(`${WED}T04:00`)]]) });
    to(held, `${WED}T05:00`);
    expect([held.brief('job'), held.view('job').verdict, launches(held)]).toEqual(['STOPPED schedule', 'ok', 0]);
  });

  test('runs when it is asked to, and at its time all the same', () => {
    const driver = Driver.of(nightly);
    driver.command('start', ['job']);
    expect(driver.brief('job')).toBe('RUNNING operator');
    driver.exit('job', CODE_0);
    expect(driver.brief('job')).toBe('EXITED finished');
    driver.command('start', ['job']);
    expect(launches(driver)).toBe(2);
    driver.exit('job', CODE_0);
    expect(to(driver, `${WED}T03:00`).brief('job')).toBe('RUNNING wanted');
  });
});

describe('once per boot', () => {
  const perBoot = versionOf({ id: 'job', oneShot: true, perBoot: true });

  test('it runs once, and again after another boot', () => {
    const driver = Driver.of(perBoot);
    driver.exit('job', CODE_0);
    driver.pass(HOUR);
    expect(launches(driver)).toBe(1);
    driver.world = { ...driver.world, bootId: 'another' };
    driver.settle([{ key: 'job~0', event: { kind: 'boot', at: driver.now.wall } }]);
    expect([launches(driver), driver.brief('job')]).toEqual([2, 'RUNNING wanted']);
    expect(driver.instance('job').ledger.map(({ entry }) => entry)).toEqual(['boot:another', 'boot:boot']);
  });

  test('a version does not run it again', () => {
    const driver = Driver.of(perBoot, versionOf({ ...perBoot, applyOn: applyOnAt(START.wall + HOUR) }));
    driver.exit('job', CODE_0);
    driver.pass(2 * HOUR);
    expect(launches(driver)).toBe(1);
  });

  test('one that was cut off by a power failure is run again by the next boot', () => {
    const driver = Driver.of(perBoot);
    driver.machine.runs.clear();
    driver.world = { ...driver.world, bootId: 'another' };
    driver.settle([{ key: 'job~0', event: { kind: 'boot', at: driver.now.wall } }]);
    expect(driver.instance('job').ledger.map(({ outcome }) => outcome)).toEqual(['running', 'interrupted']);
  });
});

describe('a version that does not come up', () => {
  const old = versionOf({ id: 'web' });
  const next = versionOf({ id: 'web', applyOn: applyOnAt(START.wall + HOUR), fallbackTimeout: 30_000 });
  const applyOnOf = (driver: Driver): string | undefined => {
    const { activity } = driver.instance('web');
    return activity.kind === 'idle' ? undefined : activity.run.applyOn;
  };

  /** At the takeover, with launches that fail from then on. */
  function failing(...versions: readonly ProcessVersion[]): Driver {
    const driver = Driver.of(old, ...(versions.length === 0 ? [next] : versions));
    driver.pass(HOUR - 1);
    driver.machine.behaviour.launch = 'fails';
    driver.pass(1);
    return driver;
  }

  test('gives way to the one before', () => {
    const driver = failing();
    expect(driver.instance('web').seen.tookOver).toBe(driver.now.mono);
    driver.pass(29_999);
    expect([driver.brief('web'), driver.instance('web').fellBack]).toEqual(['BACKOFF spawn-error', undefined]);
    driver.machine.behaviour.launch = 'runs';
    driver.pass(1);
    expect(applyOnOf(driver)).toBe(old.applyOn.text);
    driver.pass(1_000);
    expect(driver.view('web')).toMatchObject({ state: 'RUNNING', reason: { code: 'version-failed' }, verdict: 'problem' });
    expect(driver.view('web').reason.message).toContain('fallback-timeout');
    driver.pass(HOUR);
    expect(applyOnOf(driver)).toBe(old.applyOn.text);
  }); // prettier-ignore

  test('also while it is still starting: that is stopped first', () => {
    const init = { command: 'init', timeout: 600_000 };
    const driver = Driver.of(old, versionOf({ ...next, hooks: { init } }));
    driver.machine.behaviour.jobs.init = 'hangs';
    driver.pass(HOUR + 29_999);
    expect([applyOnOf(driver), driver.view('web').phase]).toEqual([next.applyOn.text, 'init']);
    driver.pass(1);
    const stopping = driver.transitions.find(({ view }) => view.reason.code === 'fallback');
    expect(stopping).toMatchObject({ from: 'STARTING', to: 'STOPPING' });
    expect([applyOnOf(driver), driver.machine.breaches]).toEqual([old.applyOn.text, []]);
  });

  test('is no matter once it has been RUNNING', () => {
    const driver = Driver.of(old, next);
    driver.pass(HOUR + 2_000);
    expect(driver.instance('web').seen.tookOver).toBeUndefined();
    driver.machine.behaviour.launch = 'fails';
    driver.exit('web');
    driver.pass(HOUR);
    expect(driver.instance('web').fellBack).toBeUndefined();
  });

  test('stays where there is none before it, without a fallback-timeout, or while it is held', () => {
    const only = Driver.of(versionOf({ ...next, fallbackTimeout: 1_000 }));
    only.machine.behaviour.launch = 'fails';
    only.pass(2 * HOUR);
    expect(only.instance('web').fellBack).toBeUndefined();
    const { fallbackTimeout: _none, ...patient } = next;
    const driver = failing(patient);
    driver.pass(HOUR);
    expect(driver.instance('web').fellBack).toBeUndefined();
    const held = failing();
    held.command('stop', ['web']);
    held.pass(HOUR);
    expect(held.instance('web').fellBack).toBeUndefined();
  });

  test('is tried again when it is defined anew', () => {
    const driver = failing();
    driver.pass(30_000);
    expect(driver.instance('web').fellBack).toEqual({ applyOn: next.applyOn.text, digest: next.digest });
    driver.machine.behaviour.launch = 'runs';
    driver.reload([old, next]);
    driver.pass(2_000);
    expect(applyOnOf(driver)).toBe(old.applyOn.text);
    driver.reload([old, versionOf({ ...next, digest: 'mended' })]);
    driver.pass(2_000);
    expect([applyOnOf(driver), driver.instance('web').fellBack]).toEqual([next.applyOn.text, undefined]);
    expect(driver.world.vetoes.size).toBe(0);
  });

  test('a newer one is not in its shadow', () => {
    const newest = versionOf({ id: 'web', applyOn: applyOnAt(START.wall + 2 * HOUR) });
    const driver = failing(next, newest);
    driver.pass(30_000);
    driver.machine.behaviour.launch = 'runs';
    driver.pass(HOUR);
    expect([applyOnOf(driver), driver.instance('web').fellBack]).toEqual([newest.applyOn.text, undefined]);
  });

  test('a version that may not take over leaves the old one running, as a problem, until the veto is lifted', () => {
    const driver = Driver.of(old, next);
    driver.pass(HOUR - 1);
    driver.world = { ...driver.world, vetoes: new Map([[vetoKey(next), '/opt/web is gone']]) };
    driver.pass(HOUR);
    expect([applyOnOf(driver), launches(driver)]).toEqual([old.applyOn.text, 1]);
    expect(driver.view('web')).toMatchObject({ reason: { code: 'version-failed' }, verdict: 'problem' });
    expect(driver.view('web').reason.message).toContain('/opt/web is gone');
    driver.world = { ...driver.world, vetoes: new Map() };
    driver.settle();
    expect(applyOnOf(driver)).toBe(next.applyOn.text);
  });
});

describe('a new version of a one-shot', () => {
  const old = versionOf({ id: 'job', oneShot: true });
  const next = versionOf({ ...old, applyOn: applyOnAt(START.wall + HOUR) });

  test('waits for the run of the old one to end, and is run once', () => {
    const driver = Driver.of(old, next);
    driver.pass(2 * HOUR);
    expect([driver.view('job').state, launches(driver)]).toEqual(['RUNNING', 1]);
    driver.exit('job', CODE_0);
    expect(launches(driver)).toBe(2);
    driver.exit('job', CODE_0);
    driver.pass(HOUR);
    expect(launches(driver)).toBe(2);
    expect(driver.instance('job').ledger.map(({ entry }) => entry)).toEqual([
      `version:${next.applyOn.text}`,
      `version:${old.applyOn.text}`,
    ]);
  });
});

describe('a clock that jumps', () => {
  const always = versionOf({ id: 'always' });

  test('stops nothing by a window for 30 s, and then does', () => {
    const driver = to(Driver.of(web, always), `${WED}T12:00`);
    setClock(driver, `${WED}T20:00`);
    expect(driver.view('web')).toMatchObject({ state: 'RUNNING', reason: { code: 'clock' }, verdict: 'pending' });
    driver.pass(29_999);
    expect(driver.view('web').state).toBe('RUNNING');
    driver.pass(1);
    expect(driver.brief('web')).toBe('STOPPED schedule');
    expect([driver.brief('always'), launches(driver)]).toEqual(['RUNNING wanted', 2]);
  });

  test('there and back stops nothing at all', () => {
    const driver = to(Driver.of(web), `${WED}T12:00`);
    setClock(driver, `${WED}T20:00`);
    driver.pass(10_000);
    setClock(driver, `${WED}T12:00:11`);
    to(driver, `${WED}T17:00`);
    expect([driver.view('web').state, launches(driver)]).toEqual(['RUNNING', 1]);
  });

  test('switches no version for 30 s', () => {
    const driver = Driver.of(always, versionOf({ ...always, applyOn: applyOnAt(at(`${THU}T00:00`)) }));
    driver.pass(5_000);
    setClock(driver, `${THU}T01:00`);
    expect(driver.view('always')).toMatchObject({ state: 'RUNNING', reason: { code: 'clock' } });
    driver.pass(30_000);
    expect(driver.instance('always').activity).toMatchObject({ run: { applyOn: `at ${at(`${THU}T00:00`)}` } });
  });

  test('back before the apply-on of what runs leaves it running', () => {
    const driver = Driver.of(versionOf({ ...always, applyOn: applyOnAt(START.wall - HOUR) }));
    driver.pass(5_000);
    setClock(driver, `${TUE}T20:00`);
    expect(driver.view('always')).toMatchObject({ state: 'RUNNING', reason: { code: 'clock' }, verdict: 'pending' });
  });

  test('starts what its window asks for at once', () => {
    const driver = Driver.of(web);
    setClock(driver, `${WED}T09:00`);
    expect(driver.brief('web')).toBe('STARTING wanted');
  });

  test('delays no stop but those of the clock', () => {
    const driver = to(Driver.of(web, versionOf({ id: 'ui', dependsOn: [needs('web')] })), `${WED}T12:00`);
    setClock(driver, `${WED}T13:00`);
    driver.command('stop', ['web']);
    expect([driver.brief('web'), driver.brief('ui')]).toEqual(['STOPPED manual', 'PENDING dependency']);
  });

  test('a one-shot whose window seems to have closed goes on, pending', () => {
    const driver = to(Driver.of(job), `${WED}T12:00`);
    setClock(driver, `${WED}T20:00`);
    expect(driver.view('job')).toMatchObject({ state: 'RUNNING', reason: { code: 'clock' }, verdict: 'pending' });
    driver.pass(30_000);
    expect(driver.brief('job')).toBe('EXITED window-ended');
  });
});

describe('a clock that is behind what is on record', () => {
  test('stops and switches nothing until it has caught up', () => {
    const driver = to(Driver.of(web), `${WED}T17:00`);
    const now = { wall: at('1970-01-02T19:00'), mono: driver.now.mono + 1_000 };
    driver.now = now;
    driver.world = { ...driver.world, clock: { behindUntil: at(`${WED}T17:00`) } };
    driver.settle();
    driver.pass(24 * HOUR);
    expect(driver.view('web')).toMatchObject({ state: 'RUNNING', reason: { code: 'clock' }, verdict: 'pending' });
    driver.now = { ...driver.now, wall: at(`${WED}T17:30`) };
    driver.settle();
    expect(driver.brief('web')).toBe('RUNNING wanted');
    expect(to(driver, `${WED}T18:00`).brief('web')).toBe('STOPPED schedule');
  });
});

describe('a reload', () => {
  test('that changes a schedule applies it without a restart', () => {
    const driver = to(Driver.of(web), `${WED}T12:00`);
    driver.reload([versionOf({ ...web, schedule: utc('08:00-14:00'), digest: 'shorter' })]);
    expect([driver.view('web').state, launches(driver)]).toEqual(['RUNNING', 1]);
    expect(to(driver, `${WED}T14:00`).brief('web')).toBe('STOPPED schedule');
    driver.reload([versionOf({ ...web, schedule: utc('08:00-20:00'), digest: 'longer' })]);
    expect(driver.brief('web')).toBe('STARTING wanted');
    driver.reload([versionOf({ ...web, schedule: utc('20:00-22:00'), digest: 'later' })]);
    expect(driver.brief('web')).toBe('STOPPED schedule');
  });

  test('that changes the schedule of a one-shot does not run it twice a day', () => {
    const driver = to(Driver.of(job), `${WED}T09:00`);
    driver.exit('job', CODE_0);
    driver.reload([versionOf({ ...job, schedule: utc('06:00-20:00'), digest: 'longer' })]);
    driver.pass(HOUR);
    expect(launches(driver)).toBe(1);
  });

  test('a daemon that starts with an unchanged one knows its windows from before', () => {
    const driver = new Driver(worldOf(configOf([web])));
    to(driver, `${WED}T12:00`);
    expect(driver.instance('web').seen.window).toEqual({ opens: at(`${WED}T08:00`), open: true });
  });
});
