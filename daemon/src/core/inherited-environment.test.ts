import { expect, test } from 'vitest';
import { inheritedEnvironment } from './inherited-environment.ts';

const environment = { PATH: '/bin', HOME: '/root', EMPTY: '' };

test.each([
  [true, environment],
  [false, {}],
  [[], {}],
  [['PATH', 'EMPTY', 'ABSENT', 'constructor'], { PATH: '/bin', EMPTY: '' }],
])('inherit-env = %j', (inheritEnv, expected) => {
  expect(inheritedEnvironment(environment, inheritEnv)).toEqual(expected);
});
