// npm run bench [-- --quick] [--json] [--only NAME]: the figures to hold, as ratios within one run. Ends with 1 where one is over.
import { existsSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { endAll } from './harness.mjs';

const FIGURES = ['restart', 'start', 'status', 'output', 'rotation', 'adoption', 'idle', 'memory', 'tui', 'events'];

function options(words) {
  const only = [];
  const flags = new Set();
  for (let index = 0; index < words.length; index += 1) {
    if (words[index] === '--only') only.push(words[(index += 1)]);
    else flags.add(words[index]);
  }
  const unknown = [...flags].find((flag) => !['--json', '--quick'].includes(flag));
  const wrong = only.find((name) => !FIGURES.includes(name));
  if (unknown !== undefined || wrong !== undefined || flags.has('--help')) {
    console.error(`usage: npm run bench -- [--quick] [--json] [--only NAME]..\nNAME: ${FIGURES.join(', ')}`);
    process.exit(2);
  }
  return { isJson: flags.has('--json'), isQuick: flags.has('--quick'), names: only.length > 0 ? only : FIGURES };
}

const number = (value) =>
  value === undefined ? '' : value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
const limitText = (limit, unit) =>
  limit === undefined ? '' : limit.ratio === undefined ? `${limit.value} ${unit}` : `${limit.ratio} x`;

function cellsOf({ name, ours, unit, beside, floor, ratio, limit, verdict }) {
  const compared = floor === undefined ? '' : `${number(floor)} (${beside})`;
  return [
    name,
    `${number(ours)} ${unit}`,
    compared,
    ratio === undefined ? '' : `${ratio.toFixed(2)} x`,
    limitText(limit, unit),
    verdict,
  ];
}

function table(rows) {
  const all = [['figure', 'procman', 'beside', 'ratio', 'at most', ''], ...rows.map(cellsOf)];
  const widths = all[0].map((_, column) => Math.max(...all.map((cells) => cells[column].length)));
  return all
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

if (!existsSync(new URL('../daemon/dist/procmand.cjs', import.meta.url))) {
  console.error('build it first: npm run build');
  process.exit(1);
}
const { isJson, isQuick, names } = options(process.argv.slice(2));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => void endAll().finally(() => process.exit(1)));

const load = loadavg()[0];
if (load > availableParallelism() / 2) {
  console.error(`the machine is busy (load ${load.toFixed(1)}): figures will be worse than they are`);
}
const rows = [];
for (const name of names) {
  const { about, run } = await import(`./figures/${name}.mjs`);
  console.error(`${name}: ${about}`);
  try {
    rows.push(...(await run({ isQuick })));
  } catch (error) {
    console.error(`${name}: failed: ${error.message}`);
    process.exitCode = 1;
  }
}
const machine = { node: process.version, quick: isQuick, loadBefore: load, loadAfter: loadavg()[0] };
console.log(isJson ? JSON.stringify({ ...machine, figures: rows }, null, 2) : `\n${table(rows)}`);
if (rows.some(({ verdict }) => verdict === 'over')) process.exitCode = 1;
