/**
 * Restarts and reloads without end: nothing grows in the daemon, nor in its folders. PROCMAN_ENDURANCE=10000 makes so many restarts
 * and a tenth as many reloads; by default it is a short run.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { processTable, service } from '../harness/config.ts';
import { fileURLToPath } from 'node:url';
import { signal } from '../harness/processes.ts';
import { expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const ROUNDS = Number(process.env['PROCMAN_ENDURANCE'] ?? 400);
const LIMIT = 60_000 + ROUNDS * 200;
/**
 * What a run may leave behind in the heap: less than a pointer each, but for the noise of a short run. Node 24 compiles for longer:
 * it was 1.1 MB after 400 rounds, and 0.7 MB after 2,000.
 */
const HEAP_MAY_GROW = 1_500_000 + ROUNDS * 8;

interface Holding {
  readonly heapUsed: number;
  readonly rss: number;
  readonly resources: readonly string[];
}

interface Figures extends Holding {
  readonly descriptors: number;
  readonly watches: number;
  readonly files: number;
}

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []);

function countFiles(folder: string): number {
  return readdirSync(folder, { recursive: true }).length;
}

async function figuresOf(world: World, { pid }: Daemon): Promise<Figures> {
  const file = join(world.root, 'probe');
  rmSync(file, { force: true });
  signal(pid, 'SIGUSR1');
  await world.waitFor('the probe', () => existsSync(file));
  const held = JSON.parse(readFileSync(file, 'utf8')) as Holding;
  const descriptors = readdirSync(`/proc/${pid}/fd`);
  const watches = descriptors.flatMap((fd) => linesOf(`/proc/${pid}/fdinfo/${fd}`)).filter((line) => line.startsWith('inotify')); // prettier-ignore
  return {
    ...held,
    descriptors: descriptors.length,
    watches: watches.length,
    files: countFiles(world.stateDir),
  };
}

const restarts = async (world: World): Promise<number> => (await world.row('flap')).restarts;

async function untilRestarts(world: World, count: number): Promise<void> {
  await world.waitFor(`${count} restarts`, async () => (await restarts(world)) >= count, LIMIT);
}

const always = service('web', 'steady');
/** Ends at once, and is started at once: it counts as having been RUNNING. */
const flap = processTable('flap', '/bin/true', 'start-secs = 0; restart-delay = 0; max-runs = 0');
const held = (name: string): string => service(name, 'steady', 'autostart = false');

test('restarts and reloads leave nothing behind', { timeout: 3 * LIMIT }, async ({ world }) => {
  const probe = fileURLToPath(new URL('../programs/probe.mjs', import.meta.url));
  world.configure([always, flap]);
  const env = { NODE_OPTIONS: `--import=${probe}`, PROBE: join(world.root, 'probe') };
  const daemon = await world.startDaemon({ env, args: ['--log-level', 'error'] });
  await world.waitForState('web', 'RUNNING');
  const pid = await world.pidOf('web');

  // Half of all before the first look: caches have filled by then.
  await untilRestarts(world, Math.ceil(ROUNDS / 2));
  await reload(world, Math.ceil(ROUNDS / 20));
  await world.ctl('stop', 'flap');
  const before = await figuresOf(world, daemon);
  await world.ctl('start', 'flap', '--no-wait');
  const from = await restarts(world);
  await untilRestarts(world, from + ROUNDS);
  await reload(world, Math.ceil(ROUNDS / 10));
  await world.ctl('stop', 'flap');
  const after = await figuresOf(world, daemon);

  console.log(JSON.stringify({ rounds: ROUNDS, before, after }));
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
  expect(after.watches).toBeLessThanOrEqual(before.watches);
  expect(after.files).toBeLessThanOrEqual(before.files);
  // What is to run in this very turn is none that is kept.
  const kept = ({ resources }: { resources: readonly string[] }): string[] =>
    resources.filter((name) => name !== 'Immediate');
  expect(kept(after)).toEqual(kept(before));
  expect(after.heapUsed - before.heapUsed).toBeLessThan(HEAP_MAY_GROW);
  expect(await world.pidOf('web')).toBe(pid);

  // The history was kept meanwhile, not given up: so it is in what was counted.
  const { seq } = await world.rpc<{ seq: number }>('subscribe');
  expect(seq).toBeGreaterThan(ROUNDS);
  const parts = ['events.db', 'events.db-wal'].map((name) => join(world.stateDir, name));
  const onDisk = (): number => parts.reduce((sum, path) => sum + (existsSync(path) ? statSync(path).size : 0), 0);
  await world.waitFor('the history on disk', () => onDisk() > ROUNDS * 100);
  const { events } = await world.rpc<{ events: unknown[] }>('events', { names: ['flap'], types: ['exit'] });
  expect(events.length).toBeGreaterThanOrEqual(Math.min(ROUNDS / 2, 1000));
});

/** Each adds a process and takes the one before away. */
async function reload(world: World, times: number): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    world.configure([always, flap, ...(round + 1 < times ? [held(`extra${round % 7}`)] : [])]);
    const { ok } = await world.rpc<{ ok: boolean }>('update');
    expect(ok).toBe(true);
  }
}
