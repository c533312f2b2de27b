import { expect, test } from 'vitest';
import { createNearest } from './nearest.ts';

const nearest = createNearest(['web', 'init', 'db', 'stop-timeout', 'database']);

test.each([
  ['wbe', 'web'],
  ['we', 'web'],
  ['inti', 'init'],
  ['stop_timeuot', 'stop-timeout'],
  ['databse', 'database'],
])('%s was probably meant as %s', (given, meant) => {
  expect(nearest(given)).toBe(meant);
});

test.each([['nix'], ['xyz'], ['nothing-like-it']])('%s is near to nothing', (given) => {
  expect(nearest(given)).toBeUndefined();
});
