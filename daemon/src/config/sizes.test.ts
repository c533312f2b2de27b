import { expect, test } from 'vitest';
import { parseSize } from './sizes.ts';

test.each([
  ['50MB', 50_000_000],
  ['512KiB', 524_288],
  ['64 M', 64_000_000],
  ['1.5kb', 1500],
  ['0', 0],
  [1024, 1024],
  ['1024', 1024],
  ['1gib', 1_073_741_824],
  [-1, undefined],
  [1.5, undefined],
  [Infinity, undefined],
  ['', undefined],
  ['MB', undefined],
  ['5 MX', undefined],
  ['-5MB', undefined],
  ['999999999999TB', undefined],
])('%j', (written, bytes) => {
  expect(parseSize(written)).toBe(bytes);
});
