import { expect, test } from 'vitest';
import { wantsColour } from './output.ts';
import { prefixOf } from './prefix.ts';

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, false, false],
  [{ NO_COLOR: '' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ CLICOLOR_FORCE: '0' }, false, false],
])('colour with %j, terminal %j: %j', (env, isTerminal, wanted) => {
  expect(wantsColour(env, isTerminal)).toBe(wanted);
});

test('a colour that a service leaves on ends with its line', () => {
  expect(prefixOf('a', false)('x')).toBe('[a] x\n');
  expect(prefixOf('a', true)('\x1b[31mx')).toMatch(/^\x1b\[3\dm\[a\]\x1b\[0m \x1b\[31mx\x1b\[0m\n$/);
});
