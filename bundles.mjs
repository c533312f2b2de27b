// What is bundled, for the build and for whoever bundles a part of it.
import { basename } from 'node:path';

/** What Ink needs to be bundled; paths are as seen from the root. */
export const terminalBundle = {
  format: 'esm',
  // Some of its parts are CommonJS and ask for Node's modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  alias: {
    // With CI in the environment Ink would draw nothing: but this runs on a terminal or not at all.
    'is-in-ci': './ctl/src/tui/effects/not-in-ci.ts',
    // Of developers of Ink.
    'react-devtools-core': './ctl/src/tui/effects/no-devtools.ts',
  },
  // React checks less and is smaller; Ink loads its developers' tools with DEV only.
  define: { 'process.env.NODE_ENV': '"production"' },
};

/** Entry points; the client is split so that `status` never parses what only `check` needs. */
export const bundles = [
  { entry: 'daemon/src/main.ts', outfile: 'daemon/dist/procmand.cjs' },
  { entry: 'daemon/src/metrics/bundle.ts', outfile: 'daemon/dist/metrics.cjs' },
  { entry: 'daemon/src/notify/bundle.ts', outfile: 'daemon/dist/notify.cjs' },
  { entry: 'daemon/src/notify/mail.ts', outfile: 'daemon/dist/mail.cjs' },
  { entry: 'ctl/src/main.ts', outfile: 'ctl/dist/procmanctl.cjs' },
  { entry: 'ctl/src/every-command.ts', outfile: 'ctl/dist/every-command.cjs' },
  { entry: 'ctl/src/offline.ts', outfile: 'ctl/dist/offline.cjs' },
  { entry: 'ctl/src/interactive.ts', outfile: 'ctl/dist/interactive.cjs' },
  { entry: 'ctl/src/live.ts', outfile: 'ctl/dist/live.cjs' },
  { entry: 'ctl/src/reports.ts', outfile: 'ctl/dist/reports.cjs' },
  { entry: 'ctl/src/completions.ts', outfile: 'ctl/dist/completions.cjs' },
  { entry: 'ctl/src/examination.ts', outfile: 'ctl/dist/examination.cjs' },
  { entry: 'ctl/src/importing.ts', outfile: 'ctl/dist/importing.cjs' },
  // Ink and its layout engine begin with an `await`, which CommonJS has not.
  { entry: 'ctl/src/tui.ts', outfile: 'ctl/dist/tui.mjs', ...terminalBundle },
  { entry: 'ctl/src/backups.ts', outfile: 'ctl/dist/backups.cjs' },
  { entry: 'ctl/src/exporting.ts', outfile: 'ctl/dist/exporting.cjs' },
  { entry: 'ctl/src/unsupervised.ts', outfile: 'ctl/dist/unsupervised.cjs' },
];

/** Loaded when first used: never a part of another bundle. */
export const separate = bundles.map(({ outfile }) => `./${basename(outfile)}`);
