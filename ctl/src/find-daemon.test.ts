import type { OwnerFile } from '@procman/protocol/paths';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from './failure.ts';
import { findDaemon, listDaemons, plainUid, type Surroundings } from './find-daemon.ts';

let folder: string;
let around: Surroundings;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procmanctl-'));
  for (const name of ['own/procman', 'root', 'proc/sys/kernel/random'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'proc/sys/kernel/random/boot_id'), 'this-boot\n');
  around = {
    euid: process.geteuid!() || 1000,
    env: { XDG_RUNTIME_DIR: join(folder, 'own'), HOME: folder },
    proc: join(folder, 'proc'),
    rootRuntime: join(folder, 'root'),
  };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A daemon that left its owner file; it lives when `/proc` says so. */
function daemonOf(where: 'own/procman' | 'root', uid: string, pid: number, overrides: Partial<OwnerFile> = {}): string {
  const socket = join(folder, where, `${uid}.sock`);
  const identity = { pid, startTicks: 500, bootId: 'this-boot', pidNamespace: 'pid:[1]' };
  const rest = { stateDir: '/s', config: `/etc/${uid}.toml`, startedAt: '2026-03-01T08:00:00Z', procman: '0.1.0' };
  const owner: OwnerFile = { version: 1, uid, ...identity, socket, ...rest, ...overrides };
  writeFileSync(join(folder, where, `${uid}.json`), JSON.stringify(owner));
  writeFileSync(socket, '');
  return socket;
}

/** proc(5): the command may hold brackets and blanks; start time is field 22. */
function alive(pid: number, startTicks = 500, state = 'S'): void {
  mkdirSync(join(folder, 'proc', String(pid)));
  const fields = [state, ...Array.from({ length: 18 }, () => '0'), String(startTicks), '0'];
  writeFileSync(join(folder, 'proc', String(pid), 'stat'), `${pid} (node a) b) ${fields.join(' ')}\n`);
}

function failureOf(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw new Error('it did not fail');
}

describe('findDaemon', () => {
  it('takes the socket, then the uid, then the environment', () => {
    const socket = daemonOf('own/procman', 'a', 10);
    alive(10);
    const env = { ...around.env, PROCMAN_SOCKET: '/env.sock' };
    expect(findDaemon({ socket: '/x', uid: 'a' }, around).socket).toBe('/x');
    expect(findDaemon({ uid: 'a' }, { ...around, env }).socket).toBe(socket);
    expect(findDaemon({ configUid: { file: '/f', uid: 'a' } }, around).socket).toBe(socket);
    expect(findDaemon({}, { ...around, env }).socket).toBe('/env.sock');
  });

  it("takes the only one that runs; the user's before root's", () => {
    daemonOf('own/procman', 'dead', 11);
    const roots = daemonOf('root', 'r', 12);
    alive(12);
    expect(findDaemon({}, around).socket).toBe(roots);
    const own = daemonOf('own/procman', 'a', 10);
    alive(10);
    expect(findDaemon({}, around).socket).toBe(own);
  });

  it('lists several, and takes none: exit 2', () => {
    for (const [uid, pid] of [
      ['a', 10],
      ['b', 11],
    ] as const) {
      daemonOf('own/procman', uid, pid);
      alive(pid);
    }
    const failure = failureOf(() => findDaemon({}, around));
    expect(failure.exitCode).toBe(2);
    expect(failure.message).toContain(`-u a   config /etc/a.toml   socket ${join(folder, 'own/procman/a.sock')}`);
    expect(failure.message).toContain('-u b ');
  });

  it('says where it looked: exit 5', () => {
    const failure = failureOf(() => findDaemon({}, around));
    expect(failure.exitCode).toBe(5);
    expect(failure.message).toContain(`looked in ${join(folder, 'own/procman')} and ${join(folder, 'root')}`);
    expect(failureOf(() => findDaemon({ uid: 'zz' }, around)).message).toContain('no daemon is running for uid "zz"');
  });

  it('tries the usual socket of a uid whose process it cannot see', () => {
    const socket = daemonOf('own/procman', 'a', 10);
    expect(findDaemon({ uid: 'a' }, around).socket).toBe(socket);
  });
});

describe('liveness', () => {
  const isLive = (): boolean | undefined => listDaemons(around)[0]?.isLive;

  it('needs pid, start time and boot', () => {
    daemonOf('own/procman', 'a', 10);
    expect(isLive()).toBe(false);
    alive(10);
    expect(isLive()).toBe(true);
    daemonOf('own/procman', 'a', 10, { startTicks: 501 });
    expect(isLive()).toBe(false);
    daemonOf('own/procman', 'a', 10, { bootId: 'another' });
    expect(isLive()).toBe(false);
  });

  it('is not that of a zombie', () => {
    daemonOf('own/procman', 'a', 10);
    alive(10, 500, 'Z');
    expect(isLive()).toBe(false);
  });

  it('passes over files that are no owner files', () => {
    writeFileSync(join(folder, 'own/procman/x.json'), '{"version":1');
    expect(listDaemons(around)).toEqual([]);
  });
});

it.each([
  ['uid = "abc"\n', 'abc'],
  ["# x\n  uid='a.b-c_d' # mine\r\n[daemon]\n", 'a.b-c_d'],
  ['file-format = "0"\n[daemon]\nuid = "abc"\n', undefined],
  ['uid = "a\\u0062c"\n', undefined],
  ['uid = """abc"""\n', undefined],
  ['', undefined],
])('plainUid of %j', (text, uid) => expect(plainUid(text)).toBe(uid));
