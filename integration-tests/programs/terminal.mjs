// usage: terminal.mjs ID - what Node thinks of its three streams, in colour where it would; then waits, and notes signals.
import { appendFileSync } from 'node:fs';
const [, , id] = process.argv;
const note = (line) => appendFileSync(`${process.env.PLAYGROUND}/log.${id}`, `${line}\n`);
for (const name of ['SIGTERM', 'SIGUSR1', 'SIGHUP']) {
  process.on(name, () => {
    note(`signal ${name}`);
    if (name === 'SIGTERM') process.exit(7);
  });
}
const isTerminal = [process.stdin, process.stdout, process.stderr].map((stream) => stream.isTTY === true);
console.log(`terminals: ${isTerminal.join(' ')}`);
console.log(process.stdout.hasColors?.() ? '\x1b[32mgreen\x1b[0m' : 'no colours');
console.error('an error');
console.log(`${process.stdout.columns} columns, ${process.env.TERM}`);
note(`start ${process.pid}`);
setInterval(() => undefined, 1000);
