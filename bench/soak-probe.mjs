// Loaded into a daemon: a line a second into $SOAK_PROBE: heap in use (bytes), longest stretch that the event loop was busy since the last
// line (ms), and timers that are armed.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
setInterval(() => {
  const timers = process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length;
  const { heapUsed } = process.memoryUsage();
  appendFileSync(process.env.SOAK_PROBE, `${heapUsed} ${Math.max(0, delay.max / 1e6 - 1).toFixed(2)} ${timers}\n`);
  delay.reset();
}, 1000).unref();
