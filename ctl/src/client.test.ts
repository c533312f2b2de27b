import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RpcFailure } from '@procman/protocol/errors';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client, ConnectionLost, type Notice } from './client.ts';

let folder: string;
let path: string;
let server: Server | undefined;
let peers: Socket[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procman-client-'));
  path = join(folder, 's');
  peers = [];
});
afterEach(() => {
  for (const peer of peers) peer.destroy();
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A server of one line of thought: what it does with each request line. */
function answering(answer: (request: { id: number; method: string }, peer: Socket) => void): Promise<void> {
  server = createServer((peer) => {
    peers.push(peer);
    let text = '';
    peer.on('error', () => undefined);
    peer.on('data', (chunk) => {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) answer(JSON.parse(line) as { id: number; method: string }, peer);
    });
  });
  return new Promise((resolve) => server?.listen(path, resolve));
}

const line = (message: object): string => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;

describe('Client', () => {
  it('gets the result of its call, in whatever order they come', async () => {
    const ids: number[] = [];
    await answering(({ id }, peer) => {
      ids.push(id);
      if (ids.length < 2) return;
      for (const each of ids.reverse()) peer.write(line({ id: each, result: { pid: each, version: 'v', uid: 'u' } }));
    });
    const client = await Client.connect(path);
    const pings = await Promise.all([client.call('ping', {}), client.call('ping', {})]);
    expect(pings.map(({ pid }) => pid)).toEqual([1, 2]);
    client.close();
  });

  it('rejects with the code and data of the daemon', async () => {
    const names = [{ given: 'wbe', nearest: ['web'] }];
    await answering(({ id }, peer) =>
      peer.write(line({ id, error: { code: -32001, message: 'no wbe', data: { names } } })),
    );
    const client = await Client.connect(path);
    const failure: unknown = await client.call('stop', { names: ['wbe'] }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RpcFailure);
    expect(failure).toMatchObject({ code: -32001, name: 'unknown-name', message: 'no wbe', data: { names } });
    client.close();
  });

  it('rejects all that waits when the connection is lost, and what comes later', async () => {
    await answering((_, peer) => peer.destroy());
    const client = await Client.connect(path);
    const closed = new Promise<Error>((resolve) => client.onClose(resolve));
    const results = await Promise.allSettled([client.call('ping', {}), client.call('status', {})]);
    for (const result of results) expect(result).toMatchObject({ reason: { name: 'ConnectionLost' } });
    expect(await closed).toBeInstanceOf(ConnectionLost);
    await expect(client.call('ping', {})).rejects.toBeInstanceOf(ConnectionLost);
  });

  it('takes an error without id for all that waits: the daemon is busy', async () => {
    await answering((_, peer) =>
      peer.end(line({ id: null, error: { code: -32006, message: 'full', data: { limit: 128 } } })),
    );
    const client = await Client.connect(path);
    await expect(client.call('ping', {})).rejects.toMatchObject({ name: 'busy', data: { limit: 128 } });
  });

  it('hands on notifications, also cut within a character, and steps over what it does not understand', async () => {
    await answering(({ id }, peer) => {
      const notice = Buffer.from(line({ method: 'log', params: { name: 'a', stream: 'stdout', lines: ['ü€'] } }));
      peer.write(`\n7\nnull\nrubbish\n${line({ id: 99, result: 1 })}`);
      peer.write(notice.subarray(0, notice.length - 8));
      setTimeout(() => {
        peer.write(notice.subarray(notice.length - 8));
        peer.write(line({ id, result: {} }));
      }, 20);
    });
    const client = await Client.connect(path);
    const notices: Notice[] = [];
    client.onNotification((notice) => notices.push(notice));
    await client.call('logs', { daemon: true });
    expect(notices).toMatchObject([{ method: 'log', params: { lines: ['ü€'] } }]);
    client.close();
  });

  it('rejects its calls when it is closed', async () => {
    await answering(() => undefined);
    const client = await Client.connect(path);
    const call = client.call('ping', {});
    client.close();
    await expect(call).rejects.toBeInstanceOf(ConnectionLost);
  });

  it('tells why nobody answers', async () => {
    await expect(Client.connect(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('needs nothing but node:net: zod stays with the daemon', () => {
    const entry = fileURLToPath(new URL('./client.ts', import.meta.url));
    const outfile = join(folder, 'client.cjs');
    const { metafile } = buildSync({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile,
      metafile: true,
    });
    const packages = Object.keys(metafile.inputs).map((input) => /node_modules\/([^/]+)/.exec(input)?.[1]);
    expect([...new Set(packages.filter((name) => name !== undefined))]).toEqual(['json-rpc-2.0']);
    const builtins = metafile.outputs[Object.keys(metafile.outputs)[0]!]!.imports.map((each) => each.path);
    expect(builtins).toEqual(['node:net']);
    execFileSync(process.execPath, [outfile]);
  });
});
