import { expect, it } from 'vitest';
import { formatBytes, resourceCells } from './resources.ts';

it.each([
  [0, '0KiB'],
  [4096, '4KiB'],
  [1023 * 1024, '1023KiB'],
  [1024 * 1024 - 1, '1.0MiB'],
  [45.14 * 1024 ** 2, '45.1MiB'],
  [812.4 * 1024 ** 2, '812MiB'],
  [2.5 * 1024 ** 4, '2.5TiB'],
  [5000 * 1024 ** 4, '5000TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('tells what is used, and what cannot be told', () => {
  const used = { cpuPercent: 150, rssBytes: 4096, threads: 3, processes: 2 };
  expect(resourceCells({ ...used, openFiles: 12 })).toEqual(['150.0%', '4KiB', '3', '12', '2']);
  expect(resourceCells(used)).toEqual(['150.0%', '4KiB', '3', '?', '2']);
  expect(resourceCells(undefined)).toEqual(['-', '-', '-', '-', '-']);
});
