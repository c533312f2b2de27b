// Bundles both commands with esbuild. CommonJS because Node loads it faster than ES modules.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

/** Entry points; the client is split so that `status` never parses what only `check` needs. */
const bundles = [
  { entry: 'daemon/src/main.ts', outfile: 'daemon/dist/procmand.cjs' },
  { entry: 'ctl/src/main.ts', outfile: 'ctl/dist/procmanctl.cjs' },
  { entry: 'ctl/src/every-command.ts', outfile: 'ctl/dist/every-command.cjs' },
  { entry: 'ctl/src/offline.ts', outfile: 'ctl/dist/offline.cjs' },
  { entry: 'ctl/src/interactive.ts', outfile: 'ctl/dist/interactive.cjs' },
  { entry: 'ctl/src/live.ts', outfile: 'ctl/dist/live.cjs' },
  { entry: 'ctl/src/reports.ts', outfile: 'ctl/dist/reports.cjs' },
  { entry: 'ctl/src/completions.ts', outfile: 'ctl/dist/completions.cjs' },
  { entry: 'ctl/src/examination.ts', outfile: 'ctl/dist/examination.cjs' },
  { entry: 'ctl/src/unsupervised.ts', outfile: 'ctl/dist/unsupervised.cjs' },
];

await Promise.all(
  bundles.map(({ entry, outfile }) =>
    build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      // Without `keepNames`: it defines a property for each closure that is made, which was a third of all work in the daemon.
      minify: true,
      legalComments: 'linked',
      loader: { '.sh': 'text', '.service': 'text' },
      define: { 'process.env.PROCMAN_VERSION': JSON.stringify(version) },
      external: [...bundles.map(({ outfile }) => `./${basename(outfile)}`), '@photostructure/sqlite'],
      logLevel: 'warning',
    }),
  ),
);
