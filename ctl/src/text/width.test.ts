import { describe, expect, it } from 'vitest';
import { displayWidth, padEnd, printable, truncate } from './width.ts';

describe('displayWidth', () => {
  it.each([
    ['nginx', 5],
    ['データベース', 12],
    ['한국', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['🚀', 2],
  ])('%s', (text, width) => expect(displayWidth(text)).toBe(width));
});

it('pads by columns, not by characters', () => expect(padEnd('日本', 6)).toBe('日本  '));

it('cuts to so many columns at most', () => {
  expect(truncate('abcdef', 6)).toBe('abcdef');
  expect(truncate('abcdef', 4)).toBe('abc…');
  expect(truncate('日本語', 4)).toBe('日…');
});

it('lets nothing steer the terminal', () => expect(printable('a\u001b[2Jb\nc')).toBe('a [2Jb c'));
