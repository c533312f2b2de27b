/** Clocks that jump, stand in 1970, sleep, and change for summer: what runs is not stopped by confusion, nothing runs twice. */
import { Clock } from '../harness/clock.ts';
import { service } from '../harness/config.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** How long to wait, in milliseconds, for what comes once a new time has held for 30 s. */
const HELD = 60_000;

const window = (from: string, to: string): string => `schedule = { start-time = "${from}", stop-time = "${to}" }`;
const cron = (pattern: string, more = ''): string => `one-shot = true; schedule = { cron = "${pattern}" }; ${more}`;

const OLD = '2020-01-01T00:00:00';
/** SPEC 3: so long has a new time to hold before it stops anything, in milliseconds. */
const SETTLES = 30_000;
const PATIENCE = 2 * SETTLES;

const DISTRUSTED = { state: 'RUNNING', verdict: 'pending', reason: { code: 'clock' } };
const WELL = { state: 'RUNNING', verdict: 'ok', reason: { code: 'wanted' } };

const pids = (world: World, names: readonly string[]): Promise<number[]> =>
  Promise.all(names.map((name) => world.pidOf(name)));

// They wait for real seconds, next to each other.
describe.concurrent('a clock', () => {
  test('that jumps stops nothing at once: the new time has to hold', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T12:00:00+02:00');
    clock.configure([
      service('days', 'steady', window('09:00', '18:00')),
      service('job', 'waits 0 end', `one-shot = true; ${window('09:00', '18:00')}`),
      service('web', 'steady', `apply-on = "${OLD}"`),
      service('web', 'tells two', 'apply-on = "2030-06-05T15:00:00"'),
      service('nights', 'steady', window('18:00', '06:00')),
    ]);
    const daemon = await clock.startDaemon();
    const live = ['days', 'job', 'web'];
    await world.waitForAll('RUNNING', live);
    const before = await pids(world, live);

    await clock.jump('2030-06-05T18:30:00+02:00');
    expect(daemon.log()).toMatch(/warning .* the clock jumped by 23\d\d\d s/);
    for (const name of ['days', 'web']) expect(await world.row(name)).toMatchObject(DISTRUSTED);
    expect(await world.row('job')).toMatchObject({ state: 'RUNNING', verdict: 'pending' });
    // What it starts, it starts at once.
    await world.waitForState('nights', 'RUNNING');

    await clock.jump('2030-06-05T12:01:00+02:00');
    expect(await world.row('nights')).toMatchObject(DISTRUSTED);
    for (const name of live) expect(await world.row(name)).toMatchObject(WELL);
    expect(await pids(world, live)).toEqual(before);

    await clock.jump('2030-06-05T18:30:00+02:00');
    const jumped = performance.now();
    for (const name of ['days', 'web']) expect(await world.row(name)).toMatchObject(DISTRUSTED);
    await world.waitFor('the stops', async () => (await world.row('days')).state === 'STOPPED', PATIENCE);
    expect(performance.now() - jumped).toBeGreaterThan(SETTLES - 1_000);
    expect(performance.now() - jumped).toBeLessThan(SETTLES + 10_000);
    expect(await world.waitForState('job', 'EXITED')).toMatchObject({ reason: { code: 'window-ended' } });
    await world.waitForRow('web', 'its new version', ({ applyOn }) => applyOn === '2030-06-05T15:00:00');
    await world.waitForState('web', 'RUNNING');
    expect(await world.row('nights')).toMatchObject(WELL);
    expect(['days', 'job', 'web', 'nights'].map((id) => world.starts(id).length)).toEqual([1, 1, 2, 1]);
  });

  test('that is corrected by seconds ends nothing that has just begun', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:59:40+02:00');
    clock.configure([
      service('shop', 'steady', window('09:00', '18:00')),
      service('web', 'steady', `apply-on = "${OLD}"`),
      service('web', 'tells two', 'apply-on = "2030-06-05T09:00:00"'),
      service('nights', 'steady', window('18:00', '09:00')),
    ]);
    await clock.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'nights']);
    await clock.jump('2030-06-05T09:00:00+02:00');
    await world.waitForRow('web', 'its new version', (row) => row.applyOn !== OLD && row.state === 'RUNNING');
    await world.waitForState('shop', 'RUNNING');
    await world.waitForState('nights', 'STOPPED');
    const before = await pids(world, ['shop', 'web']);
    await clock.jump('2030-06-05T08:59:45+02:00');
    for (const name of ['shop', 'web']) expect(await world.row(name)).toMatchObject(DISTRUSTED);
    await clock.jump('2030-06-05T09:00:05+02:00');
    for (const name of ['shop', 'web']) expect(await world.row(name)).toMatchObject(WELL);
    expect(await pids(world, ['shop', 'web'])).toEqual(before);
    expect((await world.daemonView()).clock).toBeUndefined();
  });

  test('of 1970 at the start of the daemon stops nothing, starts nothing anew, and is told of', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T12:00:00+02:00');
    clock.configure([
      service('always', 'steady'),
      service('days', 'steady', window('09:00', '18:00')),
      service('web', 'steady', `apply-on = "${OLD}"`),
      service('web', 'tells two', 'apply-on = "2030-06-05T11:00:00"'),
      service('done', 'exits 0', 'one-shot = true'),
      service('today', 'exits 0', `one-shot = true; ${window('09:00', '18:00')}`),
      service('hourly', 'exits 0', cron('0 * * * *')),
    ]);
    const daemon = await clock.startDaemon();
    const live = ['always', 'days', 'web'];
    const over = ['done', 'today', 'hourly'];
    await world.waitForAll('RUNNING', live);
    await world.waitForAll('EXITED', ['done', 'today']);
    const before = await pids(world, live);
    const ended = (): number[] => over.map((id) => world.starts(id).length);
    const runs = ended();

    clock.set('1970-01-01T01:00:10+01:00');
    const dazed = await clock.crashDaemon(daemon);
    expect((await world.daemonView()).clock?.behindUntil).toMatch(/^2030-06-05T12:00:/);
    for (const name of live) expect(await world.row(name)).toMatchObject(DISTRUSTED);
    expect(await pids(world, live)).toEqual(before);
    expect(dazed.log()).toContain('the clock is behind');
    // Hours go by, and noon of some day: still 1970.
    await clock.jump('1970-01-02T12:00:00+01:00');
    for (const name of live) expect(await world.row(name)).toMatchObject(DISTRUSTED);

    await clock.jump('2030-06-05T12:05:00+02:00');
    expect((await world.daemonView()).clock).toBeUndefined();
    for (const name of live) expect(await world.row(name)).toMatchObject(WELL);
    expect(await pids(world, live)).toEqual(before);
    expect(ended()).toEqual(runs);
    for (const name of ['done', 'today']) expect(await world.row(name)).toMatchObject({ state: 'EXITED', verdict: 'ok' }); // prettier-ignore
  });

  test('that is set back repeats nothing', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T12:00:00+02:00');
    clock.configure([
      service('today', 'exits 0', `one-shot = true; ${window('09:00', '18:00')}`),
      service('noon', 'exits 0', cron('0 12 * * *')),
    ]);
    let daemon = await clock.startDaemon();
    await world.waitForState('today', 'EXITED');
    clock.set('2030-06-06T11:59:59+02:00');
    daemon = await clock.crashDaemon(daemon);
    await world.waitFor('the runs of the next day', () => world.starts('today').length === 2 && world.starts('noon').length === 1); // prettier-ignore
    await world.waitForAll('EXITED', ['today', 'noon']);
    await clock.jump('2030-06-05T11:59:59.900+02:00');
    await clock.jump('2030-06-05T12:00:01+02:00');
    clock.set('2030-06-05T12:00:30+02:00');
    await clock.crashDaemon(daemon);
    await clock.jump('2030-06-06T11:59:59.900+02:00');
    await clock.jump('2030-06-06T12:00:01+02:00');
    expect([world.starts('today').length, world.starts('noon').length]).toEqual([2, 1]);
    await clock.jump('2030-06-07T12:00:01+02:00');
    // One-shots, too, wait until the new time has held.
    const starts = (): number[] => [world.starts('today').length, world.starts('noon').length];
    await world.waitFor('the runs of the day after', () => starts().join() === '3,2', HELD);
    await world.waitForAll('EXITED', ['today', 'noon']);
    expect(starts()).toEqual([3, 2]);
  });

  test('of a machine that slept: noticed by itself, missed is what was to run meanwhile', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T23:00:00+02:00');
    clock.configure([
      service('nights', 'steady', window('22:00', '06:00')),
      service('days', 'steady', window('07:00', '18:00')),
      service('always', 'steady'),
      service('three', 'exits 0', cron('0 3 * * *')),
      service('caught', 'exits 0', cron('0 3 * * *', 'catch-up = true')),
      service('small-hours', 'exits 0', `one-shot = true; ${window('02:00', '04:00')}`),
      service('morning', 'exits 0', `one-shot = true; ${window('07:30', '09:00')}`),
    ]);
    await clock.startDaemon();
    await world.waitForAll('RUNNING', ['nights', 'always']);
    clock.set('2030-06-06T08:00:00+02:00');
    await world.waitForState('days', 'RUNNING');
    expect(await world.row('nights')).toMatchObject(DISTRUSTED);
    const missed = { state: 'STOPPED', verdict: 'problem', reason: { code: 'missed' } };
    await world.waitFor(
      'the new time to have held',
      async () => (await world.row('three')).reason.code === 'missed',
      HELD,
    );
    for (const name of ['three', 'small-hours']) expect(await world.row(name)).toMatchObject(missed);
    await world.waitForAll('EXITED', ['caught', 'morning']);
    expect(['nights', 'days', 'always', 'three', 'caught', 'small-hours', 'morning'].map((id) => world.starts(id).length)).toEqual([1, 1, 1, 0, 1, 0, 1]); // prettier-ignore
  });

  test.for([
    {
      night: 'in spring, which has no 02:30',
      from: '2030-03-31T01:59:30+01:00',
      opens: '2030-03-31T03:00:00+02:00',
      lull: ['2030-03-31T03:29:30+02:00'],
      closes: '2030-03-31T03:30:00+02:00',
      short: 0,
    },
    {
      night: 'in autumn, which has it twice',
      from: '2030-10-27T02:29:30+02:00',
      opens: '2030-10-27T02:30:00+02:00',
      lull: ['2030-10-27T02:29:59+01:00', '2030-10-27T02:30:01+01:00', '2030-10-27T03:29:30+01:00'],
      closes: '2030-10-27T03:30:00+01:00',
      short: 1,
    },
  ])('of a night $night: nothing twice, nothing missed', async ({ from, opens, lull, closes, short }, { world }) => {
    const clock = new Clock(world, from);
    const jobs = ['job', 'cron'];
    clock.configure([
      service('night', 'steady', window('02:30', '03:30')),
      service('short', 'steady', window('02:30', '02:50')),
      service('job', 'exits 0', `one-shot = true; ${window('02:30', '03:30')}`),
      service('cron', 'exits 0', cron('30 2 * * *')),
    ]);
    await clock.startDaemon();
    const since = async (name: string): Promise<number> => Date.parse((await world.row(name)).since);
    expect(await world.row('night')).toMatchObject({ state: 'STOPPED' });
    expect(Date.parse((await world.row('night')).next?.at ?? '')).toBe(Date.parse(opens));
    await clock.jump(new Date(Date.parse(opens) - 300).toISOString());
    await world.waitForAll('EXITED', jobs);
    await world.waitForState('night', 'RUNNING');
    for (const name of ['night', ...jobs]) expect(await since(name)).toBeGreaterThanOrEqual(Date.parse(opens));
    for (const moment of lull) {
      await clock.pass(moment);
      expect(await world.row('night')).toMatchObject(WELL);
      for (const name of jobs) expect(await world.row(name)).toMatchObject({ state: 'EXITED', verdict: 'ok' });
      expect(await world.row('short')).toMatchObject({ state: 'STOPPED', verdict: 'ok' });
    }
    await clock.jump(new Date(Date.parse(closes) - 300).toISOString());
    expect(await world.waitForState('night', 'STOPPED')).toMatchObject({ reason: { code: 'schedule' }, verdict: 'ok' });
    expect(await since('night')).toBeGreaterThanOrEqual(Date.parse(closes));
    await clock.look();
    expect(['night', 'short', ...jobs].map((id) => world.starts(id).length)).toEqual([1, short, 1, 1]);
    for (const name of jobs) expect(await world.row(name)).toMatchObject({ state: 'EXITED', verdict: 'ok' });
  });
});
