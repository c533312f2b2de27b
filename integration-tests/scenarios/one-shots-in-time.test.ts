/** One-shots with windows, cron times, versions and boots: at most once for each, whatever dies, and what was missed is told. */
import type { ActResult } from '@procman/protocol/views';
import { Clock } from '../harness/clock.ts';
import { service } from '../harness/config.ts';
import { catchLauncher } from '../harness/launchers.ts';
import { powerOff } from '../harness/reboot.ts';
import { describe, expect, test } from '../harness/test.ts';

const DAILY = 'one-shot = true; schedule = { start-time = "09:00", stop-time = "18:00" }';
const SHORT = 'one-shot = true; schedule = { start-time = "09:00:00", stop-time = "09:00:40" }';
const MINUTELY = 'one-shot = true; schedule = { cron = "* * * * *" }';
const AT_NINE = 'one-shot = true; schedule = { cron = "0 9 * * *" }';

/** In microseconds after the launcher has appeared: before, in and after each of a launch's steps. */
const MOMENTS = [0, 700, 2_500, 8_000, 40_000];

describe('a window, and a cron time', () => {
  test('is good for one run, whenever the daemon is killed', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:00:00+02:00');
    clock.configure([service('job', 'exits 0 0.1', DAILY), service('nine', 'exits 0 0.1', AT_NINE)]);
    let daemon = await clock.startDaemon();
    for (const [round, delay] of MOMENTS.entries()) {
      await world.killDaemon(daemon);
      clock.set(`2030-06-${String(6 + round).padStart(2, '0')}T09:00:01+02:00`);
      daemon = await clock.startDaemon({ wait: false });
      catchLauncher(world, round % 2 === 0 ? 'job' : 'nine', new Set(), delay);
      daemon = await clock.crashDaemon(daemon);
      for (const row of await world.waitForAll('EXITED', ['job', 'nine']))
        expect(row).toMatchObject({ reason: { code: 'finished' }, verdict: 'ok', expected: 'finished' });
      daemon = await clock.crashDaemon(daemon);
      expect((await world.waitForAll('EXITED', ['job', 'nine'])).length).toBe(2);
      expect([world.starts('job').length, world.starts('nine').length]).toEqual([round + 1, round + 1]);
    }
    // What has finished well is not run a second time by an operator's `start`; a cron job is.
    expect((await world.ctl('start', 'job')).stdout).toBe('job: already finished\n');
    expect((await world.ctl('start', 'nine')).code).toBe(0);
    expect([world.starts('job').length, world.starts('nine').length]).toEqual([MOMENTS.length, MOMENTS.length + 1]);
  });
});

describe.concurrent('a window', () => {
  test('that went by without a daemon is missed, or caught up with once', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:00:00+02:00');
    const jobs = [
      service('missed', 'exits 0', DAILY),
      service('late', 'exits 0', `${DAILY}; catch-up = true`),
      service('held', 'exits 0', DAILY),
    ];
    clock.configure(jobs);
    let daemon = await clock.startDaemon();
    await world.ctl('stop', 'held');
    await world.killDaemon(daemon);
    clock.configure([...jobs, service('new', 'exits 0', DAILY)]);
    clock.set('2030-06-05T18:30:00+02:00');
    daemon = await clock.startDaemon();
    const missed = { state: 'STOPPED', expected: 'finished', verdict: 'problem', reason: { code: 'missed' } };
    expect(await world.row('missed')).toMatchObject(missed);
    expect(await world.row('held')).toMatchObject({ state: 'STOPPED', verdict: 'ok', reason: { code: 'manual' } });
    expect(await world.row('new')).toMatchObject({ state: 'STOPPED', verdict: 'ok', reason: { code: 'schedule' } });
    expect(await world.waitForState('late', 'EXITED')).toMatchObject({ reason: { code: 'finished' }, verdict: 'ok' });
    expect(daemon.log()).toContain('late: STOPPED -> STARTING (catch-up');
    expect((await world.ctl('status')).code).toBe(3);
    daemon = await clock.crashDaemon(daemon);
    expect(await world.row('missed')).toMatchObject(missed);

    // An operator's `stop` says: seen.
    await world.ctl('stop', 'missed');
    expect(await world.row('missed')).toMatchObject({ state: 'STOPPED', reason: { code: 'manual' }, verdict: 'ok' });
    const { results } = await world.rpc<ActResult>('start', { names: ['missed'] });
    expect(results).toMatchObject([{ ok: true, code: 'released' }]);
    expect(await world.row('missed')).toMatchObject({ reason: { code: 'schedule' }, verdict: 'ok', held: false });
    expect((await world.ctl('status')).code).toBe(0);

    // Of several, the latest is run late.
    await world.killDaemon(daemon);
    clock.set('2030-06-08T18:30:00+02:00');
    daemon = await clock.startDaemon();
    await world.waitFor('the late run', () => world.starts('late').length === 2);
    await world.waitForState('late', 'EXITED');
    expect(await world.row('missed')).toMatchObject(missed);
    clock.set('2030-06-09T08:59:59.500+02:00');
    await clock.crashDaemon(daemon);
    await world.waitForAll('EXITED', ['missed', 'new', 'late']);
    expect(['missed', 'new', 'late', 'held'].map((id) => world.starts(id).length)).toEqual([1, 1, 3, 0]);
  });

  test('in which its dependency is never met is missed', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T09:00:00+02:00');
    clock.configure([
      service('db', 'steady', 'autostart = false'),
      service('job', 'exits 0', `${SHORT}; depends-on = "db"`),
      service('early', 'exits 0', `${SHORT}; depends-on = "db"`),
    ]);
    await clock.startDaemon();
    expect(await world.row('job')).toMatchObject({ state: 'PENDING', reason: { code: 'dependency' } });
    await clock.jump('2030-06-05T09:00:41+02:00');
    expect(await world.row('job')).toMatchObject({ state: 'STOPPED', reason: { code: 'missed' }, verdict: 'problem' });
    // What comes too late changes nothing.
    await world.ctl('start', 'db');
    await clock.look();
    expect(await world.row('job')).toMatchObject({ state: 'STOPPED', reason: { code: 'missed' } });
    expect(world.starts('job')).toEqual([]);
  });

  test('that closes stops what runs in it; the next one runs it again', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T09:00:00+02:00');
    clock.configure([
      service('job', 'waits 0 end', SHORT),
      service('late', 'waits 0 end', `${SHORT}; catch-up = true`),
    ]);
    const daemon = await clock.startDaemon();
    await world.waitForAll('RUNNING', ['job', 'late']);
    await clock.jump('2030-06-05T09:00:41+02:00');
    for (const row of await world.waitForAll('EXITED', ['job', 'late']))
      expect(row).toMatchObject({ reason: { code: 'window-ended' }, verdict: 'problem', expected: 'finished' });
    const { results } = await world.rpc<ActResult>('start', { names: ['job'] });
    expect(results).toMatchObject([{ ok: false, code: 'outside-window' }]);
    world.open('end');
    clock.set('2030-06-06T09:00:01+02:00');
    await clock.crashDaemon(daemon);
    for (const row of await world.waitForAll('EXITED', ['job', 'late']))
      expect(row).toMatchObject({ reason: { code: 'finished' }, verdict: 'ok' });
    expect([world.starts('job').length, world.starts('late').length]).toEqual([2, 2]);
  });
});

describe.concurrent('start --force', () => {
  test('runs a one-shot outside its window once; its window runs it all the same', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:59:20+02:00');
    clock.configure([service('job', 'exits 0', SHORT), service('long', 'waits 0 end', SHORT)]);
    const daemon = await clock.startDaemon();
    expect((await world.ctl('start', '--force', 'job')).stdout).toContain('job: ');
    expect(await world.row('job')).toMatchObject({ verdict: 'ok', next: { action: 'run' } });
    await world.expectStarts('job', 1);
    expect((await world.ctl('start', '--force', '--no-wait', 'long')).code).toBe(0);
    await world.waitForState('long', 'RUNNING');
    await clock.crashDaemon(daemon);
    expect(await world.row('long')).toMatchObject({ state: 'RUNNING', reason: { code: 'forced' }, verdict: 'ok' });
    await world.expectStarts('job', 1);
    await clock.jump('2030-06-05T09:00:05+02:00');
    await world.waitFor('the run of its window', () => world.starts('job').length === 2);
    expect(await world.waitForState('job', 'EXITED')).toMatchObject({ reason: { code: 'finished' }, verdict: 'ok' });
    // Until its window next closes.
    expect(await world.row('long')).toMatchObject({ state: 'RUNNING' });
    await clock.jump('2030-06-05T09:00:41+02:00');
    // It had no run of its own in it.
    expect(await world.waitForState('long', 'STOPPED')).toMatchObject({ reason: { code: 'missed' } });
    expect([world.starts('job').length, world.starts('long').length]).toEqual([2, 1]);
  });
});

describe.concurrent('cron', () => {
  test('runs on time, once more when told to, and misses a time at which it is still at work', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:59:40+02:00');
    clock.configure([service('quick', 'exits 0', MINUTELY), service('slow', 'waits 0 end', MINUTELY)]);
    const daemon = await clock.startDaemon();
    expect(await world.row('quick')).toMatchObject({
      state: 'STOPPED', verdict: 'ok', reason: { code: 'schedule' },
      next: { at: '2030-06-05T09:00:00.000+02:00', action: 'run' },
    }); // prettier-ignore
    await clock.jump('2030-06-05T08:59:59.700+02:00');
    await world.waitForState('quick', 'EXITED');
    const line = daemon.log().split('\n').find((text) => text.includes('quick: STOPPED -> STARTING')) ?? ''; // prettier-ignore
    const late = Date.parse(line.split(' ')[0] ?? '') - Date.parse('2030-06-05T09:00:00+02:00');
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(2_000);

    expect((await world.ctl('start', 'quick')).stdout).toContain('quick: ');
    await world.expectStarts('quick', 2);
    expect(await world.row('quick')).toMatchObject({ state: 'EXITED', verdict: 'ok' });

    await clock.jump('2030-06-05T09:00:50+02:00');
    await clock.jump('2030-06-05T09:01:00+02:00');
    await world.waitFor('its next run', () => world.starts('quick').length === 3);
    expect(await world.row('slow')).toMatchObject({ state: 'RUNNING' });
    world.open('end');
    const missed = await world.waitForState('slow', 'STOPPED');
    expect(missed).toMatchObject({ reason: { code: 'missed' }, verdict: 'problem', expected: 'finished' });
    await clock.pass('2030-06-05T09:02:00+02:00');
    expect(await world.waitForState('slow', 'EXITED')).toMatchObject({ reason: { code: 'finished' }, verdict: 'ok' });
    await world.expectStarts('slow', 2);
  });

  test('is due for a minute: a daemon that was away for less runs it, one that was away for longer missed it', async ({
    world,
  }) => {
    const clock = new Clock(world, '2030-06-05T08:59:50+02:00');
    clock.configure([
      service('job', 'exits 0', AT_NINE),
      service('late', 'exits 0', `${AT_NINE}; catch-up = true`),
      service('held', 'exits 0', AT_NINE),
    ]);
    let daemon = await clock.startDaemon();
    await world.ctl('stop', 'held', '--until', '10:00');
    clock.set('2030-06-05T09:00:40+02:00');
    daemon = await clock.crashDaemon(daemon);
    await world.waitForAll('EXITED', ['job', 'late']);
    clock.set('2030-06-06T09:02:00+02:00');
    daemon = await clock.crashDaemon(daemon);
    expect(await world.row('job')).toMatchObject({ state: 'STOPPED', reason: { code: 'missed' }, verdict: 'problem' });
    await world.waitFor('the late run', () => world.starts('late').length === 2);
    expect(await world.waitForState('late', 'EXITED')).toMatchObject({ verdict: 'ok' });
    await world.expectStarts('job', 1);
    await world.killDaemon(daemon);
    clock.set('2030-06-07T09:00:01+02:00');
    await clock.startDaemon();
    await world.waitForAll('EXITED', ['job', 'late']);
    expect([world.starts('job').length, world.starts('late').length]).toEqual([2, 3]);
  });
});

describe.concurrent('once per boot, once per version', () => {
  test('over crashes of the daemon, and a machine that goes down', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T12:00:00+02:00');
    clock.configure([
      service('boot', 'exits 0', 'one-shot = "boot"'),
      service('version', 'exits 0', 'one-shot = true'),
      service('cut', 'waits 0 end', 'one-shot = true'),
      service('again', 'waits 0 end', 'one-shot = "boot"'),
      service('held', 'steady'),
      service('till', 'steady'),
    ]);
    let daemon = await clock.startDaemon();
    await world.waitForAll('EXITED', ['boot', 'version']);
    await world.waitForAll('RUNNING', ['cut', 'again', 'held', 'till']);
    await world.ctl('stop', 'held');
    await world.ctl('stop', 'till', '--until', 'reboot');
    daemon = await clock.crashDaemon(daemon);
    await world.waitForAll('STOPPED', ['held', 'till']);
    expect(['boot', 'version', 'cut', 'again'].map((id) => world.starts(id).length)).toEqual([1, 1, 1, 1]);

    await powerOff(world, daemon);
    clock.set('2030-06-05T12:10:00+02:00');
    await clock.startDaemon();
    await world.waitForAll('RUNNING', ['again', 'till']);
    const cut = { state: 'EXITED', reason: { code: 'interrupted' }, verdict: 'problem', expected: 'finished' };
    expect(await world.row('cut')).toMatchObject(cut);
    await world.waitFor('the run of this boot', () => world.starts('boot').length === 2);
    await world.waitForState('boot', 'EXITED');
    expect(await world.row('held')).toMatchObject({ state: 'STOPPED', held: true });
    expect(['version', 'cut', 'again', 'till'].map((id) => world.starts(id).length)).toEqual([1, 1, 2, 2]);
    // Only an operator runs it again.
    world.open('end');
    expect((await world.ctl('start', 'cut')).code).toBe(0);
    expect(await world.row('cut')).toMatchObject({ reason: { code: 'finished' }, verdict: 'ok' });
  });
});

describe.concurrent('max-run-time', () => {
  test('ends what runs longer, also under another daemon: a one-shot has failed, a service starts anew', async ({
    world,
  }) => {
    world.configure([
      service('job', 'steady', 'one-shot = true; max-run-time = "2s"'),
      service('web', 'steady', 'max-run-time = "2s"; max-runs = 0'),
    ]);
    const daemon = await world.startDaemon();
    // Not for what `status` says: on a slow machine that may come after the end.
    await world.waitFor('both to start', () => world.starts('job').length === 1 && world.starts('web').length >= 1);
    await world.crashDaemon(daemon);
    const failed = { reason: { code: 'max-run-time' }, verdict: 'problem', expected: 'finished' };
    expect(await world.waitForState('job', 'EXITED')).toMatchObject(failed);
    await world.waitFor('the service to start anew, and again', () => world.starts('web').length >= 3);
    await world.expectStarts('job', 1);
  });
});
