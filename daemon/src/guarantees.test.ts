import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** docs/guarantees.md names the tests that show each promise: they are there, under these names. */
const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const FOLDERS: Readonly<Record<string, string>> = { S: 'integration-tests/scenarios', D: 'daemon/src' };
const text = readFileSync(at('docs/guarantees.md'), 'utf8');
const named = [...text.matchAll(/^- `([SD])\/([\w./-]+\.test\.ts)`: "(.+)"$/gm)].map(
  ([, folder = '', file = '', title = '']) => ({
    path: `${FOLDERS[folder] ?? ''}/${file}`,
    title,
  }),
);

test('every line that names a test is understood', () => {
  expect(named).toHaveLength(text.match(/^- `/gm)?.length ?? 0);
  expect(named.length).toBeGreaterThan(30);
});

test.each(named)('$path has "$title"', ({ path, title }) => {
  expect(existsSync(at(path)), path).toBe(true);
  expect(readFileSync(at(path), 'utf8')).toContain(title);
});

describe('every promise', () => {
  const promises = text.split(/^## /m).slice(1);

  test.each(promises.map((promise) => [promise.split('\n', 1)[0] ?? '', promise] as const))(
    '%s has limits',
    (title, promise) => {
      const isAboutTests = title === 'What looks for holes';
      expect(isAboutTests || /^Limits\. /m.test(promise)).toBe(true);
    },
  );
});
