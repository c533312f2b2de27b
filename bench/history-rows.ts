/** Fills the history of a daemon that does not run, for the figure `events`. */
import { existsSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Entry } from '../daemon/src/history/event.ts';
import { EventStore } from '../daemon/src/history/store.ts';

const BATCH = 200;
const INSTANCES = 50;

/** As a crash loop tells them: exits and states in turn, of many instances. */
function entry(seq: number, at: number): Entry {
  const number = seq % INSTANCES;
  const about = { key: `worker~${number}`, id: 'worker', name: `worker:worker_${number}` };
  const run = `0123456789abcdef${seq}`;
  if (seq % 2 === 0) {
    const body = { run, exit: { code: 3, at: new Date(at).toISOString() }, durationSeconds: 0.4 };
    return { seq, at, type: 'exit', about, body: { ...body, message: 'exited with code 3 after 0.4 s' } };
  }
  const reason = { code: 'exit' as const, message: 'it exited with code 3 before it had settled; tried again later' };
  const message = `RUNNING -> BACKOFF (exit: ${reason.message})`;
  return { seq, at, type: 'state', about, body: { run, from: 'RUNNING', to: 'BACKOFF', reason, message } };
}

function batch(first: number, at: number): Entry[] {
  return Array.from({ length: BATCH }, (_, index) => entry(first + index, at));
}

/** @returns how many rows it took until the file was that large */
export function fill(path: string, bytes: number, now: number): number {
  const store = new EventStore(path);
  let seq = 1;
  while (!existsSync(path) || statSync(path).size < bytes) {
    store.append(batch(seq, now - 3_600_000 + Math.floor(seq / 100)));
    seq += BATCH;
  }
  store.close();
  return seq - 1;
}

/** One step of a flood each: rows are written, and the oldest removed. Milliseconds of each step, and how large the file became. */
export function flood(
  path: string,
  { first, steps, maxBytes, now }: { first: number; steps: number; maxBytes: number; now: number },
): { readonly times: number[]; readonly bytes: number } {
  const store = new EventStore(path);
  const times: number[] = [];
  for (let step = 0; step < steps; step += 1) {
    const rows = batch(first + step * BATCH, now);
    const begin = performance.now();
    store.append(rows);
    store.prune({ maxAge: Infinity, maxBytes, now });
    times.push(performance.now() - begin);
  }
  store.close();
  return { times, bytes: statSync(path).size };
}
