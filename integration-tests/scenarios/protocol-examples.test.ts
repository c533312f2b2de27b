/** What docs/protocol.md shows is what happens: its commands are run by a shell, and the answers have the shape that it prints. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { begin, type Running } from '../harness/commands.ts';
import { processTable, service } from '../harness/config.ts';
import { signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../docs/${path}`, import.meta.url));
const rpcSh = at('examples/rpc.sh');
const procmanPy = at('examples/procman.py');

interface Example {
  readonly commands: string;
  /** One for each line. */
  readonly answers: readonly unknown[];
}

/** A block of `sh`, and the block of `json` that comes next. */
function examples(): Example[] {
  const text = readFileSync(at('protocol.md'), 'utf8').split('\n## By hand\n')[1] ?? '';
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```\n+```json\n(.*?)^```/gms)];
  return blocks.map(([, commands = '', answers = '']) => ({
    commands,
    answers: answers
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  }));
}

/** Names and kinds, without what a machine has of its own. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === 'lines' ? 'lines' : shapeOf(each)]),
  );
}

async function start(world: World): Promise<void> {
  // A line each tenth of a second: a log that is followed has something to tell.
  world.configure([processTable('server', "sh -c 'while sleep 0.1; do echo GET /; done'"), service('other', 'steady')]);
  await world.startDaemon();
  await world.waitForAll('RUNNING');
  await world.waitFor('a second line', async () => {
    return (await world.rpc<{ truncated: boolean }>('logs', { name: 'server', lines: 1 })).truncated;
  });
}

const linesOf = ({ printed }: Running): unknown[] =>
  printed()
    .stdout.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

const idOf = (message: unknown): string => JSON.stringify((message as { id?: unknown }).id ?? '~');

/** Ends the shell with its pipe: both belong to a group of their own. */
function beginShell(world: World, commands: string): Running {
  const script = commands.replaceAll('/run/procman/my-uid.sock', world.socket);
  return begin('/bin/sh', ['-c', script], world.env);
}

describe('docs/protocol.md', () => {
  test('has examples with nc and with socat, subscribe among them', () => {
    const commands = examples()
      .map((example) => example.commands)
      .join('');
    for (const word of ['nc -N -U', 'socat', '"subscribe"', '"follow":true']) expect(commands).toContain(word);
    expect(examples().length).toBeGreaterThanOrEqual(6);
  });

  test('shows what happens', { timeout: 180_000 }, async ({ world }) => {
    await start(world);
    for (const { commands, answers } of examples()) {
      const running = beginShell(world, commands);
      const wanted = answers.length;
      if (commands.includes('subscribe')) {
        await world.waitFor('the answer', () => linesOf(running).length > 0);
        signal(await world.pidOf('server'), 'SIGKILL');
      }
      const found = await world.waitFor(commands, () => linesOf(running).length >= wanted && linesOf(running));
      const inOrder = (list: readonly unknown[]): unknown[] =>
        [...list].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1)).map(shapeOf);
      expect(inOrder(found.slice(0, wanted)), commands).toEqual(inOrder(answers));
      expect((await running.finished).code, commands).toBe(0);
    }
  });
});

describe('docs/examples', () => {
  test('rpc.sh asks, and tells errors by its exit code', async ({ world }) => {
    await start(world);
    const rpc = (...words: string[]) => begin(rpcSh, words, world.env).finished;
    const ping = await rpc(world.socket, 'ping');
    expect(ping.code).toBe(0);
    expect(JSON.parse(ping.stdout)).toMatchObject({ result: { uid: world.uid } });
    const stopped = await rpc(world.socket, 'stop', '{"names":["other"]}');
    expect([stopped.code, (JSON.parse(stopped.stdout) as { result: unknown }).result]).toMatchObject([
      0,
      { results: [{ name: 'other', ok: true }] },
    ]);
    expect((await rpc(world.socket, 'stop', '{"names":["othr"]}')).code).toBe(1);
    expect((await rpc(`${world.socket}x`, 'ping')).code).toBe(5);
    expect((await rpc()).code).toBe(2);
  });

  test('procman.py tells status, follows a log and what happens', async ({ world }) => {
    await start(world);
    const python = (...words: string[]) => begin('python3', [procmanPy, ...words], world.env);
    const status = await python(world.socket, 'status').finished;
    expect(status.stdout).toMatch(/^server +RUNNING +ok +wanted\nother +RUNNING +ok +wanted\n$/);
    expect(status.code).toBe(0);
    const logs = python(world.socket, 'logs', 'server');
    const before = (await world.rpc<{ lines: string[] }>('logs', { name: 'server', lines: 50 })).lines.length;
    await world.waitFor('more lines than there were', () => logs.printed().stdout.split('\n').length > before + 3);
    const unknown = await python(world.socket, 'logs', 'nobody').finished;
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/^error -32001: /)]);
    expect((await python(`${world.socket}x`, 'status').finished).code).toBe(5);
    expect((await python().finished).code).toBe(2);
    logs.child.kill('SIGINT');
    expect((await logs.finished).code).toBe(130);
    await watches(world, python(world.socket, 'watch'));
  });
});

async function watches(world: World, watch: Running): Promise<void> {
  await world.waitFor('an event', async () => {
    await world.rpc('signal', { names: ['other'], signal: 'KILL' });
    return watch.printed().stdout.includes(' other ');
  });
  watch.child.kill('SIGINT');
  expect((await watch.finished).code).toBe(130);
}
