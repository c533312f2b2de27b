/** Values of `env` and `env-file` are in no answer, no log and no argument; the monitor socket answers what it is for and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contract } from '@procman/protocol/contract';
import { errorCodes } from '@procman/protocol/errors';
import { methodNames, type Method } from '@procman/protocol/methods';
import { HostileClient, type Reply } from '../fuzz/hostile-client.ts';
import { processTable, service } from '../harness/config.ts';
import { commandOf, signal } from '../harness/processes.ts';
import { expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const SECRET = 'tr0ub4dor-and-3';
const FILED = 'c0rrect-h0rse';

/** Processes that do all that might tell a value: fail in each way, print it in hooks and checks, and are wrong in the file. */
function telling(world: World): string[] {
  writeFileSync(join(world.root, 'secrets.env'), `FILED=${FILED}\n`, { mode: 0o600 });
  const env = `env = { TOKEN = "${SECRET}" }; env-file = "${world.root}/secrets.env"`;
  const print = 'echo $TOKEN $FILED && echo $TOKEN $FILED >&2 && exit 1';
  return [
    service('web', 'steady', env),
    processTable('fails', 'exit 3', `${env}; start-secs = "10s"`),
    processTable('before', 'sleep 5555', `${env}; before = "${print}"`),
    processTable('init', 'sleep 5555', `${env}; init = "${print}"`),
    processTable('after', 'sleep 5555', `${env}; after-start = "${print}"`),
    processTable(
      'checked',
      'sleep 5555',
      `${env}; health-check = { command = "${print}", interval = "100ms", retries = 1 }`,
    ),
    processTable(
      'starting',
      'sleep 5555',
      `${env}; start-health-check = { command = "${print}", timeout = "300ms", interval = "100ms" }`,
    ),
    processTable('waits', 'sleep 5555', `${env}; depends-on = [{ command = "${print}", interval = "200ms" }]`),
  ];
}

/** What a reading method is asked, so that it says as much as it can. */
const PARAMS: Partial<Readonly<Record<Method, object>>> = {
  status: { resources: true },
  explain: { names: ['all'] },
  subscribe: { afterSeq: 0 },
  logs: { daemon: true },
};

function expectNone(what: string, text: string): void {
  for (const value of [SECRET, FILED]) expect(`${what}: ${text}`).not.toContain(value);
}

test('values of the environment are told by no method, log or argument', async ({ world }) => {
  world.configure(telling(world), `log-file = "${world.root}/daemon.log"\nlog-level = "debug"`);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  await world.waitForRow('checked', 'a failed check', ({ restarts }) => restarts > 0);
  for (const id of ['fails', 'before', 'init', 'starting']) await world.waitForState(id, 'BACKOFF', 'BLOCKED');
  await world.waitForState('waits', 'PENDING');
  const client = await HostileClient.connect(world.socket);
  const unavailable: string[] = [];
  for (const method of methodNames.filter((name) => !contract[name].acting)) {
    const reply = await client.ask(method, PARAMS[method] ?? {}, method);
    expectNone(method, JSON.stringify(reply));
    if (reply.error !== undefined) {
      // A method that is answered by nothing at all would pass.
      expect([method, reply.error.code]).toEqual([method, errorCodes.unavailable]);
      unavailable.push(method);
    }
  }
  signal(await world.pidOf('web'), 'SIGKILL');
  await world.waitForRow('web', 'its new run', ({ restarts, state }) => restarts > 0 && state === 'RUNNING');
  for (const command of [['restart', 'web'], ['stop', 'all', '-y'], ['status'], ['plan']])
    expectNone(command.join(' '), JSON.stringify(await world.ctl(...command)));
  expectNone('notifications', JSON.stringify(client.replies()));
  await client.finish();
  for (const { pid, kind } of world.marked()) expectNone(kind, commandOf(pid));
  const log = readFileSync(join(world.root, 'daemon.log'), 'utf8');
  expect(log).toContain('checked');
  expectNone('the log', log);
  console.log(`not available here: ${unavailable.join(', ') || 'none'}`);
});

test('a mistake in the environment is told without its value', async ({ world }) => {
  world.configure([service('web', 'steady')]);
  const daemon = await world.startDaemon();
  for (const wrong of [`env = { TOKEN = ["${SECRET}"] }`, `env = { "TO KEN" = "${SECRET}" }`, `env = "${SECRET}"`]) {
    world.configure([service('web', 'steady', wrong)]);
    const result = await world.ctl('update');
    expect(result.code).toBe(6);
    expectNone(wrong.slice(0, 12), `${result.stdout}${result.stderr}`);
  }
  expectNone('the log', daemon.log());
});

/** SPEC 2.1. */
const SHOWN: readonly Method[] = [
  'ping',
  'version',
  'status',
  'timeline',
  'events',
  'subscribe',
  'metrics',
  'rpc.discover',
];

test('the monitor socket answers these methods, and refuses every other one of the contract', async ({ world }) => {
  const path = join(world.root, 'monitor.sock');
  world.configure([service('web', 'steady')], `monitor-socket = "${path}"`);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  const pid = await world.pidOf('web');
  for (const method of methodNames) {
    const client = await HostileClient.connect(path);
    const reply: Reply = await client.ask(method, { names: ['web'], signal: 'KILL', force: true }, 1);
    const isRefused = reply.error?.code === errorCodes['read-only-socket'];
    expect([method, isRefused]).toEqual([method, !SHOWN.includes(method)]);
    if (contract[method].acting) expect(isRefused).toBe(true);
    await client.finish();
  }
  expect(await world.pidOf('web')).toBe(pid);
});
