import { expect, it } from 'vitest';
import { tomlStatements } from './toml-statements.ts';

it('gives each statement its comments, its line and its value as written', () => {
  const text = `# top

# of a
a.b = "x # y" # beside
# of the table
[[t]] # t
list = [ # first
  1, "]",
] # last
n = { s = '}' }
# the end
`;
  expect(tomlStatements(text)).toEqual([
    { kind: 'pair', path: ['a', 'b'], toml: '"x # y"', value: 'x # y', line: 4, kept: { above: ['# top', '', '# of a'], beside: '# beside' } }, // prettier-ignore
    { kind: 'header', path: ['t'], isElement: true, line: 6, kept: { above: ['# of the table'], beside: '# t' } },
    { kind: 'pair', path: ['list'], toml: '[ # first\n  1, "]",\n]', value: [1, ']'], line: 7, kept: { above: [], beside: '# last' } }, // prettier-ignore
    { kind: 'pair', path: ['n'], toml: `{ s = '}' }`, value: { s: '}' }, line: 10, kept: { above: [], beside: undefined } }, // prettier-ignore
    { kind: 'comments', lines: ['# the end'] },
  ]);
});
