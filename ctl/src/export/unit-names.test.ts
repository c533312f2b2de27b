import { expect, it } from 'vitest';
import { unitNames } from './unit-names.ts';

it('names what unit names can hold as it is, and all else without a clash', () => {
  const names = unitNames(['web', 'a b', 'a_b', 'x-stop', 'x', '.hidden', 'at@home'], '');
  expect([...names.values()]).toEqual(['web', 'a_b', expect.stringMatching(/^a_b-[0-9a-f]{16}$/), 'x-stop', expect.stringMatching(/^x-[0-9a-f]{16}$/), '_hidden', 'at_home']); // prettier-ignore
});

it('puts the prefix before all', () => {
  expect(unitNames(['web'], 'shop-').get('web')).toBe('shop-web');
});
