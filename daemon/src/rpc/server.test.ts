import * as fs from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { methodNames } from '@procman/protocol/methods';
import { RpcFailure } from '@procman/protocol/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Call, Handlers } from './dispatch.ts';
import { type Limits, RpcServer } from './server.ts';
import { harmlessHandlers, privateFolder, RawClient } from './testing.ts';

let folder: ReturnType<typeof privateFolder>;
let servers: RpcServer[];
let clients: RawClient[];
let logged: string[];

beforeEach(() => {
  folder = privateFolder();
  [servers, clients, logged] = [[], [], []];
});
afterEach(async () => {
  for (const client of clients) client.socket.destroy();
  await Promise.all(servers.map((server) => server.close()));
  folder.remove();
});

const socketPath = (): string => join(folder.path, 'p.sock');

async function serve(overrides: Partial<Handlers> = {}, limits: Partial<Limits> = {}): Promise<RpcServer> {
  const log = (level: string, text: string): void => void logged.push(`${level} ${text}`);
  const handlers = harmlessHandlers(overrides);
  const server = new RpcServer({ path: socketPath(), mode: 0o600, handlers, log, limits });
  servers.push(server);
  await server.listen();
  return server;
}

async function enter(): Promise<RawClient> {
  const client = await RawClient.connect(socketPath());
  clients.push(client);
  return client;
}

/** Clients that have gone hold their places until their end is read; so long a new one may be told that we are busy. */
async function untilServed(): Promise<void> {
  const attempt = async (): Promise<unknown> => {
    const client = await enter();
    client.send({ jsonrpc: '2.0', id: 1, method: 'ping' });
    await client.until(() => client.isEnded || client.replies.length > 0);
    return client.replies[0]?.id;
  };
  await expect.poll(attempt, { timeout: 5000 }).toBe(1);
}

/** A `start` that ends when told, and what it was called with. */
function heldStart(): { handlers: Partial<Handlers>; calls: Call[]; release: () => void } {
  const calls: Call[] = [];
  const waiting: (() => void)[] = [];
  const start: Handlers['start'] = (_, call) => {
    calls.push(call);
    return new Promise((resolve) => waiting.push(() => resolve({ results: [] })));
  };
  return { handlers: { start }, calls, release: () => waiting.splice(0).forEach((end) => end()) };
}

const startRequest = (id: number): unknown => ({ jsonrpc: '2.0', id, method: 'start', params: { names: ['a'] } });

describe('requests', () => {
  it('are answered, one line each', async () => {
    await serve();
    const client = await enter();
    expect(await client.ask(1, 'ping')).toMatchObject({ jsonrpc: '2.0', id: 1, result: { pid: process.pid } });
    expect(await client.ask('x', 'ping', {})).toMatchObject({ id: 'x' });
    expect(client.text.split('\n')).toHaveLength(3);
  });

  it('are checked: by name only, nothing unknown', async () => {
    let received: unknown;
    await serve({ stop: (params) => ((received = params), { results: [] }) });
    const client = await enter();
    const invalid = [['a'], null, {}, { names: [] }, { names: ['a'], till: 'reboot' }, { names: 'all' }];
    for (const [id, params] of invalid.entries()) {
      const { error } = await client.ask(id, 'stop', params);
      expect(error?.code).toBe(-32602);
      expect(error?.data).toMatchObject({ issues: [{ path: expect.any(String) as string }] });
    }
    expect(received).toBeUndefined();
    await client.ask(99, 'stop', { names: ['a'], now: true });
    expect(received).toEqual({ names: ['a'], now: true });
  });

  it('tell where a param is wrong', async () => {
    await serve();
    const { error } = await (await enter()).ask(1, 'start', { names: ['a', 7] });
    expect(error).toMatchObject({ data: { issues: [{ path: 'names.1', message: expect.any(String) as string }] } });
  });

  it.each([
    ['not JSON', 'hello', -32700],
    ['half JSON', '{"jsonrpc":', -32700],
    ['a number', '1', -32600],
    ['null', 'null', -32600],
    ['an empty batch', '[]', -32600],
    ['no version', '{"id":1,"method":"ping"}', -32600],
    ['an object as id', '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"nope"}', -32601],
    ['a method of every object', '{"jsonrpc":"2.0","id":1,"method":"constructor"}', -32601],
    ['__proto__ as method', '{"jsonrpc":"2.0","id":1,"method":"__proto__"}', -32601],
    ['__proto__ as request', '{"__proto__":{"jsonrpc":"2.0","id":1,"method":"ping"}}', -32600],
    ['__proto__ as param', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{"a":1}}}', -32602],
    ['NUL', '\0', -32700],
    ['NUL in a name', '{"jsonrpc":"2.0","id":1,"method":"a\\u0000"}', -32601],
    ['deep nesting', '['.repeat(200_000) + ']'.repeat(200_000), -32600],
    [
      'deep params',
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(90_000)}1${'}'.repeat(90_001)}`,
      -32602,
    ],
  ])('that are wrong get an error, and the next is served: %s', async (_, line, code) => {
    await serve();
    const client = await enter();
    client.sendText(`${line}\n`);
    await client.until(() => client.replies.length === 1);
    const [reply] = client.replies;
    expect((Array.isArray(reply) ? reply[0] : reply)?.error?.code).toBe(code);
    expect(await client.ask(2, 'ping')).toHaveProperty('result');
  });

  it('of garbage bytes disturb nothing', async () => {
    await serve();
    const client = await enter();
    let seed = 7;
    const bytes = Buffer.from(
      Array.from({ length: 50_000 }, () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16),
    );
    client.sendText(bytes);
    client.sendText('\n');
    expect(await client.ask(1, 'ping')).toHaveProperty('result');
    expect(logged).toEqual([]);
  });

  it('with a million faults get a short answer, soon', async () => {
    await serve();
    const client = await enter();
    const started = performance.now();
    const { error } = await client.ask(1, 'start', { names: new Array(400_000).fill(1) });
    expect(error?.code).toBe(-32602);
    expect(client.text.length).toBeLessThan(20_000);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('may be cut anywhere, with CR and blank lines between', async () => {
    await serve();
    const client = await enter();
    for (const byte of Buffer.from('\r\n\n  \n{"jsonrpc":"2.0","id":"ü","method":"ping"}\r\n')) {
      client.sendText(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until(() => client.replies.length > 0);
    expect(client.replies).toMatchObject([{ id: 'ü', result: {} }]);
  });

  it('come in batches', async () => {
    await serve();
    const client = await enter();
    client.send([
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', method: 'ping' },
      null,
      { jsonrpc: '2.0', id: 2, method: 'nope' },
    ]);
    client.send([{ jsonrpc: '2.0', id: 3, method: 'ping' }], [{ jsonrpc: '2.0', method: 'ping' }]);
    await client.until(() => client.replies.length === 2);
    const [mixed, single] = client.replies;
    expect(mixed?.map(({ id, error }) => [id, error?.code])).toEqual([
      [1, undefined],
      [null, -32600],
      [2, -32601],
    ]);
    expect(single).toMatchObject([{ id: 3 }]);
  });

  it('without an id get no reply, also when they fail', async () => {
    const seen: string[] = [];
    await serve({
      stop: () => {
        seen.push('stop');
        throw new Error('boom');
      },
    });
    const client = await enter();
    client.send({ jsonrpc: '2.0', method: 'stop', params: { names: ['a'] } }, { jsonrpc: '2.0', method: 'nope' });
    client.send({ jsonrpc: '2.0', method: 'stop', params: {} });
    await client.ask(1, 'ping');
    expect(client.replies).toHaveLength(1);
    expect(seen).toEqual(['stop']);
  });

  it('that wait block no other; handlers are called in order', async () => {
    const held = heldStart();
    await serve(held.handlers);
    const client = await enter();
    client.send(startRequest(1));
    expect(await client.ask(2, 'ping')).toHaveProperty('result');
    held.release();
    await client.until(() => client.replies.length === 2);
    expect(client.replies.map(({ id }) => id)).toEqual([2, 1]);
  });

  it('list every method at rpc.discover', async () => {
    await serve();
    const { result } = await (await enter()).ask(1, 'rpc.discover');
    expect((result as { methods: { name: string }[] }).methods.map(({ name }) => name)).toEqual([...methodNames]);
  });
});

describe('a handler that fails', () => {
  it('with a failure of the protocol is passed on', async () => {
    const names = [{ given: 'x', nearest: ['y'] }];
    await serve({ status: () => Promise.reject(new RpcFailure('unknown-name', 'no x', { names })) });
    const { error } = await (await enter()).ask(1, 'status');
    expect(error).toEqual({ code: -32001, message: 'no x', data: { names } });
    expect(logged).toEqual([]);
  });

  it('otherwise is an internal error, logged and not told', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    await serve({
      status: () => {
        throw new Error('secret');
      },
      ping: () => Promise.reject(new TypeError('secret')),
      version: () => circular as never,
    });
    const client = await enter();
    for (const [id, method] of ['status', 'ping', 'version'].entries()) {
      const { error } = await client.ask(id, method);
      expect(error?.code).toBe(-32603);
      expect(error?.message).not.toContain('secret');
    }
    expect(logged).toHaveLength(3);
    expect(logged[0]).toMatch(/^warning .*secret/);
  });
});

describe('a client', () => {
  it('that ends its side still gets its replies, the last line needing no newline', async () => {
    const held = heldStart();
    await serve(held.handlers, { probeMs: 20 });
    const client = await enter();
    client.socket.end(JSON.stringify(startRequest(1)));
    await client.until(() => held.calls.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(held.calls[0]?.closed.aborted).toBe(false);
    held.release();
    await client.until(() => client.isEnded);
    expect(client.replies).toMatchObject([{ id: 1, result: { results: [] } }]);
  });

  it.each(['open', 'half-closed'])('that vanishes in the middle of a call is noticed: %s', async (kind) => {
    const held = heldStart();
    await serve(held.handlers, { probeMs: 20 });
    const client = await enter();
    client.send(startRequest(1));
    if (kind === 'half-closed') client.socket.end();
    await client.until(() => held.calls.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held.calls[0]?.closed.aborted).toBe(false);
    client.socket.destroy();
    await client.until(() => held.calls[0]?.closed.aborted === true);
    expect(held.calls[0]?.notify('log', {})).toBe(false);
    held.release();
  });

  it('gets notifications', async () => {
    const held = heldStart();
    await serve(held.handlers);
    const client = await enter();
    client.send(startRequest(1));
    await client.until(() => held.calls.length === 1);
    expect(held.calls[0]?.notify('log', { name: 'a', stream: 'stdout', lines: ['x\ny'] })).toBe(true);
    await client.until(() => client.replies.length === 1);
    expect(client.replies[0]).toEqual({
      jsonrpc: '2.0',
      method: 'log',
      params: { name: 'a', stream: 'stdout', lines: ['x\ny'] },
    });
    held.release();
  });

  it('that sends 3 MiB in one line is told and closed', async () => {
    await serve();
    const client = await enter();
    client.sendText(Buffer.alloc(3 * 1024 * 1024, 'x'));
    await client.until(() => client.isEnded);
    expect(client.replies).toMatchObject([{ id: null, error: { code: -32005, data: { limitBytes: 1024 * 1024 } } }]);
    expect(await (await enter()).ask(1, 'ping')).toHaveProperty('result');
  });

  it('gets its replies before a line that is too long', async () => {
    await serve();
    const client = await enter();
    client.sendText('{"jsonrpc":"2.0","id":1,"method":"ping"}\n' + 'x'.repeat(1024 * 1024 + 1));
    await client.until(() => client.isEnded);
    expect(client.replies.map(({ id }) => id)).toEqual([1, null]);
  });

  it('that never reads is dropped', async () => {
    const held = heldStart();
    await serve(held.handlers);
    const client = await enter();
    client.send(startRequest(1));
    await client.until(() => held.calls.length === 1);
    client.socket.pause();
    const lines = ['x'.repeat(1_000_000)];
    let sent = 0;
    while (held.calls[0]?.notify('log', { name: 'a', stream: 'stdout', lines }) === true && sent < 50) sent += 1;
    expect(sent).toBeGreaterThan(7);
    expect(sent).toBeLessThan(12);
    await client.until(() => held.calls[0]?.closed.aborted === true);
    held.release();
  });

  it('that reads gets a reply of any size', async () => {
    const lines = new Array<string>(200_000).fill('x'.repeat(100));
    await serve({ logs: () => ({ name: 'a', stream: 'stdout', path: null, lines, truncated: false }) });
    const client = await enter();
    client.send({ jsonrpc: '2.0', id: 1, method: 'logs', params: { name: 'a' } });
    await client.until(() => client.isAtLineEnd);
    const result = client.replies[0]?.result;
    expect((result as { lines: string[] }).lines).toHaveLength(200_000);
  });

  it('that falls silent within a line is dropped, between lines not', async () => {
    await serve({}, { incompleteLineMs: 100 });
    const [silent, quiet] = [await enter(), await enter()];
    silent.sendText('{"jsonrpc"');
    await silent.until(() => silent.isEnded);
    expect(await quiet.ask(1, 'ping')).toHaveProperty('result');
  });

  it('may send thousands of short calls at once', async () => {
    await serve({
      status: async () => (await new Promise((go) => setImmediate(go)), harmlessHandlers().status({}, {} as Call)),
    });
    const client = await enter();
    client.send(
      ...Array.from({ length: 5000 }, (_, id) => ({ jsonrpc: '2.0', id, method: id % 2 ? 'ping' : 'status' })),
    );
    client.socket.end();
    await client.until(() => client.isEnded);
    expect(client.replies).toHaveLength(5000);
  });

  it('with too many calls that wait is told and closed', async () => {
    const held = heldStart();
    await serve(held.handlers, { busyAfterMs: 50 });
    const client = await enter();
    client.send(...Array.from({ length: 65 }, (_, id) => startRequest(id)));
    await client.until(() => client.isEnded);
    expect(held.calls).toHaveLength(64);
    expect(client.replies).toMatchObject([{ id: 64, error: { code: -32006, data: { limit: 64 } } }]);
    held.release();
  });

  it('with a batch that is too long is told and closed', async () => {
    await serve();
    const client = await enter();
    client.send(new Array(100_000).fill(1));
    await client.until(() => client.isEnded);
    expect(client.replies).toMatchObject([{ id: null, error: { code: -32006 } }]);
  });

  it('is one of 128; the others are told, and places come free again', async () => {
    await serve();
    const all = await Promise.all(Array.from({ length: 300 }, () => enter()));
    await all[0]!.until(() => all.filter((client) => client.isEnded).length === 300 - 128);
    for (const client of all.filter((client) => client.isEnded)) {
      expect(client.replies).toMatchObject([{ id: null, error: { code: -32006, data: { limit: 128 } } }]);
    }
    for (const client of all.filter((client) => !client.isEnded)) {
      expect(await client.ask(1, 'ping')).toHaveProperty('result');
    }
    for (const client of all) client.socket.destroy();
    await untilServed();
  });

  it('that connects and leaves at once, a thousand times, is forgotten', async () => {
    await serve();
    for (let count = 0; count < 1000; count += 1)
      connect(socketPath())
        .on('error', () => undefined)
        .destroy();
    await untilServed();
  });
});

describe('the monitor socket', () => {
  it('answers only what reads', async () => {
    const server = new RpcServer({
      path: socketPath(),
      mode: 0o666,
      handlers: harmlessHandlers(),
      log: () => undefined,
      monitor: true,
    });
    servers.push(server);
    await server.listen();
    const client = await enter();
    const answered = ['ping', 'version', 'status', 'timeline', 'events', 'subscribe', 'metrics', 'rpc.discover'];
    for (const method of answered) expect(await client.ask(method, method)).toHaveProperty('result');
    // Also where the params are wrong: what it is asked for decides.
    for (const method of methodNames.filter((name) => !answered.includes(name))) {
      expect(await client.ask(method, method)).toMatchObject({ error: { code: -32004, data: { method } } });
    }
    expect(await client.ask('no', 'no-such-method')).toMatchObject({ error: { code: -32601 } });
    expect(fs.statSync(socketPath()).mode & 0o777).toBe(0o666);
  });
});

describe('closing', () => {
  it('sends the replies that are due', async () => {
    const held = heldStart();
    const server = await serve(held.handlers);
    const client = await enter();
    client.send(startRequest(1));
    await client.until(() => held.calls.length === 1);
    const closed = server.close();
    held.release();
    await closed;
    await client.until(() => client.isEnded);
    expect(client.replies).toMatchObject([{ id: 1, result: {} }]);
    expect(fs.existsSync(socketPath())).toBe(false);
  });

  it('does not wait for ever', async () => {
    const held = heldStart();
    const server = await serve(held.handlers, { closeMs: 100 });
    const client = await enter();
    client.send(startRequest(1));
    await client.until(() => held.calls.length === 1);
    await server.close();
    expect(held.calls[0]?.closed.aborted).toBe(true);
    expect(fs.existsSync(socketPath())).toBe(false);
  });

  it('leaves the socket of a successor alone', async () => {
    const old = await serve();
    await serve();
    expect(old.isReachable()).toBe(false);
    await old.close();
    expect(await (await enter()).ask(1, 'ping')).toHaveProperty('result');
  });
});

describe('the socket', () => {
  it('is put back when its file, or its folder, went', async () => {
    const path = join(folder.path, 'sub', 'p.sock');
    const server = new RpcServer({ path, mode: 0o600, handlers: harmlessHandlers(), log: () => undefined });
    servers.push(server);
    await server.listen();
    const before = await RawClient.connect(path);
    clients.push(before);
    for (const gone of [path, join(folder.path, 'sub')]) {
      fs.rmSync(gone, { recursive: true });
      expect(server.isReachable()).toBe(false);
      await server.rebind();
      expect(server.isReachable()).toBe(true);
      const after = await RawClient.connect(path);
      clients.push(after);
      expect(await after.ask(1, 'ping')).toHaveProperty('result');
    }
    expect(await before.ask(2, 'ping')).toHaveProperty('result');
    expect(fs.readdirSync(join(folder.path, 'sub'))).toEqual(['p.sock']);
  });
});
