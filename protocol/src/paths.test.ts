import { describe, expect, it } from 'vitest';
import {
  defaultSocketPath,
  defaultStateDirectory,
  isSocketPathTooLong,
  type OwnerFile,
  ownerFilePath,
  parseOwnerFile,
  runtimeDirectory,
} from './paths.ts';

const root = { euid: 0, env: { XDG_RUNTIME_DIR: '/run/user/0', HOME: '/root' } };
const user = { euid: 1000, env: { XDG_RUNTIME_DIR: '/run/user/1000', HOME: '/home/ann' } };
const bare = { euid: 1000, env: { HOME: '/home/ann' } };

describe('default paths', () => {
  it('are the system folders for root, whatever the environment says', () => {
    expect(runtimeDirectory(root)).toBe('/run/procman');
    expect(defaultStateDirectory('web', root)).toBe('/var/lib/procman/web');
    expect(defaultSocketPath('web', '/var/lib/procman/web', root)).toBe('/run/procman/web.sock');
    expect(ownerFilePath('web', root)).toBe('/run/procman/web.json');
  });

  it('are the XDG folders for a user', () => {
    expect(runtimeDirectory(user)).toBe('/run/user/1000/procman');
    expect(defaultStateDirectory('web', user)).toBe('/home/ann/.local/state/procman/web');
    expect(defaultStateDirectory('web', { euid: 1000, env: { XDG_STATE_HOME: '/data/' } })).toBe('/data/procman/web');
    expect(defaultSocketPath('web', '/state', user)).toBe('/run/user/1000/procman/web.sock');
  });

  it('do without a runtime folder', () => {
    expect(runtimeDirectory(bare)).toBe('/tmp/procman-1000');
    expect(defaultSocketPath('web', '/state', bare)).toBe('/state/procmand.sock');
    expect(ownerFilePath('web', bare)).toBe('/tmp/procman-1000/web.json');
  });

  it('ignore XDG folders that are relative or empty', () => {
    for (const folder of ['', 'run', './run']) {
      const context = { euid: 1000, env: { XDG_RUNTIME_DIR: folder, XDG_STATE_HOME: folder, HOME: '/h' } };
      expect(runtimeDirectory(context)).toBe('/tmp/procman-1000');
      expect(defaultStateDirectory('web', context)).toBe('/h/.local/state/procman/web');
    }
  });

  it('go to /tmp where the path is too long for a socket, counted in bytes', () => {
    expect(defaultSocketPath('web', `/${'s'.repeat(92)}`, bare)).toHaveLength(107);
    expect(defaultSocketPath('web', `/${'s'.repeat(93)}`, bare)).toBe('/tmp/procman-1000/web.sock');
    expect(isSocketPathTooLong('é'.repeat(53))).toBe(false);
    expect(isSocketPathTooLong('é'.repeat(54))).toBe(true);
  });
});

describe('parseOwnerFile', () => {
  const owner: OwnerFile = {
    version: 1,
    uid: 'web',
    pid: 42,
    startTicks: 12345,
    bootId: 'b',
    pidNamespace: 'pid:[4026531836]',
    socket: '/s',
    stateDir: '/d',
    config: '/c',
    startedAt: '2026-01-01T00:00:00.000+00:00',
    procman: '0.1.0',
  };

  it('reads what was written, and leaves out what it does not know', () => {
    expect(parseOwnerFile(JSON.stringify(owner))).toEqual(owner);
    expect(parseOwnerFile(JSON.stringify({ ...owner, later: 1 }))).toEqual(owner);
  });

  it('takes nothing that is cut off, of another version or of another shape', () => {
    const text = JSON.stringify(owner);
    for (let length = 0; length < text.length; length += 7)
      expect(parseOwnerFile(text.slice(0, length))).toBeUndefined();
    for (const other of ['null', '[]', '1', '"x"', '{}']) expect(parseOwnerFile(other)).toBeUndefined();
    for (const change of [{ version: 2 }, { pid: '42' }, { pid: 0 }, { startTicks: -1 }, { socket: '' }, { uid: 1 }])
      expect(parseOwnerFile(JSON.stringify({ ...owner, ...change }))).toBeUndefined();
    for (const key of Object.keys(owner))
      expect(parseOwnerFile(JSON.stringify({ ...owner, [key]: undefined }))).toBeUndefined();
  });
});
