import { expect, it } from 'vitest';
import { wrap, wrapPairs } from './wrap.ts';

it.each([
  ['one two three', 7, ['one two', 'three']],
  ['unbreakable word', 4, ['unbreakable', 'word']],
  ['日本 語の 名前', 5, ['日本', '語の', '名前']],
  ['', 10, ['']],
])('%j at %i', (text, width, lines) => expect(wrap(text, width)).toEqual(lines));

it('aligns the right column, and puts it below where there is no room', () => {
  const rows = [
    ['-f', 'go on printing what comes'],
    ['-n NUMBER', 'so many lines'],
  ] as const;
  expect(wrapPairs(rows, 35)).toEqual([
    '  -f         go on printing what',
    '             comes',
    '  -n NUMBER  so many lines',
  ]);
  expect(wrapPairs(rows, 25)).toEqual([
    '  -f',
    '      go on printing what',
    '      comes',
    '  -n NUMBER',
    '      so many lines',
  ]);
});
