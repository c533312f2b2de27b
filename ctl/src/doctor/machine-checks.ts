/** Dangers of the machine itself: they hold with and without a daemon or a configuration. */
import { statFields } from '@procman/daemon/effects/stat-fields';
import {
  type Check,
  daemonPid,
  daemonUser,
  type Finding,
  ok,
  problem,
  skipped,
  type Subject,
  warning,
} from './subject.ts';

const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];
const EVERY_LAUNCH = ['sh', 'flock', 'setsid'];
/** So much of a limit used is too much. */
const FULL = 0.9;
const LEAST_NODE = 20;

const node: Check = {
  id: 'node-version',
  look: ({ machine }) => {
    const { nodeVersion } = machine;
    if (Number(nodeVersion.split('.', 1)[0]) >= LEAST_NODE) return ok(`Node.js ${nodeVersion}`);
    return problem(`Node.js ${nodeVersion} is too old`, `install Node.js ${LEAST_NODE} or newer`);
  },
};

const tools: Check = {
  id: 'tools',
  look: ({ machine, config }) => {
    const wanted = [...EVERY_LAUNCH.map((name) => ({ name, key: 'every launch' })), ...(config?.facts?.tools ?? [])];
    const isThere = (name: string): boolean =>
      TOOL_FOLDERS.some((folder) => {
        const seen = machine.stat(`${folder}/${name}`);
        return seen?.kind === 'file' && (seen.mode & 0o111) !== 0;
      });
    const missing = wanted.filter(({ name }) => !isThere(name));
    if (missing.length === 0) return ok('the system tools that are needed are there');
    const told = [...new Set(missing.map(({ name, key }) => `${name} (for ${key})`))].join(', ');
    return problem(
      `missing in ${TOOL_FOLDERS.join(', ')}: ${told}`,
      'install util-linux (Debian: also bsdutils), or take out the keys that need it',
    );
  },
};

/** Without boot id and start times nobody can tell a process from another that got its pid (gVisor). */
const identity: Check = {
  id: 'identity',
  look: ({ machine }) => {
    const boot = machine.text('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
    const stat = machine.text('/proc/self/stat') ?? '';
    const start = Number(statFields(stat)[19] ?? 0);
    if (boot !== '' && start > 0) return ok('processes can be told apart for certain');
    return problem(
      `this kernel gives ${boot === '' ? 'no boot id' : 'no start times of processes'}: after its own end the daemon cannot prove what runs`,
      'run procmand on a kernel with a full /proc; in a sandbox keep it in one container with its services, as PID 1',
    );
  },
};

const procVisible: Check = {
  id: 'proc-visible',
  look: (subject) => {
    const { machine } = subject;
    const mounts = machine.text('/proc/self/mounts')?.split('\n') ?? [];
    const options = mounts.find((line) => line.split(' ')[1] === '/proc' && line.split(' ')[2] === 'proc') ?? '';
    const hides = /\bhidepid=(1|2|4|noaccess|invisible|ptraceable)\b/.exec(options);
    if (!hides || daemonUser(subject) === 0) return ok('the daemon sees the processes that it starts');
    return warning(
      `/proc is mounted with ${hides[0]}: a daemon that is not root's sees no process that has changed its user`,
      'run the daemon as root, or mount /proc with gid= of a group that the daemon is in',
    );
  },
};

const inotify: Check = {
  id: 'inotify',
  look: (subject) => {
    const { machine } = subject;
    const limit = Number(machine.text('/proc/sys/fs/inotify/max_user_instances') ?? NaN);
    if (Number.isNaN(limit)) return skipped('the kernel does not tell its limit of inotify instances');
    const user = daemonUser(subject);
    const used = pidsOf(subject, user).reduce((sum, pid) => sum + inotifyInstances(subject, pid), 0);
    if (used < limit * FULL) return ok(`${used} of ${limit} inotify instances of the user are in use`);
    return warning(
      `${used} of ${limit} inotify instances of uid ${user} are in use: without one the daemon looks for ended processes four times a second`,
      `sysctl fs.inotify.max_user_instances=${2 * limit}, and put it into /etc/sysctl.d`,
    );
  },
};

function inotifyInstances({ machine }: Subject, pid: string): number {
  const folder = `/proc/${pid}/fd`;
  return machine.names(folder).filter((fd) => machine.link(`${folder}/${fd}`) === 'anon_inode:inotify').length;
}

function pidsOf({ machine }: Subject, user: number): string[] {
  const all = machine.names('/proc').filter((name) => /^\d+$/.test(name));
  return all.filter((pid) => machine.stat(`/proc/${pid}`)?.uid === user);
}

const processes: Check = {
  id: 'process-limits',
  look: (subject) => {
    const limits = [systemLimit(subject), userLimit(subject), ...groupLimits(subject)].filter(
      (each) => each !== undefined,
    );
    const full = limits.filter(({ used, limit }) => used >= limit * FULL);
    const worst = full[0];
    if (worst === undefined) return ok('there is room for more processes');
    const message = full.map(({ what, used, limit }) => `${used} of ${limit} ${what}`).join('; ');
    return problem(`hardly any process can be started any more: ${message}`, worst.mend);
  },
};

interface Limit {
  readonly what: string;
  readonly used: number;
  readonly limit: number;
  readonly mend: string;
}

/** Threads count: each takes a pid. */
function systemLimit({ machine }: Subject): Limit | undefined {
  const limit = Number(machine.text('/proc/sys/kernel/pid_max') ?? NaN);
  const used = Number(/\/(\d+)/.exec(machine.text('/proc/loadavg') ?? '')?.[1] ?? NaN);
  if (Number.isNaN(limit) || Number.isNaN(used)) return undefined;
  return {
    what: 'pids of the machine',
    used,
    limit,
    mend: 'find what has started them; or sysctl kernel.pid_max=4194304',
  };
}

function userLimit(subject: Subject): Limit | undefined {
  const user = daemonUser(subject);
  const limit = limitOf(subject, 'Max processes');
  // The kernel does not hold root to it.
  if (user === 0 || limit === undefined) return undefined;
  const used = pidsOf(subject, user).length;
  return {
    what: `processes of uid ${user}`,
    used,
    limit,
    mend: 'raise it: TasksMax and LimitNPROC of the unit, or limits.conf',
  };
}

function groupLimits(subject: Subject): Limit[] {
  const found: Limit[] = [];
  for (let path = cgroupOf(subject) ?? ''; path !== '' && path !== '/'; path = path.slice(0, path.lastIndexOf('/'))) {
    const read = (name: string): number => Number(subject.machine.text(`/sys/fs/cgroup${path}/${name}`) ?? NaN);
    const [limit, used] = [read('pids.max'), read('pids.current')];
    if (Number.isNaN(limit) || Number.isNaN(used)) continue;
    found.push({
      what: `tasks of cgroup ${path}`,
      used,
      limit,
      mend: 'set TasksMax=infinity in the unit, or raise the limit of the container',
    });
  }
  return found;
}

/** The daemon's cgroup (v2), as a path below the mount; of the client where there is no daemon. */
export function cgroupOf(subject: Subject): string | undefined {
  const text = subject.machine.text(`/proc/${daemonPid(subject) ?? 'self'}/cgroup`) ?? '';
  return /^0::(\/.*)$/m.exec(text)?.[1] ?? /^\d+:name=systemd:(\/.*)$/m.exec(text)?.[1];
}

/** The soft limit of the daemon, or of the client, which a daemon would inherit. */
function limitOf(subject: Subject, name: string, which: 'soft' | 'hard' = 'soft'): number | undefined {
  const line = (subject.machine.text(`/proc/${daemonPid(subject) ?? 'self'}/limits`) ?? '')
    .split('\n')
    .find((each) => each.startsWith(name));
  const [soft, hard] = line?.slice(26).trim().split(/\s+/) ?? [];
  const value = which === 'soft' ? soft : hard;
  return value === undefined ? undefined : value === 'unlimited' ? Infinity : Number(value);
}

/** What the daemon holds open at most besides what grows: sockets, locks, logs. */
const LEAST_FILES = 256;

const files: Check = {
  id: 'file-descriptors',
  look: (subject) => {
    const pid = daemonPid(subject);
    const limit = limitOf(subject, 'Max open files');
    const hard = limitOf(subject, 'Max open files', 'hard');
    if (limit === undefined || hard === undefined) return skipped('the limit of open files cannot be read');
    const used = pid === undefined ? 0 : subject.machine.names(`/proc/${pid}/fd`).length;
    const asked = subject.config?.facts?.mostFiles ?? 0;
    const mend = 'raise LimitNOFILE of the unit, or nofile in limits.conf';
    if (limit < LEAST_FILES || used >= limit * FULL)
      return problem(`the daemon may open ${limit} files, and has ${used} open`, mend);
    if (asked > hard && daemonUser(subject) !== 0) {
      return problem(
        `a service asks for ${asked} open files (limits.nofile), and this user's hard limit is ${hard}`,
        mend,
      );
    }
    return ok(`${used} of ${limit} files are open`);
  },
};

const oom: Check = {
  id: 'out-of-memory',
  look: (subject) => {
    const { machine } = subject;
    const pid = daemonPid(subject);
    if ((machine.text('/proc/sys/vm/panic_on_oom')?.trim() ?? '0') !== '0') {
      return warning(
        'one process that takes too much memory takes the machine down (vm.panic_on_oom)',
        'sysctl vm.panic_on_oom=0',
      );
    }
    const score = pid === undefined ? 0 : Number(machine.text(`/proc/${pid}/oom_score_adj`) ?? 0);
    if (score <= 0) return ok('the daemon is not the first that the kernel kills for memory');
    return warning(
      `the daemon has oom_score_adj ${score}: it is among the first that the kernel kills when memory is short (services go on)`,
      `choom -p ${pid ?? ''} -n 0; in a unit OOMScoreAdjust=0`,
    );
  },
};

const clock: Check = {
  id: 'clock',
  look: ({ machine, answers, config }) => {
    const behind = answers?.daemon.clock?.behindUntil;
    const mend = 'set the clock: timedatectl set-ntp true, or install chrony';
    if (behind !== undefined) {
      return problem(
        `the clock is behind ${behind}, the newest time on record: no scheduled stop and no new version until then`,
        mend,
      );
    }
    if (config?.facts?.hasTimes === false) return ok('no time of the configuration depends on the clock');
    const told = machine.run('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
    if (told?.code !== 0) return skipped('nobody tells whether the clock is synchronised (no timedatectl)');
    return told.stdout.trim() === 'yes'
      ? ok('the clock is synchronised')
      : warning('the clock is not synchronised: windows and versions come at the wrong time', mend);
  },
};

const zone: Check = {
  id: 'time-zone',
  look: ({ config }): Finding => {
    const unknown = config?.unknownZone;
    const { facts } = config ?? {};
    if (unknown === undefined || (facts && (!facts.hasTimes || facts.timezone !== 'UTC')))
      return ok('the time zone is known');
    return warning(
      `the system's time zone "${unknown}" is not in the tables of Node.js: all civil times are taken as UTC`,
      'write timezone = "Europe/Madrid", say, under [daemon]; or mend TZ and /etc/localtime',
    );
  },
};

export const MACHINE_CHECKS: readonly Check[] = [
  node,
  tools,
  identity,
  procVisible,
  inotify,
  processes,
  files,
  oom,
  clock,
  zone,
];
