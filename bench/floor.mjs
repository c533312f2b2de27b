// What the platform alone costs: spawns COUNT services with their output in a file, starts each again at once, answers a socket.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';

const [base, count, line] = process.argv.slice(2);

function start(number) {
  const log = openSync(`${base}.${number}.log`, 'a');
  spawn('/bin/sh', ['-c', line], { detached: true, stdio: ['ignore', log, log] }).on('exit', () => start(number));
}

createServer((connection) => connection.end('here\n')).listen(`${base}.sock`);
for (let number = 0; number < Number(count); number += 1) start(number);
