import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { until } from './launch-ground.ts';
import { isLoop, NodeProber, type HttpProbe, type ProbeResult, type TcpProbe } from './prober.ts';

const prober = new NodeProber();
const servers: net.Server[] = [];
const sockets = new Set<net.Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** Starts a server on loopback. */
async function listening(server: net.Server, host = '127.0.0.1'): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as net.AddressInfo).port;
}

const serving = async (answer: http.RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listening(http.createServer(answer))}/health?full=1`;

/** A server that does what it likes with each connection. */
const raw = async (meet: (socket: net.Socket) => void): Promise<string> =>
  `http://127.0.0.1:${await listening(
    net.createServer((socket) => {
      socket.resume(); // or it would not see that the other end has gone
      meet(socket);
    }),
  )}/`;

/** A port on which nobody listens. */
async function deaf(): Promise<number> {
  const server = net.createServer();
  const port = await listening(server);
  servers.splice(servers.indexOf(server), 1);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function result(probe: HttpProbe | TcpProbe, timeoutMs = 10_000): Promise<ProbeResult> {
  return new Promise((resolve) => prober.start('id', probe, timeoutMs, resolve));
}
const get = async (url: string, timeoutMs?: number): Promise<ProbeResult> => result({ kind: 'http', url }, timeoutMs);

describe('an http probe', () => {
  it.each([200, 204, 299, 301, 304, 399])('takes %i for good', async (status) => {
    const url = await serving((_request, response) => response.writeHead(status, 'Said', { location: '/x' }).end());
    expect(await get(url)).toEqual({ ok: true, text: `HTTP ${status} Said` });
  });

  it.each([400, 404, 500, 503])('takes %i for bad, and tells what was said', async (status) => {
    const url = await serving((_request, response) => response.writeHead(status, 'No').end('the database is gone'));
    expect(await get(url)).toEqual({ ok: false, text: `HTTP ${status} No`, output: 'the database is gone' });
  });

  it('asks with GET, once, on a connection that it closes', async () => {
    const asked: unknown[] = [];
    const url = await serving(({ method, url: path, headers }, response) => {
      asked.push([method, path, headers.connection]);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await get(url);
    expect(asked).toEqual([['GET', '/health?full=1', 'close']]);
    await until('the end of the connection', () => sockets.size === 0 || undefined);
  });

  it('is satisfied with the first of an endless answer', async () => {
    const url = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed && socket.write('x'.repeat(1000)));
      };
      socket.on('drain', more);
      more();
    });
    const { ok, output } = await get(url);
    expect(ok).toBe(true);
    expect(output).toBe('x'.repeat(4096));
    await until('the end of the connection', () => sockets.size === 0 || undefined);
  });

  it.each<[string, (socket: net.Socket) => void]>([
    ['says nothing', () => undefined],
    ['stops within its headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nA: b')],
    ['stops after its headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')],
    ['stops within its answer', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc')],
    ['only ever announces', (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')],
  ])('ends at its timeout when the server %s', async (_what, meet) => {
    const url = await raw(meet);
    expect(await get(url, 100)).toEqual({ ok: false, text: 'no complete answer within 0.1 s' });
    await until('the end of the connection', () => sockets.size === 0 || undefined);
  });

  it.each<[string, (socket: net.Socket) => void, RegExp]>([
    ['closes at once', (socket) => socket.end(), /socket hang up/],
    ['resets', (socket) => socket.resetAndDestroy(), /ECONNRESET|socket hang up/],
    ['breaks off', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc'), /aborted/],
    ['speaks another language', (socket) => socket.end('220 mail.example ESMTP\r\n'), /Parse Error/],
    ['never ends its headers', (socket) => socket.write(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(100_000)}`), /Overflow/i],
    [
      'changes the protocol',
      (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      /closed without an answer|socket hang up/,
    ],
  ])('is bad when the server %s', async (_what, meet, text) => {
    const { ok, text: said } = await get(await raw((socket) => socket.once('data', () => meet(socket))));
    expect(ok).toBe(false);
    expect(said).toMatch(text);
  });

  it('says why there is no connection, for each address of a name', async () => {
    const port = await deaf();
    expect(await get(`http://127.0.0.1:${port}/`)).toEqual({
      ok: false,
      text: `connect ECONNREFUSED 127.0.0.1:${port}`,
    });
    const { ok, text } = await get(`http://localhost:${port}/`);
    expect(ok).toBe(false);
    expect(text).toContain(`connect ECONNREFUSED 127.0.0.1:${port}`);
  });

  it('takes IPv6 addresses', async () => {
    const server = http.createServer((_request, response) => response.end('six'));
    const port = await listening(server, '::1');
    expect(await get(`http://[::1]:${port}/`)).toEqual({ ok: true, text: 'HTTP 200 OK', output: 'six' });
  });

  it('takes certificates that nobody has signed', async () => {
    const folder = fs.mkdtempSync(`${tmpdir()}/procman-certificate-`);
    const files = ['-keyout', `${folder}/key`, '-out', `${folder}/certificate`];
    const made = spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=other',
      ...files,
    ]);
    expect(made.status).toBe(0);
    const [key, cert] = [`${folder}/key`, `${folder}/certificate`].map((path) => fs.readFileSync(path));
    fs.rmSync(folder, { recursive: true });
    const port = await listening(
      https.createServer({ key: key!, cert: cert! }, (_request, response) => response.end()),
    );
    expect(await get(`https://127.0.0.1:${port}/`)).toEqual({ ok: true, text: 'HTTP 200 OK' });
    const url = await serving((_request, response) => response.end());
    const plain = await get(url.replace('http:', 'https:'));
    expect(plain.ok).toBe(false);
  });

  it.each(['', 'nonsense', 'ftp://127.0.0.1/', 'http://127.0.0.1:99999/', 'http://a b/'])(
    'is bad, without an exception, with the URL %j',
    async (url) => {
      const { ok, text } = await get(url);
      expect(ok).toBe(false);
      expect(text).not.toBe('');
    },
  );

  it('never tells a password', async () => {
    const port = await deaf();
    for (const rest of [`@127.0.0.1:${port}/`, '@127.0.0.1:99999/', '@a b/']) {
      expect(JSON.stringify(await get(`http://user:secret${rest}`))).not.toContain('secret');
    }
  });
});

describe('a tcp probe', () => {
  it.each(['127.0.0.1', '::1'])('is good once it is connected to %s', async (host) => {
    const port = await listening(net.createServer(), host);
    expect(await result({ kind: 'tcp', host, port })).toEqual({ ok: true, text: `connected to port ${port}` });
    await until('the end of the connection', () => sockets.size === 0 || undefined);
  });

  it('is bad where nobody listens', async () => {
    const port = await deaf();
    const refused = await result({ kind: 'tcp', host: '127.0.0.1', port });
    expect(refused).toEqual({ ok: false, text: `connect ECONNREFUSED 127.0.0.1:${port}` });
  });

  it('is bad, without an exception, with a port that is none', async () => {
    expect((await result({ kind: 'tcp', host: '127.0.0.1', port: 99_999 })).ok).toBe(false);
  });

  it('ends at its timeout where no answer comes', async () => {
    // A stopped server whose queue of connections is full: the kernel drops whoever knocks.
    const script =
      "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))";
    const child = spawn(process.execPath, ['-e', script]);
    const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
    child.kill('SIGSTOP');
    await until('its stop', () => / T /.test(fs.readFileSync(`/proc/${child.pid!}/stat`, 'utf8')) || undefined);
    const fillers = Array.from({ length: 8 }, () =>
      net.connect({ host: '127.0.0.1', port }).on('error', () => undefined),
    );
    await until('the first to be in', () => fillers.some(({ readyState }) => readyState === 'open') || undefined);
    await until(
      'the queue to be full',
      () => fillers.filter(({ readyState }) => readyState === 'open').length >= 2 || undefined,
    );
    expect(await result({ kind: 'tcp', host: '127.0.0.1', port }, 200)).toEqual({
      ok: false,
      text: 'no complete answer within 0.2 s',
    });
    for (const filler of fillers) filler.destroy();
    child.kill('SIGKILL');
  });

  it('does not take a connection to itself for a service', async () => {
    const port = await deaf();
    const address = '127.0.0.1';
    const self = net.connect({ host: address, port, localAddress: address, localPort: port });
    await new Promise((resolve, reject) => self.on('connect', resolve).on('error', reject));
    expect(isLoop(self)).toBe(true);
    self.destroy();
    const other = net.connect({ host: address, port: await listening(net.createServer()) });
    await new Promise((resolve) => other.on('connect', resolve));
    expect(isLoop(other)).toBe(false);
    other.destroy();
  });
});

describe('NodeProber', () => {
  it('is never done before start has returned, and only once', async () => {
    const done = vi.fn();
    prober.start('id', { kind: 'http', url: 'nonsense' }, 10_000, done);
    expect(done).not.toHaveBeenCalled();
    await until('its end', () => done.mock.calls.length || undefined);
    const url = await serving((_request, response) => response.end());
    await get(url);
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('is silent once cancelled, and lets go of the connection', async () => {
    const done = vi.fn();
    const url = await raw(() => undefined);
    prober.start('a', { kind: 'http', url }, 10_000, done);
    await until('the connection', () => sockets.size || undefined);
    prober.cancel('a');
    prober.cancel('a');
    await until('the end of the connection', () => sockets.size === 0 || undefined);
    // Cancelled before it has even begun.
    prober.start('a', { kind: 'http', url }, 10_000, done);
    prober.start('b', { kind: 'tcp', host: '127.0.0.1', port: 1 }, 10_000, done);
    prober.cancel('a');
    prober.cancel('b');
    await get(await serving((_request, response) => response.end()));
    expect(done).not.toHaveBeenCalled();
    expect(sockets.size).toBe(0);
  });

  it('replaces one of the same id, and may be used again from within done', async () => {
    const hanging = await raw(() => undefined);
    const good = await serving((_request, response) => response.end());
    const replaced = vi.fn();
    prober.start('id', { kind: 'http', url: hanging }, 10_000, replaced);
    const second = await new Promise<ProbeResult>((resolve) => {
      prober.start('id', { kind: 'http', url: good }, 10_000, () =>
        prober.start('id', { kind: 'http', url: good }, 10_000, resolve),
      );
    });
    expect(second.ok).toBe(true);
    expect(replaced).not.toHaveBeenCalled();
  });

  it('leaves no timer and no connection behind', async () => {
    const left = (kind: string): number => process.getActiveResourcesInfo().filter((each) => each === kind).length;
    const port = await deaf();
    const before = left('Timeout');
    prober.start('id', { kind: 'tcp', host: '127.0.0.1', port }, 600_000, () => undefined);
    expect(left('Timeout')).toBe(before + 1);
    prober.cancel('id');
    expect(left('Timeout')).toBe(before);
    await until('nothing to be left', () => left('TCPSocketWrap') === 0 || undefined);
  });
});
