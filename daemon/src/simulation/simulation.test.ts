/** Some histories with each run of the unit tests; `npm run prove` has thousands of them, and the bugs that they have to find. */
import { expect, test } from 'vitest';
import type { LauncherFlaws } from './launcher.ts';
import { History } from './history.ts';
import { STEPS } from './plan.ts';
import { shrink } from './shrink.ts';
import { SimulatedSystem } from './simulated-system.ts';

const HISTORIES = 100;

test(`nothing is doubled, lost or hit by mistake in ${HISTORIES} histories`, { timeout: 300_000 }, () => {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const { violations, trace } = new History({ seed }).run();
    if (violations.length > 0)
      expect.fail([`seed ${seed}:`, ...violations.map(({ text }) => text), '', ...trace].join('\n'));
  }
});

test('one seed gives one history', () => {
  expect(new History({ seed: 7 }).run()).toEqual(new History({ seed: 7 }).run());
});

test('steps that are left out do not change what the others draw', () => {
  const all = new History({ seed: 3, steps: 20 });
  const some = new History({ seed: 3, steps: 20, skipped: new Set([20]) });
  expect(some.config).toEqual(all.config);
  const [whole, short] = [all.run(), some.run()];
  const before = ({ trace }: typeof whole): readonly string[] => trace.filter((line) => Number(/^\d+/.exec(line)) < 20);
  expect(before(short)).toEqual(before(whole));
});

/** The hold of an operator is written nowhere. */
class HoldsAreDropped extends SimulatedSystem {
  override writeFile(...[path, ...rest]: Parameters<SimulatedSystem['writeFile']>): void {
    if (!path.includes('.hold')) super.writeFile(path, ...rest);
  }

  override rename(from: string, to: string): boolean {
    return from.includes('.hold') ? true : super.rename(from, to);
  }
}

test('a failing history is shrunk to what still breaks the same rule', { timeout: 120_000 }, () => {
  const flaws = { system: HoldsAreDropped, launcher: {} satisfies LauncherFlaws };
  const seed = Array.from({ length: 100 }, (_, index) => index + 1).find(
    (each) => new History({ seed: each }, flaws).run().violations.length > 0,
  );
  if (seed === undefined) return expect.fail('no history shows it');
  const rule = new History({ seed }, flaws).run().violations[0]?.rule ?? 'it comes right';
  const until = Date.now() + 60_000;
  const { plan, report, steps, processes } = shrink({ seed }, rule, () => Date.now() > until, flaws);
  expect(report.violations[0]?.rule).toBe(rule);
  expect(steps.length).toBeLessThan(STEPS / 4);
  expect(processes.length).toBeGreaterThan(0);
  expect(new History(plan, flaws).run().violations[0]?.rule).toBe(rule);
});
