import { cpuTime, figure, onGround, pause, sleepers } from '../harness.mjs';

export const about = "the daemon's CPU time in 20 seconds in which nothing happens";

const LIMITS = new Map([
  [200, 2],
  [1000, 10],
]);

export async function run() {
  const rows = [];
  for (const [count, value] of LIMITS) {
    const ours = await onGround((ground) => idleCpu(ground, count, 20));
    rows.push(figure(`idle CPU, ${count}`, { ours, unit: 'ms per 20 s', limit: { value } }));
  }
  return rows;
}

async function idleCpu(ground, count, seconds) {
  const daemon = ground.daemon(sleepers(count));
  daemon.start();
  await daemon.untilRunning();
  // What the start has left to do is no idling: V8 collects once more by itself, some ten seconds after the last work.
  await pause(25_000);
  const before = cpuTime(daemon.pid);
  await pause(seconds * 1000);
  return ((cpuTime(daemon.pid) - before) * 20) / seconds;
}
