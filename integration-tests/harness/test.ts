/** `test` of vitest with a world of its own for each test. */
import { expect, test as base } from 'vitest';
import { World } from './world.ts';

export const test = base.extend<{ world: World }>({
  world: async ({ onTestFailed }, use) => {
    const world = new World();
    let report: string | undefined;
    onTestFailed(async () => console.error(report ?? (await world.report())));
    try {
      await use(world);
    } finally {
      report = await world.report();
      const shouts = world.shouts();
      await world.tearDown();
      expect(shouts, 'second copies').toEqual([]);
    }
  },
});

export { expect };
export { describe } from 'vitest';
