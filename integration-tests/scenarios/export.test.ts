/** `export --to systemd`: judged by systemd's own tools. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Schedule, WeekDay } from '@procman/daemon/core/model';
import { nextCron } from '@procman/daemon/core/time/cron';
import { nextWindow } from '@procman/daemon/core/time/windows';
import { service } from '../harness/config.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';
import { calendarOf } from '../../ctl/src/export/calendar.ts';
import { windowScript } from '../../ctl/src/export/timers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

async function exported(world: World, file: string, ...args: string[]): Promise<Map<string, string>> {
  const folder = join(world.root, 'units');
  rmSync(folder, { recursive: true, force: true });
  const { code, stdout, stderr } = await world.ctl('export', file, '--to', 'systemd', '--output', folder, ...args);
  expect([code, stderr]).toEqual([0, '']);
  const names = readdirSync(folder);
  expect(stdout.split('\n').filter((line) => line.startsWith(folder)).map((line) => basename(line)).sort()).toEqual(names.toSorted()); // prettier-ignore
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** No complaint at all: what systemd does not know it only warns of. */
function verify(world: World, units: ReadonlyMap<string, string>, ...flags: string[]): void {
  const paths = [...units.keys()]
    .filter((name) => !name.endsWith('.env'))
    .map((name) => join(world.root, 'units', name));
  const env = { ...process.env, XDG_RUNTIME_DIR: world.root };
  const { status, stderr, stdout } = spawnSync('systemd-analyze', [...flags, 'verify', '--man=no', ...paths], { encoding: 'utf8', env }); // prettier-ignore
  // An empty configuration has none.
  if (paths.length > 0) expect([status, stderr, stdout]).toEqual([0, '', '']);
  for (const [name, text] of units) {
    if (!name.endsWith('.timer')) continue;
    const times = [...text.matchAll(/^OnCalendar=(.*)$/gm)].map(([, time]) => time ?? '');
    expect(times, name).not.toEqual([]);
    for (const time of times) elapses([time], 1, Date.now());
  }
}

/** The first times of calendar expressions after a moment, as systemd reckons them. */
function elapses(times: readonly string[], count: number, from: number): number[] {
  const base = `--base-time=@${Math.floor(from / 1000)}`;
  const all = times.flatMap((time) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['calendar', `--iterations=${count}`, base, time], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC', LANG: 'C.UTF-8' } }); // prettier-ignore
    expect([status, stderr], time).toEqual([0, '']);
    const lines = stdout.matchAll(/^\s*(?:Next elapse|Iter\. #\d+): \w{3} (\S+) (\S+) UTC$/gm);
    return [...lines].map(([, day = '', clock = '']) => Date.parse(`${day}T${clock}Z`));
  });
  return [...new Set(all)].sort((a, b) => a - b).slice(0, count);
}

const MANY = `
[[process]]
id = "web 1"
apply-on = "2020-01-01"
command = "sleep 5555 'a$b%c' \\"x;y\\""
env = { A = "1 $x %y", DB_PASSWORD = "p$w" }
schedule = { start-time = "22:00", stop-time = "06:00", week-days = "mon-fri", timezone = "Europe/Madrid" }
nice = 5
umask = "027"
stop-signal = "INT"
kill-mode = "mixed"
max-runs = 0

[[process]]
id = "worker"
apply-on = "2020-01-01"
command = "while true; do echo $HOME; sleep 1; done"
numprocs = 2
before = "echo 100% $PROCMAN_NUM"
init = "true"
after-start = "echo $PROCMAN_PID"
stop = { command = "kill $PROCMAN_PID", timeout = "20s" }
after-stop = "echo $PROCMAN_EXIT_CODE $PROCMAN_EXIT_SIGNAL"
start-health-check = "true"
health-check = { http = "http://localhost:8080/health" }
exit-codes = [3, 143]
autorestart = "on-failure"
wait-after = "1500ms"
depends-on = ["migrate", { id = "pf", on-loss = "keep" }, "web 1", { command = "true", interval = "2s" }]
stdout-log = "/tmp/w-{{ PROCMAN_NUM }}.log"
stderr-log = "stdout"
limits = { nofile = 100, core = "unlimited", memory = "1GiB", cpu = "1h" }
max-run-time = "8h"
required = true
pty = false

[[process]]
id = "worker"
apply-on = "2090-01-01"
command = "sleep 1"

[[process]]
id = "migrate"
apply-on = "2020-01-01"
one-shot = true
command = "true"

[[process]]
id = "job"
apply-on = "2020-01-01"
one-shot = true
catch-up = true
command = "true"
schedule = { cron = "0 3 1 * sun", timezone = "UTC" }

[[process]]
id = "odd"
apply-on = "2020-01-01"
one-shot = true
command = "true"
schedule = { cron = "0 3 * * mon#2" }

[[process]]
id = "pf"
apply-on = "2020-01-01"
command = { line = "sleep 60 & echo $! > {{ PROCMAN_PID_FILE }}", type = "pid-file" }

[[process]]
id = "ext"
apply-on = "2020-01-01"
command = { line = "true", type = "external" }
health-check = "true"
stop = "true"
autostart = false

[[process]]
id = "later"
apply-on = "2090-01-01"
command = "true"
`;

describe('export --to systemd', () => {
  test('gives units that systemd takes without a complaint, and what has no counterpart as comments', async ({
    world,
  }) => {
    world.configure([MANY]);
    const units = await exported(world, world.config);
    verify(world, units);
    expect([...units.keys()].sort()).toEqual([
      'ext.service', 'job.service', 'job.timer', 'migrate.service', 'odd.service', 'pf.service', 'web_1-stop.service', 'web_1-stop.timer',
      'web_1-window.service', 'web_1.env', 'web_1.service', 'web_1.timer', 'worker_00.service', 'worker_01.service',
    ]); // prettier-ignore
    const linesOf = (name: string): string[] => units.get(name)?.split('\n') ?? [];
    const web = ['ExecStart=/usr/bin/sleep 5555 "a$$b%%c" "x;y"', 'KillSignal=SIGINT', 'KillMode=mixed', 'UMask=0027', 'Nice=5', 'StartLimitIntervalSec=0', `EnvironmentFile=${world.root}/units/web_1.env`]; // prettier-ignore
    expect(linesOf('web_1.service')).toEqual(expect.arrayContaining(web));
    expect(units.get('web_1.service')).not.toContain('WantedBy');
    expect(units.get('web_1.service')).not.toContain('p$w');
    expect(linesOf('web_1.env')).toEqual(expect.arrayContaining(['A="1 \\$x %y"', 'DB_PASSWORD="p\\$w"']));
    expect(statSync(join(world.root, 'units/web_1.env')).mode & 0o777).toBe(0o600);
    expect(linesOf('web_1.timer')).toContain('OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 22:00:00 Europe/Madrid');
    expect(linesOf('web_1-stop.timer')).toContain('OnCalendar=Tue,Wed,Thu,Fri,Sat *-*-* 06:00:00 Europe/Madrid');
    const worker = ['Environment=PROCMAN_NUM=1', 'SuccessExitStatus=3 143 SIGTERM', 'RestartForceExitStatus=0 SIGHUP SIGINT SIGPIPE', 'Requires=migrate.service', 'After=migrate.service', 'Wants=pf.service', 'After=web_1.service', 'StandardOutput=append:/tmp/w-1.log', 'StandardError=inherit', 'RuntimeMaxSec=28800s', 'LimitAS=1073741824', 'LimitCPU=3600', 'LimitCORE=infinity', 'WantedBy=multi-user.target']; // prettier-ignore
    expect(linesOf('worker_01.service')).toEqual(expect.arrayContaining(worker));
    expect(linesOf('worker_01.service')).not.toContain('Requires=web_1.service');
    const gaps = [...(units.get('worker_00.service') ?? '').matchAll(/^# no counterpart: (\S+)/gm)].map(
      ([, what]) => what,
    );
    expect(gaps).toEqual(['another', 'health-check', 'start-retries', 'start-secs', 'required', 'log-max-bytes']);
    expect(units.get('odd.service')).toContain('no counterpart: systemd has no words for this pattern');
    expect(linesOf('job.timer')).toContain('Persistent=true');
    expect(linesOf('migrate.service')).toContain('ConditionPathExists=!%S/procman-migrate/ran-2020-01-01T00:00:00');
    expect(units.get('ext.service')).not.toContain('WantedBy');
    // Prints the same without a folder; what has no unit is named.
    const printed = (await world.ctl('export', world.config, '--to', 'systemd')).stdout;
    expect(printed).toContain(
      '# later: no unit: no version of it is in effect yet; its first takes effect on 2090-01-01T00:00:00',
    );
    for (const name of units.keys()) expect(printed).toMatch(new RegExp(`^# ==> ${name}`, 'm'));
  });

  test('for a user, with a prefix', async ({ world }) => {
    world.configure([MANY]);
    const units = await exported(world, world.config, '--user', '--prefix', 'shop-');
    verify(world, units, '--user');
    expect([...units.keys()].every((name) => name.startsWith('shop-'))).toBe(true);
    expect(units.get('shop-worker_00.service')).toContain('WantedBy=default.target');
    expect(units.get('shop-web_1-stop.service')).toContain('ExecStart=systemctl --user stop shop-web_1.service');
  });

  test('every example and every key that this version knows', async ({ world }) => {
    const fixtures = join(root, 'daemon/src/config/fixtures');
    const files = [join(root, 'etc/procman.example.toml'), ...readdirSync(fixtures).filter((name) => name.endsWith('.toml')).map((name) => join(fixtures, name))]; // prettier-ignore
    let seen = 0;
    for (const file of files) {
      if ((await world.ctl('check', file)).code !== 0) continue;
      verify(world, await exported(world, file));
      seen += 1;
    }
    expect(seen).toBeGreaterThan(4);
  });

  test('replaces what it has written, and nothing else', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const folder = join(world.root, 'units');
    mkdirSync(folder);
    writeFileSync(join(folder, 'web.service'), '[Unit]\nDescription=mine\n');
    const words = ['export', world.config, '--to', 'systemd', '-o', folder];
    const refused = await world.ctl(...words);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining(`${folder}/web.service was not written by`),
    ]);
    expect(readFileSync(join(folder, 'web.service'), 'utf8')).toContain('mine');
    expect((await world.ctl(...words, '--force')).code).toBe(0);
    expect((await world.ctl(...words)).code).toBe(0);
    expect(readdirSync(folder)).toEqual(['web.service']);
  });

  test('says what is wrong with what was asked for', async ({ world }) => {
    world.configure([service('web', 'steady', 'stop-timeout = "soon"')]);
    const broken = await world.ctl('export', world.config, '--to', 'systemd');
    expect([broken.code, broken.stderr]).toEqual([6, expect.stringContaining('stop-timeout')]);
    expect(await world.ctl('export', world.config)).toMatchObject({ code: 2, stderr: expect.stringContaining('--to systemd') as string }); // prettier-ignore
    expect((await world.ctl('export', world.config, '--to', 'launchd')).code).toBe(2);
    expect((await world.ctl('export', world.config, '--to', 'systemd', '--prefix', 'a/b')).code).toBe(2);
    writeFileSync(join(world.root, 'file'), '');
    world.configure([service('web', 'steady')]);
    const nowhere = await world.ctl('export', world.config, '--to', 'systemd', '-o', join(world.root, 'file/units'));
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('cannot write into')]);
  });
});

const FROM = Date.parse('2026-11-28T12:34:56Z');

describe('the times of timers are those of the schedule', () => {
  const patterns = ['* * * * *', '*/7 * * * *', '5,35 2-4 * * *', '0 3 * * sun', '0 3 1 * sun', '0 3 1,15 * 1-5', '30 4 l * *', '0 0 29 2 *', '@hourly', '@weekly', '@yearly', '15 10 * jan-mar,dec fri', '*/20 5 8 * * *', '0 0 12 1 1 * 2030', '0 0 * * 7', '0 22 */10 * *', '0 22 */2 * mon', '3-59/15 9-17 * * mon-fri']; // prettier-ignore

  test.each(patterns)('cron %s', (pattern) => {
    const schedule: Schedule = { kind: 'cron', pattern, timezone: 'America/New_York', text: '' };
    const calendar = calendarOf(schedule, 'one-shot');
    if (calendar === undefined || calendar === 'always') throw new Error('no calendar');
    const expected: number[] = [];
    for (let at = FROM; expected.length < 5;) {
      const next = nextCron(schedule, at);
      if (next === undefined) break;
      expected.push((at = next.opens));
    }
    expect(elapses(calendar.start, 5, FROM)).toEqual(expected);
  });

  const windows: readonly (readonly [number, number, readonly WeekDay[]])[] = [
    [8, 18, [1, 2, 3, 4, 5]],
    [22, 6, [5, 7]],
    [0, 24, [1, 2, 3, 4, 5]],
    [0, 24, [2, 7]],
    [9, 24, [1, 2, 3, 4, 5, 6, 7]],
    [0, 12, [6]],
  ];

  test.each(windows)('window %d-%d on %j', (from, to, days) => {
    const schedule = { kind: 'windows' as const, start: from * 3_600_000, stop: to * 3_600_000, days, timezone: 'Asia/Tokyo', text: '' }; // prettier-ignore
    const calendar = calendarOf(schedule, 'service');
    if (calendar === undefined || calendar === 'always') throw new Error('no calendar');
    const expected: { opens: number; closes: number }[] = [];
    for (let at = FROM; expected.length < 5;) {
      const next = nextWindow(schedule, 'service', at);
      if (next === undefined) throw new Error('no window');
      expected.push(next);
      at = next.opens;
    }
    const [first] = expected;
    expect(elapses(calendar.start, 5, FROM)).toEqual(expected.map(({ opens }) => opens));
    expect(elapses(calendar.stop, 5, first?.opens ?? 0)).toEqual(expected.map(({ closes }) => closes));
  });
});

describe('after a boot', () => {
  /** Says of each timer when it is next, and notes what it is asked to start. */
  const standIn = `#!/bin/sh
case "$*" in
*web-stop.timer) printf '%s\\n' "$NEXT_STOP" ;;
*web.timer) printf '%s\\n' "$NEXT_START" ;;
*) echo "$*" ;;
esac
`;

  function boot(world: World, start: string, stop: string): [number | null, string] {
    const bin = join(world.root, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'systemctl'), standIn);
    chmodSync(join(bin, 'systemctl'), 0o755);
    const script = windowScript({ unit: 'web', options: { scope: 'system' } as never });
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, NEXT_START: start, NEXT_STOP: stop };
    const { status, stdout } = spawnSync('/bin/sh', ['-c', script], { env, encoding: 'utf8' });
    return [status, stdout];
  }

  test('a service is started within its window only', ({ world }) => {
    const [morning, evening] = ['Mon 2026-11-30 08:00:00 UTC', 'Mon 2026-11-30 18:00:00 UTC'];
    expect(boot(world, 'Tue 2026-12-01 08:00:00 UTC', evening)).toEqual([0, 'start --no-block web.service\n']);
    expect(boot(world, morning, evening)).toEqual([0, '']);
    // Where a timer does not run nothing is known.
    expect(boot(world, '', evening)).toEqual([1, '']);
  });
});
