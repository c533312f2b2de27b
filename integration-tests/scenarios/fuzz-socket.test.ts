/** Hostile clients: whatever they send, they get an error or are dropped, and neither services nor other clients notice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { contract } from '@procman/protocol/contract';
import { errorCodes } from '@procman/protocol/errors';
import type { StatusResult } from '@procman/protocol/views';
import { fuzz, SEED, timeLimit, type Course } from '../fuzz/budget.ts';
import { HostileClient, type Reply } from '../fuzz/hostile-client.ts';
import { hostileBytes, IDS, trials } from '../fuzz/messages.ts';
import { processTable, service } from '../harness/config.ts';
import { programs } from '../harness/paths.ts';
import { identityOf } from '../harness/processes.ts';
import { expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const KNOWN_CODES = new Set<number>(Object.values(errorCodes));

interface Calm {
  readonly daemon: Daemon;
  /** Throws where anything has happened that hostile clients must not bring about. */
  readonly check: () => Promise<void>;
}

async function calmWorld(world: World): Promise<Calm> {
  const talker = processTable('talker', 'while echo talk; do sleep 0.05; done');
  world.configure([service('web', 'steady'), service('other', 'steady'), talker], `stream = false`);
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  const before = await identities(world);
  const check = async (): Promise<void> => {
    expect(await identities(world)).toEqual(before);
    expect((await world.rpc<{ pid: number }>('ping')).pid).toBe(daemon.pid);
    expect(daemon.log(), 'a defect in the daemon').not.toMatch(/^\s+at |a request failed|internal error/m);
  };
  return { daemon, check };
}

async function identities(world: World): Promise<(string | undefined)[]> {
  return (await world.rows()).map(({ pid }) => identityOf(pid ?? 0));
}

/** A reply as JSON-RPC and the contract have it. */
function expectKnown(reply: Reply): void {
  expect(reply.jsonrpc).toBe('2.0');
  if (reply.error === undefined) expect(reply).toHaveProperty('result');
  else expect([...KNOWN_CODES].filter((code) => code !== errorCodes['internal-error'])).toContain(reply.error.code);
}

test('every param of every method with every type of value: a result or an error of the contract', async ({
  world,
}) => {
  const { check } = await calmWorld(world);
  const client = await HostileClient.connect(world.socket);
  let tried = 0;
  let refused = 0;
  for (const { method, params } of trials()) {
    const what = `${method} ${JSON.stringify(params).slice(0, 200)}`;
    const reply = await client.ask(method, params, tried);
    expect([what, reply.id]).toEqual([what, tried]);
    expectKnown(reply);
    if (reply.error === undefined) {
      const parsed = contract[method].result.safeParse(reply.result);
      expect([what, parsed.error?.issues]).toEqual([what, undefined]);
    } else refused += 1;
    tried += 1;
  }
  await client.finish();
  await check();
  console.log(`${tried} requests of ${Object.keys(contract).length} methods, ${refused} of them refused`);
  expect(tried).toBeGreaterThan(1000);
});

test('ids of every type: given back as they are, or the request is none', async ({ world }) => {
  const { check } = await calmWorld(world);
  for (const id of IDS) {
    const client = await HostileClient.connect(world.socket);
    client.send(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })}\n`);
    await client.finish();
    const [reply, ...more] = client.replies();
    expect(more).toEqual([]);
    const isAllowed = id === null || typeof id === 'string' || typeof id === 'number';
    if (isAllowed) expect(reply).toMatchObject({ id, result: { uid: world.uid } });
    else expect(reply).toMatchObject({ id: null, error: { code: errorCodes['invalid-request'] } });
  }
  await check();
});

const BYTES: Course = { name: 'socket-bytes', rounds: 150, share: 0.4 };

test(
  'random bytes, spoilt requests, deep and huge lines, batches',
  { timeout: timeLimit(BYTES) },
  async ({ world }) => {
    const { check } = await calmWorld(world);
    await fuzz(BYTES, async (random) => {
      const client = await HostileClient.connect(world.socket);
      for (let times = random.between(1, 4); times > 0; times -= 1) {
        const bytes = hostileBytes(random);
        const cut = random.chance(0.3) ? random.below(bytes.length + 1) : bytes.length;
        client.send(bytes.subarray(0, cut));
        if (cut < bytes.length) await pause(0);
        client.send(bytes.subarray(cut));
      }
      // Either it is closed, or it still answers.
      if (random.chance(0.2)) client.socket.destroy();
      else client.send('\n{"jsonrpc":"2.0","id":"last","method":"ping"}\n');
      await client.finish();
      for (const reply of client.replies().filter(({ method }) => method === undefined)) expectKnown(reply);
    });
    await check();
  },
);

const FLOOD: Course = { name: 'socket-flood', rounds: 1, share: 0.4 };
const CONNECTIONS = 1000;
/** Enough for every way of being a nuisance to show, several times. */
const SAMPLES = 60;

test(
  'a thousand hostile connections: memory stays bounded, and `status` on a good one is answered soon',
  { timeout: timeLimit(FLOOD) },
  async ({ world }) => {
    const { daemon, check } = await calmWorld(world);
    const good = await HostileClient.connect(world.socket);
    const quiet = await statusTimes(good, daemon.pid);
    const memoryBefore = residentMiB(daemon.pid);
    await fuzz(FLOOD, async (_random, round) => {
      const swarm = await Swarm.begin(world.socket, SEED + round);
      const during = await statusTimes(good, daemon.pid);
      const memory = residentMiB(daemon.pid);
      const counted = await swarm.end();
      const [before, after] = [median(quiet), median(during)];
      console.log(
        `${CONNECTIONS} hostile connections (${counted}): status ${before.toFixed(1)} ms before, ${after.toFixed(1)} ms during ` +
          `(slowest ${Math.max(...during).toFixed(0)} ms); memory ${memoryBefore} MiB before, ${memory} MiB during`,
      );
      // 100 ms; on a machine that is busy with other things in proportion to what a call takes there.
      expect(after).toBeLessThan(Math.max(100, 20 * before));
      expect(memory).toBeLessThan(memoryBefore + MOST_MIB);
    });
    await good.finish();
    await world.waitFor('the good times to come back', () => world.rpc('ping'));
    await check();
  },
);

/** What hostile clients may make the daemon keep, all together. */
const MOST_MIB = 256;

/**
 * Milliseconds that `status` takes, one call after the other; without the time in which this process or the daemon waited for a
 * processor, because that is not the daemon's doing.
 */
async function statusTimes(client: HostileClient, daemon: number): Promise<number[]> {
  const now = (): number =>
    performance.now() - (waitedForProcessor(daemon) ?? 0) - (waitedForProcessor(process.pid) ?? 0);
  const times: number[] = [];
  for (let at = 0; at < SAMPLES; at += 1) {
    const begun = now();
    const reply = await client.ask('status', {}, `good-${at}`);
    times.push(now() - begun);
    expect((reply.result as StatusResult).processes).toHaveLength(3);
    await pause(50);
  }
  return times;
}

/** Milliseconds since its start that a process was ready and had no processor: the second number of schedstat (its main thread's). */
function waitedForProcessor(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return undefined;
  }
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}

function residentMiB(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

/** Hostile clients in a process of their own, so that they cost this one no time. */
class Swarm {
  readonly #child;
  readonly #ended: Promise<unknown>;
  #printed = '';

  private constructor(socket: string, seed: number) {
    const words = [`${programs}/hostile.mjs`, socket, String(CONNECTIONS), String(seed)];
    this.#child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'close');
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#printed += text));
  }

  static async begin(socket: string, seed: number): Promise<Swarm> {
    const swarm = new Swarm(socket, seed);
    await once(swarm.#child.stdout, 'data');
    return swarm;
  }

  /** @returns what it has counted */
  async end(): Promise<string> {
    this.#child.stdin.end();
    await this.#ended;
    return this.#printed.split('\n')[1] ?? '';
  }
}
