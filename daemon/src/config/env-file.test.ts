import { expect, test } from 'vitest';
import { parseEnvFile } from './env-file.ts';

test('all that a file may have', () => {
  const text = String.raw`
# a comment
; another
PLAIN=value
  export EXPORTED = two words  # and a comment
HASH=a#b
EMPTY=
ONLY_COMMENT= # nothing
SINGLE='$HOME \n "x"' # taken as it is
DOUBLE="tab:\t quote:\" dollar:\$ other:\x"
LINES="one
two"
LAST=1
LAST=2
constructor=c
`;
  const file = parseEnvFile(`\uFEFF${text.replaceAll('\n', '\r\n')}`, '/x.env');
  expect(file.problems).toEqual([]);
  expect(file.variables).toEqual({
    PLAIN: 'value',
    EXPORTED: 'two words',
    HASH: 'a#b',
    EMPTY: '',
    ONLY_COMMENT: '',
    SINGLE: String.raw`$HOME \n "x"`,
    DOUBLE: 'tab:\t quote:" dollar:$ other:\\x',
    LINES: 'one\ntwo',
    LAST: '2',
    constructor: 'c',
  });
});

test.each([
  ['A', 1, 'the line is no NAME=value'],
  ['A=1\nsome secret words', 2, 'the line is no NAME=value'],
  ['1A=x', 1, 'variable "1A": is not a shell identifier (letters, digits and _, no leading digit)'],
  ['=x', 1, 'variable "": is not a shell identifier (letters, digits and _, no leading digit)'],
  ['PROCMAN_RUN=x', 1, `variable "PROCMAN_RUN": names beginning with PROCMAN_ are procman's own`],
  ['A="x" y', 1, 'there is text after the closing quotation mark'],
  [`A='x\nB=1\n`, 1, `the quotation mark ' is never closed`],
  ['A=\0', 1, 'the value holds a NUL character'],
])('%j', (text, line, message) => {
  const file = parseEnvFile(text, '/x.env');
  expect(file.problems).toMatchObject([{ file: '/x.env', line, message }]);
  expect(JSON.stringify(file.problems)).not.toContain('secret');
});

test('a file that is something else altogether is not told line by line', () => {
  expect(parseEnvFile('x\n'.repeat(1000), '/x.env').problems).toHaveLength(20);
});
