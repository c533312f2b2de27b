import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comment, environmentFileLine, environmentLine, isSettable, lineValue, span, word } from './unit-text.ts';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };

/** What systemd makes of a word of a command line: quotes and escapes, then specifiers, then variables (systemd.service(5)). */
function asSystemdReads(written: string): string {
  const inner = written.startsWith('"') ? written.slice(1, -1) : written;
  // Unquoted it would be parted at blanks, and end the line.
  if (written === inner) expect(written).not.toMatch(/[\s"'\\;]/);
  const unescaped = inner.replace(/\\(x[0-9a-f]{2}|.)/gs, (_, code: string) => {
    if (code.startsWith('x')) return String.fromCharCode(parseInt(code.slice(1), 16));
    const character = ESCAPES[code];
    if (character === undefined) throw new Error(`unknown escape ${code}`);
    return character;
  });
  expect(inner).not.toContain('\n');
  return single(single(unescaped, '%'), '$');
}

/** Each is doubled; a single one would be expanded. */
function single(text: string, mark: string): string {
  const runs = text.split(mark + mark);
  for (const run of runs) expect(run).not.toContain(mark);
  return runs.join(mark);
}

describe('a word of a command line', () => {
  it('is read as it is meant, whatever it holds', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', ' ', '"', "'", '\\', '%', '$', '\n', '\t', '\u0001', ';', '{', '}', 'ü', '#', '-'),
    });
    fc.assert(
      fc.property(texts, (text) => {
        expect(asSystemdReads(word(text))).toBe(text);
      }),
    );
  });

  it('has no quotes where none are needed', () => {
    expect(['/usr/bin/a-b', 'x=1', '', ';', '100%', '$HOME'].map(word)).toEqual(['/usr/bin/a-b', '"x=1"', '""', '";"', '"100%%"', '"$$HOME"']); // prettier-ignore
  });
});

it('a variable of a unit has its % doubled, and its $ left', () => {
  expect(environmentLine('A', 'plain')).toBe('Environment=A=plain');
  expect(environmentLine('A', '50% of $5 "now"\n')).toBe('Environment="A=50%% of $5 \\"now\\"\\n"');
  expect(isSettable('tab\tand\nnewline')).toBe(true);
  expect(isSettable('bell\u0007')).toBe(false);
});

it('a variable of an environment file is quoted as for a shell', () => {
  expect(environmentFileLine('A', 'p$w`"\\ %')).toBe('A="p\\$w\\`\\"\\\\ %"');
});

it('a path goes to the end of its line, or cannot be written', () => {
  expect(lineValue('/a b/100%')).toBe('/a b/100%%');
  expect([' /a', '/a ', '/a\\', '/a\nb'].map(lineValue)).toEqual([undefined, undefined, undefined, undefined]);
});

it('a comment never becomes a setting', () => {
  expect(comment('a\nExecStart=/bin/sh\r')).toEqual(['# a', '# ExecStart=/bin/sh\\r']);
});

it('lengths of time', () => {
  expect([1000, 1500, 600_000].map(span)).toEqual(['1s', '1500ms', '600s']);
});
