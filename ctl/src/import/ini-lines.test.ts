import { expect, it } from 'vitest';
import { PYTHON_INI, readIni, SYSTEMD_INI } from './ini-lines.ts';

const entriesOf = (text: string, dialect: typeof PYTHON_INI): unknown =>
  readIni(text, dialect).sections.flatMap(({ entries }) => entries.map(({ key, value, line }) => [key, value, line]));

it('reads what the package `ini` would cut, merge or lose', () => {
  const text = '[program:a.b]\ncommand=sh -c "x; y#z" ; note\nenvironment=A="1",\n  ; within\n\n  B="2"\nkey : value\n';
  expect(readIni(text, PYTHON_INI).sections.map(({ name }) => name)).toEqual(['program:a.b']);
  expect(entriesOf(text, PYTHON_INI)).toEqual([
    ['command', 'sh -c "x; y#z"', 2],
    ['environment', 'A="1",\nB="2"', 3],
    ['key', 'value', 7],
  ]);
});

it('joins lines after a backslash, leaves # in values and repeated keys alone', () => {
  const text = '[Service]\nExecStart=/bin/x \\\n# within\n  a \\\n  b # c\nExecStart=/bin/y\r\nKey=\n';
  expect(entriesOf(text, SYSTEMD_INI)).toEqual([
    ['ExecStart', '/bin/x a b # c', 2],
    ['ExecStart', '/bin/y', 6],
    ['Key', '', 7],
  ]);
});

it('names lines that are nothing', () => {
  expect(readIni('a=b\n[s]\nnothing\n', PYTHON_INI).problems).toMatchObject([
    { line: 1, message: 'stands before the first section' },
    { line: 3, message: 'is neither a section nor a setting', found: '"nothing"' },
  ]);
});
