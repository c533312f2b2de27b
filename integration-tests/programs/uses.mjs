// usage: uses.mjs ID FILES BYTES WORKERS - holds so much, leaves a child outside of its session, and says when all is there.
import { spawn } from 'node:child_process';
import { appendFileSync, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
const [, , id, files, bytes, workers] = process.argv;
for (let count = 0; count < Number(files); count += 1) openSync('/dev/null', 'r');
globalThis.held = Buffer.alloc(Number(bytes), 1);
const started = Array.from({ length: Number(workers) }, () => {
  const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
  return new Promise((resolve) => worker.once('online', resolve));
});
const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
await Promise.all([...started, new Promise((resolve) => child.once('spawn', resolve))]);
appendFileSync(`${process.env.PLAYGROUND}/log.${id}`, `child ${child.pid}\nstart ${process.pid}\n`);
setInterval(() => undefined, 1000);
