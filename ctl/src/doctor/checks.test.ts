/** Each check is provoked: a healthy machine with one thing wrong. */
import type { DoctorCheck } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { row } from '../testing/fake-daemon.ts';
import { CHECKS, examine } from './checks.ts';
import { renderDoctor } from './render.ts';
import {
  BUNDLE,
  CONFIG,
  healthyFacts,
  healthyWorld,
  machineOf,
  ownerFile,
  seen,
  STATE,
  statLine,
  subjectOf,
  unitOf,
  type World,
} from './testing.ts';

const AT = '2026-03-01T09:00:00.000Z';

function found(id: string, change: (world: World) => void): DoctorCheck {
  const world = healthyWorld();
  change(world);
  const check = examine(subjectOf(world)).checks.find((each) => each.id === id);
  if (!check) throw new Error(`there is no check ${id}`);
  return check;
}

const noDaemon = (w: World): void => {
  w.isSilent = true;
  w.owner = { file: ownerFile(), isLive: false };
  w.stats['/proc/4711'] = undefined;
};
/** A daemon of ann's. */
const ofAnn = (w: World): void => {
  for (const path of ['/proc/4711', '/proc/5000', STATE]) w.stats[path] = { ...seen.folder(0o700), uid: 1000 };
};
const cgroup = (path: string) => (w: World) => void (w.texts['/proc/4711/cgroup'] = `0::${path}\n`);

type Case = readonly [id: string, status: DoctorCheck['status'], message: RegExp, change: (world: World) => void];

const CASES: readonly Case[] = [
  ['daemon', 'problem', /no daemon runs, and 1 processes/, noDaemon],
  ['daemon', 'warning', /^no daemon runs$/, (w) => (noDaemon(w), (w.folders[`${STATE}/runs/record`] = []))],
  ['daemon', 'problem', /lives \(pid 4711\) and cannot be asked: nobody listens/, (w) => void (w.isSilent = true)],
  ['config', 'problem', /is broken.*line 3/, (w) => void (w.config = { errors: ['line 3: oh'], facts: undefined })],
  ['config', 'problem', /could not load/, (w) => void (w.daemon.configError = { at: AT, problems: [] })],
  ['config-applied', 'warning', /has changed/, (w) => void (w.config = { text: 'uid = "shop" # new\n' })],
  [
    'config-applied',
    'problem',
    /would stop a, b for good/,
    (w) => void (w.daemon.heldReload = { at: AT, hash: 'x', stops: ['a', 'b'] }),
  ],
  ['config-permissions', 'problem', /procman.toml.* as root/, (w) => void (w.stats[CONFIG] = seen.file(0o666))],
  ['config-permissions', 'problem', /others may write \/etc,/, (w) => void (w.stats['/etc'] = seen.folder(0o777))],
  ['config-permissions', 'problem', /procman.toml/, (w) => void (w.stats[CONFIG] = { ...seen.file(), uid: 1000 })],
  ['config-permissions', 'warning', /others may write/, (w) => (ofAnn(w), (w.stats[CONFIG] = seen.file(0o666)))],
  ['versions', 'warning', /daemon is 0.0.9, the client 0.1.0/, (w) => void (w.daemon.version = '0.0.9')],
  [
    'daemon-program',
    'warning',
    /newer than the daemon/,
    (w) => void (w.stats[BUNDLE] = { ...seen.file(), modifiedAt: Date.parse('2026-03-01T11:00:00Z') }),
  ],
  ['daemon-program', 'problem', /is gone/, (w) => void (w.stats[BUNDLE] = undefined)],
  [
    'daemon-program',
    'warning',
    /Node.js .* replaced or removed/,
    (w) => void (w.links['/proc/4711/exe'] = '/usr/bin/node (deleted)'),
  ],
  ['events', 'warning', /malformed/, (w) => void (w.eventsTrouble = 'database disk image is malformed')],
  [
    'in-doubt',
    'problem',
    /^db: something lives/,
    (w) => void w.rows.push(row({ name: 'db', state: 'BLOCKED', reason: { code: 'identity', message: '' } })),
  ],
  [
    'survivors',
    'problem',
    /outlived SIGKILL/,
    (w) => void w.rows.push(row({ name: 'db', state: 'STOPPING', reason: { code: 'survivors', message: '' } })),
  ],
  [
    'forks-away',
    'problem',
    /^redis: /,
    (w) =>
      void w.rows.push(
        row({ name: 'redis', reason: { code: 'exit', message: 'it exited: it forks into the background; use x' } }),
      ),
  ],
  ['launchers', 'warning', /web~0: the launcher was killed/, (w) => void (w.texts['/proc/4999/stat'] = undefined)],
  ['launchers', 'warning', /launcher was killed/, (w) => void (w.texts['/proc/4999/stat'] = statLine(4999, 5))],
  [
    'old-holds',
    'warning',
    /^db: stopped by an operator before the last boot/,
    (w) => void w.rows.push(row({ name: 'db', held: true, hold: { since: AT } })),
  ],
  ['stale', 'warning', /^db: /, (w) => void w.rows.push(row({ name: 'db', stale: true }))],
  ['zombies', 'warning', /^db: /, (w) => void w.rows.push(row({ name: 'db', zombies: 3 }))],
  ['state-dir', 'problem', /open to others: mode 0755/, (w) => void (w.stats[STATE] = seen.folder(0o755))],
  ['state-dir', 'problem', /gone, and the daemon runs/, (w) => void (w.stats[STATE] = undefined)],
  ['state-dir', 'problem', /in memory/, (w) => void (w.space = { ...w.space, type: 0x01021994 })],
  ['state-dir', 'problem', /network file system/, (w) => void (w.space = { ...w.space, type: 0x6969 })],
  ['state-dir', 'problem', /cannot be written/, (w) => void (w.readOnly = true)],
  ['state-dir', 'problem', /belongs to uid 0/, (w) => void (w.euid = 1000)],
  [
    'state-dir',
    'warning',
    /below \/tmp/,
    (w) => {
      w.owner = { file: ownerFile({ stateDir: '/tmp/x' }), isLive: true };
      w.stats['/tmp/x'] = seen.folder(0o700);
    },
  ],
  [
    'runtime-dir',
    'problem',
    /is gone, and the daemon cannot be reached/,
    (w) => void (w.stats['/run/procman'] = undefined),
  ],
  [
    'runtime-dir',
    'problem',
    /anybody may put another socket/,
    (w) => void (w.stats['/run/procman'] = seen.folder(0o777)),
  ],
  [
    'runtime-dir',
    'problem',
    /belongs to uid 1000/,
    (w) => void (w.stats['/run/procman'] = { ...seen.folder(), uid: 1000 }),
  ],
  [
    'runtime-dir',
    'warning',
    /below \/tmp/,
    (w) => {
      w.owner = { file: ownerFile({ socket: '/tmp/procman-0/shop.sock' }), isLive: true };
      w.stats['/tmp/procman-0'] = seen.folder(0o700);
    },
  ],
  ['socket', 'problem', /is gone, and the daemon lives/, (w) => void (w.stats['/run/procman/shop.sock'] = undefined)],
  ['socket', 'problem', /anybody may control/, (w) => void (w.stats['/run/procman/shop.sock'] = seen.socket(0o666))],
  [
    'socket',
    'warning',
    /has mode 0660, and socket-mode says 0600/,
    (w) => void (w.stats['/run/procman/shop.sock'] = seen.socket(0o660)),
  ],
  ['locks', 'problem', /procmand.lock was removed/, (w) => void (w.stats[`${STATE}/procmand.lock`] = undefined)],
  ['locks', 'problem', /the launch lock of web~0/, (w) => void (w.folders[`${STATE}/runs/lock`] = [])],
  [
    'broken-files',
    'warning',
    /web~0.json.broken-2026/,
    (w) => void (w.folders[`${STATE}/instances`] = ['web~0.json', 'web~0.json.broken-2026-03-01']),
  ],
  [
    'disk-space',
    'problem',
    /is full \(32 MiB free\)/,
    (w) => void (w.space = { ...w.space, freeBytes: 32 * 1024 ** 2 }),
  ],
  ['disk-space', 'warning', /nearly full/, (w) => void (w.space = { ...w.space, bytes: 1e10, freeBytes: 4e8 })],
  ['disk-space', 'problem', /inodes free/, (w) => void (w.space = { ...w.space, freeInodes: 12 })],
  ['log-folders', 'warning', /cannot shorten/, (w) => void (w.cuts = { punch: true, collapse: false })],
  ['log-folders', 'problem', /cannot free a part/, (w) => void (w.cuts = { punch: false, collapse: false })],
  ['log-folders', 'warning', /network file system/, (w) => void (w.space = { ...w.space, type: 0xff534d42 })],
  ['one-daemon', 'problem', /under uid other/, (w) => void (w.twins = [ownerFile({ uid: 'other' })])],
  ['owner-file', 'warning', /is gone or names another/, (w) => void (w.owner = undefined)],
  [
    'systemd-unit',
    'problem',
    /kills every service: its KillMode is control-group/,
    (w) => void (w.ran['systemctl'] = unitOf({ KillMode: 'control-group' })),
  ],
  ['systemd-unit', 'problem', /OOMPolicy=stop/, (w) => void (w.ran['systemctl'] = unitOf({ OOMPolicy: 'stop' }))],
  ['systemd-unit', 'warning', /Restart=no/, (w) => void (w.ran['systemctl'] = unitOf({ Restart: 'no' }))],
  ['systemd-unit', 'warning', /gives up/, (w) => void (w.ran['systemctl'] = unitOf({ StartLimitIntervalUSec: '10s' }))],
  ['systemd-unit', 'warning', /\/tmp of its own/, (w) => void (w.ran['systemctl'] = unitOf({ PrivateTmp: 'yes' }))],
  ['systemd-unit', 'warning', /in any order/, (w) => void (w.ran['systemctl'] = unitOf({ ExecStop: '' }))],
  [
    'boot-start',
    'warning',
    /nothing seems to start/,
    (w) => void (w.folders['/etc/systemd/system/multi-user.target.wants'] = []),
  ],
  [
    'boot-start',
    'warning',
    /several start a daemon/,
    (w) => {
      w.folders['/etc/supervisor/conf.d'] = ['procman.conf'];
      w.texts['/etc/supervisor/conf.d/procman.conf'] = `command=/usr/bin/procmand run ${CONFIG}`;
    },
  ],
  [
    'login-session',
    'problem',
    /last logout of ann/,
    (w) => {
      ofAnn(w);
      cgroup('/user.slice/user-1000.slice/user@1000.service/app.slice/x.service')(w);
    },
  ],
  [
    'login-session',
    'problem',
    /KillUserProcesses/,
    (w) => {
      ofAnn(w);
      cgroup('/user.slice/user-1000.slice/session-3.scope')(w);
      w.texts['/etc/systemd/logind.conf'] = '[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n';
    },
  ],
  ['terminal', 'warning', /terminal is closed/, (w) => void (w.texts['/proc/4711/stat'] = statLine(4711, 500, 34817))],
  ['container', 'warning', /another pid namespace/, (w) => (noDaemon(w), (w.links['/proc/self/ns/pid'] = 'pid:[2]'))],
  [
    'container',
    'warning',
    /what on-exit = "leave" leaves/,
    (w) => void (w.texts['/proc/1/cmdline'] = 'sh\0/usr/bin/procmand\0'),
  ],
  ['node-version', 'problem', /18.1.0 is too old/, (w) => void (w.nodeVersion = '18.1.0')],
  ['tools', 'problem', /flock \(for every launch\)/, (w) => void (w.stats['/usr/bin/flock'] = undefined)],
  [
    'tools',
    'problem',
    /setpriv \(for user\)/,
    (w) => void (w.facts = { ...healthyFacts(), tools: [{ name: 'setpriv', key: 'user' }] }),
  ],
  ['identity', 'problem', /no boot id/, (w) => void (w.texts['/proc/sys/kernel/random/boot_id'] = undefined)],
  ['identity', 'problem', /no start times/, (w) => void (w.texts['/proc/self/stat'] = statLine(9, 0))],
  [
    'proc-visible',
    'warning',
    /hidepid=2/,
    (w) => (ofAnn(w), (w.texts['/proc/self/mounts'] = 'proc /proc proc rw,hidepid=2 0 0\n')),
  ],
  ['inotify', 'warning', /1 of 1 inotify/, (w) => void (w.texts['/proc/sys/fs/inotify/max_user_instances'] = '1\n')],
  ['process-limits', 'problem', /300 of 310 pids/, (w) => void (w.texts['/proc/sys/kernel/pid_max'] = '310\n')],
  [
    'process-limits',
    'problem',
    /2 of 2 processes of uid 1000/,
    (w) => (
      ofAnn(w),
      (w.texts['/proc/4711/limits'] = 'x\nMax processes             2                    2   processes\n')
    ),
  ],
  [
    'process-limits',
    'problem',
    /99 of 100 tasks of cgroup \/system.slice/,
    (w) => {
      w.texts['/sys/fs/cgroup/system.slice/procmand.service/pids.max'] = '100\n';
      w.texts['/sys/fs/cgroup/system.slice/procmand.service/pids.current'] = '99\n';
    },
  ],
  [
    'file-descriptors',
    'problem',
    /may open 4 files, and has 4/,
    (w) => void (w.texts['/proc/4711/limits'] = 'x\nMax open files            4                    4     files\n'),
  ],
  [
    'file-descriptors',
    'problem',
    /asks for 9000 open files/,
    (w) => (ofAnn(w), (w.facts = { ...healthyFacts(), mostFiles: 9000 })),
  ],
  ['out-of-memory', 'warning', /oom_score_adj 500/, (w) => void (w.texts['/proc/4711/oom_score_adj'] = '500\n')],
  ['out-of-memory', 'warning', /panic_on_oom/, (w) => void (w.texts['/proc/sys/vm/panic_on_oom'] = '1\n')],
  ['clock', 'problem', /behind 2027/, (w) => void (w.daemon.clock = { behindUntil: '2027-01-01T00:00:00.000Z' })],
  ['clock', 'warning', /not synchronised/, (w) => void (w.ran['timedatectl'] = { code: 0, stdout: 'no\n' })],
  [
    'time-zone',
    'warning',
    /"Mars\/Base" is not in the tables/,
    (w) => {
      w.config = { unknownZone: 'Mars/Base' };
      w.facts = { ...healthyFacts(), timezone: 'UTC' };
    },
  ],
];

describe('doctor', () => {
  it('finds nothing where all is well', () => {
    const { ok, checks } = examine(subjectOf(healthyWorld()));
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(ok).toBe(true);
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  });

  it.each(CASES)('%s: %s %s', (id, status, message, change) => {
    const check = found(id, change);
    expect(check).toMatchObject({ id, status, message: expect.stringMatching(message) as string });
    expect(check.mend).toMatch(/\S/);
  });

  it('has a provocation for each check', () => {
    const provoked = new Set(CASES.map(([id]) => id));
    expect(CHECKS.map(({ id }) => id).filter((id) => !provoked.has(id))).toEqual([]);
  });

  it('looks at the machine alone where nothing else is known', () => {
    const { ok, checks } = examine({ machine: machineOf(healthyWorld()), twins: [] });
    expect(ok).toBe(true);
    expect(checks.filter(({ status }) => status === 'ok').map(({ id }) => id)).toEqual(
      expect.arrayContaining(['node-version', 'tools', 'identity', 'inotify']),
    );
    expect(checks.find(({ id }) => id === 'state-dir')?.status).toBe('skipped');
  });

  it('goes on where one check fails itself', () => {
    const subject = subjectOf(healthyWorld());
    const machine = {
      ...subject.machine,
      cuts: () => {
        throw new Error('oh');
      },
    };
    const { checks } = examine({ ...subject, machine });
    expect(checks.find(({ id }) => id === 'log-folders')).toMatchObject({
      status: 'skipped',
      message: expect.stringContaining('oh') as string,
    });
    expect(checks.find(({ id }) => id === 'clock')?.status).toBe('ok');
  });
});

describe('what people read', () => {
  const style = { terminal: true, columns: 80, color: false };
  const checks: DoctorCheck[] = [
    { id: 'a', status: 'ok', message: 'fine' },
    { id: 'b', status: 'warning', message: 'meh', mend: 'do b' },
    { id: 'c', status: 'problem', message: 'bad', mend: 'do c' },
    { id: 'd', status: 'skipped', message: 'unseen' },
  ];

  it('begins with problems, counts what is well', () => {
    expect(renderDoctor({ ok: false, checks }, style, false)).toBe(
      'problem  c: bad\n    mend: do c\nwarning  b: meh\n    mend: do b\n1 problem, 1 warning, 1 ok, 1 skipped (--verbose shows all)\n',
    );
  });

  it('tells all when asked, in colours where they are wanted', () => {
    const text = renderDoctor({ ok: false, checks }, { ...style, color: true }, true);
    expect(text).toContain('\u001b[31mproblem\u001b[0m  c: bad');
    expect(text).toContain('skipped  d: unseen\nok  a: fine\n');
  });
});
