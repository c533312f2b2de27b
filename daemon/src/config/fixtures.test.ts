import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig, type LoadedConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import { testContext } from './test-context.ts';

const folder = new URL('fixtures/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.toml'));

/** dash and bash put it differently. */
function withoutShellsWords(problem: string): string {
  return problem.replace(/(sh cannot read it: ).*/, '$1...');
}

/** Files from before `[[notify]]` have none. */
function shownConfig({ daemon, metrics, core, notify }: LoadedConfig): object {
  return { daemon, metrics, core, ...(notify.length === 0 ? {} : { notify }) };
}

/** Frozen files: what they load to, or all that is said of them, is kept beside them. */
test.each(names)('%s', async (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const result = parseConfig(text, `/tmp/${name}`, testContext);
  const problems = (result.ok ? result.warnings : result.problems).map(formatProblem).map(withoutShellsWords);
  const config = result.ok ? [JSON.stringify(shownConfig(result.config), undefined, 2)] : [];
  const found = [...problems, ...config].join('\n');
  await expect(`${found}\n`).toMatchFileSnapshot(new URL(name.replace('.toml', '.expected.txt'), folder).pathname);
});
