// hostile.mjs SOCKET COUNT SEED: keeps COUNT connections to a socket busy, each in a way of its own that no client should have, until its
// stdin ends. A connection that the other side closes is made again. Prints how often each way was gone, as JSON.
import { createConnection } from 'node:net';

const [socketPath = '', count = '1000', seed = '1'] = process.argv.slice(2);
const counted = { connected: 0, closed: 0, failed: 0, bytesRead: 0 };
let isOver = false;

let state = Number(seed) >>> 0;
/** Mulberry32: the same seed, the same mischief. */
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

const request = (method, params = {}) => `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`;
const garbage = (bytes) => Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)));
const again = (socket, milliseconds, act) => {
  const timer = setInterval(() => !socket.destroyed && act(), milliseconds);
  socket.once('close', () => clearInterval(timer));
};

/** What a connection does; those that `pause` never read. */
const WAYS = {
  silent: (socket) => void socket,
  halfLine: (socket) => socket.write('{"jsonrpc":"2.0","id":1,"met'),
  drip: (socket) => again(socket, 100, () => socket.write('x')),
  garbage: (socket) => again(socket, 50, () => socket.write(garbage(2000))),
  hugeLine: (socket) => again(socket, 20, () => socket.write('y'.repeat(50_000))),
  deep: (socket) => again(socket, 200, () => socket.write(`${'['.repeat(20_000)}\n`)),
  emptyBatches: (socket) => again(socket, 50, () => socket.write('[]\n'.repeat(20))),
  largeBatches: (socket) =>
    again(socket, 100, () => socket.write(`[${Array(60).fill(request('ping').trim()).join(',')}]\n`)),
  neverReads: (socket) => {
    socket.pause();
    again(socket, 20, () => socket.write(request('rpc.discover').repeat(30)));
  },
  asksMuch: (socket) => again(socket, 20, () => socket.write(request('status').repeat(10))),
  follows: (socket) => socket.write(request('logs', { name: 'talker', follow: true })),
  subscribes: (socket) => socket.write(request('subscribe')),
  hangsUp: (socket) => socket.write(request('status'), () => socket.destroy()),
  halfClose: (socket) => socket.end(request('timeline', { seconds: 86_400 })),
};
const names = Object.keys(WAYS);

function connect(at) {
  if (isOver) return;
  const socket = createConnection(socketPath);
  socket.on('connect', () => {
    counted.connected += 1;
    WAYS[names[at % names.length]](socket);
  });
  socket.on('data', (chunk) => (counted.bytesRead += chunk.length));
  socket.on('error', () => (counted.failed += 1));
  socket.on('close', () => {
    counted.closed += 1;
    setTimeout(() => connect(at), 100 + random() * 400);
  });
}

for (let at = 0; at < Number(count); at += 1) connect(at);
process.stdout.write('begun\n');
process.stdin.resume().on('end', () => {
  isOver = true;
  process.stdout.write(`${JSON.stringify(counted)}\n`, () => process.exit(0));
});
