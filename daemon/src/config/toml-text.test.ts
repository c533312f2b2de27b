import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { basicString, fillFragment, variablesOf } from './toml-text.ts';

const fill = (fragment: string, value: string) =>
  fillFragment(fragment, (name) => (name === 'x' ? { text: value, bare: basicString(value) } : undefined));

/** All code points: TOML has no halves of surrogate pairs. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', "'", '\\', '\n', '\r', '\t', ' ', 'a', '{{ x }}', '\u0000', '\u007f', '#') }),
);

describe('any value in any kind of string is what is read', () => {
  test.each([
    ['"{{ x }}"', '', ''],
    ['"a\\n\\"{{ x }}\\\\ {{ x }}"', 'a\n"', null],
    ["'{{ x }}'", '', ''],
    ["'\\\"{{ x }}#'", '\\"', '#'],
    ['"""{{ x }}"""', '', ''],
    ['"""\n"a" \\\n  {{ x }}"""', '"a" ', ''],
    ["'''{{ x }}'''", '', ''],
    ["'''\n\\'\"\"\"{{ x }}\n'b'\n'''", '\\\'"""', "\n'b'\n"],
    ['{{ x }}', '', ''],
  ])('%s', (written, before, after) => {
    fc.assert(
      fc.property(value, (text) => {
        const filled = fill(`a = 1 # {{ x }} "\nv = ${written} # it's\nz = 2`, text);
        const expected = after === null ? `${before}${text}\\ ${text}` : `${before}${text}${after}`;
        expect(parse(filled)).toEqual({ a: 1, v: expected, z: 2 });
      }),
    );
  });
});

test('any value as a key', () => {
  fc.assert(
    fc.property(
      value.filter((text) => text !== '__proto__'),
      (text) => {
        expect(Object.keys(parse(fill('{{ x }} = 1', text)))).toEqual([text]);
      },
    ),
  );
});

test.each([
  ['a = "{{ y }} {{ PROCMAN_ID }}"'],
  [`a = "{{ '{{ x }}' }}"`],
  ['a = "{{.x}} {{ 1 }}"'],
  ['# {{ x }}'],
  ['a = "never closed {{ x }}'],
  ["a = '''never closed {{ x }}''"],
  ['a = "{{ x }}\\'],
  [''],
])('%j is left as it is', (fragment) => {
  expect(fill(fragment, '1')).toBe(fragment);
});

test('lines keep their numbers', () => {
  const filled = fill("a = '''\n{{ x }}\n'''\nb = 1", "it's\ntwo lines");
  expect(filled.split('\n')).toHaveLength(4);
});

test('variables', () => {
  const fragment = `a = "{{ x }}{{ PROCMAN_NUM }}" # {{ c }}\n{{ y-1 }} = '{{x}}' {{ 'z' }} {{.w}}`;
  expect([...variablesOf(fragment)]).toEqual(['x', 'y-1']);
});

test('never throws', () => {
  const pieces = fc.constantFrom('"', "'", '"""', "'''", '{{ x }}', '\\', '\n', '#', '=', 'a', '\uFEFF');
  fc.assert(
    fc.property(fc.array(pieces), value, (fragment, text) => {
      fill(fragment.join(''), text);
      variablesOf(fragment.join(''));
    }),
  );
});
