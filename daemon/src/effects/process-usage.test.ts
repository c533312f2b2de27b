import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { NodeSystem } from './node-system.ts';
import { usageOf } from './process-usage.ts';

const STAT = '7 (a ) b 1) S 1 7 7 0 -1 4194560 1 0 0 0 12 30 5 5 20 0 3 0 4711 2000000 512 18446744073709551615 1 1 0';

it('reads the fields of a process whose name is meant to confuse', () => {
  const usage = usageOf(STAT);
  expect(usage).toMatchObject({ cpuTicks: 42, waitedTicks: 10, threads: 3, startTicks: 4711 });
  // Of whatever page size.
  expect((usage?.rssBytes ?? NaN) / 512).toSatisfy((size: number) => [4096, 16_384, 65_536].includes(size));
});

it.each(['', '7 (x) S', 'nonsense'])('reads nothing from %j', (text) => {
  expect(usageOf(text)).toBeUndefined();
});

it('agrees with what the kernel says in words', () => {
  const system = new NodeSystem();
  const usage = system.usage(process.pid);
  const status = readFileSync('/proc/self/status', 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
  expect(usage?.startTicks).toBe(system.stat(process.pid)?.startTicks);
  expect(Math.abs((usage?.rssBytes ?? NaN) - field('VmRSS') * 1024)).toBeLessThan(32 * 1024 ** 2);
  expect(usage?.threads).toBeGreaterThan(1);
  expect(usage?.openFiles).toBeGreaterThan(3);
  const { user, system: kernel } = process.cpuUsage();
  expect(Math.abs((usage?.cpuTicks ?? NaN) - (user + kernel) / 10_000)).toBeLessThan(50);
});

it('knows nothing of a process that is gone', () => {
  expect(new NodeSystem().usage(4_194_305)).toBeUndefined();
});
