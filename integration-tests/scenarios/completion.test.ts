/** `completion`: what bash, zsh and fish themselves make of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { begin } from '../harness/commands.ts';
import { processTable, service } from '../harness/config.ts';
import { procmanctl, procmand } from '../harness/paths.ts';
import { Terminal } from '../harness/terminal.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

async function serve(world: World): Promise<void> {
  world.configure([
    service('web', 'steady'),
    processTable('worker', 'sleep 1000', 'numprocs = 2'),
    processTable('example process 2', 'sleep 1000'),
    processTable('日本語', 'sleep 1000'),
  ]);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
}

/** Both commands in PATH. */
function withPath(world: World): NodeJS.ProcessEnv {
  const folders = [dirname(procmanctl), dirname(procmand), world.env.PATH];
  return { ...world.env, PATH: folders.join(':'), XDG_CONFIG_HOME: join(world.root, 'config') };
}

const bashTry = `
source <(procmanctl completion bash) || exit 9
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _$1 2>&1; printf '[%s]' "\${COMPREPLY[@]}"; echo; }
`;

async function inBash(world: World, ...tries: string[]): Promise<string[]> {
  const script = bashTry + tries.map((line) => `try ${line}\n`).join('');
  const { stdout, stderr, code } = await begin('bash', ['--norc', '-c', script], withPath(world)).finished;
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return stdout.trimEnd().split('\n');
}

describe('bash', () => {
  test('completes commands, options, names, values and files', async ({ world }) => {
    await serve(world);
    const replies = await inBash(
      world,
      'procmanctl resta',
      'procmanctl status --prob',
      'procmanctl stop we',
      'procmanctl stop exam',
      'procmanctl stop 日',
      'procmanctl -y stop we',
      'procmanctl completion ""',
      'procmanctl help exit-c',
      `procmanctl check ${world.root}/procm`,
      'procmand --log-level w',
      `procmand ${world.root}/procm`,
      'procmand --on-exit ""',
    );
    expect(replies).toEqual([
      '[restart]',
      '[--problems]',
      '[web]',
      '[example\\ process\\ 2]',
      '[日本語]',
      '[web]',
      '[bash][zsh][fish]',
      '[exit-codes]',
      `[${world.config}]`,
      '[warning]',
      `[${world.config}]`,
      '[leave][stop]',
    ]);
  });

  test('says nothing where there is no daemon', async ({ world }) => {
    expect(await inBash(world, 'procmanctl stop we', 'procmanctl resta')).toEqual(['[]', '[restart]']);
  });

  test('puts it into the line, quoted, also behind a colon', async ({ world }) => {
    await serve(world);
    const terminal = new Terminal(world, `exec bash --norc`, withPath(world));
    terminal.enter("PS1='B> '; source <(procmanctl completion bash); echo loa''ded");
    await terminal.waitFor('loaded');
    const pid = String(await world.pidOf('worker:worker_01'));
    for (const [typed, completed] of [
      ['procmanctl pid exa', 'procmanctl pid example\\ process\\ 2 '],
      ['procmanctl pid "exa', 'procmanctl pid "example process 2" '],
      ['procmanctl pid worker:worker_01', 'procmanctl pid worker:worker_01 '],
    ] as const) {
      await terminal.type(typed);
      terminal.press('Tab');
      await terminal.waitFor(completed);
      terminal.press('Enter');
    }
    await terminal.waitFor(pid);
  });
});

describe('zsh', () => {
  test('finds nothing wrong with the script', async ({ world }) => {
    const file = join(world.root, '_procmanctl');
    writeFileSync(file, (await world.ctl('completion', 'zsh')).stdout);
    expect(await begin('zsh', ['-n', file], world.env).finished).toMatchObject({ code: 0, stderr: '' });
  });

  test('puts it into the line', async ({ world }) => {
    await serve(world);
    const terminal = new Terminal(world, `exec zsh -f`, withPath(world));
    terminal.enter("PS1='Z> '; autoload -Uz compinit; compinit -D; source <(procmanctl completion zsh); echo loa''ded");
    await terminal.waitFor('loaded');
    await expectCompleted(terminal, [
      ['procmanctl resta', 'procmanctl restart '],
      ['procmanctl pid exa', 'procmanctl pid example\\ process\\ 2 '],
      ['procmanctl pid worker:worker_01', 'procmanctl pid worker:worker_01 '],
      ['procmand --log-level wa', 'procmand --log-level warning '],
      ['procmanctl status --prob', 'procmanctl status --problems '],
    ]);
  });

  test('loads it from fpath, as an installed function', async ({ world }) => {
    const folder = join(world.root, 'functions');
    mkdirSync(folder);
    writeFileSync(join(folder, '_procmanctl'), (await world.ctl('completion', 'zsh')).stdout);
    const terminal = new Terminal(world, `exec zsh -f`, withPath(world));
    terminal.enter(`PS1='Z> '; fpath=('${folder}' $fpath); autoload -Uz compinit; compinit -D -u; echo loa''ded`);
    await terminal.waitFor('loaded');
    await expectCompleted(terminal, [
      ['procmanctl resta', 'procmanctl restart '],
      ['procmand uninst', 'procmand uninstall '],
    ]);
  });
});

describe('fish', () => {
  test('completes commands, names and values, with what they are', async ({ world }) => {
    await serve(world);
    const file = join(world.root, 'procmanctl.fish');
    writeFileSync(file, (await world.ctl('completion', 'fish')).stdout);
    const env = withPath(world);
    expect(await begin('fish', ['--no-config', '-n', file], env).finished).toMatchObject({ code: 0, stderr: '' });
    const ask = async (line: string): Promise<string[]> => {
      const command = `source ${file}; complete -C '${line}'`;
      const { stdout, stderr } = await begin('fish', ['--no-config', '-c', command], env).finished;
      expect(stderr).toBe('');
      return stdout.trimEnd().split('\n');
    };
    expect(await ask('procmanctl resta')).toEqual([
      'restart\tstop processes and start them again, as they are defined now',
    ]);
    expect(await ask('procmanctl stop we')).toContain('web\tRUNNING');
    expect((await ask('procmanctl stop "example pro')).map((line) => line.split('\t')[0])).toEqual([
      'example process 2',
    ]);
    expect((await ask('procmand --on-exit ')).map((line) => line.trim())).toEqual(['leave', 'stop']);
    expect((await ask(`procmanctl check ${world.root}/procm`)).join()).toContain('procman.toml');
  });
});

/** What Tab makes of the line; the mark shows where the cursor is then. */
async function expectCompleted(
  terminal: Terminal,
  cases: readonly (readonly [typed: string, completed: string])[],
): Promise<void> {
  for (const [typed, completed] of cases) {
    await terminal.type(typed);
    terminal.press('Tab');
    await terminal.type('#');
    await terminal.waitFor(`${completed}#`);
    terminal.press('C-u');
  }
}
