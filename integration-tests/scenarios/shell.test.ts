/** The interactive shell, in a pseudo-terminal. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
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
    // The next prompt: before it nobody reads keys. (It names the daemon where others live, those of other tests too.)
    await terminal.waitFor(/exit 2\] procman> /);
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
    terminal.enter('ping');
    await terminal.waitFor('no daemon is running');
    terminal.enter('status');
    await terminal.waitFor('unsupervised since');
    await world.startDaemon();
    // A table is on the screen already; this needs the daemon.
    terminal.enter('stop web');
    await terminal.waitFor('web: stopped');
  });
});

/** What stands in the brackets before the last prompt; empty where there are none. */
function marks(screen: string): string {
  return /(?:\[([^\]]*)\] )?procman> [^\n]*\n*$/.exec(screen)?.[1] ?? '';
}

describe('the prompt', () => {
  test('says what is wrong: a problem, a failed command, and nothing once all is well', async ({ world }) => {
    const terminal = await openShell(world, processTable('broken', 'exit 7', 'start-retries = 0'));
    await world.waitForState('broken', 'FATAL');
    await world.waitFor('the mark of the problem', () => {
      terminal.press('Enter');
      return /(^|, )1 problem$/.test(marks(terminal.screen()));
    });
    terminal.enter('pid nobody');
    await terminal.waitFor(/1 problem, exit 4\] procman> \n*$/);
    terminal.enter('stop broken');
    await terminal.waitFor('broken: stopped');
    await world.waitFor('no mark', () => !/problem|exit/.test(marks(terminal.screen())));
  });

  test('tells when the daemon goes and when the next one comes, and keeps what is being typed', async ({ world }) => {
    const terminal = await openShell(world);
    const { pid } = await world.rpc<{ pid: number }>('ping');
    await terminal.type('pid we');
    signal(pid, 'SIGKILL');
    await terminal.waitFor('the daemon has gone');
    await terminal.waitFor(/\[no daemon\] procman> pid we\n*$/);
    const next = await world.startDaemon();
    await terminal.waitFor(`the daemon is back: pid ${next.pid}`);
    await world.waitFor('the same line', () => /procman> pid we\n*$/.test(terminal.screen()));
    expect(marks(terminal.screen())).not.toContain('no daemon');
    terminal.press('Tab');
    await terminal.waitFor(/procman> pid web \n*$/);
    terminal.press('Enter');
    await terminal.waitFor(String(await world.pidOf('web')));
  });

  test('does not wait for a daemon that does not answer', async ({ world }) => {
    const terminal = await openShell(world);
    const { pid } = await world.rpc<{ pid: number }>('ping');
    signal(pid, 'SIGSTOP');
    terminal.enter('help uid');
    await terminal.waitFor(/the daemon does not answer\] procman> \n*$/);
    signal(pid, 'SIGCONT');
    await world.waitFor('no mark', () => {
      terminal.press('Enter');
      return !marks(terminal.screen()).includes('answer');
    });
  });
});

describe('a line', () => {
  test('may hold several commands, and Tab completes the last', async ({ world }) => {
    const terminal = await openShell(world);
    terminal.enter('stop web; start web && pid nobody && pid');
    await terminal.waitFor(/web: stopped\n[^]*web: started\n+procmanctl: no process is called "nobody"/);
    await terminal.type('ping; pid we');
    terminal.press('Tab');
    await terminal.waitFor('ping; pid web ');
    terminal.press('Enter');
    await terminal.waitFor(new RegExp(`answers[^\\n]*\\n+${await world.pidOf('web')}`));
  });

  test('is given up as a whole by Ctrl-C', async ({ world }) => {
    const terminal = await openShell(world, service('slow', 'steady', 'start-secs = "10m"; autostart = false'));
    terminal.enter('start slow; stop web');
    await world.waitForState('slow', 'STARTING');
    terminal.press('C-c');
    await terminal.waitFor(/exit 130\] procman> \n*$/);
    expect((await world.row('web')).state).toBe('RUNNING');
  });

  test('of another tool is answered by what does it here', async ({ world }) => {
    const terminal = await openShell(world);
    terminal.enter('maintail');
    await terminal.waitFor('supervisorctl\'s "maintail" is "logs --daemon"');
  });
});

describe('the history', () => {
  test('holds each line once, is private, and two shells write it at once', async ({ world }) => {
    const first = await openShell(world);
    const second = new Terminal(world, `'${procmanctl}'`);
    await second.waitFor(PROMPT);
    for (const terminal of [first, second, first]) {
      terminal.enter('uid web');
      await terminal.waitFor(/is too much/);
    }
    second.enter('pid');
    await second.waitFor(/^\d+$/m);
    const file = join(world.root, '.local/state/procman/history');
    await world.waitFor('both shells to have written', () => readFileSync(file, 'utf8').includes('pid\n'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const terminal of [first, second]) {
      terminal.enter('exit');
      await terminal.waitFor('ended 0');
    }
    const third = new Terminal(world, `'${procmanctl}'`);
    await third.waitFor(PROMPT);
    third.press('Up', 'Up', 'Up');
    await third.waitFor('procman> uid web');
  });
});

describe('poor surroundings', () => {
  test.for(['TERM=dumb', '-u TERM', '-u HOME', 'COLUMNS=10'])('env %s', async (setting, { world }) => {
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const terminal = new Terminal(world, `env ${setting} '${procmanctl}'`);
    await terminal.waitFor(PROMPT);
    terminal.enter('pid web');
    await terminal.waitFor(String(await world.pidOf('web')));
    terminal.enter('half a line');
    await terminal.waitFor('unknown command "half"');
    await terminal.type('stop web');
    terminal.press('C-c');
    await world.waitFor('a new prompt', () => /procman> \n*$/.test(terminal.screen()));
    expect((await world.row('web')).state).toBe('RUNNING');
    terminal.press('C-d');
    await terminal.waitFor('ended 0');
  });

  test('a closed standard input is an empty script', async ({ world }) => {
    const { code, stdout, stderr } = await begin('sh', ['-c', `'${procmanctl}' <&-`], world.env).finished;
    expect([code, stdout, stderr]).toEqual([0, '', '']);
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
    expect(cut.stderr).toMatch(/line 2: "stop nobody" ended with exit code 4; stopped \(-e\)\n$/);
    expect((await world.row('web')).state).toBe('STOPPED');
  });
});
