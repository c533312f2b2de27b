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

/** A bug that so many histories do not show is not found. */
const HISTORIES = 400;
const STEPS = 200;
const LIMIT_MS = 300_000;

export async function prove({ folder, say }) {
  const sound = join(folder, 'sound.mjs');
  await bundleSimulation(sound);
  const results = new Array(mutants.length);
  const order = mutants.entries();
  const lane = async () => {
    for (let next = order.next(); next.done !== true; next = order.next()) {
      const [index, mutant] = next.value;
      results[index] = await tried(mutant, join(folder, `mutant-${index}.mjs`), sound);
      const { ok, what, rule, histories } = results[index];
      say(ok ? `${mutant.name}: ${rule} (${histories})` : `NOT FOUND: ${mutant.name}: ${what}`);
    }
  };
  await Promise.all(Array.from({ length: CORES }, lane));
  const found = results.filter(({ ok }) => ok).length;
  const rows = results.map(({ ok, rule, seed, histories, what }, index) => [
    mutants[index].name,
    ok ? rule : `NOT FOUND: ${what}`,
    ok ? seed : '',
    histories ?? '',
  ]);
  return {
    ok: found === mutants.length,
    text: table(['bug', 'found by the rule', 'seed', 'histories'], rows),
    line: `${found} of ${mutants.length} bugs found`,
  };
}

async function tried({ edits, stress }, bundle, sound) {
  try {
    await bundleSimulation(bundle, edits);
  } catch (error) {
    return { ok: false, what: `cannot be made: ${error.message}` };
  }
  const worker = new SimulationWorker(bundle);
  try {
    const task = { kind: 'run', from: 1, count: HISTORIES, steps: STEPS, ...(stress === undefined ? {} : { stress }) };
    const { totals, failure } = await worker.do(task, LIMIT_MS);
    if (failure === undefined) return { ok: false, what: `${HISTORIES} histories show nothing` };
    if (await failsAnyway(sound, { ...task, from: failure.seed, count: 1 }))
      return { ok: false, what: `seed ${failure.seed} fails without it, too` };
    return { ok: true, rule: failure.violations[0].rule, seed: failure.seed, histories: totals.histories };
  } catch (error) {
    return { ok: false, what: error.message };
  } finally {
    await worker.end();
  }
}

/** A history that breaks a rule without the bug shows nothing about the bug. */
async function failsAnyway(sound, task) {
  const worker = new SimulationWorker(sound);
  try {
    return (await worker.do(task, LIMIT_MS)).failure !== undefined;
  } finally {
    await worker.end();
  }
}
