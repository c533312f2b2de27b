/** Hooks, checks and external dependencies over time, against a fake machine and a fake clock (SPEC 5). */
import { describe, expect, test } from 'vitest';
import type { HealthCheck, Hook, HookName, Hooks, ProcessVersion } from './model.ts';
import { configOf, needs, versionOf, worldOf } from './testing/builders.ts';
import { Driver } from './testing/driver.ts';
import type { Behaviour } from './testing/fake-machine.ts';

const hook = (name: HookName): Hook => ({ command: name, timeout: 5_000 });
const hooks = (...names: HookName[]): Hooks => Object.fromEntries(names.map((name) => [name, hook(name)]));
const CHECK: HealthCheck = {
  kind: 'probe', probe: { kind: 'command', command: 'ask' }, timeout: 5_000, interval: 10_000, retries: 3, startPeriod: 0,
}; // prettier-ignore

function driverOf(versions: readonly ProcessVersion[], jobs: Behaviour['jobs'] = {}, slots = 1_000): Driver {
  const driver = new Driver(worldOf(configOf(versions, { maxParallelStarts: slots })));
  driver.machine.behaviour.jobs = jobs;
  driver.settle();
  return driver;
}

const launches = ({ machine }: Driver): number => machine.launched.length;
const web = versionOf({ id: 'web', hooks: hooks('before', 'init', 'after-start', 'stop', 'after-stop') });

test('a whole life with every hook, in order, and nothing left', () => {
  const driver = driverOf([web]);
  driver.pass(1_000);
  expect(driver.brief('web')).toBe('RUNNING wanted');
  driver.command('stop', ['web']);
  driver.pass(6_000);
  expect(driver.brief('web')).toBe('STOPPED manual');
  const begun = driver.machine.performed.flatMap((action) =>
    action.kind === 'start-job' ? [action.job.name] : action.kind === 'launch' ? ['launch'] : [],
  );
  expect(begun).toEqual(['before', 'launch', 'init', 'after-start', 'stop', 'after-stop']);
  expect([driver.instance('web').jobs, driver.machine.jobs, driver.machine.breaches]).toEqual([[], [], []]);
});

test.each<readonly [HookName, code: string, launched: number]>([
  ['before', 'before', 0],
  ['init', 'init', 1],
])('`%s` that fails: BACKOFF %s, then FATAL', (name, code, launched) => {
  const driver = driverOf([versionOf({ id: 'web', hooks: hooks(name), startRetries: 1 })], { [name]: 'fails' });
  expect([driver.brief('web'), launches(driver)]).toEqual([`BACKOFF ${code}`, launched]);
  driver.pass(1_000);
  expect([driver.brief('web'), launches(driver)]).toEqual([`FATAL ${code}`, 2 * launched]);
  expect(driver.machine.breaches).toEqual([]);
});

test('a start-health-check that never succeeds: BACKOFF with its code, after its timeout', () => {
  const startHealthCheck = { probe: { kind: 'tcp', host: 'h', port: 1 }, timeout: 5_000, interval: 1_000 } as const;
  const driver = driverOf([versionOf({ id: 'web', startHealthCheck })], { 'start-health-check': 'fails' });
  driver.pass(3_999);
  expect(driver.view('web')).toMatchObject({ state: 'STARTING', phase: 'start-health-check' });
  driver.pass(1);
  expect(driver.brief('web')).toBe('BACKOFF start-health-check');
  expect(driver.machine.breaches).toEqual([]);
});

test.each(['before', 'after-stop'] as const)('nothing starts beside a hanging `%s` of the run before', (name) => {
  const driver = driverOf([versionOf({ id: 'web', hooks: hooks('before', 'after-stop') })]);
  driver.pass(2_000);
  driver.machine.behaviour.jobs = { [name]: 'hangs' };
  driver.command('restart', ['web']);
  expect(launches(driver)).toBe(1);
  driver.pass(4_999);
  expect(launches(driver)).toBe(1);
  driver.machine.behaviour.jobs = {};
  driver.pass(2_000);
  expect([launches(driver), driver.machine.breaches]).toEqual([2, []]);
});

describe('unhealthy', () => {
  /** RUNNING and well, then its check fails until it is unhealthy. */
  function sicken(given: Partial<ProcessVersion> = {}): Driver {
    const driver = driverOf([versionOf({ id: 'web', healthCheck: CHECK, ...given })]);
    driver.pass(2_000);
    expect(driver.view('web')).toMatchObject({ state: 'RUNNING', verdict: 'ok' });
    driver.machine.behaviour.jobs = { 'health-check': 'fails' };
    driver.pass(19_999);
    expect(driver.view('web').state).toBe('RUNNING');
    driver.pass(10_000);
    return driver;
  }

  test('is stopped fully, then started again at once, and that is a restart', () => {
    const driver = sicken();
    expect([driver.brief('web'), launches(driver)]).toEqual(['STARTING wanted', 2]);
    expect(driver.instance('web')).toMatchObject({ restarts: 1, counters: { failedStarts: 0 } });
    expect(driver.transitions.map(({ view }) => `${view.state} ${view.reason.code}`)).toContain(
      'STOPPING health-check',
    );
    expect(driver.machine.breaches).toEqual([]);
  });

  test.each([
    ['always', 'STARTING wanted'],
    ['on-failure', 'STARTING wanted'],
    ['never', 'EXITED health-check'],
  ] as const)('counts as a failure: autorestart %s', (autorestart, shown) => {
    expect(sicken({ autorestart }).brief('web')).toBe(shown);
  });

  test('its dependents stop first, and a dependency on its health is lost', () => {
    const ui = versionOf({ id: 'ui', dependsOn: [needs('web', { condition: 'healthy' })] });
    const driver = driverOf([versionOf({ id: 'web', healthCheck: { ...CHECK, retries: 1 } }), ui]);
    driver.pass(3_000);
    expect(driver.view('ui').state).toBe('RUNNING');
    driver.machine.behaviour.jobs = { 'health-check': 'fails' };
    driver.pass(10_000);
    const stopped = driver.machine.performed.flatMap((action) => (action.kind === 'signal' ? [action.key] : []));
    expect(stopped.slice(0, 2)).toEqual(['ui~0', 'web~0']);
    expect(driver.brief('ui')).toBe('PENDING dependency');
  });

  test('one that does not die is not started beside itself', () => {
    const driver = driverOf([versionOf({ id: 'web', healthCheck: { ...CHECK, retries: 1 }, stopTimeout: 1_000 })]);
    driver.pass(2_000);
    Object.assign(driver.machine.behaviour, { obeys: false, stubborn: true, jobs: { 'health-check': 'fails' } });
    driver.pass(30_000);
    expect([driver.view('web').state, launches(driver), driver.machine.breaches]).toEqual(['STOPPING', 1, []]);
  });
});

describe('max-run-time', () => {
  test('a service is restarted at once, a one-shot has failed', () => {
    const driver = driverOf([
      versionOf({ id: 'web', maxRunTime: 60_000 }),
      versionOf({ id: 'job', oneShot: true, maxRunTime: 60_000 }),
    ]);
    driver.pass(59_999);
    expect(launches(driver)).toBe(2);
    driver.pass(1);
    expect([driver.brief('web'), driver.brief('job')]).toEqual(['STARTING wanted', 'EXITED max-run-time']);
    expect(driver.instance('web').restarts).toBe(1);
  });
});

describe('external dependencies', () => {
  const external = { command: 'ping db', interval: 5_000, timeout: 5_000 };
  const waiting = versionOf({ id: 'web', externals: [external] });

  test('are asked before each start, every interval until they are met', () => {
    const driver = driverOf([waiting], { dependency: 'fails' });
    expect(driver.view('web')).toMatchObject({ state: 'PENDING', reason: { code: 'dependency', data: { waitsFor: ['ping ...'] } } });
    driver.pass(9_999);
    expect(launches(driver)).toBe(0);
    driver.machine.behaviour.jobs = {};
    driver.pass(1);
    expect([driver.brief('web'), driver.machine.breaches]).toEqual(['STARTING wanted', []]);
    driver.pass(2_000);
    driver.machine.behaviour.jobs = { dependency: 'fails' };
    driver.pass(60_000);
    expect(driver.view('web').state).toBe('RUNNING');
    driver.exit('web');
    expect(driver.brief('web')).toBe('PENDING dependency');
  }); // prettier-ignore

  test('ask for no wake-up in the past while there is no slot to start in', () => {
    const slow = versionOf({ id: 'slow', hooks: { before: { command: 'x', timeout: 60_000 } } });
    const driver = driverOf([waiting, slow], { before: 'hangs', dependency: 'fails' }, 1);
    driver.pass(20_000);
    expect(driver.machine.breaches).toEqual([]);
  });
});

describe('wait-after', () => {
  test('counts from when the dependencies are met', () => {
    const driver = driverOf([
      versionOf({ id: 'db' }),
      versionOf({ id: 'web', waitAfter: 5_000, dependsOn: [needs('db')] }),
    ]);
    driver.pass(5_999);
    expect([driver.brief('web'), launches(driver)]).toEqual(['PENDING wait-after', 1]);
    driver.pass(1);
    expect(driver.brief('web')).toBe('STARTING wanted');
  });

  test('begins anew when they were lost meanwhile', () => {
    const driver = driverOf([
      versionOf({ id: 'db' }),
      versionOf({ id: 'web', waitAfter: 5_000, dependsOn: [needs('db')] }),
    ]);
    driver.pass(4_000);
    driver.command('restart', ['db']);
    driver.pass(5_999);
    expect(driver.brief('web')).toBe('PENDING wait-after');
    driver.pass(1);
    expect(driver.brief('web')).toBe('STARTING wanted');
  });
});

describe('a reload', () => {
  test('reaches a live run with hooks, checks and limits, without a restart', () => {
    const driver = driverOf([versionOf({ id: 'web' })]);
    driver.pass(2_000);
    const given = { hooks: hooks('stop'), healthCheck: CHECK, stopTimeout: 1, maxRunTime: 60_000 };
    driver.reload([versionOf({ id: 'web', ...given, digest: 'other' })]);
    expect(driver.instance('web').activity).toMatchObject({ kind: 'running', run: { settings: given } });
    expect([launches(driver), driver.machine.performed.some((action) => action.kind === 'start-job' && action.job.name === 'health-check')]).toEqual([1, true]);
    driver.pass(57_999);
    expect(driver.view('web').state).toBe('RUNNING');
    driver.pass(1);
    expect(driver.brief('web')).toBe('STOPPING max-run-time');
  }); // prettier-ignore
});

test('a slot is held from `before` on, not while it settles', () => {
  const driver = driverOf([web, versionOf({ id: 'other' })], { before: 'hangs' }, 1);
  expect(driver.brief('other')).toBe('PENDING start-queue');
  driver.machine.finishJob('web~0', 'before', true);
  driver.settle(driver.machine.takeNews());
  expect([driver.view('web').phase, driver.view('other').phase]).toEqual(['settle', 'settle']);
});
