/** The proof of the proof: bugs put into the product one by one, each of which the simulation has to find. */
import { join } from 'node:path';
import { bundleSimulation } from '../bundle.mjs';
import { mutants } from '../mutants.mjs';
import { table } from '../table.mjs';
import { CORES, SimulationWorker } from '../workers.mjs';

export const name = 'mutation';
export const about = 'bugs on purpose, in core, recovery, state and launcher: each has to be found by the simulation';
/** It is over when all of them are found. */
export const isLong = false;

/** A bug that so many histories do not show is not found: each should need far fewer, or `stress` what it takes. */
const HISTORIES = 200;
/** Of most bugs; more only where a bug says so. Short histories cost little, and end with all that comes right after them. */
const STEPS = 100;
const LIMIT_MS = 300_000;

export async function prove({ folder, say }) {
  const bundle = join(folder, 'sound.mjs');
  await bundleSimulation(bundle);
  const results = new Array(mutants.length);
  const order = mutants.entries();
  const lane = async () => {
    const sound = new SimulationWorker(bundle);
    try {
      for (let next = order.next(); next.done !== true; next = order.next()) {
        const [index, mutant] = next.value;
        const began = performance.now();
        const result = await tried(mutant, join(folder, `mutant-${index}.mjs`), sound);
        const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
        results[index] = { ...result, took };
        const { ok, what, rule, histories } = result;
        say(ok ? `${mutant.name}: ${rule} (${histories}, ${took})` : `NOT FOUND: ${mutant.name}: ${what} (${took})`);
      }
    } finally {
      await sound.end();
    }
  };
  await Promise.all(Array.from({ length: CORES }, lane));
  const found = results.filter(({ ok }) => ok).length;
  const histories = results.reduce((sum, result) => sum + (result.histories ?? 0), 0);
  const rows = results.map((result, index) => [
    mutants[index].name,
    result.ok ? result.rule : `NOT FOUND: ${result.what}`,
    result.histories ?? '',
    result.took,
  ]);
  return {
    ok: found === mutants.length,
    text: table(['bug', 'found by the rule', 'histories', 'took'], rows),
    line: `${found} of ${mutants.length} bugs found, with ${histories} histories`,
  };
}

/** Seeds are tried from 1 on, up to the first history that breaks a rule. */
async function tried({ edits, stress = {}, odds = {}, steps = STEPS }, bundle, sound) {
  try {
    await bundleSimulation(bundle, edits);
  } catch (error) {
    return { ok: false, what: `cannot be made: ${error.message}` };
  }
  const worker = new SimulationWorker(bundle);
  try {
    const task = { kind: 'run', from: 1, count: HISTORIES, steps, stress, odds };
    const { totals, failure } = await worker.do(task, LIMIT_MS);
    if (failure === undefined) return { ok: false, what: `${HISTORIES} histories show nothing` };
    // A history that breaks a rule without the bug shows nothing about the bug.
    const without = await sound.do({ ...task, from: failure.seed, count: 1 }, LIMIT_MS);
    if (without.failure !== undefined) return { ok: false, what: `seed ${failure.seed} fails without it, too` };
    return { ok: true, rule: failure.violations[0].rule, histories: totals.histories };
  } catch (error) {
    return { ok: false, what: error.message };
  } finally {
    await worker.end();
  }
}
