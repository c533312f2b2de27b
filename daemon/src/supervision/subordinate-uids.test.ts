import { describe, expect, test } from 'vitest';
import { isSubordinate } from './subordinate-uids.ts';

const FILES: Readonly<Record<string, string>> = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n',
  '/etc/subuid': 'ann:100000:65536\n1001:300000:10\nbroken\n',
};
const system = {
  readFile: (path: string): { text: string; modifiedAt: number } => ({ text: FILES[path] ?? '', modifiedAt: 0 }),
};

describe('subordinate uids', () => {
  test.each([
    ['by name, the first', 1000, 100_000, true],
    ['by name, the last', 1000, 165_535, true],
    ['behind the range', 1000, 165_536, false],
    ['before the range', 1000, 99_999, false],
    ['by number', 1001, 300_009, true],
    ["another user's", 1001, 100_000, false],
    ['of a user without any', 0, 100_000, false],
    ['itself is none', 1000, 1000, false],
  ])('%s', (_what, user, owner, expected) => {
    expect(isSubordinate(system, user, owner)).toBe(expected);
  });

  test('without the files there are none', () => {
    expect(isSubordinate({ readFile: () => undefined }, 1000, 100_000)).toBe(false);
  });
});
