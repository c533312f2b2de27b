import { describe, expect, it } from 'vitest';
import { COMMANDS } from './command-table.ts';
import { completeLine, selectorsOf } from './completion.ts';

const names = ['nginx', 'worker:worker_00', 'worker:worker_01', 'example process 2', 'example_process', 'all'];
const complete = (line: string) =>
  completeLine(line, { commands: COMMANDS, names, files: (prefix) => (prefix === '/e' ? ['/etc/'] : []) });

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
    ['-c /e', [], '/e'],
    ['nonsense ', [], ''],
  ])('%j', (line, proposals, replaced) => expect(complete(line)).toEqual([proposals, replaced]));

  it('quotes only where needed while nothing was typed: a list, and nothing to insert', () => {
    expect(complete('start ')[0]).toContain('nginx');
    expect(complete('start ')[0]).toContain('"example process 2"');
  });
});

it('knows names, ids, groups and all', () => {
  const rows = [
    { name: 'nginx', id: 'nginx' },
    { name: 'worker:worker_00', id: 'worker', group: 'worker' },
  ];
  expect(selectorsOf(rows)).toEqual(['nginx', 'worker:worker_00', 'worker', 'worker:*', 'all']);
});
