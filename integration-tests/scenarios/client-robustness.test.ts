/** Every command with broken surroundings: no stack trace, no hang, an exit code that is one of ours. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { COMMANDS } from '@procman/ctl/command-table';
import type { StatusResult } from '@procman/protocol/views';
import { begin, type Finished } from '../harness/commands.ts';
import { processTable, service } from '../harness/config.ts';
import { procmanctl, programs } from '../harness/paths.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Words for each command; every one of the table is here, or the first test fails. */
const WORDS: Readonly<Record<string, (world: World) => string>> = {
  status: () => 'status',
  start: () => 'start web',
  stop: () => 'stop off',
  restart: () => 'restart --stale',
  unblock: () => 'unblock web',
  signal: () => 'signal CONT web',
  wait: () => 'wait web --timeout 500ms',
  explain: () => 'explain web',
  timeline: () => 'timeline',
  events: () => 'events',
  logs: () => 'logs web',
  plan: () => 'plan',
  update: () => 'update',
  check: ({ config }) => `check '${config}'`,
  'expand-templates': ({ config }) => `expand-templates '${config}'`,
  'gen-file': () => 'gen-file',
  import: () => `import --from procfile '${join(programs, '..', 'import-samples', 'Procfile')}'`,
  export: ({ config }) => `export '${config}' --to systemd`,
  backup: (world) => `backup '${join(world.root, 'saved.tgz')}'`,
  // What the one before has saved, beside all that is there.
  restore: (world) => `restore '${join(world.root, 'saved.tgz')}' --state-dir '${join(world.root, 'other')}'`,
  metrics: () => 'metrics',
  'notify-test': () => 'notify-test',
  tui: () => 'tui',
  schema: () => 'schema',
  uid: () => 'uid',
  list: () => 'list',
  doctor: () => 'doctor',
  'delete-old-status-files': () => 'delete-old-status-files',
  completion: () => 'completion bash',
  ping: () => 'ping',
  pid: () => 'pid web',
  version: () => 'version',
  help: () => 'help',
  // The last: nothing answers after it.
  shutdown: () => 'shutdown --leave-running',
};

/** Shell text around a command. */
const SURROUNDINGS: Readonly<Record<string, (command: string) => string>> = {
  'stdout closed': (command) => `${command} >&-`,
  'stderr closed': (command) => `${command} 2>&-`,
  'all closed': (command) => `${command} <&- >&- 2>&-`,
  'a reader that goes at once': (command) => `{ ${command}; echo $? >&3; } 3>&2 | head -c 1 >/dev/null`,
  'no HOME, TERM, PATH to speak of': (command) => `env -u HOME -u TERM COLUMNS=-7 LINES=x ${command}`,
  'a full disk': (command) => `${command} >/dev/full`,
};

const OURS = [0, 1, 2, 3, 4, 5, 6];

function sh(world: World, text: string): Promise<Finished> {
  return begin('sh', ['-c', text], world.env).finished;
}

test('knows every command', () => {
  const visible = COMMANDS.filter(({ hidden }) => hidden !== true);
  expect(visible.map(({ name }) => name).filter((name) => !(name in WORDS))).toEqual([]);
});

describe('every command', () => {
  test.for(Object.entries(SURROUNDINGS))('%s', async ([, around], { world }) => {
    world.configure([service('web', 'steady'), service('off', 'steady', 'autostart = false')]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const names = Object.keys(WORDS).filter((name) => COMMANDS.some((command) => command.name === name));
    for (const name of names) {
      const words = WORDS[name]?.(world) ?? '';
      const { code, signal, stderr } = await sh(world, around(`'${procmanctl}' ${words}`));
      expect(signal, words).toBeNull();
      expect(OURS, `${words}: ${stderr}`).toContain(code);
      expect(stderr, words).not.toMatch(/^\s+at |node:internal|Error:.*\n\s+at /m);
    }
  });

  test('says what a full disk does to its output', async ({ world }) => {
    const { code, stderr } = await sh(world, `'${procmanctl}' uid >/dev/full`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^procmanctl: .*ENOSPC/);
  });
});

describe('output', () => {
  test('a slow reader of a non-blocking pipe loses nothing', async ({ world }) => {
    const names = Array.from({ length: 400 }, (_, at) =>
      processTable(`service_with_a_rather_long_name_${at}`, 'sleep 1', 'autostart = false'),
    );
    world.configure(names);
    await world.startDaemon();
    const script = `
import fcntl, json, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, fcntl.fcntl(w, fcntl.F_GETFL) | os.O_NONBLOCK)
fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)
child = subprocess.Popen([sys.argv[1], 'status', '--json'], stdout=w)
os.close(w)
text = b''
while True:
    piece = os.read(r, 3000)
    if not piece: break
    text += piece
    time.sleep(0.001)
assert child.wait() == 0, child.returncode
print(len(json.loads(text)['processes']))
`;
    const { code, stdout, stderr } = await begin('python3', ['-c', script, procmanctl], world.env).finished;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '400\n', stderr: '' });
  });

  test('`--json` has errors on standard output, in all commands that know --json', async ({ world }) => {
    const socket = join(world.root, 'none.sock');
    for (const words of [
      'status',
      'ping',
      'pid web',
      'plan',
      'update',
      'start web',
      'logs web',
      'wait web',
      'timeline',
    ]) {
      const { code, stdout, stderr } = await sh(world, `'${procmanctl}' -s '${socket}' ${words} --json`);
      const { error } = JSON.parse(stdout) as { error: { code: string } };
      expect([words, code, stderr, error.code]).toEqual([words, 5, '', 'no-daemon']);
    }
  });

  test('is plain where it is no terminal, or one that was asked to be', async ({ world }) => {
    world.configure([service('web', 'exits 1', 'start-secs = "10s"; start-retries = 0')]);
    await world.startDaemon();
    await world.waitForState('web', 'FATAL');
    const onTerminal = (setting: string, words: string): string =>
      spawnSync('script', ['-qec', `env ${setting} '${procmanctl}' ${words}`, '/dev/null'], {
        env: { ...world.env, TERM: 'xterm' },
        encoding: 'utf8',
      }).stdout;
    expect(onTerminal('A=1', 'status')).toContain('\u001b[31m');
    for (const [setting, words] of [
      ['NO_COLOR=1', 'status'],
      ['TERM=dumb', 'status'],
      ['-u TERM', 'status'],
      ['A=1', 'status --no-color'],
    ] as const) {
      const text = onTerminal(setting, words);
      expect(text, `${setting} ${words}`).toContain('FATAL');
      expect(text, `${setting} ${words}`).not.toContain('\u001b');
    }
    expect((await world.ctl('status')).stdout).not.toContain('\u001b');
    expect((await world.ctl('status', '--color')).stdout).toContain('\u001b[31m');
  });
});

describe('monitoring', () => {
  test('`--nagios` has the plugins’ exit codes, and 3 for whatever else', async ({ world }) => {
    world.configure([service('web', 'steady'), service('bad', 'exits 1', 'start-secs = "10s"; start-retries = 0')]);
    await world.startDaemon();
    await world.waitForState('bad', 'FATAL');
    await world.waitForState('web', 'RUNNING');
    expect(await world.ctl('status', '--nagios', 'web')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^PROCMAN OK - 1 process, all as they should be \| running=1;;;0;1 /) as string,
    });
    expect(await world.ctl('status', '--nagios')).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(
        /^PROCMAN CRITICAL - 1 problem in 2 processes: bad FATAL \|.*\nbad FATAL: /,
      ) as string,
    });
    for (const words of [['nobody'], ['--bogus'], ['--at', '18:00'], ['-s', '/nowhere.sock']]) {
      const { code, stdout, stderr } = await world.ctl('status', '--nagios', ...words);
      expect([code, stderr]).toEqual([3, '']);
      expect(stdout).toMatch(/^PROCMAN UNKNOWN - .+\n/);
    }
  });

  test('`restart --stale` restarts what is stale, and only that', async ({ world }) => {
    const tables = (value: string): string[] => [
      service('web', 'steady', `env = { A = "${value}" }`),
      service('held', 'steady', `env = { A = "${value}" }`),
      service('other', 'steady'),
    ];
    world.configure(tables('1'));
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    expect(await world.ctl('restart', '--stale')).toMatchObject({
      code: 0,
      stdout: 'nothing is stale: all that runs is as it is defined now\n',
    });
    expect((await world.ctl('restart')).code).toBe(2);
    await world.ctl('stop', 'held');
    const other = await world.pidOf('other');
    world.configure(tables('2'));
    expect((await world.ctl('update')).stdout).toContain('to apply what is stale: procmanctl restart web\n');
    expect((await world.rpc<StatusResult>('status')).processes.map(({ stale }) => stale)).toEqual([true, false, false]);
    expect((await world.ctl('restart', 'other', '--stale')).stdout).toMatch(/^nothing is stale/);
    expect((await world.ctl('restart', '--stale')).stdout).toBe('web: restarted\n');
    expect(await world.row('web')).toMatchObject({ stale: false, state: 'RUNNING' });
    expect(await world.row('held')).toMatchObject({ held: true, state: 'STOPPED' });
    expect(await world.pidOf('other')).toBe(other);
    await expect(world.rpc('restart', {})).rejects.toThrow('names are needed');
  });
});
