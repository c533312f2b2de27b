// Loaded into a daemon with NODE_OPTIONS=--import: at SIGUSR1 it notes in the file $PROBE what the process holds after a collection of
// garbage: memory in bytes, and its active resources (timers, handles) by kind.
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = /** @type {() => void} */ (runInNewContext('gc'));

process.on('SIGUSR1', () => {
  collect();
  const { heapUsed, rss, external } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo().sort();
  writeFileSync(`${process.env.PROBE}.new`, JSON.stringify({ heapUsed, rss, external, resources }));
  renameSync(`${process.env.PROBE}.new`, `${process.env.PROBE}`);
});
