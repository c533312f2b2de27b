/** procmanctl against a real daemon: lines, exit codes, selectors, waiting, and clients that get in each other's way. */
import { appendFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { ActResult, StatusResult } from '@procman/protocol/views';
import { begin } from '../harness/commands.ts';
import { processTable, service } from '../harness/config.ts';
import { procmanctl } from '../harness/paths.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { RpcError } from '../harness/rpc.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

async function start(world: World, ...processes: string[]): Promise<void> {
  world.configure(processes);
  await world.startDaemon();
}

async function running(world: World, ...processes: string[]): Promise<void> {
  await start(world, ...processes);
  await world.waitForAll('RUNNING');
}

describe('lines of start, stop and restart', () => {
  test('as SPEC 9.1 has them', async ({ world }) => {
    await running(world, service('web', 'steady'));
    expect((await world.ctl('start', 'web')).stdout).toBe('web: already running\n');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: already stopped; held until `start`\n');
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    expect((await world.ctl('restart', 'web')).stdout).toBe('web: restarted\n');
    expect((await world.ctl('stop', 'web', '--no-wait')).stdout).toBe('web: stop requested\n');
    await world.waitForState('web', 'STOPPED');
    expect((await world.ctl('start', 'web', '--no-wait')).stdout).toBe('web: start requested\n');
    await world.waitForState('web', 'RUNNING');
  });

  test('a stop is a hold, shown by status, released by start', async ({ world }) => {
    await running(world, service('web', 'steady'));
    await world.ctl('stop', 'web');
    expect(await world.row('web')).toMatchObject({
      held: true,
      verdict: 'ok',
      expected: 'stopped',
      reason: { code: 'manual' },
    });
    expect((await world.ctl('status')).code).toBe(0);
    await world.ctl('update');
    expect((await world.row('web')).state).toBe('STOPPED');
    await world.ctl('start', 'web');
    expect((await world.row('web')).held).toBe(false);
  });

  test('wide commands skip what is not theirs', async ({ world }) => {
    await start(
      world,
      service('web', 'steady'),
      service('manual', 'steady', 'autostart = false'),
      service('held', 'steady'),
      service('job', 'exits 0', 'one-shot = true'),
    );
    await world.waitForAll('RUNNING', ['web', 'held']);
    await world.waitForState('job', 'EXITED');
    await world.ctl('stop', 'held');
    const restarted = await world.ctl('restart', 'all', '-y');
    expect(restarted.stdout).toContain('web: restarted\n');
    for (const name of ['manual', 'held', 'job'])
      expect(restarted.stdout).toMatch(new RegExp(`^${name}: skipped \\(`, 'm'));
    const started = await world.ctl('start', 'all');
    expect(started.stdout).toContain('web: already running\n');
    expect(started.stdout).toContain('held: started\n');
    expect(started.stdout).toMatch(/^manual: skipped \(/m);
    expect(started.stdout).toContain('job: already finished\n');
    expect((await world.ctl('start', 'manual')).stdout).toBe('manual: started\n');
    await world.expectStarts('job', 1);
  });
});

describe('selectors', () => {
  const grouped = [
    processTable('worker', 'sleep 1000', 'numprocs = 2'),
    processTable('nginx', 'sleep 1000', 'group = "web"'),
    processTable('api', 'sleep 1000', 'group = "web"'),
    processTable('example process 2', 'sleep 1000'),
  ];
  const named: readonly [string, string[]][] = [
    ['all', ['worker:worker_00', 'worker:worker_01', 'web:nginx', 'web:api', 'example process 2']],
    ['worker', ['worker:worker_00', 'worker:worker_01']],
    ['worker_01', ['worker:worker_01']],
    ['worker:worker_00', ['worker:worker_00']],
    ['web:*', ['web:nginx', 'web:api']],
    ['nginx', ['web:nginx']],
    ['w*', ['worker:worker_00', 'worker:worker_01', 'web:nginx', 'web:api']],
    ['example process 2', ['example process 2']],
  ];

  test('each means what it says', async ({ world }) => {
    await running(world, ...grouped);
    for (const [selector, names] of named) {
      const { json } = await world.ctl('status', selector, '--json');
      expect(
        (json as StatusResult).processes.map(({ name }) => name),
        selector,
      ).toEqual(names);
    }
  });

  test('one that matches nothing: nothing is done, exit 4, the nearest is named', async ({ world }) => {
    await running(world, ...grouped);
    const result = await world.ctl('stop', 'nginx', 'wroker');
    expect(result.code).toBe(4);
    expect(result.stderr).toContain('worker');
    expect((await world.row('web:nginx')).state).toBe('RUNNING');
    const json = await world.ctl('stop', 'wroker', '--json');
    expect(json.code).toBe(4);
    expect(json.json).toMatchObject({ error: { data: { names: [{ given: 'wroker' }] } } });
  });
});

describe('waiting', () => {
  test('--timeout ends the waiting, not the work', async ({ world }) => {
    await start(world, service('web', 'steady', 'start-secs = "2s"; autostart = false'));
    const result = await world.ctl('start', 'web', '--timeout', '200ms');
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/^web: ERROR \(/);
    await world.waitForState('web', 'RUNNING');
  });

  test('a later command supersedes the waiter of an earlier one', async ({ world }) => {
    await start(world, service('web', 'steady', 'start-secs = "10m"; autostart = false'));
    const first = world.beginCtl('start', 'web', '--json');
    await world.waitForState('web', 'STARTING');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    const { code, stdout } = await first.finished;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ results: [{ name: 'web', ok: false, code: 'superseded' }] });
  });

  test('two clients stop the same: both are told', async ({ world }) => {
    await running(world, service('web', 'slow-term 0.5', 'stop-timeout = "5s"'));
    await world.waitFor('the trap', () => world.lines('log.web').includes('ready'));
    const first = world.beginCtl('stop', 'web');
    await world.waitForState('web', 'STOPPING');
    const second = await world.ctl('stop', 'web');
    expect(second.stdout).toBe('web: stopped\n');
    expect((await first.finished).stdout).toMatch(/^web: /);
    expect(world.lines('log.web').filter((line) => line === 'term')).toHaveLength(1);
  });

  test('a client killed in the middle changes nothing', async ({ world }) => {
    await start(world, service('web', 'steady', 'start-secs = "1s"; autostart = false'));
    const client = world.beginCtl('start', 'web');
    await world.waitForState('web', 'STARTING');
    signal(client.pid, 'SIGKILL');
    await client.finished;
    await world.waitForState('web', 'RUNNING');
  });

  test('Ctrl-C ends the waiting only', async ({ world }) => {
    await start(world, service('web', 'steady', 'start-secs = "1s"; autostart = false'));
    const client = world.beginCtl('start', 'web');
    await world.waitForState('web', 'STARTING');
    signal(client.pid, 'SIGINT');
    expect((await client.finished).code).toBe(130);
    await world.waitForState('web', 'RUNNING');
  });

  test('a waiting call blocks no other', async ({ world }) => {
    await running(world, service('web', 'ignores-term', 'stop-timeout = "10m"'), service('other', 'steady'));
    const stop = world.beginCtl('stop', 'web');
    await world.waitForState('web', 'STOPPING');
    expect((await world.ctl('restart', 'other')).stdout).toBe('other: restarted\n');
    expect((await world.ctl('stop', 'web', '--now')).stdout).toBe('web: stopped\n');
    await stop.finished;
  });

  test('many clients at once, all commands: one copy, and the last word counts', async ({ world }) => {
    await running(world, service('web', 'steady', 'start-secs = 0'));
    const verbs = ['stop', 'start', 'restart'];
    await Promise.all(
      Array.from({ length: 24 }, (_, at) => world.rpc<ActResult>(verbs[at % 3] ?? '', { names: ['web'] })),
    );
    expect((await world.ctl('start', 'web')).code).toBe(0);
    await world.waitForState('web', 'RUNNING');
  });
});

describe('exit codes', () => {
  test('0 to 6', async ({ world }) => {
    await start(world, service('web', 'steady'), service('bad', 'exits 1', 'start-secs = "10s"; start-retries = 0'));
    await world.waitForState('bad', 'FATAL');
    await world.waitForState('web', 'RUNNING');
    expect((await world.ctl('status', 'web')).code).toBe(0);
    expect((await world.ctl('start', 'bad')).code).toBe(1);
    expect((await world.ctl('stop')).code).toBe(2);
    expect((await world.ctl('no-such-command')).code).toBe(2);
    expect((await world.ctl('stop', 'web', '--timeout', 'soon')).code).toBe(2);
    expect((await world.ctl('status')).code).toBe(3);
    expect((await world.ctl('status', 'nobody')).code).toBe(4);
    expect((await begin(procmanctl, ['status', '-s', join(world.root, 'none.sock')], world.env).finished).code).toBe(5);
    world.writeConfig('uid = ');
    expect((await world.ctl('update')).code).toBe(6);
    expect((await world.ctl('check', world.config)).code).toBe(6);
  });
});

describe('finding the daemon', () => {
  test('by socket, configuration file and uid', async ({ world }) => {
    await running(world, service('web', 'steady'));
    const { PROCMAN_SOCKET: _unused, ...env } = world.env;
    for (const words of [
      ['-s', world.socket],
      ['-c', world.config],
      ['-u', world.uid],
    ]) {
      const { code, stdout } = await begin(procmanctl, [...words, 'status', '--json'], env).finished;
      expect(code).toBe(0);
      expect((JSON.parse(stdout) as StatusResult).daemon.uid).toBe(world.uid);
    }
    expect((await begin(procmanctl, ['-u', `${world.uid}x`, 'ping'], env).finished).code).toBe(5);
  });

  test('`list` names it', async ({ world }) => {
    await running(world, service('web', 'steady'));
    const { json } = await world.ctl('list', '--json');
    const { pid } = await world.daemonView();
    const { daemons } = json as { daemons: { uid: string }[] };
    expect(daemons.find(({ uid }) => uid === world.uid)).toMatchObject({
      pid,
      configPath: world.config,
      socket: world.socket,
      stateDir: world.stateDir,
    });
  });
});

describe('single commands', () => {
  test('`signal` reaches the main process, and is refused where there is none', async ({ world }) => {
    await start(world, service('web', 'notes-signals'), service('off', 'steady', 'autostart = false'));
    await world.waitForState('web', 'RUNNING');
    await world.waitFor('the trap', () => world.lines('log.web').includes('ready'));
    for (const name of ['USR1', 'SIGHUP']) expect((await world.ctl('signal', name, 'web')).code).toBe(0);
    await world.waitFor('both signals', () => ['USR1', 'HUP'].every((name) => world.lines('log.web').includes(name)));
    const refused = await world.ctl('signal', 'USR1', 'off', '--json');
    expect(refused.code).toBe(1);
    expect(refused.json).toMatchObject({ results: [{ code: 'not-running' }] });
    expect((await world.ctl('signal', 'LOUD', 'web')).code).toBe(2);
  });

  test('`pid`', async ({ world }) => {
    await start(world, service('web', 'steady'), service('off', 'steady', 'autostart = false'));
    await world.waitForState('web', 'RUNNING');
    expect(await world.ctl('pid', 'web')).toMatchObject({ code: 0, stdout: `${await world.pidOf('web')}\n` });
    expect(await world.ctl('pid', 'off')).toMatchObject({ code: 1, stdout: '0\n' });
    expect(await world.ctl('pid')).toMatchObject({ code: 0, stdout: `${(await world.daemonView()).pid ?? ''}\n` });
  });

  test('`status` in a pipe: no header, columns apart by two blanks, no colour', async ({ world }) => {
    await running(world, processTable('example process 2', 'sleep 1000'), service('web', 'steady'));
    const { stdout } = await world.ctl('status');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^example process 2 {2,}RUNNING {2,}pid \d+, uptime \d+:\d\d:\d\d$/);
    expect(stdout).not.toContain('\x1b');
  });

  test('`logs`, and `logs -f` follows what comes, over a restart', async ({ world }) => {
    await running(world, service('web', 'says'));
    const say = (text: string): void => appendFileSync(join(world.playground, 'say.web'), `${text}\n`);
    say('one');
    say('two');
    await world.waitFor('two lines', async () => (await world.ctl('logs', 'web')).stdout === 'one\ntwo\n');
    expect((await world.ctl('logs', 'web', '-n', '1')).stdout).toBe('two\n');
    const follow = world.beginCtl('logs', 'web', '-f', '-n', '1');
    await world.waitFor('the last line', () => follow.printed().stdout === 'two\n');
    say('three');
    await world.waitFor('the new line', () => follow.printed().stdout === 'two\nthree\n');
    signal(follow.pid, 'SIGINT');
    expect((await follow.finished).code).toBe(130);
  });

  test('`logs` tells where the text is', async ({ world }) => {
    await running(world, processTable('web', 'echo oops >&2; exec sleep 1000'));
    await world.waitFor('the text', async () => (await world.ctl('logs', 'web', '--stderr')).stdout === 'oops\n');
    expect(await world.ctl('logs', 'web')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('--stderr') as string,
    });
    // In these tests the daemon logs to its stderr.
    expect(await world.ctl('logs', '--daemon')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the daemon's stderr") as string,
    });
  });

  test('`check` tells what is wrong, and OK', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    expect(await world.ctl('check', world.config)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('OK: 1 process, 0 warnings') as string,
    });
    world.configure([service('web', 'steady', 'stop-timout = 3')]);
    const broken = await world.ctl('check', world.config);
    expect(broken.code).toBe(6);
    expect(broken.stdout).toMatch(/procman\.toml:\d+:\d+: error: process "web": stop-timout: .*stop-timeout/);
  });
});

describe('bad input on the socket', () => {
  /** Sends a text and gives back all that comes until the daemon closes, or the first line. */
  function answerTo(world: World, text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = createConnection(world.socket, () => socket.write(text));
      socket.setEncoding('utf8').on('error', reject);
      socket.on('close', () => resolve(answer));
      socket.on('data', (chunk: string) => {
        answer += chunk;
        if (answer.includes('\n')) socket.destroy();
      });
    });
  }

  test.for([
    ['not JSON', 'hello\n', -32700],
    ['no request', '42\n', -32600],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"explode"}\n', -32601],
    ['unknown params', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1}}\n', -32602],
    ['no names', '{"jsonrpc":"2.0","id":1,"method":"stop","params":{"names":[]}}\n', -32602],
    ['params by position', '{"jsonrpc":"2.0","id":1,"method":"stop","params":["all"]}\n', -32602],
  ] as const)('%s: an error, and all goes on', async ([, text, code], { world }) => {
    await running(world, service('web', 'steady'));
    expect(JSON.parse(await answerTo(world, text))).toMatchObject({ error: { code } });
    expect((await world.row('web')).state).toBe('RUNNING');
  });

  test('a line of 8 MB', async ({ world }) => {
    await running(world, service('web', 'steady'));
    const answer = await answerTo(world, `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(8_000_000)}`).catch(() => '');
    if (answer !== '') expect(JSON.parse(answer)).toMatchObject({ error: { code: -32005 } });
    expect((await world.row('web')).state).toBe('RUNNING');
  });

  test('half a line, then silence; and clients that never read', async ({ world }) => {
    await running(world, service('web', 'steady'));
    const silent = Array.from({ length: 50 }, () => createConnection(world.socket));
    for (const socket of silent) {
      socket.on('error', () => undefined).pause();
      socket.write(`${'{"jsonrpc":"2.0","id":1,"method":"status","params":{}}\n'.repeat(20)}{"jsonrpc":`);
    }
    const pid = await world.pidOf('web');
    expect((await world.ctl('restart', 'web')).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
    for (const socket of silent) socket.destroy();
  });

  test('an unknown name is an error with the nearest ones', async ({ world }) => {
    await running(world, service('web', 'steady'));
    const error = await world.rpc('stop', { names: ['wbe'] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ code: -32001, data: { names: [{ given: 'wbe', nearest: ['web'] }] } });
  });
});
