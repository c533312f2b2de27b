import { expect, it } from 'vitest';
import { localTimes } from './local-times.ts';
import { wrap, wrapPairs } from './wrap.ts';

process.env.TZ = 'Europe/Madrid';

it.each([
  ['one two three four five', 20, ['one two three four', 'five']],
  ['日本 語の 名前 日本 語の 名前', 20, ['日本 語の 名前 日本', '語の 名前']],
  ['', 20, ['']],
  ['  indented', 20, ['  indented']],
  // Narrower than any text can be read.
  ['one two three four five', 3, ['one two three four', 'five']],
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

it('puts words on lines, the further ones indented', () => {
  expect(wrap('one two three four five six seven', 26, '- ', '  ')).toEqual([
    '- one two three four five',
    '  six seven',
  ]);
});

it('cuts words that are longer than a line, by columns', () => {
  expect(wrap(`a ${'名'.repeat(20)}`, 30)).toEqual(['a', '名'.repeat(15), '名'.repeat(5)]);
});

it('leaves a line alone that fits, and one without an end', () => {
  expect(wrap('a b', 80)).toEqual(['a b']);
  expect(wrap('a b '.repeat(100).trim(), Infinity)).toEqual(['a b '.repeat(100).trim()]);
  expect(wrap('', 80, 'x  ')).toEqual(['x']);
});

it('writes times of the reader shorter, others as they are', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  expect(localTimes('at 2026-03-01 18:00:00 +01:00, or 2026-03-02 18:00:00 +01:00', now)).toBe(
    'at 18:00:00, or 2026-03-02 18:00:00',
  );
  expect(localTimes('at 2026-03-01 18:00:00 +09:00', now)).toBe('at 2026-03-01 18:00:00 +09:00');
});
