// What is bundled, for the build and for whoever bundles a part of it.
import { basename } from 'node:path';

/** Entry points; the client is split so that `status` never parses what only `check` needs. */
export const bundles = [
  { entry: 'daemon/src/main.ts', outfile: 'daemon/dist/procmand.cjs' },
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
  { entry: 'ctl/src/unsupervised.ts', outfile: 'ctl/dist/unsupervised.cjs' },
];

/** Loaded when first used: never a part of another bundle. */
export const separate = bundles.map(({ outfile }) => `./${basename(outfile)}`);
