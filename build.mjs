// Bundles both commands with esbuild. CommonJS because Node loads it faster than ES modules.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { bundles, separate } from './bundles.mjs';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

await Promise.all(
  bundles.map(({ entry, outfile, format = 'cjs', banner = {}, alias = {}, define = {} }) =>
    build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format,
      banner,
      alias,
      // Without `keepNames`: it defines a property for each closure that is made, which was a third of all work in the daemon.
      minify: true,
      legalComments: 'linked',
      loader: { '.sh': 'text', '.service': 'text' },
      define: { 'process.env.PROCMAN_VERSION': JSON.stringify(version), ...define },
      external: [...separate, '@photostructure/sqlite'],
      logLevel: 'warning',
    }),
  ),
);
