/** The interactive shell, in a pseudo-terminal. */
import { begin } from '../harness/commands.ts';
import { processTable, service } from '../harness/config.ts';
import { procmanctl } from '../harness/paths.ts';
import { signal } from '../harness/processes.ts';
import { Terminal } from '../harness/terminal.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const PROMPT = 'procman> ';

async function openShell(world: World, ...processes: string[]): Promise<Terminal> {
  world.configure([service('web', 'steady'), processTable('example process 2', 'sleep 1000'), ...processes]);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  const terminal = new Terminal(world, `'${procmanctl}'`);
  await terminal.waitFor(PROMPT);
  return terminal;
}

/** Lines of the screen that show this. */
const times = (screen: string, text: string): number => screen.split(text).length - 1;

describe('the shell', () => {
  test('runs commands, and leaves by Ctrl-D', async ({ world }) => {
    const terminal = await openShell(world);
    terminal.enter('status');
    await terminal.waitFor(/web\s+RUNNING\s+pid \d+/);
    terminal.enter('stop web');
    await terminal.waitFor('web: stopped');
    expect((await world.row('web')).held).toBe(true);
    terminal.enter('frobnicate');
    await terminal.waitFor('unknown command "frobnicate"');
    terminal.press('C-d');
    await terminal.waitFor('ended 0');
  });

  test.for(['quit', 'exit'])('leaves by %s', async (word, { world }) => {
    const terminal = await openShell(world);
    terminal.enter(word);
    await terminal.waitFor('ended 0');
  });

  test('completes commands and names', async ({ world }) => {
    const terminal = await openShell(world);
    await terminal.type('stat');
    terminal.press('Tab');
    await terminal.waitFor(`${PROMPT}status `);
    await terminal.type('we');
    terminal.press('Tab');
    await terminal.waitFor(`${PROMPT}status web `);
    terminal.press('Enter');
    await terminal.waitFor(/web\s+RUNNING/);
  });

  test('completes a name with blanks, quoted, and takes it back', async ({ world }) => {
    const terminal = await openShell(world);
    await terminal.type('stop ex');
    terminal.press('Tab');
    await terminal.waitFor(`${PROMPT}stop "example process 2"`);
    terminal.press('Enter');
    await terminal.waitFor('example process 2: stopped');
    terminal.enter("start 'example process 2'");
    await terminal.waitFor('example process 2: started');
  });

  test('shows what there is to choose from', async ({ world }) => {
    const terminal = await openShell(world);
    await terminal.type('st');
    // The first Tab completes what they share: nothing to be seen. As a person would: once more.
    await world.waitFor('the choices', () => {
      terminal.press('Tab');
      return ['start', 'status', 'stop'].every((word) => terminal.screen().includes(word));
    });
  });

  test('keeps its history, also for the next shell', async ({ world }) => {
    const terminal = await openShell(world);
    terminal.enter('pid web');
    await terminal.waitFor(/^\d+$/m);
    terminal.press('Up');
    await world.waitFor('the line from the history', () => times(terminal.screen(), `${PROMPT}pid web`) === 2);
    terminal.press('Enter');
    await world.waitFor('the same again', () => (terminal.screen().match(/^\d+$/gm)?.length ?? 0) === 2);
    terminal.enter('exit');
    await terminal.waitFor('ended 0');
    terminal.close();
    const next = new Terminal(world, `'${procmanctl}'`);
    await next.waitFor(PROMPT);
    next.press('Up', 'Up');
    await next.waitFor(`${PROMPT}pid web`);
  });

  test('Ctrl-C clears the line, and ends only the waiting of a command', async ({ world }) => {
    const terminal = await openShell(world, service('slow', 'steady', 'start-secs = "10m"; autostart = false'));
    await terminal.type('stop web');
    terminal.press('C-c');
    await world.waitFor('a new prompt', () => times(terminal.screen(), PROMPT) === 2);
    terminal.enter('start slow');
    await world.waitForState('slow', 'STARTING');
    terminal.press('C-c');
    await terminal.waitFor('only the waiting ended');
    await terminal.waitFor(/only the waiting ended[\s\S]*procman> /);
    expect((await world.row('slow')).state).toBe('STARTING');
    expect((await world.row('web')).state).toBe('RUNNING');
    terminal.enter('pid web');
    await terminal.waitFor(String(await world.pidOf('web')));
  });

  test('asks before `stop all`', async ({ world }) => {
    const terminal = await openShell(world);
    terminal.enter('stop all');
    const question = await terminal.waitFor('[y/N]');
    expect(question).toContain('example process 2');
    terminal.enter('n');
    await terminal.waitFor('nothing was done');
    expect((await world.row('web')).state).toBe('RUNNING');
    terminal.enter('stop all');
    await world.waitFor('the second question', () => times(terminal.screen(), '[y/N]') === 2);
    terminal.enter('y');
    await terminal.waitFor('web: stopped');
    await world.waitForAll('STOPPED');
    terminal.enter('start all -y');
    await terminal.waitFor('web: started');
  });

  test('Ctrl-C at a question ends it with nothing done: what is typed next is no answer', async ({ world }) => {
    const terminal = await openShell(world);
    terminal.enter('exit');
    await terminal.waitFor('ended 0');
    terminal.close();
    const second = new Terminal(world, `trap : INT; '${procmanctl}'`);
    await second.waitFor(PROMPT);
    second.enter('stop all');
    await second.waitFor('[y/N]');
    second.press('C-c');
    await second.waitFor('ended 130');
    expect((await world.row('web')).state).toBe('RUNNING');
  });

  test('survives the daemon, and finds the next one', async ({ world }) => {
    const terminal = await openShell(world);
    const { pid } = await world.rpc<{ pid: number }>('ping');
    signal(pid, 'SIGKILL');
    await world.waitForEnd(pid, 'the daemon');
    terminal.enter('status');
    await terminal.waitFor('no daemon is running');
    await world.startDaemon();
    terminal.enter('status');
    await terminal.waitFor(/web\s+RUNNING/);
  });
});

describe('a script on standard input', () => {
  test('runs its lines, and stops at the first failure with -e', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const run = (...args: string[]) =>
      begin(
        'sh',
        ['-c', `printf 'stop web\\nstop nobody\\nstart web\\n' | '${procmanctl}' ${args.join(' ')}`],
        world.env,
      ).finished;
    const all = await run();
    expect(all.stdout).toBe('web: stopped\nweb: started\n');
    expect(all.code).toBe(4);
    const cut = await run('-e');
    expect(cut.stdout).toBe('web: stopped\n');
    expect(cut.code).toBe(4);
  });
});
