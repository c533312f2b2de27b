/** Random requests, state files and command lines for the real programs: see integration-tests/fuzz/. */
import { runScenario } from '../scenario.mjs';
import { table } from '../table.mjs';

export const name = 'fuzz';
export const about = 'random requests on the socket, state files and command lines for the real programs';
/** The integration tests have a short run of it already. */
export const isShort = false;

/** Without a time: as short as in the integration tests. */
export async function prove({ seed, until }) {
  const minutes = until === undefined ? undefined : Math.max(until - Date.now(), 0) / 60_000;
  const env = { FUZZ_SEED: String(seed), ...(minutes === undefined ? {} : { FUZZ_MINUTES: minutes.toFixed(2) }) };
  const { ok, output } = await runScenario('scenarios/fuzz', env);
  const rows = [...output.matchAll(/^fuzz (.+): seed \d+, (\d+) rounds$/gm)].map(([, what, count]) => [what, count]);
  const passed = ok && rows.length > 0;
  return {
    ok: passed,
    text: passed ? table(['fuzz', 'rounds'], rows) : output,
    line: passed ? rows.map(([what, count]) => `${count} rounds of ${what}`).join(', ') : `seed ${seed} failed`,
  };
}
