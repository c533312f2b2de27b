/** `required`: without it everything stops, and the daemon ends with 1. */
import { service } from '../harness/config.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const FAILED = { code: 1, signal: null };

function expectNothingLeft(world: World): void {
  expect(world.marked().filter(({ kind }) => kind !== 'world')).toEqual([]);
}

describe('everything stops, and the daemon ends with 1, when a required process', () => {
  const ways: readonly [string, string, string, RegExp][] = [
    [
      'becomes FATAL',
      'waits 3 fail',
      'start-retries = 1; start-secs = "1m"; restart-delay = "50ms"',
      /required process bad is FATAL: .*code 3/,
    ],
    [
      'is left EXITED with failure',
      'waits 4 fail',
      'autorestart = "never"',
      /required process bad is EXITED: it exited with code 4/,
    ],
    [
      'has too many runs',
      'waits 5 fail',
      'max-runs = 1; start-secs = 0',
      /required process bad is BLOCKED: 1 runs? within/,
    ],
    [
      'is a one-shot that fails',
      'waits 6 fail',
      'one-shot = true',
      /required process bad is EXITED: it exited with code 6/,
    ],
  ];

  test.for(ways)('%s', async ([, program, settings, message], { world }) => {
    world.configure([service('web', 'steady'), service('bad', program, `required = true; ${settings}`)]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    world.open('fail');
    expect(await daemon.ended).toEqual(FAILED);
    expect(daemon.log()).toMatch(message);
    expect(daemon.log()).toMatch(/web: STOPPING -> STOPPED \(.*required process has failed\)/);
    expectNothingLeft(world);
  });

  test('gives up: after 3 retries, unless start-retries says otherwise', async ({ world }) => {
    world.configure([service('bad', 'exits 3', 'required = true; restart-delay = "50ms"; max-runs = 0')]);
    const daemon = await world.startDaemon();
    expect(await daemon.ended).toEqual(FAILED);
    await world.expectStarts('bad', 4);
  });
});

describe('nothing stops', () => {
  test('when it ends well, is stopped by an operator, or is restarted', async ({ world }) => {
    world.configure([
      service('done', 'exits 0', 'required = true; one-shot = true'),
      service('web', 'steady', 'required = true'),
      service('other', 'steady'),
    ]);
    await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'other']);
    await world.waitForState('done', 'EXITED');
    expect((await world.ctl('restart', 'web')).stdout).toBe('web: restarted\n');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect((await world.row('other')).state).toBe('RUNNING');
    expect((await world.row('web')).reason.code).toBe('manual');
  });

  test('when its launcher was killed, and nobody knows how it ended', async ({ world }) => {
    world.configure([service('bad', 'steady', 'required = true; autorestart = "never"'), service('web', 'steady')]);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    const launcher = world.marked().find(({ kind, mark }) => kind === 'launcher' && mark.includes('/bad~0/'));
    signal(launcher?.pid ?? 0, 'SIGKILL');
    await world.waitForEnd(launcher?.pid ?? 0);
    signal(await world.pidOf('bad'), 'SIGKILL');
    await world.waitForState('bad', 'EXITED');
    expect((await world.row('web')).state).toBe('RUNNING');
  });
});

describe('a daemon after one that it has ended', () => {
  test('starts everything anew: its counters are those of a first start', async ({ world }) => {
    const processes = [
      service('web', 'steady'),
      service('bad', 'waits 3 fail', 'required = true; start-retries = 0; start-secs = "1m"'),
      service('worse', 'waits 3 never', 'required = true; autorestart = "never"; start-secs = 0'),
    ];
    world.configure(processes);
    const first = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    world.open('fail');
    expect(await first.ended).toEqual(FAILED);
    world.close('fail');
    const second = await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'worse']);
    await world.waitForState('bad', 'STARTING');
    // The same for one that autorestart leaves: it failed under the daemon before.
    signal(await world.pidOf('worse'), 'SIGKILL');
    expect(await second.ended).toEqual(FAILED);
    await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'worse']);
    await world.expectStarts('worse', 3);
  });

  test('leaves a one-shot as it is: at most once per version, and its failure of then ends nothing', async ({
    world,
  }) => {
    world.configure([service('job', 'exits 3', 'required = true; one-shot = true'), service('web', 'steady')]);
    const first = await world.startDaemon();
    expect(await first.ended).toEqual(FAILED);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect(await world.row('job')).toMatchObject({ state: 'EXITED', verdict: 'problem' });
    await world.expectStarts('job', 1);
  });

  test('learns of a failure that came while there was none', async ({ world }) => {
    world.configure([
      service('bad', 'waits 3 fail', 'required = true; autorestart = "never"'),
      service('web', 'steady'),
    ]);
    const first = await world.startDaemon();
    await world.waitForAll('RUNNING');
    const pid = await world.pidOf('bad');
    await world.killDaemon(first);
    world.open('fail');
    await world.waitForEnd(pid);
    const second = await world.startDaemon({ wait: false });
    expect(await second.ended).toEqual(FAILED);
    expectNothingLeft(world);
  });
});

test('a second SIGTERM leaves the rest, and it is a failure still', async ({ world }) => {
  world.configure([
    service('bad', 'waits 3 fail', 'required = true; autorestart = "never"'),
    service('stubborn', 'ignores-term', 'stop-timeout = "10m"'),
  ], 'shutdown-timeout = "20m"'); // prettier-ignore
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  const pid = await world.pidOf('stubborn');
  world.open('fail');
  await world.waitForState('stubborn', 'STOPPING');
  expect((await world.row('stubborn')).reason.code).toBe('required');
  signal(daemon.pid, 'SIGTERM');
  expect(await daemon.ended).toEqual(FAILED);
  expect(isAlive(pid)).toBe(true);
});
