/** What hostile clients say: requests made of the contract and spoilt, and what is no request at all. */
import { contract } from '@procman/protocol/contract';
import { maxLineBytes } from '@procman/protocol/framing';
import { methodNames, type Method } from '@procman/protocol/methods';
import type { Random } from '../../daemon/src/simulation/random.ts';
import { bytesOf } from './budget.ts';

/** A value of each type, and what is odd within it. */
export const VALUES: readonly unknown[] = [
  null, true, false, 0, -1, 1.5, 1e308, -0, 9007199254740993, '', 'x', '*', 'all*', '\0', '\ud800', '__proto__', 'a'.repeat(5000), '2026-13-45', '\u202e',
  [], [[]], [null], [''], ['x', 1], ['no-such-name'], [{}], Array(100).fill('y'), {}, { a: 1 }, { adopt: 1 }, { adopt: -1 }, { adopt: 'x' }, { path: '/x', text: '[[' },
  { path: '\0', text: '\0' }, JSON.parse('{"__proto__": 1, "constructor": 2}'), { toString: 1 }, nested(50),
]; // prettier-ignore

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Names of all params of a method, as the contract has them. */
export function paramNames(method: Method): string[] {
  const { shape } = contract[method].params as unknown as { shape: Readonly<Record<string, unknown>> };
  return Object.keys(shape);
}

/** Params that are needed beside the one that is tried, and that act on nothing. */
const HARMLESS: Readonly<Record<string, unknown>> = { names: ['no-such-name'], signal: 'CONT', name: 'no-such-name' };
const NEEDED: Partial<Readonly<Record<Method, readonly string[]>>> = {
  explain: ['names'],
  start: ['names'],
  stop: ['names'],
  restart: ['names'],
  unblock: ['names'],
  signal: ['names', 'signal'],
  logs: ['name'],
};

export interface Trial {
  readonly method: Method;
  readonly params: unknown;
}

/** Every param of every method with a value of every type; also params that are no object, and one that is unknown. */
export function trials(): Trial[] {
  return methodNames.flatMap((method) => {
    const needed = Object.fromEntries((NEEDED[method] ?? []).map((name) => [name, HARMLESS[name]]));
    const wrongKeys = paramNames(method).flatMap((name) => VALUES.map((value) => ({ ...needed, [name]: value })));
    const odd: unknown[] = [...VALUES, { ...needed, 'no-such-param': 1 }, needed];
    return [...wrongKeys, ...odd].map((params) => ({ method, params })).filter(isHarmless);
  });
}

/** One that ends the daemon proves nothing. */
function isHarmless({ method, params }: Trial): boolean {
  return method !== 'shutdown' || !contract.shutdown.params.safeParse(params ?? {}).success;
}

export const IDS: readonly unknown[] = [
  0,
  -1,
  1.5,
  1e300,
  '',
  'x',
  '\0',
  'y'.repeat(10_000),
  null,
  true,
  [],
  {},
  [1],
  { a: 1 },
];

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** Bytes that a client sends at once. */
export function hostileBytes(random: Random): Buffer {
  const kind = random.weighted({ bytes: 3, spoilt: 6, deep: 1, long: 1, batch: 2, odd: 2, blank: 1 });
  switch (kind) {
    case 'bytes':
      return bytesOf(random, random.between(1, 20_000));
    case 'spoilt':
      return spoilt(Buffer.from(`${JSON.stringify(someRequest(random))}\n`), random);
    case 'deep':
      return Buffer.from(deep(random, random.between(1000, 400_000)));
    case 'long':
      return Buffer.alloc(maxLineBytes + random.between(-2, 200_000), random.oneOf('x', '"', ' ', '[', '\0'));
    case 'batch':
      return Buffer.from(batch(random));
    case 'odd':
      return Buffer.from(`${random.oneOf(PING, ...ODD_LINES)}\n`);
    default:
      return Buffer.from(random.oneOf('\n', '\r\n', ' ', '\t\n').repeat(random.between(1, 2000)));
  }
}

const ODD_LINES: readonly string[] = [
  'null', '0', '""', '[]', '{}', '[[]]', '[null]', '[[[]]]', '{"jsonrpc":"2.0"}', '{"jsonrpc":"1.0","id":1,"method":"ping"}', `${PING}${PING}`, `${PING},`, `\ufeff${PING}`,
  '{"jsonrpc":"2.0","id":1,"method":"__proto__"}', '{"jsonrpc":"2.0","id":1,"method":"toString"}', '{"jsonrpc":"2.0","id":1,"method":""}', '{"jsonrpc":"2.0","id":1,"result":1}',
  '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}', '{"jsonrpc":"2.0","method":"ping"}', '{"__proto__":{"method":"ping"}}', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
  'GET / HTTP/1.1', 'SSH-2.0-x', '\u0000',
]; // prettier-ignore

function someRequest(random: Random): unknown {
  const all = trials();
  const { method, params } = all[random.below(all.length)] ?? { method: 'ping', params: {} };
  return { jsonrpc: '2.0', id: random.pick(IDS), method, params };
}

/** Flips, cuts out, doubles or puts in some bytes. One that would end the daemon is made harmless by its name. */
function spoilt(bytes: Buffer, random: Random): Buffer {
  let result = bytes;
  for (let times = random.between(1, 6); times > 0; times -= 1) {
    const at = random.below(result.length);
    const length = random.between(1, 10);
    const [head, middle, tail] = [
      result.subarray(0, at),
      result.subarray(at, at + length),
      result.subarray(at + length),
    ];
    const added = random.oneOf(middle, Buffer.concat([middle, middle]), bytesOf(random, length), Buffer.alloc(0));
    result = Buffer.concat([head, added, tail]);
  }
  return result.includes('shutdown') ? Buffer.from('{"jsonrpc":"2.0","id":1,"method":"shut\n') : result;
}

function deep(random: Random, depth: number): string {
  const [open, close] = random.oneOf(
    ['[', ']'],
    ['{"a":', '}'],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[', ']}'],
  );
  const levels = Math.min(depth, Math.floor(maxLineBytes / (open.length + close.length)) - 1);
  return random.chance(0.5) ? `${open.repeat(levels)}\n` : `${open.repeat(levels)}1${close.repeat(levels)}\n`;
}

function batch(random: Random): string {
  const length = random.oneOf(0, 1, 2, 63, 64, 65, 1000, 10_000);
  const entry = (): string => random.oneOf(PING, '1', 'null', '[]', '{"jsonrpc":"2.0","method":"ping"}');
  return `[${Array.from({ length }, entry).join(',')}]\n`;
}
