/**
 * Chaos, in a short run. PROCMAN_CHAOS_ROUNDS=200 makes it a long one, PROCMAN_SEED another one; a failure names its seed and round.
 */
import { Chaos } from '../chaos/chaos.ts';
import { tallyText } from '../chaos/tally.ts';
import { expect, test } from '../harness/test.ts';

const ROUNDS = Number(process.env['PROCMAN_CHAOS_ROUNDS'] ?? 20);
const SEED = Number(process.env['PROCMAN_SEED'] ?? 1);
const SERVICES = 50;

test(
  'whatever is killed, frozen or full: no second copy, no lost exit, no stop without a cause',
  { timeout: 120_000 + ROUNDS * 60_000 },
  async ({ world }) => {
    const tally = await new Chaos(world, { seed: SEED, rounds: ROUNDS, services: SERVICES }).run();
    console.log(`chaos, seed ${SEED}, ${SERVICES} services\n${tallyText(tally)}`);
    expect(tally).toMatchObject({ rounds: ROUNDS, duplicates: 0, lostExits: 0, wrongExits: 0, unexpectedStops: 0 });
    // It must not have been prevented.
    expect(tally.launches).toBeGreaterThan(SERVICES + 5 * ROUNDS);
    expect(tally.exitsReported).toBeGreaterThan(5 * ROUNDS);
    expect(tally.adoptions).toBeGreaterThan(ROUNDS * 20);
  },
);
