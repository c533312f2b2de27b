import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteWord, splitLine } from './words.ts';

const texts = (line: string): string[] => splitLine(line).words.map(({ text }) => text);

describe('splitLine', () => {
  it.each([
    ['', []],
    ['  start   nginx ', ['start', 'nginx']],
    ['start "example process 2"', ['start', 'example process 2']],
    [`start 'a "b" c' d`, ['start', 'a "b" c', 'd']],
    ['start "a \\"b\\" \\\\ \\n"', ['start', 'a "b" \\ \\n']],
    ['start a\\ b', ['start', 'a b']],
    [`start a'b 'c"d e"`, ['start', 'ab cd e']],
    ['start "" x', ['start', '', 'x']],
    ['# a comment', []],
    ['status # a comment', ['status']],
    ['status a#b', ['status', 'a#b']],
  ])('%j', (line, words) => expect(texts(line)).toEqual(words));

  it('names a quote that is not closed, with what it holds so far', () => {
    expect(splitLine('start "exa pro')).toEqual({
      words: [
        { text: 'start', start: 0 },
        { text: 'exa pro', start: 6 },
      ],
      openQuote: '"',
    });
  });
});

describe('quoteWord', () => {
  it('leaves plain words alone', () => expect(quoteWord('worker:worker_00')).toBe('worker:worker_00'));
  it('quotes blanks', () => expect(quoteWord('example process 2')).toBe('"example process 2"'));

  it('gives words that split back into the same', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (words) => {
        expect(texts(words.map(quoteWord).join(' '))).toEqual(words);
      }),
    );
  });
});
