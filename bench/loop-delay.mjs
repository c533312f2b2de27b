// Loaded into a daemon: writes the longest time that its event loop was kept busy, in milliseconds, into $LOOP_DELAY; from the
// moment on that there is a file $LOOP_DELAY.begin.
import { existsSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const path = process.env.LOOP_DELAY;
const resolution = 1;
const delay = monitorEventLoopDelay({ resolution });
let isMeasuring = false;
setInterval(() => {
  if (isMeasuring) writeFileSync(path, String(delay.max / 1e6 - resolution));
  else if (existsSync(`${path}.begin`)) {
    isMeasuring = true;
    delay.enable();
  }
}, 100).unref();
