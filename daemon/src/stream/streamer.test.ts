import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NodeSystem } from '../effects/node-system.ts';
import { LogAudience } from '../rpc/log-audience.ts';
import { Streamer } from './streamer.ts';

const audience = new LogAudience();
let root: string;
let log: string;

beforeEach(() => {
  root = fs.mkdtempSync(`${tmpdir()}/procman-stream-`);
  log = `${root}/web.log`;
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function begin(goOn = true): Streamer {
  const descriptor = fs.openSync(`${root}/out`, 'a');
  const system = new NodeSystem();
  const streamer = new Streamer({
    system,
    file: `${root}/stream.json`,
    goOn,
    colour: false,
    audience,
    log: () => undefined,
    descriptor,
  });
  streamer.follow('web', { stdout: log });
  return streamer;
}

const copied = (): string => fs.readFileSync(`${root}/out`, 'utf8');

test('what a log lost at its beginning is neither repeated nor does it hide what comes', async () => {
  fs.writeFileSync(log, 'old\n');
  const streamer = begin();
  fs.appendFileSync(log, 'one\ntwo\n');
  streamer.look();
  audience.hold(log);
  fs.writeFileSync(log, 'two\n');
  audience.release(log, 8);
  fs.appendFileSync(log, 'three\n');
  await streamer.end();
  expect(copied()).toBe('[web] one\n[web] two\n[web] three\n');
});

test('a log that was emptied is followed from its beginning', async () => {
  fs.writeFileSync(log, 'old line\n');
  const streamer = begin();
  fs.writeFileSync(log, 'new\n');
  await streamer.end();
  expect(copied()).toBe('[web] new\n');
});

test('the next one goes on where the last one was, unless told to begin with what comes', async () => {
  fs.writeFileSync(log, '');
  await begin().end();
  fs.appendFileSync(log, 'between\n');
  await begin(false).end();
  expect(copied()).toBe('');
  fs.appendFileSync(log, 'later\n');
  await begin().end();
  expect(copied()).toBe('[web] later\n');
});
