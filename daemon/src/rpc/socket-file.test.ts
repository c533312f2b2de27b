import * as fs from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindSocket, openSocketDirectory } from './socket-file.ts';
import { privateFolder, RawClient } from './testing.ts';

const euid = process.geteuid!();
const isRoot = euid === 0;
let folder: ReturnType<typeof privateFolder>;
let servers: Server[];

beforeEach(() => {
  folder = privateFolder();
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  folder.remove();
});

async function bind(path: string, more: { mode?: number; group?: number; env?: Record<string, string> } = {}) {
  const { mode = 0o600, group, env = {} } = more;
  const server = createServer((socket) => socket.end());
  servers.push(server);
  return bindSocket(server, { path, mode, context: { euid, env }, ...(group === undefined ? {} : { group }) });
}

describe('bindSocket', () => {
  it('leaves one file, with its mode', async () => {
    for (const mode of [0o600, 0o660, 0o666]) {
      const path = join(folder.path, `${mode}.sock`);
      await bind(path, { mode });
      expect(fs.statSync(path).mode & 0o7777).toBe(mode);
    }
    expect(fs.readdirSync(folder.path)).toHaveLength(3);
  });

  it('does not change the umask', async () => {
    const before = process.umask(0o027);
    await bind(join(folder.path, 's'));
    expect(process.umask(before)).toBe(0o027);
  });

  it.runIf(isRoot)('gives it its group', async () => {
    const path = join(folder.path, 's');
    await bind(path, { mode: 0o660, group: 7 });
    expect(fs.statSync(path)).toMatchObject({ gid: 7, uid: euid });
  });

  it('takes a path of 107 bytes, and none longer', async () => {
    const longest = join(folder.path, 'x'.repeat(107 - folder.path.length - 1));
    expect(Buffer.byteLength(longest)).toBe(107);
    await bind(longest);
    const client = await RawClient.connect(longest);
    await client.until(() => client.isEnded);
    expect(fs.readdirSync(folder.path)).toEqual([longest.slice(folder.path.length + 1)]);
    await expect(bind(`${longest}x`)).rejects.toThrow(/cannot listen on .*107 bytes/);
  });

  it('takes a short name in a deep folder', async () => {
    const deep = join(folder.path, 'd'.repeat(107 - folder.path.length - 4));
    await bind(join(deep, 's'));
    const client = await RawClient.connect(join(deep, 's'));
    await client.until(() => client.isEnded);
  });

  it('replaces a socket that was left, and no other file', async () => {
    const path = join(folder.path, 's');
    await bind(path);
    await bind(path);
    fs.writeFileSync(join(folder.path, 'mine'), 'text');
    await expect(bind(join(folder.path, 'mine'))).rejects.toThrow('no socket');
    expect(fs.readFileSync(join(folder.path, 'mine'), 'utf8')).toBe('text');
  });

  it('takes what a killed daemon of the same pid left', async () => {
    fs.writeFileSync(join(folder.path, `s.${process.pid}`), '');
    await bind(join(folder.path, 's'));
    expect(fs.readdirSync(folder.path)).toEqual(['s']);
  });

  it('says which path and why', async () => {
    fs.writeFileSync(join(folder.path, 'file'), '');
    await expect(bind(join(folder.path, 'file', 's'))).rejects.toThrow(/cannot listen on .*file\/s: /);
  });

  it.runIf(!isRoot)('knows the runtime folder of a user as its own', async () => {
    fs.symlinkSync(folder.path, join(folder.path, 'procman'));
    const env = { XDG_RUNTIME_DIR: folder.path };
    await expect(bind(join(folder.path, 'procman', 's'), { env })).rejects.toThrow('symbolic link');
  });
});

describe('the folder of the socket', () => {
  function open(path: string, ownMode?: number): void {
    fs.closeSync(openSocketDirectory(path, { euid, ...(ownMode === undefined ? {} : { ownMode }) }));
  }

  it('is made for us alone', () => {
    const path = join(folder.path, 'a', 'b');
    open(path);
    expect(fs.statSync(path).mode & 0o777).toBe(0o700);
  });

  it('has exactly its mode where it is our own', () => {
    const path = join(folder.path, 'own');
    fs.mkdirSync(path);
    fs.chmodSync(path, 0o777);
    open(path, 0o700);
    expect(fs.statSync(path).mode & 0o777).toBe(0o700);
    open(join(folder.path, 'public'), 0o755);
    expect(fs.statSync(join(folder.path, 'public')).mode & 0o777).toBe(0o755);
  });

  it('may be a symlink only where somebody chose it', () => {
    const [real, link] = [join(folder.path, 'real'), join(folder.path, 'link')];
    fs.mkdirSync(real);
    fs.symlinkSync(real, link);
    open(link);
    expect(() => open(link, 0o700)).toThrow(/link is a symbolic link/);
  });

  it('may not belong to somebody else', () => {
    const rules = { euid: euid + 1 };
    if (isRoot) fs.chownSync(folder.path, 12345, 0);
    expect(() => openSocketDirectory(folder.path, rules)).toThrow(/belongs to user/);
    expect(() => openSocketDirectory(folder.path, { ...rules, ownMode: 0o700 })).toThrow(/belongs to user/);
  });
});
