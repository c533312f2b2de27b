import { expect, it } from 'vitest';
import { expand, readPairs } from './expansion.ts';

const known = { program_name: 'web', group_name: 'shop', host_node_name: 'h', here: '/etc', numprocs: '3' };

it.each([
  ['%(program_name)s-%(group_name)s 100%%', 'web-shop 100%'],
  ['%(here)s/x %(ENV_HOME)s', '/etc/x {{ HOME }}'],
  ['%(process_num)d', '{{ PROCMAN_NUM }}'],
  ['{{ X }}', "{{ '{{' }} X }}"],
])('%s -> %s', (value, text) => expect(expand(value, known)).toEqual({ text }));

it('pads a number that is known', () =>
  expect(expand('%(process_num)02d', { ...known, process_num: 7 })).toEqual({ text: '07' }));

it.each(['50%', '%(nothing)s', '%s'])('%s stands for nothing', (value) =>
  expect(expand(value, known)).toHaveProperty('problem'),
);

it.each([
  [`A="1, and",B='2',C=3`, [['A', '1, and'], ['B', '2'], ['C', '3']]], // prettier-ignore
  ['A="x"\n,\nB=""', [['A', 'x'], ['B', '']]], // prettier-ignore
  ['', []],
])('%j', (text, pairs) => expect(readPairs(text)).toEqual({ pairs }));

it.each(['A', 'A="1" B="2"', 'A="1', '1A=2'])('%s is no list of variables', (text) =>
  expect(readPairs(text)).toHaveProperty('rest'),
);
