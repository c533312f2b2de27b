import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { randomBytes } from 'node:crypto';
import { VERSION } from '../version.ts';
import type { Cuts, Machine, Seen, Space } from './machine.ts';

const MOST_BYTES = 64 * 1024;
const LIMIT_MS = 5_000;
const TOOL_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

export function realMachine(env: Machine['env'], now: () => Date): Machine {
  return {
    euid: process.geteuid?.() ?? 0,
    env,
    nodeVersion: process.versions.node,
    clientVersion: VERSION,
    now: () => now().getTime(),
    text: (path) => attempt(() => beginningOf(path)),
    names: (folder) => attempt(() => fs.readdirSync(folder)) ?? [],
    stat: (path) => attempt(() => seen(fs.statSync(path))),
    link: (path) => attempt(() => fs.readlinkSync(path)),
    space: (path) => attempt(() => spaceOf(fs.statfsSync(path))),
    mayWrite: (path) => attempt(() => (fs.accessSync(path, fs.constants.W_OK), true)) ?? false,
    run: (program, args) => {
      // What systemctl needs to find this user's systemd goes along.
      const { XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS } = env;
      const { status, stdout, error } = spawnSync(program, args, {
        env: { ...TOOL_ENV, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS },
        stdio: ['ignore', 'pipe', 'ignore'],
        encoding: 'utf8',
        timeout: LIMIT_MS,
      });
      return error === undefined ? { code: status, stdout } : undefined;
    },
    cuts: (folder) => attempt(() => tryCuts(folder)),
  };
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** Opens without blocking: it may be a named pipe. */
function beginningOf(path: string): string {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    for (let total = 0; total < MOST_BYTES;) {
      const chunk = Buffer.alloc(MOST_BYTES - total);
      const count = fs.readSync(fd, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      total += count;
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    fs.closeSync(fd);
  }
}

function seen(stats: fs.Stats): Seen {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSocket() ? 'socket' : 'other';
  const { uid, gid, size, mtimeMs } = stats;
  return { kind, uid, gid, mode: stats.mode & 0o7777, size, modifiedAt: mtimeMs };
}

function spaceOf({ type, bsize, blocks, bavail, files, ffree }: fs.StatsFs): Space {
  return { type: type >>> 0, bytes: blocks * bsize, freeBytes: bavail * bsize, inodes: files, freeInodes: ffree };
}

/** By descriptor, and without a name as soon as it is open: the folder may belong to somebody who would put a link there. */
function tryCuts(folder: string): Cuts {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
  const path = `${folder}/.procman-doctor-${randomBytes(8).toString('hex')}`;
  const fd = fs.openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    fs.unlinkSync(path);
    const block = Math.max(4096, fs.statfsSync(folder).bsize);
    fs.writeSync(fd, Buffer.alloc(2 * block, 'x'));
    const can = (option: string): boolean => {
      const words = [option, '-o', '0', '-l', String(block), '/proc/self/fd/3'];
      const { status, error } = spawnSync('fallocate', words, {
        env: TOOL_ENV,
        stdio: ['ignore', 'ignore', 'ignore', fd],
        timeout: LIMIT_MS,
      });
      if (error !== undefined) throw error;
      return status === 0;
    };
    return { punch: can('-p'), collapse: can('-c') };
  } finally {
    fs.closeSync(fd);
  }
}
