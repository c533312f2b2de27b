import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failureText, readSecret } from './secrets.ts';

let folder = '';

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'procman-secret-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('a secret', () => {
  const inFile = (text: string): string => {
    writeFileSync(join(folder, 'secret'), text);
    return readSecret('token', { kind: 'file', path: join(folder, 'secret') }, {});
  };

  test.each([
    ['hush', 'hush'],
    ['hush\n', 'hush'],
    ['  hush hush\r\n\n', 'hush hush'],
    ['h\u00fcsh\n', 'h\u00fcsh'],
  ])('in a file with %j is %j', (text, secret) => expect(inFile(text)).toBe(secret));

  test.each([
    ['', /^there is no token in .*secret$/],
    [' \n\n', /^there is no token in /],
    ['hush\nmore\n', /^the token in .*secret is more than one line$/],
    ['hush\0', /^the token in .* is more than one line$/],
    ['h'.repeat(65_537), /^the token cannot be read: .*secret is larger than 64 KiB$/],
  ])('in a file with %j is refused, and not shown', (text, message) => {
    expect(() => inFile(text)).toThrow(message);
    expect(() => inFile(text)).not.toThrow(/hush|hhh/);
  });

  test('that is no file is refused at once', () => {
    mkdirSync(join(folder, 'sub'));
    for (const [path, message] of [
      [join(folder, 'sub'), 'is no plain file'],
      [join(folder, 'missing'), 'ENOENT'],
      ['/dev/zero', 'is no plain file'],
    ] as const)
      expect(() => readSecret('password', { kind: 'file', path }, {})).toThrow(message);
  });

  test('in a variable', () => {
    const secret = { kind: 'env', name: 'TOKEN' } as const;
    expect(readSecret('token', secret, { TOKEN: ' hush ' })).toBe('hush');
    for (const env of [{}, { TOKEN: '' }])
      expect(() => readSecret('token', secret, env)).toThrow('there is no token in the variable TOKEN');
  });
});

describe('what went wrong', () => {
  test.each([
    ['plain', ['hush'], 'plain'],
    ['no hush here, hush', ['hush'], 'no *** here, ***'],
    ['a part: hushhush', ['hush', 'hushhush'], 'a part: ***'],
    ['with a tab: a\tb', ['a\tb'], 'with a tab: ***'],
    ['as a pattern: .*$&', ['.*', '$&'], 'as a pattern: ******'],
    ['nothing to mask', [''], 'nothing to mask'],
    ['two\r\nlines\u2028and \u0007more\n', [], 'two lines and  more'],
  ])('%j without %j is %j', (text, secrets, shown) => expect(failureText(new Error(text), secrets)).toBe(shown));

  test('is cut after its secrets are gone, so that no half of one stays', () => {
    const text = failureText(new Error(`${'x'.repeat(297)}hush-word`), ['hush-word']);
    expect(text).toBe(`${'x'.repeat(297)}***`);
    expect(failureText(new Error('y'.repeat(10_000)), [])).toBe(`${'y'.repeat(300)}...`);
  });

  test('of several addresses is that of each', () => {
    const error = new AggregateError([new Error('first hush'), 'second']);
    expect(failureText(error, ['hush'])).toBe('first ***, second');
  });
});
