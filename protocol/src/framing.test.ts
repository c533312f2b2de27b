import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, LineSplitter, maxLineBytes } from './framing.ts';

function split(bytes: Buffer, cuts: readonly number[], limit?: number): { lines: string[]; overflowed: boolean } {
  const splitter = new LineSplitter(limit);
  const lines: string[] = [];
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const place of [...places, bytes.length]) {
    lines.push(...splitter.push(bytes.subarray(start, place)));
    start = place;
  }
  lines.push(...splitter.end());
  return { lines, overflowed: splitter.overflowed };
}

const anyText = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r\n', '\r', ' ', '')), {
  maxLength: 12,
});

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(), { maxLength: 20 }), fc.nat({ max: 30 }), (parts, cuts, limit) => {
        const bytes = Buffer.from(parts.join(''), 'utf8');
        expect(split(bytes, cuts, limit)).toEqual(split(bytes, [], limit));
      }),
    );
  });

  it('gives the lines of the text, without blank ones', () => {
    fc.assert(
      fc.property(anyText, (parts) => {
        const text = Buffer.from(parts.join('')).toString();
        const expected = text
          .split('\n')
          .map((line) => line.replace(/\r$/, ''))
          .filter((line) => line.trim() !== '');
        expect(split(Buffer.from(text, 'utf8'), []).lines).toEqual(expected);
      }),
    );
  });

  it('brings back what frame wrote, byte by byte', () => {
    const messages = [{ a: 'ü€😀\n' }, [1, '\r\n'], null];
    const bytes = Buffer.from(messages.map(frame).join(''));
    const lines = split(bytes, [...bytes.keys()]).lines;
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(messages);
  });

  it('takes a line of exactly the limit, and nothing from the first longer one on', () => {
    const fits = 'x'.repeat(maxLineBytes);
    expect(split(Buffer.from(`${fits}\nnext\n`), []).lines).toEqual([fits, 'next']);
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from(`first\n${fits}y\nnext\n`))).toEqual(['first']);
    expect(splitter.overflowed).toBe(true);
    expect(splitter.push(Buffer.from('later\n'))).toEqual([]);
    expect(splitter.end()).toEqual([]);
    expect(splitter.pendingBytes).toBe(0);
  });

  it('keeps no more than the limit, whatever comes', () => {
    const splitter = new LineSplitter(10);
    for (let count = 0; count < 100; count += 1) {
      splitter.push(Buffer.from('abc'));
      expect(splitter.pendingBytes).toBeLessThanOrEqual(10);
    }
  });

  it('joins a long line in small pieces in linear time', () => {
    const splitter = new LineSplitter(64 * maxLineBytes);
    const started = performance.now();
    for (let count = 0; count < 300_000; count += 1) splitter.push(Buffer.from('0123456789'));
    expect(splitter.push(Buffer.from('\n'))[0]).toHaveLength(3_000_000);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
