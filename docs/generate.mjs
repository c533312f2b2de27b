// Writes the generated parts of the documents: what stands between `<!-- generated: NAME -->` and `<!-- end -->`; the manual pages;
// and the JSON Schema of the configuration.
// The sources are the declarations in the code, so nothing is said twice. `npm run docs` writes; `npm run docs:check` fails
// where a document is stale.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';
import { separate } from '../bundles.mjs';
import { manualPages } from './manual.mjs';
import { pictureSections } from './pictures.mjs';
import { sectionsOf } from './sections.mjs';

const root = new URL('..', import.meta.url);
const documents = ['docs/commands.md', 'docs/configuration.md', 'docs/protocol.md', 'docs/tui.md', 'docs/metrics.md'];

/** What the documents are made of. */
const declarations = `
  export { daemonKeys, topKeys } from './daemon/src/config/daemon-keys.ts';
  export { metricsKeys } from './daemon/src/config/metrics-keys.ts';
  export { identityKeys, sharedKeys } from './daemon/src/config/process-keys.ts';
  export { METRICS } from './daemon/src/metrics/catalogue.ts';
  export { notifyKeys } from './daemon/src/config/notify-keys.ts';
  export { templateKeys } from './daemon/src/config/template-keys.ts';
  export { configSchema } from './daemon/src/config/json-schema.ts';
  export { DURATION_FORMS } from './daemon/src/config/durations.ts';
  export { durationForm } from './daemon/src/config/values.ts';
  export { contract, notifications } from './protocol/src/contract.ts';
  export { errorCodes } from './protocol/src/errors.ts';
  export { COMMANDS } from './ctl/src/command-table.ts';
  export { GLOBAL_OPTIONS, SHELL_OPTIONS } from './ctl/src/command.ts';
  export { usageOf } from './ctl/src/parse.ts';
  export * as topics from './ctl/src/topics.ts';
  export * as tuiScene from './ctl/src/tui/testing/scene.ts';
  export * as daemonOptions from './daemon/src/option-table.ts';
`;

async function load() {
  const { outputFiles } = await build({
    stdin: { contents: declarations, resolveDir: new URL('.', root).pathname, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    define: { 'process.env.PROCMAN_VERSION': '"0"' },
    external: separate,
    logLevel: 'warning',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Puts the sections into a document; the rest of it is written by hand. */
function fill(text, name, sections) {
  return text.replaceAll(/(<!-- generated: (\S+) -->\n).*?(<!-- end -->)/gs, (_, head, section, end) => {
    if (sections[section] === undefined) throw new Error(`${name}: there is no generated section "${section}"`);
    return `${head}\n${sections[section]}\n\n${end}`;
  });
}

/** As `npm run format` would leave it. */
async function schemaText(schema) {
  const options = await resolveConfig(new URL('package.json', root).pathname);
  return format(JSON.stringify(schema, undefined, 2), { ...options, parser: 'json' });
}

/** What each generated file should be, by its name. */
async function generated(source) {
  const sections = { ...sectionsOf(source), ...pictureSections(source) };
  const filled = documents.map((name) => [name, fill(readFileSync(new URL(name, root), 'utf8'), name, sections)]);
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const pages = manualPages(source, version);
  return [...filled, ...pages, ['etc/procman.schema.json', await schemaText(source.configSchema())]];
}

const isCheck = process.argv.includes('--check');
const stale = [];
for (const [name, text] of await generated(await load())) {
  const path = new URL(name, root);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  stale.push(name);
  if (isCheck) continue;
  mkdirSync(new URL('.', path), { recursive: true });
  writeFileSync(path, text);
}
if (stale.length > 0) console.log(`${isCheck ? 'stale' : 'written'}: ${stale.join(', ')}`);
if (isCheck && stale.length > 0) {
  console.error('run: npm run docs');
  process.exitCode = 1;
}
