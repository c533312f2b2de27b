/** A machine of a test: files, links and answers are what the test says; what is healthy is there unless told. */
import type { OwnerFile } from '@procman/protocol/paths';
import type { DaemonView, Row } from '@procman/protocol/views';
import { row, statusOf } from '../testing/fake-daemon.ts';
import type { ConfigFacts, Facts } from './config-facts.ts';
import type { Cuts, Machine, Ran, Seen, Space } from './machine.ts';
import type { Subject } from './subject.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const STATE = '/var/lib/procman/shop';
export const CONFIG = '/etc/procman.toml';
export const BUNDLE = '/opt/procman/daemon/dist/procmand.cjs';
const BOOT = 'b0b0';

/** `pid (name) S` and the fields that follow, with the terminal as the 7th and the start as the 22nd (proc(5)). */
export function statLine(pid: number, start: number, tty = 0): string {
  const rest = Array.from({ length: 40 }, () => '0');
  rest[0] = 'S';
  rest[4] = String(tty);
  rest[19] = String(start);
  return `${pid} (node) ${rest.join(' ')}`;
}

const folder = (mode = 0o755): Seen => ({ kind: 'folder', uid: 0, gid: 0, mode, size: 0, modifiedAt: 0 });
const file = (mode = 0o644): Seen => ({ kind: 'file', uid: 0, gid: 0, mode, size: 0, modifiedAt: 0 });
export const seen = { folder, file, socket: (mode: number): Seen => ({ ...file(mode), kind: 'socket' }) };

/** All that a test may change. */
export interface World {
  texts: Record<string, string | undefined>;
  stats: Record<string, Seen | undefined>;
  folders: Record<string, readonly string[]>;
  links: Record<string, string>;
  space: Space;
  cuts: Cuts | undefined;
  ran: Record<string, Ran | undefined>;
  readOnly: boolean;
  nodeVersion: string;
  euid: number;
  facts: Facts | undefined;
  config: Partial<ConfigFacts>;
  rows: Row[];
  daemon: { -readonly [K in keyof DaemonView]?: DaemonView[K] };
  eventsTrouble: string | undefined;
  owner: { file: OwnerFile; isLive: boolean } | undefined;
  isSilent: boolean;
  twins: OwnerFile[];
}

export function ownerFile(overrides: Partial<OwnerFile> = {}): OwnerFile {
  return {
    version: 1,
    uid: 'shop',
    pid: 4711,
    startTicks: 500,
    bootId: BOOT,
    pidNamespace: 'pid:[1]',
    socket: '/run/procman/shop.sock',
    stateDir: STATE,
    config: CONFIG,
    startedAt: '2026-03-01T10:00:00.000Z',
    procman: '0.1.0',
    ...overrides,
  };
}

export function healthyFacts(): Facts {
  return {
    uid: 'shop',
    stateDir: STATE,
    socket: '/run/procman/shop.sock',
    socketMode: 0o600,
    files: [CONFIG],
    onExit: 'leave',
    hasTimes: true,
    timezone: 'Europe/Madrid',
    logFolders: [`${STATE}/logs`],
    rotates: true,
    tools: [{ name: 'fallocate', key: 'log-max-bytes' }],
    mostFiles: 0,
    instances: 1,
  };
}

const LIMITS = [
  'Limit                     Soft Limit           Hard Limit           Units     ',
  'Max processes             1000                 1000                 processes ',
  'Max open files            1024                 4096                 files     ',
].join('\n');

const UNIT =
  'KillMode=process\nOOMPolicy=continue\nRestart=always\nExecStop={ path=/bin/sh }\nPrivateTmp=no\nStartLimitIntervalUSec=0\nUnitFileState=enabled\n';

/** A daemon of root, a unit of systemd, that has nothing to complain of. */
export function healthyWorld(): World {
  return {
    texts: {
      '/proc/sys/kernel/random/boot_id': `${BOOT}\n`,
      '/proc/self/stat': statLine(99, 900),
      '/proc/self/mounts': 'proc /proc proc rw,nosuid 0 0\n',
      '/proc/sys/fs/inotify/max_user_instances': '128\n',
      '/proc/sys/kernel/pid_max': '32768\n',
      '/proc/loadavg': '0.1 0.1 0.1 1/300 4999\n',
      '/proc/sys/vm/panic_on_oom': '0\n',
      '/proc/uptime': '7200.00 100.00\n',
      '/proc/4711/limits': LIMITS,
      '/proc/4711/oom_score_adj': '0\n',
      '/proc/4711/cgroup': '0::/system.slice/procmand.service\n',
      '/proc/4711/stat': statLine(4711, 500),
      '/proc/4711/status': 'Name:\tnode\nPPid:\t1\n',
      '/proc/4711/cmdline': `node\0${BUNDLE}\0run\0`,
      '/proc/1/cmdline': '/sbin/init\0',
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n',
      '/etc/systemd/system/multi-user.target.wants/procmand.service': `ExecStart=/usr/local/bin/procmand run ${CONFIG}\n`,
      [`${STATE}/config.last.toml`]: 'uid = "shop"\n',
      [`${STATE}/runs/record/web~0`]: `5000 700 L1 ${BOOT} pid:[1] 4999 699 end\n`,
      '/proc/5000/stat': statLine(5000, 700),
      '/proc/4999/stat': statLine(4999, 699),
    },
    stats: {
      ...Object.fromEntries(['sh', 'flock', 'setsid', 'fallocate'].map((name) => [`/usr/bin/${name}`, file(0o755)])),
      '/': folder(),
      [STATE]: folder(0o700),
      [`${STATE}/procmand.lock`]: file(0o600),
      [`${STATE}/logs`]: folder(0o700),
      '/run/procman': folder(),
      '/run/procman/shop.sock': { ...file(0o600), kind: 'socket' },
      '/proc/4711': folder(),
      '/proc/5000': folder(),
      '/etc': folder(),
      [CONFIG]: file(),
      [BUNDLE]: file(),
    },
    folders: {
      '/proc': ['1', '4711', '5000', 'self'],
      '/proc/4711/fd': ['0', '1', '2', '20'],
      '/etc/systemd/system/multi-user.target.wants': ['procmand.service', 'ssh.service'],
      [`${STATE}/runs/record`]: ['web~0'],
      [`${STATE}/runs/lock`]: ['web~0'],
    },
    links: {
      '/proc/self/ns/pid': 'pid:[1]',
      '/proc/4711/exe': '/usr/bin/node',
      '/proc/4711/fd/20': 'anon_inode:inotify',
    },
    space: { type: 0xef53, bytes: 1e12, freeBytes: 5e11, inodes: 1e6, freeInodes: 9e5 },
    cuts: { punch: true, collapse: true },
    ran: { systemctl: { code: 0, stdout: UNIT }, timedatectl: { code: 0, stdout: 'yes\n' } },
    readOnly: false,
    nodeVersion: '20.11.0',
    euid: 0,
    facts: healthyFacts(),
    config: {},
    rows: [row({ name: 'web' })],
    daemon: { pid: 4711 },
    eventsTrouble: undefined,
    owner: { file: ownerFile(), isLive: true },
    isSilent: false,
    twins: [],
  };
}

export function unitOf(changes: Readonly<Record<string, string>>): Ran {
  const lines = UNIT.split('\n').map((line) => {
    const key = line.split('=', 1)[0] ?? '';
    return key in changes ? `${key}=${changes[key] ?? ''}` : line;
  });
  return { code: 0, stdout: lines.join('\n') };
}

export function subjectOf(world: World): Subject {
  const status = statusOf(world.rows);
  const daemon = {
    ...status.daemon,
    uid: 'shop',
    version: '0.1.0',
    configPath: CONFIG,
    startedAt: '2026-03-01T10:00:00.000Z',
    ...world.daemon,
  };
  return {
    machine: machineOf(world),
    config: { path: CONFIG, errors: [], warnings: 0, text: 'uid = "shop"\n', facts: world.facts, ...world.config },
    owner: world.owner,
    ...(world.isSilent
      ? { silence: 'nobody listens on its socket' }
      : { answers: { daemon, rows: world.rows, eventsTrouble: world.eventsTrouble } }),
    twins: world.twins,
  };
}

export function machineOf(world: World): Machine {
  return {
    euid: world.euid,
    env: { HOME: '/root' },
    nodeVersion: world.nodeVersion,
    clientVersion: '0.1.0',
    now: () => NOW,
    text: (path) => world.texts[path],
    names: (path) => world.folders[path] ?? [],
    stat: (path) => world.stats[path],
    link: (path) => world.links[path],
    space: () => world.space,
    mayWrite: () => !world.readOnly,
    run: (program) => world.ran[program],
    cuts: () => world.cuts,
  };
}
