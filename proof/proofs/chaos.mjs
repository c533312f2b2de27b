/** Real daemons and real processes, of which everything is killed, frozen or filled up at random: see integration-tests/chaos/. */
import { runScenario } from '../scenario.mjs';
import { table } from '../table.mjs';

export const name = 'chaos';
export const about = 'fifty real services, whose daemon, launchers, disks and clock fail at random';
/** The integration tests have a short run of it already. */
export const isShort = false;

/** In one go: each begins with a seed of its own, so that a failure can be had again in minutes. */
const ROUNDS = 20;

/** Goes on until the time is over, and does not begin what would take longer than what is left. */
export async function prove({ seed, until = 0, say }) {
  const totals = new Map();
  let goes = 0;
  let longest = 0;
  do {
    const began = Date.now();
    const ofThis = seed + goes;
    const env = { PROCMAN_CHAOS_ROUNDS: String(ROUNDS), PROCMAN_SEED: String(ofThis) };
    const { ok, output } = await runScenario('scenarios/chaos', env);
    goes += 1;
    longest = Math.max(longest, Date.now() - began);
    const counts = countsIn(output);
    for (const [what, count] of counts) totals.set(what, (totals.get(what) ?? 0) + count);
    const passed = ok && counts.length > 0;
    say(`seed ${ofThis}: ${passed ? `${ROUNDS} rounds` : 'FAILED'}`);
    if (!passed) return { ok: false, text: output, line: `seed ${ofThis} failed, after ${goes - 1} that did not` };
  } while (Date.now() + longest <= until);
  return {
    ok: true,
    text: table(['chaos', `seeds ${seed} to ${seed + goes - 1}`], [...totals]),
    line: ['rounds', 'launches', 'exits reported', 'duplicates', 'lost exits', 'unexpected stops']
      .map((what) => `${totals.get(what) ?? 0} ${what}`)
      .join(', '),
  };
}

/** The scenario prints a line for each thing that it counts. */
const countsIn = (output) =>
  [...output.matchAll(/^([a-z][a-z ]*?) +(\d+)$/gm)].map(([, what, count]) => [what, Number(count)]);
