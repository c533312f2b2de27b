import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instanceKey } from './instance-key.ts';

/** Ids as the configuration allows them: 1-100 characters, of which some need many bytes. */
const id = fc.string({
  unit: fc.constantFrom('a', 'B', '7', '.', '-', '_', ' ', '%', '~', '+', 'ü', '日', '😀'),
  minLength: 1,
  maxLength: 100,
});

test('is unique, file-safe and at most 200 bytes', () => {
  fc.assert(
    fc.property(id, id, fc.nat(9_999), fc.nat(9_999), (one, other, num, otherNum) => {
      const key = instanceKey(one, num);
      expect(key).toMatch(/^[A-Za-z0-9_%+-]+~[0-9]+$/);
      expect(key.length).toBeLessThanOrEqual(200);
      expect(key === instanceKey(other, otherNum)).toBe(one === other && num === otherNum);
    }),
    { numRuns: 2_000 },
  );
});

test('reads as the id where it can', () => {
  expect(instanceKey('nginx', 0)).toBe('nginx~0');
  expect(instanceKey('example process 2', 11)).toBe('example%20process%202~11');
});

test('tells long ids apart that begin alike, also from a short one that looks like a cut one', () => {
  const [long, longer] = ['日'.repeat(99), '日'.repeat(100)];
  expect(instanceKey(long, 0)).not.toBe(instanceKey(longer, 0));
  expect(instanceKey(decodeURIComponent(instanceKey(long, 0).slice(0, 126)), 0)).not.toBe(instanceKey(long, 0));
});
