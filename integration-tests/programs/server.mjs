#!/usr/bin/env node
// server.mjs NAME: notes `port N`, and answers on that port as the file `answer.NAME` says: a status (200 where there is none), `hangs`, or
// `slow` (a byte each 50 ms, without end). Shouts when another copy of NAME lives.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [, , name] = process.argv;
const at = (file) => `${process.env.PLAYGROUND}/${file}`;
const note = (line) => appendFileSync(at(`log.${name}`), `${line}\n`);
// The lock belongs to the open file: flock has it as its descriptor 3, and this process keeps it.
const lock = openSync(at(`lock.${name}`), 'a');
const { status } = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', lock] });
if (status !== 0) appendFileSync(at('shouts'), `DUPLICATE ${name} ${process.pid}\n`);
note(`start ${process.pid}`);

const server = createServer((_request, response) => {
  const answer = existsSync(at(`answer.${name}`)) ? readFileSync(at(`answer.${name}`), 'utf8').trim() : '200';
  note(`asked ${answer}`);
  if (answer === 'hangs') return;
  if (answer === 'slow') {
    response.writeHead(200);
    setInterval(() => response.write('.'), 50);
    return;
  }
  response.writeHead(Number(answer), { location: '/nowhere' });
  response.end(`answer ${answer}`);
});
// The same port in each run, so that checks find it again.
const known = existsSync(at(`port.${name}`)) ? Number(readFileSync(at(`port.${name}`), 'utf8')) : 0;
server.listen(known, '127.0.0.1', () => note(`port ${server.address().port}`));
