import { expect, it } from 'vitest';
import { localTimes } from './local-times.ts';
import { wrap } from './wrap.ts';

process.env.TZ = 'Europe/Madrid';

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
