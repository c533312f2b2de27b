import { describe, expect, it } from 'vitest';
import { COMMANDS } from './command-table.ts';
import { proposeForBash } from './bash-completion.ts';
import { type CompletionSources, optionValue, propose, selectorsOf } from './completion.ts';
import { GLOBAL_OPTIONS, type Option } from './command.ts';
import { clientProgram, daemonProgram, shellProgram } from './programs.ts';
import { completeLine } from './shell-completion.ts';

const names = ['nginx', 'worker:worker_00', 'worker:worker_01', 'example process 2', 'example_process', 'all'];
const sources: CompletionSources = {
  names: () => Promise.resolve(names.map((text) => ({ text }))),
  uids: () => [{ text: 'shop' }],
};
const files = (prefix: string): string[] =>
  ['/etc/', '/my files/a b'].filter((path) => prefix !== '' && path.startsWith(prefix));
const complete = (line: string) => completeLine(line, shellProgram(COMMANDS), { ...sources, files });

describe('completeLine', () => {
  it.each<[string, string[], string]>([
    ['sta', ['status', 'start'], 'sta'],
    ['resta', ['restart '], 'resta'],
    ['exi', ['exit '], 'exi'],
    ['start ng', ['nginx '], 'ng'],
    ['start worker', ['worker:worker_00', 'worker:worker_01'], 'worker'],
    ['start example', ['"example process 2"', '"example_process"'], 'example'],
    ['start "example p', ['"example process 2" '], '"example p'],
    ["start 'example p", ['"example process 2" '], "'example p"],
    ['start worker:worker_00 worker', ['worker:worker_01 '], 'worker'],
    ['stop --n', ['--now', '--no-wait', '--no-color'], '--n'],
    ['status --w', ['--watch '], '--w'],
    ['signal H', ['HUP '], 'H'],
    ['signal HUP ng', ['nginx '], 'ng'],
    ['logs nginx w', [], 'w'],
    ['logs -n 5 ng', ['nginx '], 'ng'],
    ['help resta', ['restart '], 'resta'],
    ['plan /e', ['/etc/'], '/e'],
    ['-c /e', ['/etc/'], '/e'],
    ['plan "/my files/a', ['"/my files/a b" '], '"/my files/a'],
    ['status; stop ng', ['nginx '], 'ng'],
    ['status &&resta', ['restart '], 'resta'],
    ['status # sta', [], ''],
    ['--uid sh', ['shop '], 'sh'],
    ['-u shop resta', ['restart '], 'resta'],
    ['--config=/e', ['--config=/etc/'], '--config=/e'],
    ['stop --now --no', ['--now', '--no-wait', '--no-color'].slice(1), '--no'],
    ['completion z', ['zsh '], 'z'],
    ['help exit-c', ['exit-codes '], 'exit-c'],
    ['help __', [], '__'],
    ['__comp', [], '__comp'],
    ['start -- ng', ['nginx '], 'ng'],
    ['start example\\ p', ['"example process 2" '], 'example\\ p'],
    ['nonsense ', [], ''],
  ])('%j', async (line, proposals, replaced) => expect(await complete(line)).toEqual([proposals, replaced]));

  it('quotes only where needed while nothing was typed: a list, and nothing to insert', async () => {
    expect((await complete('start '))[0]).toContain('nginx');
    expect((await complete('start '))[0]).toContain('"example process 2"');
  });

  it('proposes every command and no option that is not built yet', async () => {
    const visible = COMMANDS.filter(({ hidden }) => !hidden).flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set((await complete(''))[0])).toEqual(new Set([...visible, 'exit', 'quit']));
    for (const { name, options } of COMMANDS.filter(({ hidden }) => !hidden)) {
      const [proposed] = await complete(`${name} --`);
      for (const { long, later } of options) expect(proposed.includes(`--${long}`), long).toBe(!later);
    }
  });
});

describe('fixed values', () => {
  const wait = {
    name: 'wait',
    summary: '',
    operands: [],
    options: [{ long: 'for', value: 'STATE', values: ['running', 'stopped', 'finished'], summary: '' }],
  };
  const program = { ...clientProgram([]), verbs: [wait] };
  it.each([
    [['wait', '--for'], '', ['running', 'stopped', 'finished']],
    [['wait', '--for'], 's', ['stopped']],
    [['wait'], '--for=', ['--for=running', '--for=stopped', '--for=finished']],
    [['wait'], '--for=f', ['--for=finished']],
  ])('%j %j', async (before, typed, texts) => {
    const { choices } = await propose(program, before, typed, sources);
    expect(choices.map(({ text }) => text)).toEqual(texts);
  });
});

describe('procmand', () => {
  it.each<[string[], string, string[] | 'files']>([
    [[], 'inst', ['install']],
    [[], '/etc/pro', 'files'],
    [['run'], '', 'files'],
    [['-c'], '', 'files'],
    [['-d'], '--state', ['--state-dir']],
    [['--log-level'], 'w', ['warning']],
    [['-e'], 'cri', ['critical']],
    [['--on-exit'], '', ['leave', 'stop']],
    [['install'], '--sy', ['--systemd']],
    [['uninstall'], '--sy', []],
    [[], '--logf', []],
  ])('%j %j', async (before, typed, wanted) => {
    const { choices, filesBehind } = await propose(daemonProgram, before, typed, sources);
    if (wanted === 'files') expect(filesBehind).toBe('');
    else expect(choices.map(({ text }) => text)).toEqual(wanted);
  });
});

describe('in bash', () => {
  const breaks = ' \t\n"\'@><=;|&(:';
  it.each<[string, string[]]>([
    ['procmanctl resta', ['restart']],
    ['procmanctl start ng', ['nginx']],
    // bash replaces only what follows the colon.
    ['procmanctl start worker:', ['worker_00', 'worker_01']],
    ['procmanctl start worker:worker_01', ['worker_01']],
    ['procmanctl start wor', ['worker:worker_00', 'worker:worker_01']],
    ['procmanctl start example', ['example\\ process\\ 2', 'example_process']],
    ['procmanctl start "example p', ['example process 2']],
    ["procmanctl start 'worker:", ['worker:worker_00', 'worker:worker_01']],
    ['procmanctl status ', names.map((name) => name.replaceAll(' ', '\\ '))],
    ['/some/where/procmanctl sig', ['signal']],
    ['procmanctl completion ', ['bash', 'zsh', 'fish']],
  ])('%j', async (line, replies) => {
    expect((await proposeForBash(clientProgram(COMMANDS), { line, breaks }, sources)).replies).toEqual(replies);
  });
});

it('finds the daemon that a half-typed line means', () => {
  const socket = GLOBAL_OPTIONS[0] as Option;
  expect(optionValue(['-s', '/a', 'status'], socket)).toBe('/a');
  expect(optionValue(['status', '--socket=/b'], socket)).toBe('/b');
  expect(optionValue(['status', '-s'], socket)).toBeUndefined();
});

it('knows names, ids, groups and all', () => {
  const rows = [
    { name: 'nginx', id: 'nginx', state: 'RUNNING' },
    { name: 'worker:worker_00', id: 'worker', group: 'worker', state: 'STOPPED' },
  ];
  expect(selectorsOf(rows)[0]).toEqual({ text: 'nginx', about: 'RUNNING' });
  expect(selectorsOf(rows).map(({ text }) => text)).toEqual(['nginx', 'worker:worker_00', 'worker', 'worker:*', 'all']);
});
