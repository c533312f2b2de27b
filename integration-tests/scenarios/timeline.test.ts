/** What is to come, and holds that end by themselves: told by the daemon, in the zone of each process. */
import type { StatusAtResult, TimelineResult } from '@procman/protocol/views';
import { service } from '../harness/config.ts';
import { procmanctl } from '../harness/paths.ts';
import { Terminal } from '../harness/terminal.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const ZONE = 'timezone = "Europe/Madrid"';
const SHOP = 'schedule = { start-time = "08:00", stop-time = "18:00", week-days = "mon-fri" }';
const TOKYO = 'schedule = { start-time = "09:00", stop-time = "17:00", timezone = "Asia/Tokyo" }';
const NIGHTLY = 'one-shot = true; schedule = { cron = "30 2 * * *" }';

async function start(world: World): Promise<void> {
  const later = service('web', 'steady', 'apply-on = "2031-01-01"');
  const services = [
    service('web', 'steady'),
    later,
    service('shop', 'steady', SHOP),
    service('tokyo', 'steady', TOKYO),
  ];
  world.configure([...services, service('nightly', 'exits 0', NIGHTLY)], ZONE);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
}

async function timeline(world: World, ...words: string[]): Promise<TimelineResult> {
  return (await world.ctl('timeline', '--json', ...words)).json as TimelineResult;
}

const lines = ({ entries }: TimelineResult): string[] =>
  entries.map(({ at, name, action, note }) => [at, name, action, note].filter(Boolean).join(' '));

describe('timeline', () => {
  test('tells what starts, stops, runs and takes over', async ({ world }) => {
    await start(world);
    expect(lines(await timeline(world, '--from', '2030-06-07', '--for', '1d'))).toEqual([
      '2030-06-07T09:00:00.000+09:00 tokyo start',
      '2030-06-07T02:30:00.000+02:00 nightly run',
      '2030-06-07T08:00:00.000+02:00 shop start',
      '2030-06-07T17:00:00.000+09:00 tokyo stop',
      '2030-06-07T18:00:00.000+02:00 shop stop',
    ]);
    const { entries } = await timeline(world, 'web', '--from', '2030-12-31', '--for', '7d');
    expect(entries).toEqual([
      {
        at: '2031-01-01T00:00:00.000+01:00',
        name: 'web',
        id: 'web',
        action: 'version',
        applyOn: '2031-01-01T00:00:00',
      },
    ]);
  });

  test('marks what the clocks skip and repeat', async ({ world }) => {
    await start(world);
    expect(lines(await timeline(world, 'nightly', '--from', '2030-03-31', '--for', '1d'))).toEqual([
      '2030-03-31T03:00:00.000+02:00 nightly run dst-skipped',
    ]);
    expect(lines(await timeline(world, 'nightly', '--from', '2030-10-27', '--for', '1d'))).toEqual([
      '2030-10-27T02:30:00.000+02:00 nightly run dst-repeated',
    ]);
  });

  test('is a line for each in a pipe, and begins now unless told', async ({ world }) => {
    await start(world);
    const { stdout, code } = await world.ctl('timeline', 'shop', '--from', '2030-06-07', '--for', '12h');
    expect([code, stdout]).toEqual([0, 'Fri 2030-06-07 08:00:00 +02:00  shop  start  2020-01-01T00:00:00  -\n']);
    const { from, to } = await timeline(world);
    expect(Math.abs(Date.parse(from) - Date.now())).toBeLessThan(60_000);
    expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000);
  });

  test('holds nobody up: ten years of a cron job by the minute, while others are answered', async ({ world }) => {
    const minutely = service(
      'minutely',
      'exits 0',
      'one-shot = true; autostart = true; schedule = { cron = "* * * * *" }',
    );
    world.configure([service('web', 'steady'), minutely]);
    await world.startDaemon();
    const order: string[] = [];
    const asked = world.rpc<TimelineResult>('timeline', { seconds: 10 * 365 * 86_400 });
    const long = asked.finally(() => order.push('timeline'));
    for (let call = 0; call < 20; call += 1) await world.rpc('ping');
    order.push('20 calls');
    const { entries, truncated } = await long;
    expect([entries.length, truncated]).toEqual([10_000, true]);
    expect(order).toEqual(['20 calls', 'timeline']);
  });

  test.for([
    [['timeline', '--from', 'soon'], 2, 'from: "soon" is no time; write 18:00 (the next one)'],
    [['timeline', '--for', 'long'], 2, '--for: "long" is not a duration'],
    [['timeline', 'shup'], 4, 'no process is called "shup"; did you mean "shop"?'],
    [['status', '--at', '25:61'], 2, 'at: "25:61" is no time'],
  ] as const)('%j is refused: exit %i', async ([words, exitCode, message], { world }) => {
    await start(world);
    const { code, stderr } = await world.ctl(...words);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(message);
  });
});

describe('status at a moment', () => {
  test('tells what each is to do then', async ({ world }) => {
    await start(world);
    const asked = await world.ctl('status', '--at', '2031-01-01T08:00', '--json');
    const { at, processes } = asked.json as StatusAtResult;
    expect(at).toBe('2031-01-01T08:00:00.000+01:00');
    expect(processes.map(({ name, expected, reason, applyOn }) => [name, expected, reason.code, applyOn])).toEqual([
      ['web', 'running', 'wanted', '2031-01-01T00:00:00'],
      ['shop', 'running', 'wanted', '2020-01-01T00:00:00'],
      ['tokyo', 'running', 'wanted', '2020-01-01T00:00:00'],
      ['nightly', 'stopped', 'schedule', '2020-01-01T00:00:00'],
    ]);
    const { stdout } = await world.ctl('status', 'shop', '--at', '2030-06-08T12:00+02:00');
    expect(stdout).toMatch(
      /^shop {2}stopped {2}.*, version 2020-01-01T00:00:00, then start Mon 2030-06-10 08:00:00 \+02:00\n$/,
    );
  });
});

describe('a hold that ends by itself', () => {
  test('is shown with its end, survives the daemon, and is told by the timeline', async ({ world }) => {
    world.configure([service('web', 'steady')], ZONE);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect((await world.ctl('stop', 'web', '--until', '2031-01-01T08:00')).stdout).toBe('web: stopped\n');
    const until = '2031-01-01T08:00:00.000+01:00';
    expect((await world.row('web')).hold).toMatchObject({ until });
    await world.crashDaemon(daemon);
    const row = await world.row('web');
    expect(row).toMatchObject({
      state: 'STOPPED',
      held: true,
      hold: { until },
      next: { at: until, action: 'hold-ends' },
    });
    const { entries } = await timeline(world, '--from', '2030-12-31', '--for', '7d');
    expect(entries).toMatchObject([{ at: until, name: 'web', action: 'hold-ends' }]);
    await world.ctl('start', 'web');
    expect((await world.row('web')).hold).toBeUndefined();
  });

  test('ends at its time: the process starts by itself', async ({ world }) => {
    world.configure([service('web', 'steady')], ZONE);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const soon = new Date(Date.now() + 2_000).toISOString();
    await world.ctl('stop', 'web', '--until', soon);
    expect((await world.row('web')).state).toBe('STOPPED');
    await world.waitForState('web', 'RUNNING');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(soon));
    expect((await world.row('web')).held).toBe(false);
  });

  test('until the next window, or the next boot', async ({ world }) => {
    await start(world);
    await world.ctl('stop', 'tokyo', '--until', 'next-window');
    const next = (await world.row('tokyo')).hold?.until ?? '';
    expect(Date.parse(next) - Date.now()).toBeGreaterThan(0);
    // 09:00 in Tokyo.
    expect(new Date(next).toISOString().slice(11)).toBe('00:00:00.000Z');
    await world.ctl('stop', 'web', '--until', 'reboot');
    expect((await world.row('web')).hold?.until).toBe('reboot');
  });

  test('start outside the window lets go of the hold, and tells when it opens; --force runs it all the same', async ({
    world,
  }) => {
    const soon = new Date(Date.now() + 7_200_000).toISOString();
    const [from, to] = [soon.slice(11, 16), new Date(Date.parse(soon) + 3_600_000).toISOString().slice(11, 16)];
    const schedule = `schedule = { start-time = "${from}", stop-time = "${to}", timezone = "UTC" }`;
    world.configure([service('shop', 'steady', schedule)], 'timezone = "UTC"');
    await world.startDaemon();
    await world.ctl('stop', 'shop');
    const released = await world.ctl('start', 'shop');
    const opens = `it opens next ${soon.slice(0, 10)} ${from}:00 +00:00`;
    expect([released.code, released.stdout]).toEqual([0, expect.stringMatching(/^shop: released \(hold released; /)]);
    expect(released.stdout).toContain(opens);
    expect(await world.row('shop')).toMatchObject({
      held: false,
      reason: { code: 'schedule' },
      next: { action: 'start' },
    });
    const refused = await world.ctl('start', 'shop');
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringMatching(/^shop: ERROR \(outside its window /)]);
    expect(refused.stdout).toContain(opens);
    expect(await world.ctl('start', 'shop', '--force')).toMatchObject({ code: 0, stdout: 'shop: started\n' });
    expect((await world.row('shop')).reason.code).toBe('forced');
  });

  test.for([
    ['next-window', 'it has no schedule, so there is no next window (web)'],
    ['2020-01-01', '"2020-01-01" has gone by (web)'],
    ['tomorrow', '"tomorrow" is no time; write next-window, reboot, 18:00'],
  ] as const)('--until %s means nothing: exit 2, and nothing is stopped', async ([until, message], { world }) => {
    await start(world);
    const { code, stderr } = await world.ctl('stop', 'web', '--until', until);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(await world.row('web')).toMatchObject({ state: 'RUNNING', held: false });
  });
});

describe('the picture of the day', () => {
  test('comes before the list on a terminal, in ASCII where the locale has no more', async ({ world }) => {
    await start(world);
    const day = '--from 2030-06-07 --for 1d';
    const terminal = new Terminal(
      world,
      `stty cols 100; LC_ALL=C ${procmanctl} timeline ${day} | cat; LC_ALL=C ${procmanctl} timeline ${day}`,
    );
    const screen = await terminal.waitFor('ended 0');
    terminal.close();
    const lines = screen.split('\n');
    expect(lines.find((line) => line.startsWith('shop '))).toMatch(/^shop +\.+-?=+-?\.+$/);
    expect(lines.find((line) => line.startsWith('nightly '))).toMatch(/^nightly +\.+\*\.+$/);
    expect(screen).toContain('besides these: 1 run all the time');
    // In the pipe before it: the list alone.
    expect(lines[0]).toMatch(/^Fri 2030-06-07 09:00:00 \+09:00 {2}tokyo/);
    expect(screen.indexOf('besides these')).toBeLessThan(screen.lastIndexOf('shop     stop'));
  });

  test('knows a day of 23 hours, and comes alone with --picture', async ({ world }) => {
    await start(world);
    const { stdout, code } = await world.ctl(
      'timeline',
      'nightly',
      'shop',
      '--from',
      '2030-03-31',
      '--for',
      '23h',
      '--picture',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Sun 2030-03-31 00:00 to Mon 2030-04-01 00:00\nthe clocks go forward by 60 minutes\n/);
    expect(stdout).toMatch(/^nightly {2}·+!·+$/m);
    expect((await world.ctl('timeline', '--picture', '--for', '7d')).code).toBe(2);
    expect((await world.ctl('timeline', '--picture', '--list')).code).toBe(2);
  });
});
