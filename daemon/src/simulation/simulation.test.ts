import { expect, test } from 'vitest';
import { History, type Report } from './history.ts';

const FIRST = Number(process.env['PROCMAN_SEED'] ?? 1);
const COUNT = Number(process.env['PROCMAN_HISTORIES'] ?? (process.env['PROCMAN_SEED'] === undefined ? 1_000 : 1));

function describeFailure({ seed, violations, trace }: Report): string {
  const rerun = `PROCMAN_SEED=${seed} npx vitest run --project unit daemon/src/simulation/simulation.test.ts`;
  return [`seed ${seed}:`, ...violations, '', ...trace, '', `run it again: ${rerun}`].join('\n');
}

test(
  `nothing is doubled, lost or hit by mistake in ${COUNT} histories`,
  { timeout: Math.max(300_000, COUNT * 500) },
  () => {
    const total = { histories: 0, steps: 0, daemonKills: 0, launches: 0 };
    for (let seed = FIRST; seed < FIRST + COUNT; seed += 1) {
      const report = new History(seed).run();
      total.histories += 1;
      total.steps += report.steps;
      total.daemonKills += report.daemonKills;
      total.launches += report.launches;
      if (report.violations.length > 0) expect.fail(describeFailure(report));
    }
    console.log(total);
  },
);
