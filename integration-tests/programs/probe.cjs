// Loaded into a daemon with NODE_OPTIONS=--require: at SIGUSR1 it notes in the file $PROBE what the process holds after a collection of
// garbage: memory in bytes, and its active resources (timers, handles) by kind.
const { writeFileSync, renameSync } = require('node:fs');
const v8 = require('node:v8');
const vm = require('node:vm');

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');

process.on('SIGUSR1', () => {
  collect();
  const { heapUsed, rss, external } = process.memoryUsage();
  const resources = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  writeFileSync(`${process.env.PROBE}.new`, JSON.stringify({ heapUsed, rss, external, resources }));
  renameSync(`${process.env.PROBE}.new`, process.env.PROBE);
});
