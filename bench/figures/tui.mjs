import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { terminalBundle } from '../../bundles.mjs';
import { figure, median } from '../harness.mjs';

export const about = 'procmanctl tui: from a key to what is written for it, with 500 processes';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SIZES = [
  [80, 24],
  [200, 60],
];

export async function run({ isQuick }) {
  const folder = mkdtempSync(join(tmpdir(), 'procman-bench-tui-'));
  try {
    const outfile = join(folder, 'screen.mjs');
    const { keyTimes } = await bundled(outfile);
    return SIZES.flatMap(([columns, rows]) => {
      const times = keyTimes(500, columns, rows, isQuick ? 5 : 30).toSorted((a, b) => a - b);
      const worst = times[Math.floor(times.length * 0.99)];
      return [
        figure(`tui, a key, ${columns}x${rows}`, { ours: median(times), unit: 'ms' }),
        figure(`tui, the slowest of 100 keys, ${columns}x${rows}`, { ours: worst, unit: 'ms', limit: { value: 50 } }),
      ];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundled(outfile) {
  const options = { bundle: true, platform: 'node', target: 'node20', minify: true, logLevel: 'warning' };
  await build({ ...options, ...terminalBundle, absWorkingDir: root, entryPoints: ['bench/tui-screen.ts'], outfile });
  return import(pathToFileURL(outfile).href);
}
