import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig, parseConfig, type LoadResult } from './load.ts';
import { tokenIn } from './rules-metrics.ts';
import { testContext } from './test-context.ts';

let folder = '';

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'procman-token-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const textWith = (listen: string): string =>
  `uid = "u"\nfile-format = "0"\n[metrics]\nlisten = "${listen}"\ntoken-file = "token"\n`;

function load(token: string, mode: number, listen = '127.0.0.1:9464', context = testContext): LoadResult {
  writeFileSync(join(folder, 'procman.toml'), textWith(listen));
  writeFileSync(join(folder, 'token'), token);
  chmodSync(join(folder, 'token'), mode);
  return loadConfig(join(folder, 'procman.toml'), context);
}

const GOOD = '0123456789abcdef\n';

test.each(['0.0.0.0:9464', '[::]:9464', '192.0.2.7:80', '127.9.9.9:1', '[::1]:65535', 'localhost:9464'])(
  '%s with a token is fine',
  (listen) => {
    const result = load(GOOD, 0o600, listen);
    expect(result).toMatchObject({ ok: true, warnings: [] });
    const metrics = result.ok ? result.config.metrics : undefined;
    expect(metrics?.tokenFile).toBe(join(folder, 'token'));
    expect(`${metrics?.listen.host ?? ''} ${metrics?.listen.text ?? ''}`).toBe(
      `${listen.replace('localhost', '127.0.0.1').replace(/:\d+$/, '').replace(/[[\]]/g, '')} ${listen}`,
    );
  },
);

test.each([
  ['short\n', 0o600, /a token of 5 characters/],
  [GOOD, 0o644, /anybody may read the token/],
])('%j with mode %o is warned of, and never shown', (token, mode, message) => {
  const result = load(token, mode);
  expect(result).toMatchObject({ ok: true, warnings: [{ message: expect.stringMatching(message) as string }] });
  expect(JSON.stringify(result.ok && result.warnings)).not.toContain(token.trim() === 'short' ? '"short"' : '456789');
});

test('what was applied before is no reason to refuse a start', () => {
  expect(load('', 0o600)).toMatchObject({ ok: false });
  expect(load('', 0o600, undefined, { ...testContext, wasApplied: true })).toMatchObject({ ok: true });
});

test('no file is opened for a text that a client sent, and no token is kept with the configuration', () => {
  expect(parseConfig(textWith('127.0.0.1:9464'), join(folder, 'x.toml'), testContext)).toMatchObject({ ok: true });
  const result = load(GOOD, 0o600);
  expect(result.ok && result.config.text).not.toContain('456789');
});

test('what is a token', () => {
  expect(['a b', 'a\nb', '', ' \n', 'ä', 'a\x7f'].map(tokenIn)).toEqual(Array(6).fill(undefined));
  expect([' abc== \n', '{x}'].map(tokenIn)).toEqual(['abc==', '{x}']);
});
