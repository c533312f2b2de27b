import { expect, test } from 'vitest';
import { maskValues } from './masking.ts';

test.each([
  ['no such user: hunter22', { PASSWORD: 'hunter22' }, 'no such user: $PASSWORD'],
  ['a://u:hunter22@b/c hunter22', { URL: 'a://u:hunter22@b/c', P: 'hunter22' }, '$URL $P'],
  ['port 8080, level debug', { PORT: '8080', LEVEL: 'debug' }, 'port 8080, level debug'],
  ['/home/app/x is missing', { HOME: '/home/app', PATH: '/home/app/x' }, '/home/app/x is missing'],
  ['$& hunter22', { 'A': 'hunter22', 'B': '$&' }, '$& $A'], // prettier-ignore
  ['nothing', {}, 'nothing'],
])('%s with %j', (text, environment, expected) => {
  expect(maskValues(text, environment as Record<string, string>)).toBe(expected);
});
