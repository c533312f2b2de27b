/** Sequences over time, against a fake machine and a fake clock. */
import { describe, expect, test } from 'vitest';
import { turn } from './engine.ts';
import type { ProcessVersion } from './model.ts';
import { applyOnAt, configOf, launchIdOf, needs, START, versionOf, worldOf } from './testing/builders.ts';
import { Driver } from './testing/driver.ts';

const db = versionOf({ id: 'db' });
const web = versionOf({ id: 'web', dependsOn: [needs('db')] });
const ui = versionOf({ id: 'ui', dependsOn: [needs('web')] });

/** A driver whose processes have all been up for a while. */
function up(...versions: readonly ProcessVersion[]): Driver {
  const driver = Driver.of(...versions);
  driver.pass(5_000 * versions.length);
  driver.machine.launched.length = 0;
  driver.machine.performed.length = 0;
  driver.transitions.length = 0;
  return driver;
}

const signals = ({ machine }: Driver): string[] =>
  machine.performed.flatMap((action) => (action.kind === 'signal' ? [`${action.signal} ${action.key}`] : []));

describe('order', () => {
  test('starts follow dependencies, whatever the order of the file', () => {
    const driver = Driver.of(ui, web, db);
    expect(driver.machine.launched).toEqual(['db~0']);
    driver.pass(1_000);
    expect(driver.machine.launched).toEqual(['db~0', 'web~0']);
    driver.pass(1_000);
    expect(driver.machine.launched).toEqual(['db~0', 'web~0', 'ui~0']);
  });

  test('stops go in reverse, each after the end of the one before', () => {
    const driver = up(db, web, ui);
    driver.shutdown();
    expect(signals(driver)).toEqual(['TERM ui~0', 'TERM web~0', 'TERM db~0']);
  });

  test('a dependent that does not obey holds up what it depends on until it is gone', () => {
    const driver = up(db, web);
    driver.machine.behaviour.obeys = false;
    driver.command('stop', ['db']);
    expect(driver.brief('db')).toBe('STOPPING manual');
    expect(signals(driver)).toEqual(['TERM web~0']);
    driver.pass(10_000);
    expect(signals(driver)).toEqual(['TERM web~0', 'KILL web~0', 'TERM db~0']);
  });

  test('also with on-loss = keep, where both stop', () => {
    const driver = up(db, versionOf({ id: 'log', dependsOn: [needs('db', { onLoss: 'keep' })] }));
    driver.shutdown();
    expect(signals(driver)).toEqual(['TERM log~0', 'TERM db~0']);
  });

  test('also where both are gone from the configuration', () => {
    const driver = up(db, web);
    driver.reload([]);
    expect(signals(driver)).toEqual(['TERM web~0', 'TERM db~0']);
    expect(
      driver.transitions.filter(({ to }) => to === 'STOPPING').every(({ view }) => view.reason.code !== 'dependency'),
    ).toBe(true);
  });

  test('of several instances, all have to run', () => {
    const driver = Driver.of(versionOf({ id: 'db', numprocs: 2 }), web);
    driver.pass(999);
    expect(driver.machine.launched).toEqual(['db~0', 'db~1']);
    driver.pass(1);
    driver.exit('db', { kind: 'code', code: 1 }, 1);
    expect(driver.brief('web')).toBe('PENDING dependency');
  });
});

describe('dependencies', () => {
  test('a loss stops dependents, its return starts them, uncounted and without delay', () => {
    const driver = up(db, web);
    driver.exit('db');
    expect(driver.brief('web')).toBe('PENDING dependency');
    expect(driver.instance('web').ended?.by).toBe('dependency');
    driver.pass(1_000);
    expect(driver.machine.launched).toEqual(['db~0', 'web~0']);
    expect(driver.instance('web')).toMatchObject({ restarts: 0, counters: { runs: [] } });
  });

  test('on-loss = keep leaves them alone', () => {
    const driver = up(db, versionOf({ id: 'web', dependsOn: [needs('db', { onLoss: 'keep' })] }));
    driver.command('stop', ['db']);
    expect(driver.brief('web')).toBe('RUNNING wanted');
    expect(driver.view('web').verdict).toBe('ok');
  });

  test('finished is met by a run of the effective version that ended well, and its loss stops nothing', () => {
    const migrate = versionOf({ id: 'migrate', oneShot: true });
    const app = versionOf({ id: 'app', dependsOn: [needs('migrate', { condition: 'finished' })] });
    const driver = Driver.of(migrate, app);
    expect(driver.brief('app')).toBe('PENDING dependency');
    driver.exit('migrate', { kind: 'code', code: 1 });
    expect(driver.brief('app')).toBe('PENDING dependency');
    driver.command('start', ['migrate']);
    driver.exit('migrate', { kind: 'code', code: 0 });
    expect(driver.brief('app')).toBe('STARTING wanted');
    driver.pass(1_000);
    driver.command('restart', ['migrate']);
    expect(driver.brief('app')).toBe('RUNNING wanted');
  });

  test('the return clears backoff, not FATAL', () => {
    const failing = versionOf({ ...web, startRetries: 1 });
    const driver = up(db, failing);
    driver.command('restart', ['web']);
    driver.exit('web');
    expect(driver.brief('web')).toBe('BACKOFF exit');
    driver.command('restart', ['db']);
    driver.pass(1_000);
    expect(driver.instance('web').counters.failedStarts).toBe(0);
    driver.exit('web');
    driver.pass(1_000);
    driver.exit('web');
    expect(driver.brief('web')).toBe('FATAL exit');
    driver.command('restart', ['db']);
    driver.pass(5_000);
    expect(driver.brief('web')).toBe('FATAL exit');
  });

  test('the return clears the backoff of a start that never got as far as its command', () => {
    const driver = Driver.of(db, web);
    driver.machine.behaviour.launch = 'fails';
    driver.pass(1_000);
    expect(driver.brief('web')).toBe('BACKOFF spawn-error');
    driver.exit('db');
    driver.machine.behaviour.launch = 'runs';
    driver.pass(3_000);
    expect(driver.instance('web').counters).toMatchObject({ failedStarts: 0 });
  });
});

describe('max-parallel-starts', () => {
  const versions = Array.from({ length: 5 }, (_, index) => versionOf({ id: `p${index}` }));

  test('so many launches are under way at once; the settling time is not counted', () => {
    const driver = new Driver(worldOf(configOf(versions, { maxParallelStarts: 2 })));
    driver.machine.behaviour.launch = 'hangs';
    driver.settle();
    expect(driver.machine.launched).toEqual(['p0~0', 'p1~0']);
    expect(driver.brief('p2')).toBe('PENDING start-queue');
    const [first] = driver.machine.runs.values();
    driver.machine.claim(first!);
    driver.settle(driver.machine.takeNews());
    expect(driver.machine.launched).toEqual(['p0~0', 'p1~0', 'p2~0']);
    expect(driver.brief('p0')).toBe('STARTING wanted');
  });

  test('a launch that does not get on gives its slot up after 30 s', () => {
    const driver = new Driver(worldOf(configOf(versions, { maxParallelStarts: 2 })));
    driver.machine.behaviour.launch = 'hangs';
    driver.settle();
    driver.pass(29_999);
    expect(driver.machine.launched.length).toBe(2);
    driver.pass(1_001);
    expect(driver.machine.launched.length).toBe(4);
  });
});

describe('failed starts', () => {
  test('are retried after 1, 2, 4 s; a process that had been RUNNING at once', () => {
    const driver = Driver.of(versionOf({ id: 'web', maxRuns: 0 }));
    const at: number[] = [];
    for (let index = 0; index < 4; index += 1) {
      driver.exit('web');
      at.push(driver.view('web').retryAt! - driver.now.wall);
      driver.pass(at[index]!);
    }
    expect(at).toEqual([1_000, 2_000, 4_000, 8_000]);
    driver.pass(1_000);
    driver.exit('web');
    expect(driver.brief('web')).toBe('STARTING wanted');
    expect(driver.instance('web')).toMatchObject({ restarts: 5, counters: { failedStarts: 0 } });
  });

  test('end in FATAL after the retries; unblock tries again', () => {
    const driver = Driver.of(versionOf({ id: 'web', startRetries: 1 }));
    driver.exit('web');
    driver.pass(1_000);
    driver.exit('web');
    expect(driver.view('web')).toMatchObject({ state: 'FATAL', verdict: 'problem', reason: { data: { tries: 2 } } });
    driver.pass(3_600_000);
    expect(driver.brief('web')).toBe('FATAL exit');
    driver.command('unblock', ['web']);
    expect(driver.brief('web')).toBe('STARTING operator');
    driver.exit('web');
    expect(driver.brief('web')).toBe('BACKOFF exit');
  });

  test('a program that cannot be launched is tried again, and counted', () => {
    const driver = new Driver(worldOf(configOf([versionOf({ id: 'web', startRetries: 1, autorestart: 'never' })])));
    driver.machine.behaviour.launch = 'fails';
    driver.settle();
    expect(driver.brief('web')).toBe('BACKOFF spawn-error');
    driver.pass(1_000);
    expect(driver.brief('web')).toBe('FATAL spawn-error');
  });

  test('a refused launch is no fault of the service: a second later, for ever, uncounted', () => {
    const driver = new Driver(worldOf(configOf([versionOf({ id: 'web', startRetries: 0, maxRuns: 1 })])));
    driver.machine.behaviour.launch = 'is-refused';
    driver.settle();
    driver.pass(10_000);
    expect(driver.machine.launched.length).toBe(11);
    driver.machine.behaviour.launch = 'runs';
    driver.pass(2_000);
    expect(driver.view('web')).toMatchObject({ state: 'RUNNING' });
    expect(driver.instance('web')).toMatchObject({ restarts: 0, counters: { failedStarts: 0 } });
  });

  test("an operator's start that is refused is tried again, also where autorestart would leave the ending before it", () => {
    const driver = up(versionOf({ id: 'web', autorestart: 'never' }));
    driver.exit('web');
    expect(driver.brief('web')).toBe('EXITED exit');
    driver.machine.behaviour.launch = 'is-refused';
    driver.command('start', ['web']);
    expect(driver.brief('web')).toBe('BACKOFF spawn-error');
    driver.machine.behaviour.launch = 'runs';
    driver.pass(2_000);
    expect(driver.brief('web')).toBe('RUNNING operator');
  });

  test("an operator's start during the end of a failed start is not delayed by it", () => {
    const driver = Driver.of(versionOf({ id: 'web', stopTimeout: 3_000 }));
    driver.machine.behaviour.leaves = 1;
    driver.exit('web');
    expect(driver.brief('web')).toBe('STOPPING leftovers');
    driver.command('start', ['web']);
    driver.pass(3_100);
    expect(driver.brief('web')).toBe('STARTING operator');
  });
});

describe('max-runs', () => {
  test('so many own launches within the window, then BLOCKED until the oldest leaves it', () => {
    const driver = Driver.of(versionOf({ id: 'web', maxRuns: 3, maxRunsWindow: 60_000 }));
    for (let index = 0; index < 3; index += 1) {
      driver.pass(2_000);
      driver.exit('web');
    }
    expect(driver.machine.launched.length).toBe(3);
    expect(driver.view('web')).toMatchObject({
      state: 'BLOCKED',
      retryAt: START.wall + 60_000,
      reason: { code: 'too-many-runs' },
    });
    driver.pass(60_000 - 6_000 - 1);
    expect(driver.brief('web')).toBe('BLOCKED too-many-runs');
    driver.pass(1);
    expect(driver.brief('web')).toBe('STARTING wanted');
  });

  test('launches for an operator do not count', () => {
    const driver = up(versionOf({ id: 'web', maxRuns: 2 }));
    for (let index = 0; index < 5; index += 1) {
      driver.command('restart', ['web']);
      driver.pass(1_000);
    }
    expect(driver.view('web').state).toBe('RUNNING');
    expect(driver.instance('web').counters.runs).toEqual([]);
  });
});

describe('versions', () => {
  const next = versionOf({ ...db, applyOn: applyOnAt(START.wall + 60_000) });

  test('at apply-on the old one is stopped, and the new one started, uncounted', () => {
    const driver = up(db, next);
    driver.pass(49_999);
    expect(driver.machine.launched).toEqual([]);
    driver.pass(1);
    expect(signals(driver)).toEqual(['TERM db~0']);
    expect(driver.instance('db')).toMatchObject({
      restarts: 0,
      counters: { runs: [] },
      activity: { run: { applyOn: next.applyOn.text } },
    });
  });

  test('a fake one rolls back', () => {
    const driver = up(db, next);
    driver.pass(60_000);
    driver.reload([db, { ...next, fake: true }]);
    driver.pass(1_000);
    expect(driver.instance('db')).toMatchObject({ activity: { kind: 'running', run: { applyOn: db.applyOn.text } } });
  });

  test('a changed line restarts nothing', () => {
    const driver = up(db);
    driver.reload([versionOf({ ...db, stopTimeout: 5, digest: 'other' })]);
    expect(driver.machine.performed).toEqual([]);
    expect(driver.instance('db')).toMatchObject({ activity: { run: { settings: { stopTimeout: 5 } } } });
  });

  test('renaming by group or numprocs restarts nothing and starts nothing twice', () => {
    const driver = up(db);
    driver.reload([versionOf({ ...db, group: 'data', numprocs: 2, digest: 'other' })]);
    expect(driver.machine.launched).toEqual(['db~1']);
    expect(driver.view('data:db_00').state).toBe('RUNNING');
    driver.reload([db]);
    expect(signals(driver)).toEqual(['TERM db~1']);
  });

  test("an operator's start of what has autostart = false ends with its own end: a new version starts by itself no more", () => {
    const manual = versionOf({ id: 'db', autostart: false, autorestart: 'never' });
    const driver = Driver.of(manual, versionOf({ ...manual, applyOn: next.applyOn }));
    driver.command('start', ['db']);
    driver.pass(2_000);
    driver.exit('db');
    expect(driver.view('db')).toMatchObject({ state: 'EXITED', verdict: 'problem' });
    driver.pass(60_000);
    expect(driver.brief('db')).toBe('STOPPED autostart');
  });
});

describe('one-shots', () => {
  const job = versionOf({ id: 'job', oneShot: true });

  test('run once per version, however short, and whatever the daemon does', () => {
    const driver = Driver.of(job);
    driver.exit('job', { kind: 'code', code: 0 });
    driver.pass(3_600_000);
    driver.reload([versionOf({ ...job, digest: 'edited' })]);
    expect(driver.brief('job')).toBe('EXITED finished');
    expect(driver.machine.launched).toEqual(['job~0']);
  });

  test('a spawn that failed is retried, a command that ran is not', () => {
    const driver = new Driver(worldOf(configOf([job])));
    driver.machine.behaviour.launch = 'fails';
    driver.settle();
    expect(driver.brief('job')).toBe('BACKOFF spawn-error');
    driver.machine.behaviour.launch = 'runs';
    driver.pass(1_000);
    driver.exit('job');
    driver.pass(60_000);
    expect(driver.brief('job')).toBe('EXITED exit');
  });

  test('with autorestart = on-failure a command that ran is retried until it ends well', () => {
    const driver = Driver.of(versionOf({ ...job, autorestart: 'on-failure' }));
    driver.exit('job');
    expect(driver.brief('job')).toBe('BACKOFF exit');
    driver.pass(1_000);
    driver.exit('job', { kind: 'code', code: 0 });
    driver.pass(60_000);
    expect(driver.brief('job')).toBe('EXITED finished');
    expect(driver.machine.launched.length).toBe(2);
  });

  test('start --force runs it once more, not on and on', () => {
    const driver = Driver.of(job);
    driver.exit('job', { kind: 'code', code: 0 });
    driver.command('start', ['job'], { force: true });
    driver.exit('job', { kind: 'code', code: 0 });
    driver.pass(60_000);
    expect(driver.machine.launched.length).toBe(2);
    expect(driver.instance('job').forced).toBe(false);
  });
});

describe('stopping', () => {
  test('nothing starts while leftovers live; the grace belongs to the whole run', () => {
    const driver = up(versionOf({ id: 'web', stopTimeout: 3_000 }));
    driver.machine.behaviour.leaves = 2;
    driver.command('restart', ['web']);
    expect(driver.view('web')).toMatchObject({ state: 'STOPPING', phase: 'leftovers', reason: { code: 'leftovers' } });
    driver.pass(2_999);
    expect(driver.machine.launched).toEqual([]);
    driver.pass(100);
    expect(signals(driver)).toEqual(['TERM web~0', 'KILL web~0']);
    expect(driver.machine.launched).toEqual(['web~0']);
  });

  test('survivors are named, and block a start until they are gone', () => {
    const driver = up(versionOf({ id: 'web', stopTimeout: 1_000 }));
    Object.assign(driver.machine.behaviour, { leaves: 1, stubborn: true });
    driver.command('restart', ['web']);
    driver.pass(20_000);
    expect(driver.view('web')).toMatchObject({ state: 'STOPPING', reason: { code: 'survivors' }, verdict: 'problem' });
    expect(driver.machine.launched).toEqual([]);
    driver.machine.behaviour.stubborn = false;
    driver.pass(11_000);
    expect(driver.machine.launched).toEqual(['web~0']);
  });

  test('an unclaimed launch is taken back', () => {
    const driver = new Driver(worldOf(configOf([db])));
    driver.machine.behaviour.launch = 'hangs';
    driver.settle();
    driver.command('stop', ['db']);
    expect(driver.brief('db')).toBe('STOPPED manual');
    expect(driver.instance('db').exits).toEqual([]);
  });
});

test('nothing is asked of an idle world, and every launch has an id of its own', () => {
  const driver = up(db, web, ui);
  expect(turn(driver.world, [], driver.now).actions).toEqual([]);
  const ids = [...driver.world.instances.values()].map(launchIdOf);
  expect(new Set(ids).size).toBe(3);
});

test('a defect in the configuration, as a cycle, ends', () => {
  const driver = Driver.of(
    versionOf({ id: 'a', dependsOn: [needs('b')] }),
    versionOf({ id: 'b', dependsOn: [needs('a')] }),
  );
  expect(driver.machine.breaches).toEqual([]);
  expect(driver.machine.launched).toEqual([]);
});
