import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect, createServer, Server, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Endpoint, type EndpointOptions } from './endpoint.ts';

const TOKEN = '0123456789abcdef';

let folder: string;
let port: number;
let logged: string[];
let endpoint: Endpoint | undefined;
const sockets: Socket[] = [];

async function holdPort(wanted = 0): Promise<Server> {
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function release(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'procman-endpoint-'));
  logged = [];
  const server = await holdPort();
  ({ port } = server.address() as AddressInfo);
  await release(server);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const socket of sockets.splice(0)) socket.destroy();
  await endpoint?.close();
  endpoint = undefined;
  rmSync(folder, { recursive: true });
});

const said = (text: string): Promise<void> =>
  vi.waitFor(() => expect(logged.join('\n')).toContain(text), { timeout: 10_000, interval: 5 });

function begin(more: Partial<EndpointOptions> = {}, tokenFile?: string): void {
  const listen = { text: `127.0.0.1:${port}`, host: '127.0.0.1', port };
  endpoint = new Endpoint({
    table: { listen, ...(tokenFile === undefined ? {} : { tokenFile }) },
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: () => Promise.resolve('procman_ü 1\n'),
    log: (level, text) => void logged.push(`${level} ${text}`),
    ...more,
  });
  endpoint.open();
}

async function open(more: Partial<EndpointOptions> = {}, tokenFile?: string): Promise<void> {
  begin(more, tokenFile);
  await said('metrics: listens on');
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function ask(method = 'GET', path = '/metrics', headers: Record<string, string> = {}): Promise<Got> {
  const asking = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  asking.end(method === 'POST' ? 'body' : undefined);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += String(part);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** Also by a reset, which `once` would take for a failure. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function enter(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('a request', () => {
  it('for the figures gets them', async () => {
    await open();
    const { status, headers, text } = await ask();
    expect([status, text]).toEqual([200, 'procman_ü 1\n']);
    expect(headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': String(Buffer.byteLength('procman_ü 1\n')),
      connection: 'close',
    });
    expect((await ask('GET', '/metrics?name=x')).status).toBe(200);
  });

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])('with %s is refused', async (method) => {
    await open();
    const { status, headers } = await ask(method);
    expect([status, headers.allow]).toEqual([405, 'GET']);
  });

  it.each(['/', '/metricsx', '/metrics/x', '//metrics', '/../metrics', '*'])('for %s finds nothing', async (path) => {
    await open();
    expect((await ask('GET', path)).status).toBe(404);
  });

  it('that cannot be answered is told so, and the next one is', async () => {
    const text = vi.fn(() => Promise.resolve('fine 1\n')).mockRejectedValueOnce(new Error('no /proc'));
    await open({ text });
    const { status, text: body } = await ask();
    expect(status).toBe(503);
    expect(body).not.toContain('no /proc');
    expect(logged).toContain('warning metrics: no /proc');
    expect((await ask()).status).toBe(200);
  });
});

describe('a token', () => {
  const file = (): string => join(folder, 'token');
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('is asked for before anything is told', async () => {
    writeFileSync(file(), `${TOKEN}\n`);
    await open({}, file());
    for (const headers of [{}, bearer('wrong'), bearer(`${TOKEN}x`), bearer(''), { authorization: TOKEN }, { authorization: `Basic ${TOKEN}` }]) // prettier-ignore
      expect(await ask('GET', '/metrics', headers as Record<string, string>)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="procman"' } }); // prettier-ignore
    expect((await ask('POST')).status).toBe(401);
    expect((await ask('GET', '/other')).status).toBe(401);
    expect((await ask('GET', '/metrics', bearer(TOKEN))).status).toBe(200);
    expect((await ask('GET', '/metrics', { authorization: `bearer  ${TOKEN}` })).status).toBe(200);
    expect(logged.join()).not.toContain(TOKEN);
  });

  it('that is changed counts at once; without one nobody may read', async () => {
    writeFileSync(file(), TOKEN);
    await open({}, file());
    writeFileSync(file(), 'fedcba9876543210');
    expect((await ask('GET', '/metrics', bearer(TOKEN))).status).toBe(401);
    expect((await ask('GET', '/metrics', bearer('fedcba9876543210'))).status).toBe(200);
    rmSync(file());
    for (let count = 0; count < 3; count += 1) expect((await ask('GET', '/metrics', bearer(''))).status).toBe(401);
    expect(logged.filter((line) => line.includes('nobody may read'))).toHaveLength(1);
    writeFileSync(file(), '');
    expect((await ask('GET', '/metrics', { authorization: 'Bearer ' })).status).toBe(401);
    writeFileSync(file(), TOKEN);
    expect((await ask('GET', '/metrics', bearer(TOKEN))).status).toBe(200);
  });
});

describe('a client', () => {
  const limits = { longest: 300 };

  it('that says nothing, or never comes to an end, is cut off', async () => {
    await open({ limits });
    const [silent, slow] = [await enter(), await enter()];
    slow.write('GET /metrics HTTP/1.1\r\n');
    const drip = setInterval(() => slow.write('X: y\r\n'), 20);
    await Promise.all([closed(silent.resume()), closed(slow.resume())]);
    clearInterval(drip);
    expect((await ask()).status).toBe(200);
  });

  it('that does not read is cut off, and costs nobody else anything', async () => {
    const size = 64 * 1024 * 1024;
    const text = vi.fn(() => Promise.resolve('small 1\n')).mockResolvedValueOnce('x'.repeat(size));
    await open({ limits: { ...limits, connections: 1 }, text });
    const lazy = (await enter()).pause();
    lazy.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await vi.waitFor(() => expect(text).toHaveBeenCalled());
    // It has the only place.
    await vi.waitFor(async () => expect((await ask()).text).toBe('small 1\n'), { timeout: 10_000 });
    let read = 0;
    lazy.on('data', (bytes: Buffer) => (read += bytes.length)).resume();
    await closed(lazy);
    expect(read).toBeLessThan(size);
  });

  it.each(['nonsense\r\n\r\n', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, '\0\0\0\0\r\n\r\n'])(
    'that sends nonsense is refused',
    async (bytes) => {
      await open();
      const socket = await enter();
      let got = '';
      socket.on('data', (part: Buffer) => (got += part.toString()));
      socket.write(bytes);
      await closed(socket);
      expect(got).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
      expect((await ask()).status).toBe(200);
    },
  );

  it('too many is closed', async () => {
    await open({ limits: { connections: 2 } });
    await Promise.all([enter(), enter()]);
    const third = connect(port, '127.0.0.1');
    sockets.push(third);
    third.on('error', () => undefined);
    await closed(third.resume());
    for (const socket of sockets.splice(0)) socket.destroy();
    await vi.waitFor(async () => expect((await ask()).status).toBe(200));
  });
});

describe('a port in use', () => {
  it('is told once, tried again, and taken when it is free', async () => {
    const other = await holdPort(port);
    const listen = vi.spyOn(Server.prototype, 'listen');
    begin({ limits: { firstRetry: 5 } });
    await said(`warning metrics: cannot listen on 127.0.0.1:${port}: the port is in use; all else goes on`);
    await vi.waitFor(() => expect(listen.mock.calls.length).toBeGreaterThan(3));
    expect(logged).toHaveLength(1);
    await release(other);
    await said('info metrics: listens on');
    expect((await ask()).status).toBe(200);
  });

  it('is not wanted any more after the end', async () => {
    const other = await holdPort(port);
    begin({ limits: { firstRetry: 5 } });
    await said('in use');
    await endpoint?.close();
    await release(other);
    const listen = vi.spyOn(Server.prototype, 'listen');
    // Set later and for longer than any that it may have left.
    await setTimeout(100);
    expect(listen).not.toHaveBeenCalled();
  });
});

it('an end closes what is open and frees the port', async () => {
  await open();
  const socket = await enter();
  const gone = closed(socket.resume());
  await endpoint?.close();
  await gone;
  await release(await holdPort(port));
});
