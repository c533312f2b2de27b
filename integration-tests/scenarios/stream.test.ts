/** `stream`: the services' output on the daemon's stdout, without any of them noticing. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { begin, type Running } from '../harness/commands.ts';
import { processTable, service } from '../harness/config.ts';
import { procmand } from '../harness/paths.ts';
import { signal } from '../harness/processes.ts';
import { expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const start = (world: World, args: readonly string[] = ['--stream'], env: NodeJS.ProcessEnv = {}): Running =>
  begin(procmand, [world.config, ...args], { ...world.env, ...env });

const say = (world: World, text: string): void => appendFileSync(join(world.playground, 'say.web'), text);

const linesOf = ({ printed }: Running): string[] => printed().stdout.split('\n').slice(0, -1);

async function end(run: Running, signalName: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  signal(run.pid, signalName);
  await run.finished;
}

test('both outputs come with the name before each line; a last line without an end too', async ({ world }) => {
  world.configure([processTable('both', `sh -c 'echo out; echo err >&2; printf rest; exec sleep 1000000'`)]);
  const run = start(world, ['--stream', '--on-exit', 'stop']);
  await world.waitFor('both lines', () => linesOf(run).length === 2);
  await end(run);
  expect(linesOf(run).sort()).toEqual(['[both] err', '[both] out', '[both] rest']);
  expect(readFileSync(join(world.stateDir, 'logs/both.out.log'), 'utf8')).toBe('out\nrest');
});

test('colours only where they are wanted', async ({ world }) => {
  world.configure([processTable('one', `sh -c 'echo out; exec sleep 1000000'`)]);
  const run = start(world, ['--stream', '--on-exit', 'stop'], { FORCE_COLOR: '1' });
  await world.waitFor('a line', () => linesOf(run).length === 1);
  expect(linesOf(run)[0]).toMatch(/^\x1b\[3\dm\[one\]\x1b\[0m out$/);
  await end(run);
});

test('the next daemon goes on where the last one was: nothing is lost, nothing is repeated', async ({ world }) => {
  world.configure([service('web', 'says')]);
  const first = start(world);
  await world.waitForAll('RUNNING');
  say(world, 'a\nb\n');
  await world.waitFor('the lines', () => linesOf(first).length === 2);
  await end(first);
  say(world, 'c\n');
  await world.waitFor('it to be written', () =>
    readFileSync(join(world.stateDir, 'logs/web.out.log'), 'utf8').endsWith('c\n'),
  );
  const second = start(world);
  await world.waitFor('the daemon', () => world.rpc('ping'));
  say(world, 'd\n');
  await world.waitFor('the lines', () => linesOf(second).length === 2);
  expect([...linesOf(first), ...linesOf(second)]).toEqual(['[web] a', '[web] b', '[web] c', '[web] d']);
  await end(second);
});

test('a reload turns it on and off', async ({ world }) => {
  world.configure([service('web', 'says')]);
  const run = start(world, []);
  await world.waitForAll('RUNNING');
  say(world, 'unheard\n');
  await world.waitFor(
    'it to be written',
    () =>
      existsSync(join(world.stateDir, 'logs/web.out.log')) &&
      readFileSync(join(world.stateDir, 'logs/web.out.log'), 'utf8') === 'unheard\n',
  );
  world.configure([service('web', 'says')], 'stream = true');
  expect((await world.ctl('update', '-y')).code).toBe(0);
  say(world, 'heard\n');
  await world.waitFor('the line', () => linesOf(run).length === 1);
  world.configure([service('web', 'says')], 'stream = false');
  expect((await world.ctl('update', '-y')).code).toBe(0);
  say(world, 'unheard\n');
  await end(run);
  expect(linesOf(run)).toEqual(['[web] heard']);
});

test('a reader that stops reading, and one that is gone, hold up nothing; what is left out is told', async ({
  world,
}) => {
  world.configure([processTable('loud', `sh -c 'yes 0123456789 | head -c 30000000; echo done; exec sleep 1000000'`)]);
  const run = start(world);
  run.child.stdout?.pause();
  await world.waitFor(
    'all of it in the log',
    () => readFileSync(join(world.stateDir, 'logs/loud.out.log')).length === 30_000_005,
  );
  expect((await world.ctl('restart', 'loud')).code).toBe(0);
  run.child.stdout?.resume();
  await world.waitFor('the note', () => /^\[loud\] \.\.\. \d+ bytes were left out/m.test(run.printed().stdout));
  run.child.stdout?.destroy();
  await world.waitFor('the warning', () => run.printed().stderr.includes('stream: standard output is closed'));
  expect((await world.ctl('status')).code).toBe(0);
  await end(run);
});
