// Loaded into a daemon: writes the longest time that its event loop was kept busy, in milliseconds, into $LOOP_DELAY; counted as
// long as there is a file $LOOP_DELAY.begin.
import { existsSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const path = process.env.LOOP_DELAY;
const resolution = 1;
const delay = monitorEventLoopDelay({ resolution });
delay.enable();
let longest = 0;
let wasMeasuring = false;
setInterval(() => {
  const isMeasuring = existsSync(`${path}.begin`);
  // What was before it began, or after it was over, does not count.
  if (isMeasuring && wasMeasuring) longest = Math.max(longest, delay.max / 1e6 - resolution);
  delay.reset();
  wasMeasuring = isMeasuring;
  writeFileSync(path, String(longest));
}, 100).unref();
