/** Versions: the next one takes over when its time has come, never beside the one before, and gives way again when it fails. */
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '@procman/protocol/views';
import { Clock } from '../harness/clock.ts';
import { processTable, service } from '../harness/config.ts';
import { catchLauncher } from '../harness/launchers.ts';
import { programs } from '../harness/paths.ts';
import { allPids } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const OLD = '2020-01-01T00:00:00';
const NINE = '2030-06-05T09:00:00';
const SLOW = 'stop-timeout = "5s"';
const at = (applyOn: string, more = ''): string => `apply-on = "${applyOn}"; ${more}`;

/** Without the pids. */
const told = (world: World, id: string): string[] => world.lines(`log.${id}`).map((line) => line.replace(/ \d+$/, ''));

describe.concurrent('a version takes over', () => {
  test('on time, once the one before is gone: a service, more instances, the first of all', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:59:40+02:00');
    const pair = `'${programs}/steady.sh' -`;
    clock.configure([
      service('web', 'slow-term 2', at(OLD, SLOW)),
      service('web', 'tells two', at(NINE)),
      service('web', 'tells never', at(NINE.replace('09', '08'), 'fake = true')),
      processTable('pair', pair, at(OLD)),
      processTable('pair', pair, at(NINE, 'numprocs = 2')),
      service('first', 'steady', at(NINE)),
    ]);
    const daemon = await clock.startDaemon();
    const next = { at: '2030-06-05T09:00:00.000+02:00', action: 'version' };
    expect(await world.waitForState('web', 'RUNNING')).toMatchObject({ applyOn: OLD, next });
    expect(await world.row('first')).toMatchObject({
      state: 'STOPPED', verdict: 'ok', reason: { code: 'not-yet-applied' }, next: { action: 'start' },
    }); // prettier-ignore
    await clock.jump('2030-06-05T08:59:59.700+02:00');
    const stopping = await world.waitForState('web', 'STOPPING');
    expect(stopping).toMatchObject({ reason: { code: 'new-version' }, verdict: 'pending', applyOn: OLD });
    await world.waitForAll('RUNNING', ['web', 'pair:pair_00', 'pair:pair_01', 'first']);
    await world.waitFor('the new version to tell', () => told(world, 'web').at(-1) === 'told two');
    const row = await world.row('web');
    expect(row).toMatchObject({ applyOn: NINE, restarts: 0, stale: false, verdict: 'ok' });
    expect(row.next).toBeUndefined();
    expect(told(world, 'web')).toEqual(['start', 'ready', 'term', 'end', 'start', 'told two']);
    expect([world.starts('pair~0').length, world.starts('pair~1').length]).toEqual([2, 1]);
    const line = daemon.log().split('\n').find((text) => text.includes('web: RUNNING -> STOPPING')) ?? ''; // prettier-ignore
    const late = Date.parse(line.split(' ')[0] ?? '') - Date.parse(next.at);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(10_000);
  });

  test('a one-shot ends under its old version first', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:59:40+02:00');
    const jobs = [
      service('job', 'waits 0 end', at(OLD, 'one-shot = true')),
      service('job', 'exits 0', at(NINE, 'one-shot = true')),
    ];
    clock.configure([...jobs, service('witness', 'steady', at(OLD)), service('witness', 'steady', at(NINE))]);
    await clock.startDaemon();
    await world.waitForAll('RUNNING', ['job', 'witness']);
    await clock.jump('2030-06-05T09:00:01+02:00');
    await world.waitForRow('witness', 'its new version', ({ applyOn, state }) => applyOn === NINE && state === 'RUNNING'); // prettier-ignore
    expect(await world.row('job')).toMatchObject({ state: 'RUNNING', applyOn: OLD, verdict: 'ok' });
    world.open('end');
    await world.waitFor('its next run', () => world.starts('job').length === 2);
    expect(await world.waitForState('job', 'EXITED')).toMatchObject({ applyOn: NINE, reason: { code: 'finished' } });
    expect(told(world, 'job')).toEqual(['start', 'end', 'start', 'end']);
  });

  test('to be taken back by `fake = true` and a reload, and to come again', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T09:00:01+02:00');
    const versions = (more = '', old = ''): string[] => [
      service('web', 'tells one', at(OLD, old)),
      service('web', 'tells two', at(NINE, more)),
    ];
    const running = (applyOn: string): Promise<unknown> =>
      world.waitForRow('web', `runs ${applyOn}`, (row) => row.state === 'RUNNING' && row.applyOn === applyOn);
    clock.configure(versions());
    await clock.startDaemon();
    await running(NINE);
    clock.configure(versions('fake = true'));
    expect((await world.ctl('update')).code).toBe(0);
    await running(OLD);
    clock.configure(versions());
    expect((await world.ctl('update')).code).toBe(0);
    await running(NINE);
    clock.configure(versions('fake = true', 'fake = true'));
    expect((await world.ctl('update')).code).toBe(0);
    expect(await world.waitForState('web', 'STOPPED')).toMatchObject({ reason: { code: 'fake' }, verdict: 'ok' });
    expect((await world.ctl('start', '--force', 'web')).code).toBe(1);
    expect(told(world, 'web')).toEqual(['start', 'told two', 'start', 'told one', 'start', 'told two']);
  });
});

describe.concurrent('a version that cannot take over', () => {
  test('is told of ahead; the one before goes on, until what was missing is there', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:58:40+02:00');
    const program = join(world.root, 'later.sh');
    clock.configure([service('web', 'steady', at(OLD)), processTable('web', `'${program}' web`, at(NINE))]);
    // A minute takes three seconds.
    const daemon = await clock.startDaemon({ speed: 20 });
    await world.waitFor('a warning', () => daemon.log().includes(`web: version ${NINE} could not take over`));
    const { reason, ...row } = await world.waitForRow('web', 'trouble', (each) => each.reason.code === 'version-failed'); // prettier-ignore
    expect(row).toMatchObject({ state: 'RUNNING', verdict: 'problem', applyOn: OLD });
    expect(reason.message).toContain(program);
    // The next daemon finds its time come, and the program still missing.
    clock.set('2030-06-05T09:10:00+02:00');
    await clock.crashDaemon(daemon, { speed: 20 });
    expect(await world.row('web')).toMatchObject({ pid: row.pid, reason: { code: 'version-failed' } });
    expect(world.starts('web')).toEqual([row.pid]);
    writeFileSync(program, `#!/bin/sh\nexec '${programs}/steady.sh' "$@"\n`);
    chmodSync(program, 0o755);
    const after = await world.waitForRow('web', 'its new version', (each) => each.applyOn === NINE);
    await world.waitForState('web', 'RUNNING');
    expect(after.reason.code).not.toBe('version-failed');
    expect(await world.row('web')).toMatchObject({ verdict: 'ok', reason: { code: 'wanted' } });
    await world.expectStarts('web', 2);
  });

  test('is not one that did: it goes on, though its program is gone when a daemon starts', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T09:00:00+02:00');
    const program = join(world.root, 'later.sh');
    writeFileSync(program, `#!/bin/sh\nexec '${programs}/steady.sh' "$@"\n`);
    chmodSync(program, 0o755);
    clock.configure([service('web', 'steady', at(OLD)), processTable('web', `'${program}' web`, at(NINE))]);
    const daemon = await clock.startDaemon();
    const { pid } = await world.waitForState('web', 'RUNNING');
    rmSync(program);
    await clock.crashDaemon(daemon);
    await clock.look();
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', pid, applyOn: NINE, verdict: 'ok' });
  });

  test('or does not come up in its fallback-timeout: back to the one before, until it is mended', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T08:59:40+02:00');
    const versions = (program: string): string[] => [
      service('web', 'steady', at(OLD)),
      service('web', program, at(NINE, 'fallback-timeout = "700ms"')),
    ];
    clock.configure(versions('exits 3'));
    const daemon = await clock.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await clock.jump('2030-06-05T09:00:00+02:00');
    const failed = { state: 'RUNNING', applyOn: OLD, verdict: 'problem', reason: { code: 'version-failed' } };
    const isBack = ({ state, reason }: Row): boolean => state === 'RUNNING' && reason.code === 'version-failed';
    const back = await world.waitForRow('web', 'back to the one before', isBack);
    expect(back).toMatchObject(failed);
    const starts = world.starts('web').length;
    await clock.crashDaemon(daemon);
    expect(await world.row('web')).toMatchObject({ ...failed, pid: back.pid });
    clock.configure(versions('tells mended'));
    expect((await world.ctl('update')).code).toBe(0);
    await world.waitForRow('web', 'its new version', (row) => row.applyOn === NINE && row.state === 'RUNNING');
    expect(await world.row('web')).toMatchObject({ verdict: 'ok', reason: { code: 'wanted' } });
    await world.expectStarts('web', starts + 1);
  });
});

// The test looks for launchers without a pause: nothing may run next to it.
describe('a takeover', () => {
  test('ends as it should, though the daemon is killed in the middle of it', async ({ world }) => {
    const clock = new Clock(world, '2030-06-05T12:00:00+02:00');
    const day = (round: number): string => `2030-06-${String(6 + round).padStart(2, '0')}`;
    const moments = ['stop', 0, 1_000, 3_000, 10_000] as const;
    clock.configure([
      service('web', 'slow-term 1.5', at(OLD, SLOW)),
      ...moments.map((_, round) => service('web', 'slow-term 1.5', at(`${day(round)}T09:00:00`, SLOW))),
    ]);
    let daemon = await clock.startDaemon();
    await world.waitForState('web', 'RUNNING');
    for (const [round, moment] of moments.entries()) {
      await world.waitFor('it to be ready', () => told(world, 'web').at(-1) === 'ready');
      clock.set(`${day(round)}T08:59:59.400+02:00`);
      const known = new Set(allPids());
      daemon = await clock.crashDaemon(daemon, { wait: false });
      if (moment === 'stop') await world.waitForState('web', 'STOPPING');
      else catchLauncher(world, 'web', known, moment);
      daemon = await clock.crashDaemon(daemon);
      const applyOn = `${day(round)}T09:00:00`;
      await world.waitForRow('web', applyOn, (row) => row.state === 'RUNNING' && row.applyOn === applyOn);
      await world.expectStarts('web', round + 2);
    }
  });
});
