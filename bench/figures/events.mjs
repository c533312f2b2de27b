import { build } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { figure, median, onGround, sleepers } from '../harness.mjs';

export const about = 'the history, full (64 MB): queries, what they cost others, and pruning under a flood of events';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MAX_BYTES = 64e6;
const ROWS = 100_000;

export async function run({ isQuick }) {
  const folder = mkdtempSync(join(tmpdir(), 'procman-bench-events-'));
  try {
    const history = await bundled(join(folder, 'history.mjs'));
    return [
      ...(await onGround((ground) => queries(ground, history))),
      ...flooded(join(folder, 'events.db'), history, isQuick ? 100 : 1000),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function queries(ground, { fill }) {
  const state = join(ground.home, 'state');
  mkdirSync(state, { mode: 0o700 });
  const rows = fill(join(state, 'events.db'), MAX_BYTES, Date.now());
  const daemon = ground.daemon(sleepers(1));
  daemon.start();
  await daemon.untilRunning();
  // The first one opens the file.
  await daemon.call('events', { limit: 1 });
  const timed = async (params) => {
    const begin = performance.now();
    const { events } = await daemon.call('events', params);
    return { ms: performance.now() - begin, count: events.length };
  };
  const newest = await timed({ limit: 50 });
  const scan = await timed({ types: ['missed'] });
  const name = await timed({ names: ['worker:worker_7'], limit: 1000 });
  // What others notice of it: the slowest answer to a ping while rows are looked through.
  let isOver = false;
  const all = timed({ limit: ROWS }).finally(() => (isOver = true));
  const pings = [];
  while (!isOver) {
    const begin = performance.now();
    await daemon.call('ping');
    pings.push(performance.now() - begin);
  }
  const { ms, count } = await all;
  return [
    figure(`events, newest 50 of ${rows}`, { ours: newest.ms, unit: 'ms', limit: { value: 50 } }),
    figure(`events, all of ${rows} looked through`, { ours: scan.ms, unit: 'ms', limit: { value: 2000 } }),
    figure(`events, ${name.count} of one name`, { ours: name.ms, unit: 'ms', limit: { value: 1000 } }),
    figure(`events, a query for ${ROWS}: ${count} came`, { ours: ms, unit: 'ms', limit: { value: 3000 } }),
    figure('events, ping meanwhile, median', { ours: median(pings), unit: 'ms' }),
    figure('events, ping meanwhile, slowest', { ours: Math.max(...pings), unit: 'ms', limit: { value: 250 } }),
  ];
}

function flooded(path, { fill, flood }, steps) {
  const now = Date.now();
  const rows = fill(path, MAX_BYTES, now);
  const { times, bytes } = flood(path, { first: rows + 1, steps, maxBytes: MAX_BYTES, now });
  const sorted = times.toSorted((a, b) => a - b);
  return [
    figure('history, 200 rows written and pruned', { ours: median(times), unit: 'ms', limit: { value: 20 } }),
    figure('history, the slowest of 100', { ours: sorted[Math.floor(sorted.length * 0.99)], unit: 'ms' }),
    figure('history, size under a flood', { ours: bytes / 1e6, unit: 'MB', limit: { value: 66 } }),
  ];
}

async function bundled(outfile) {
  const options = { bundle: true, platform: 'node', target: 'node20', format: 'esm', logLevel: 'warning' };
  await build({
    ...options,
    absWorkingDir: root,
    entryPoints: ['bench/history-rows.ts'],
    external: ['@photostructure/sqlite'],
    outfile,
  });
  return import(pathToFileURL(outfile).href);
}
