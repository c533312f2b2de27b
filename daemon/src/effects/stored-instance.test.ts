/** What makes a state file valid beyond its shape: nothing was changed since it was written. */
import { expect, it } from 'vitest';
import type { Instance } from '../core/model.ts';
import { newInstance } from '../core/targets.ts';
import { formatInstance, parseInstance, storable } from './stored-instance.ts';

const instance: Instance = newInstance('web', 0, { wall: 1_000, mono: 10 });
const text = formatInstance({ version: 1, bootId: 'boot', instance: storable(instance) });

it('is read as it was written', () => {
  expect(parseInstance(text, instance.key)).toMatchObject({ ok: true, stored: { bootId: 'boot' } });
});

it('is invalid with any one bit flipped, the line break at its end left out', () => {
  const bytes = Buffer.from(text.trimEnd());
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect([bit, parseInstance(flipped.toString(), instance.key).ok]).toEqual([bit, false]);
  }
});

it('says what to do where it was edited by hand, and is valid once that is done', () => {
  const edited = JSON.stringify({ ...(JSON.parse(text) as object), bootId: 'other' }, undefined, 2);
  const refused = parseInstance(edited, instance.key);
  expect(refused).toMatchObject({
    ok: false,
    why: expect.stringContaining('checksum') as string,
    hint: expect.stringContaining('take the key "sum" out') as string,
  });
  const mended = edited.replace(/,\s*"sum": "\w+"/, '');
  expect(parseInstance(mended, instance.key)).toMatchObject({ ok: true, stored: { bootId: 'other' } });
});

it('is valid without a checksum, as the first release wrote it', () => {
  const older = text.replace(/,"sum":"\w+"/, '');
  expect(older).not.toBe(text);
  expect(parseInstance(older, instance.key)).toMatchObject({ ok: true });
});
