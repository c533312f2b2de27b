/** The simulation as one file that a thread can run, with the product's own sources in it; or with some of them changed. */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param outfile - where to put it
 * @param edits - changes of sources: `{ file, find, put }`; `file` as seen from `daemon/src`
 * @throws Error where a text that is to be changed is not there exactly once
 */
export async function bundleSimulation(outfile, edits = []) {
  await build({
    absWorkingDir: root,
    entryPoints: ['daemon/src/simulation/worker.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    loader: { '.sh': 'text', '.service': 'text' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [changing(edits)],
    logLevel: 'silent',
  });
}

/** What is changed is changed in memory: no file of the sources is ever touched. */
function changing(edits) {
  const files = new Map();
  for (const edit of edits) {
    const path = join(root, 'daemon/src', edit.file);
    files.set(path, changed(files.get(path) ?? readFileSync(path, 'utf8'), edit));
  }
  return {
    name: 'changing',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = files.get(path);
        return contents === undefined ? undefined : { contents, loader: 'ts' };
      });
    },
  };
}

function changed(text, { file, find, put }) {
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`${file}: to be there once, but found ${count} times: ${find}`);
  return text.replace(find, () => put);
}
