/** Random histories of the daemon's own code on a simulated machine; the first that fails is shrunk and shown. */
import { join } from 'node:path';
import { bundleSimulation } from '../bundle.mjs';
import { number, table } from '../table.mjs';
import { inParallel, SimulationWorker } from '../workers.mjs';

export const name = 'simulation';
export const about = 'random histories of core, supervision, recovery and state on a simulated machine';

/** What the continuous integration runs: four to six minutes on two cores. `--histories` for more or less. */
const HISTORIES = 10_000;
const STEPS = 200;
const PIECE = 25;
const SHRINKING_MS = 60_000;
/** In the long run most histories are as always, some are long. */
const LONG = { every: 8, steps: 1_000 };

export async function prove({ folder, seed, until, histories = HISTORIES, steps = STEPS, say }) {
  const bundle = join(folder, 'simulation.mjs');
  await bundleSimulation(bundle);
  const totals = {};
  const failures = [];
  const began = performance.now();
  let told = began;
  const pieces = until === undefined ? counted(seed, histories, steps) : endless(seed, until);
  await inParallel(bundle, pieces, async (worker, piece) => {
    if (failures.length > 0) return;
    const { totals: more, failure } = await worker.do({ kind: 'run', ...piece });
    for (const [key, value] of Object.entries(more)) totals[key] = (totals[key] ?? 0) + value;
    if (failure !== undefined) failures.push({ ...failure, steps: piece.steps });
    if (performance.now() - told < 30_000) return;
    told = performance.now();
    say(`${number(totals.histories)} histories`);
  });
  const text = [summary(totals, failures.length, performance.now() - began)];
  const [first] = failures.sort((a, b) => a.seed - b.seed);
  if (first !== undefined) text.push(await shown(bundle, first));
  return { ok: failures.length === 0, text: text.join('\n\n'), line: line(totals, failures.length) };
}

function* counted(seed, histories, steps) {
  for (let from = seed; from < seed + histories; from += PIECE)
    yield { from, count: Math.min(PIECE, seed + histories - from), steps };
}

function* endless(seed, until) {
  for (let from = seed, piece = 1; Date.now() < until; from += PIECE, piece += 1)
    yield { from, count: PIECE, steps: piece % LONG.every === 0 ? LONG.steps : STEPS };
}

function line({ histories = 0, steps = 0, ...totals }, violations) {
  const parts = [
    [histories, `histories of ${number(Math.round(steps / Math.max(histories, 1)))} steps`],
    [totals.daemonDeaths, 'daemon deaths'],
    [totals.secondDaemons, 'second daemons refused'],
    [totals.powerCuts, 'power cuts'],
    [totals.reboots, 'reboots'],
    [totals.launches, 'launches'],
    [totals.exits, 'exits'],
    [violations, 'violations'],
  ];
  return parts.map(([count, what]) => `${number(count ?? 0)} ${what}`).join(', ');
}

function summary(totals, violations, elapsed) {
  const { histories = 0, calls = 0 } = totals;
  const rows = [
    [line(totals, violations)],
    [`${number(calls)} calls of the system, at any of which the daemon may have been killed`],
    [`${(elapsed / 1000).toFixed(0)} s, ${(histories / (elapsed / 1000)).toFixed(0)} histories a second`],
  ];
  return table(['simulation'], rows);
}

/** The history that failed, as short as it could be made. */
async function shown(bundle, { seed, steps, violations, trace }) {
  const worker = new SimulationWorker(bundle);
  try {
    const [{ rule }] = violations;
    const short = await worker.do({ kind: 'shrink', seed, steps, rule, milliseconds: SHRINKING_MS });
    return [
      `seed ${seed} breaks "${rule}":`,
      ...violations.map(({ text }) => `  ${text}`),
      `shrunk to ${short.steps.length} steps of ${steps}, and the processes ${short.processes.join(', ')}:`,
      ...short.violations.map(({ text }) => `  ${text}`),
      ...short.trace,
      `run it again: npm run prove -- simulation --seed ${seed} --steps ${steps} --histories 1`,
    ].join('\n');
  } catch (error) {
    return [`seed ${seed} (not shrunk: ${error.message}):`, ...violations.map(({ text }) => text), ...trace].join('\n');
  } finally {
    await worker.end();
  }
}
