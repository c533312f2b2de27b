import { expect, test } from 'vitest';
import { effectiveVersion } from './schedule.ts';
import { applyOnAt, processOf, versionOf } from './testing/builders.ts';

const at = (time: number, fake = false): ReturnType<typeof versionOf> =>
  versionOf({ id: 'web', applyOn: applyOnAt(time), fake });

test.each([
  ['the newest that has begun', [at(10), at(20), at(30)], 25, 20, 30],
  ['from its very millisecond on', [at(10), at(20)], 20, 20, undefined],
  ['not one millisecond before', [at(10), at(20)], 19, 10, 20],
  ['none before the first', [at(10)], 9, undefined, 10],
  ['a fake newest version is a rollback', [at(10), at(20, true)], 25, 10, undefined],
  ['a fake one between two is left out', [at(10), at(20, true), at(30)], 25, 10, 30],
  ['a fake one to come is no change', [at(10), at(20, true)], 15, 10, undefined],
] as const)('%s', (_what, versions, now, effective, next) => {
  const found = effectiveVersion(processOf(...versions), now);
  expect(found.version?.applyOn.at).toBe(effective);
  expect(found.nextVersion?.at).toBe(next);
});

test('says why there is none, and what to show instead', () => {
  expect(effectiveVersion(processOf(at(10), at(20)), 5)).toMatchObject({
    none: 'not-yet-applied',
    shown: { applyOn: { at: 10 } },
  });
  expect(effectiveVersion(processOf(at(10, true)), 15)).toMatchObject({ none: 'fake', shown: { applyOn: { at: 10 } } });
  expect(effectiveVersion(processOf(at(10, true), at(20)), 15)).toMatchObject({
    none: 'fake',
    shown: { applyOn: { at: 20 } },
  });
  expect(effectiveVersion(processOf(at(10, true)), 5)).toMatchObject({ none: 'not-yet-applied' });
});
