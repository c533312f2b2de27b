/** Dangers of files and folders: state, socket, logs. */
import { dirname } from 'node:path';
import type { Machine, Seen, Space } from './machine.ts';
import {
  type Check,
  daemonPid,
  daemonUser,
  type Finding,
  hasParent,
  listed,
  ok,
  problem,
  skipped,
  socketOf,
  stateDirOf,
  type Subject,
  warning,
} from './subject.ts';

const NO_STATE = 'no state folder is known: name a configuration with -c FILE';

/** Magic numbers of statfs(2). */
const MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);
const NETWORK: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x00c36400, 0x5346414f, 0x013111a8, 0x6b414653,
]);

const octal = ({ mode }: Seen): string => mode.toString(8).padStart(4, '0');

const stateDir: Check = {
  id: 'state-dir',
  look: (subject) => {
    const { machine } = subject;
    const folder = stateDirOf(subject);
    if (folder === undefined) return skipped(NO_STATE);
    const seen = machine.stat(folder);
    if (!seen) {
      return daemonPid(subject) === undefined
        ? ok(`${folder} is made by the first daemon`)
        : problem(
            `${folder} is gone, and the daemon runs: holds and exit codes cannot be written down`,
            'restart the daemon: it makes the folder, and finds what runs by its marks',
          );
    }
    return stateDanger(subject, folder, seen) ?? ok(`${folder} is private, and on a disk of this machine`);
  },
};

function stateDanger({ machine }: Subject, folder: string, seen: Seen): Finding | undefined {
  const type = machine.space(folder)?.type ?? 0;
  if (seen.kind !== 'folder') return problem(`${folder} is no folder`, 'move it away, and start the daemon again');
  if (machine.euid !== 0 && seen.uid !== machine.euid)
    return problem(
      `${folder} belongs to uid ${seen.uid}, not to this user`,
      `chown -R it to the user of the daemon, or name another state-dir`,
    );
  if ((seen.mode & 0o077) !== 0)
    return problem(`${folder} is open to others: mode ${octal(seen)}`, `chmod 0700 ${folder}`);
  if (NETWORK.has(type))
    return problem(
      `${folder} is on a network file system, whose locks other machines may not see`,
      'name a state-dir on a disk of this machine',
    );
  if (MEMORY.has(type))
    return problem(
      `${folder} is in memory: with a reboot holds are forgotten, and one-shots may run again`,
      'name a state-dir on a disk',
    );
  if (!machine.mayWrite(folder))
    return problem(
      `${folder} cannot be written: nothing can be started`,
      'mount it read-write, and look for errors of the disk: dmesg',
    );
  if (hasParent(folder, '/tmp'))
    return warning(
      `${folder} is below /tmp, which systemd-tmpfiles and reboots clean up`,
      'name a state-dir elsewhere',
    );
  return undefined;
}

const runtimeDir: Check = {
  id: 'runtime-dir',
  look: (subject) => {
    const { machine, owner } = subject;
    const socket = socketOf(subject);
    if (socket === undefined) return skipped('no socket is known: name a configuration with -c FILE');
    const folder = dirname(socket);
    const seen = machine.stat(folder);
    if (!seen) {
      if (daemonPid(subject) === undefined) return ok(`${folder} is made by the first daemon`);
      return problem(
        `${folder} is gone, and the daemon cannot be reached`,
        'it is made again within 10 s; if a login removes it: loginctl enable-linger USER',
      );
    }
    if ((seen.mode & 0o002) !== 0 && (seen.mode & 0o1000) === 0) {
      return problem(`anybody may put another socket into ${folder}: mode ${octal(seen)}`, `chmod o-w ${folder}`);
    }
    const user = daemonUser(subject);
    if (seen.uid !== user && seen.uid !== 0)
      return problem(
        `${folder} belongs to uid ${seen.uid}, who may put another socket there`,
        'name a socket in a folder of the daemon',
      );
    if (owner?.isLive === true && socket.endsWith('.sock') && hasParent(socket, '/tmp')) {
      return warning(
        `${socket} is below /tmp: what cleans up there makes the daemon unreachable`,
        'name a socket elsewhere, or set XDG_RUNTIME_DIR for the daemon',
      );
    }
    return ok(`${folder} is in order`);
  },
};

const socketCheck: Check = {
  id: 'socket',
  look: (subject) => {
    const { machine, config } = subject;
    const socket = socketOf(subject);
    if (socket === undefined || daemonPid(subject) === undefined) return skipped('no daemon runs');
    const seen = machine.stat(socket);
    if (seen?.kind !== 'socket')
      return problem(
        `${socket} is gone, and the daemon lives`,
        'wait 10 s: it binds a new one; else restart the daemon',
      );
    if ((seen.mode & 0o002) !== 0)
      return problem(
        `anybody may control the daemon: ${socket} has mode ${octal(seen)}`,
        `chmod o-rw ${socket}; give socket-group to a group instead`,
      );
    const wanted = config?.facts?.socketMode;
    if (wanted !== undefined && config?.facts?.socket === socket && seen.mode !== wanted) {
      return warning(
        `${socket} has mode ${octal(seen)}, and socket-mode says ${wanted.toString(8).padStart(4, '0')}`,
        'restart the daemon (services go on)',
      );
    }
    return ok(`${socket} is there`);
  },
};

/** Whoever removes a lock file makes room for a second holder. */
const locks: Check = {
  id: 'locks',
  look: (subject) => {
    const { machine, owner } = subject;
    const folder = stateDirOf(subject);
    if (folder === undefined || daemonPid(subject) === undefined) return skipped('no daemon runs');
    const alone = machine.stat(`${folder}/procmand.lock`) !== undefined;
    const locked = new Set(machine.names(`${folder}/runs/lock`));
    const open = machine.names(`${folder}/runs/record`).filter((stem) => !locked.has(stem));
    if (alone && open.length === 0) return ok(`the locks of ${owner?.file.uid ?? 'this daemon'} are in place`);
    const what = alone ? `the launch lock of ${listed(open)}` : `${folder}/procmand.lock`;
    return problem(
      `${what} was removed: it no longer keeps a second copy out`,
      'restart the daemon (services go on), then the services concerned; leave these files alone',
    );
  },
};

const leftOvers: Check = {
  id: 'broken-files',
  look: (subject) => {
    const folder = stateDirOf(subject);
    if (folder === undefined) return skipped(NO_STATE);
    const within = ['', '/instances', '/runs/record'].flatMap((part) =>
      subject.machine.names(`${folder}${part}`).map((name) => `${folder}${part}/${name}`),
    );
    const broken = within.filter((path) => /\.broken-[^/]+$/.test(path));
    if (broken.length === 0) return ok('no state file had to be set aside');
    return warning(
      `files that did not parse were set aside: ${listed(broken)}: a disk full or failing, or an edit by hand`,
      'look at them and at the log around that time (an edit by hand has to take the key "sum" out); then remove them',
    );
  },
};

/** Free bytes: less than both is short; less than all is urgent. */
const SHORT = { share: 0.05, bytes: 1024 ** 3 };
const URGENT = { share: 0.01, bytes: 64 * 1024 ** 2 };

const space: Check = {
  id: 'disk-space',
  look: (subject) => {
    const folders = foldersOf(subject);
    if (folders.length === 0) return skipped(NO_STATE);
    const found = folders.map((folder) => spaceDanger(folder, subject.machine.space(nearest(subject.machine, folder))));
    const grave = found.find((each) => each?.status === 'problem') ?? found.find((each) => each !== undefined);
    return grave ?? ok('there is room for state and logs');
  },
};

function foldersOf(subject: Subject): string[] {
  const state = stateDirOf(subject);
  return [...new Set([...(state === undefined ? [] : [state]), ...(subject.config?.facts?.logFolders ?? [])])];
}

/** A folder that is yet to be made will be where its parent is. */
function nearest(machine: Machine, folder: string): string {
  return folder === '/' || machine.stat(folder) !== undefined ? folder : nearest(machine, dirname(folder));
}

function spaceDanger(folder: string, space: Space | undefined): Finding | undefined {
  if (!space || space.bytes === 0) return undefined;
  const share = space.freeBytes / space.bytes;
  const inodes = space.inodes === 0 ? 1 : space.freeInodes / space.inodes;
  const mend = 'make room; log-max-bytes and log-backups bound what services write';
  const bytes = `${Math.floor(space.freeBytes / 1024 ** 2)} MiB free`;
  const told = inodes < SHORT.share ? `${space.freeInodes} of ${space.inodes} inodes free` : bytes;
  if (
    (share < URGENT.share && space.freeBytes < SHORT.bytes) ||
    space.freeBytes < URGENT.bytes ||
    inodes < URGENT.share
  ) {
    return problem(`the disk of ${folder} is full (${told}): what cannot be written down is not started`, mend);
  }
  if ((share < SHORT.share && space.freeBytes < SHORT.bytes) || inodes < SHORT.share) {
    return warning(`the disk of ${folder} is nearly full (${told})`, mend);
  }
  return undefined;
}

const logs: Check = {
  id: 'log-folders',
  look: (subject) => {
    const { machine, config } = subject;
    if (config?.facts === undefined) return skipped('no configuration that loads is known');
    const folders = config.facts.logFolders.filter((folder) => machine.stat(folder)?.kind === 'folder');
    const remote = folders.filter((folder) => NETWORK.has(machine.space(folder)?.type ?? 0));
    if (remote.length > 0) {
      return warning(
        `logs in ${listed(remote)} are on a network file system: lines of two writers get lost, and services hang with it`,
        'log to a disk of this machine',
      );
    }
    if (!config.facts.rotates) return ok('no log is rotated');
    return rotationDanger(machine, folders) ?? ok('logs can be rotated while they are written');
  },
};

function rotationDanger(machine: Machine, folders: readonly string[]): Finding | undefined {
  const tried = folders.flatMap((folder) => {
    const cuts = machine.cuts(folder);
    return cuts ? [{ folder, ...cuts }] : [];
  });
  const stuck = tried.filter(({ punch }) => !punch).map(({ folder }) => folder);
  const growing = tried.filter(({ punch, collapse }) => punch && !collapse).map(({ folder }) => folder);
  if (stuck.length > 0) {
    return problem(
      `${listed(stuck)}: this file system cannot free a part of a file: logs grow until their service ends`,
      'put logs on ext4, xfs, btrfs or tmpfs',
    );
  }
  if (growing.length === 0) return undefined;
  return warning(
    `${listed(growing)}: this file system cannot shorten a file at its front: rotated logs look large in ls until their service ends, and take no room`,
    'nothing has to be done; on ext4 and xfs they are shortened at once (docs/logs.md)',
  );
}

/** Two daemons for one file start everything twice. */
const twins: Check = {
  id: 'one-daemon',
  look: ({ twins: others, owner, config }) => {
    const path = config?.path ?? owner?.file.config;
    if (others.length === 0) return ok('no other daemon serves this configuration');
    return problem(
      `another daemon serves ${path ?? 'this configuration'} under uid ${listed(others.map(({ uid }) => uid))}: every service may run twice`,
      `procmanctl -u ${others[0]?.uid ?? 'UID'} shutdown, if it is the wrong one; never change the uid of a file whose daemon runs`,
    );
  },
};

const ownerFile: Check = {
  id: 'owner-file',
  look: ({ machine, owner, answers }) => {
    const pid = answers?.daemon.pid;
    if (pid === undefined || pid === null) return skipped('no daemon answers');
    if (owner?.file.pid === pid) return ok('others find the daemon by its owner file');
    if (machine.stat(`/proc/${pid}`) === undefined) return skipped('the daemon lives in another pid namespace');
    return warning(
      `the file that says who serves uid ${answers?.daemon.uid ?? '?'} is gone or names another: procmanctl does not find this daemon by itself`,
      'restart the daemon (services go on)',
    );
  },
};

export const FOLDER_CHECKS: readonly Check[] = [
  stateDir,
  runtimeDir,
  socketCheck,
  locks,
  leftOvers,
  space,
  logs,
  twins,
  ownerFile,
];
