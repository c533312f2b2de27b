/** The manual pages: right for mandoc, complete, and found by `man` where npm puts them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { begin } from '../harness/commands.ts';
import { describe, expect, test } from '../harness/test.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const packageJson = JSON.parse(readFileSync(at('package.json'), 'utf8')) as { man: string[] };

async function shown(world: { env: NodeJS.ProcessEnv }, page: string): Promise<string> {
  const { stdout, code } = await begin('mandoc', ['-T', 'utf8', '-O', 'width=200', at(page)], world.env).finished;
  expect(code).toBe(0);
  // Bold is printed over itself.
  return stdout.replaceAll(/.\u0008/gu, '');
}

describe('the manual pages', () => {
  test.for(packageJson.man)('%s: mandoc has nothing to say', async (page, { world }) => {
    const { stdout, stderr, code } = await begin('mandoc', ['-T', 'lint', at(page)], world.env).finished;
    expect([stdout, stderr, code]).toEqual(['', '', 0]);
  });

  test('are the three, with all sections that one works by', async ({ world }) => {
    expect(packageJson.man.map((page) => page.replace(/.*\//, ''))).toEqual([
      'procmand.8',
      'procmanctl.1',
      'procman.toml.5',
    ]);
    const [daemon = '', client = '', config = ''] = packageJson.man;
    for (const title of [
      'SYNOPSIS',
      'OPTIONS',
      'SIGNALS',
      'EXIT STATUS',
      'ENVIRONMENT',
      'FILES',
      'EXAMPLES',
      'SEE ALSO',
    ])
      expect(await shown(world, daemon), title).toMatch(new RegExp(`^${title}$`, 'm'));
    for (const title of [
      'SYNOPSIS',
      'OPTIONS',
      'COMMANDS',
      'EXIT STATUS',
      'ENVIRONMENT AND FILES',
      'EXAMPLES',
      'SEE ALSO',
    ])
      expect(await shown(world, client), title).toMatch(new RegExp(`^${title}$`, 'm'));
    expect(await shown(world, config)).toMatch(/^EXAMPLES$/m);
  });

  test('tell of every command that help tells of, and of every key of the schema', async ({ world }) => {
    const help = (await world.ctl('help')).stdout;
    const commands = /Commands:\n([\s\S]*?)\n\nOptions:/.exec(help)?.[1] ?? '';
    const names = [...commands.matchAll(/^ {2}([a-z-]+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'exit');
    expect(names.length).toBeGreaterThan(20);
    const client = await shown(world, 'docs/man/procmanctl.1');
    for (const name of names) expect(client, name).toMatch(new RegExp(`^ {3}${name}$`, 'm'));
    const config = await shown(world, 'docs/man/procman.toml.5');
    const schema = JSON.parse((await world.ctl('schema')).stdout) as {
      properties: { daemon: { properties: object }; process: { items: { properties: object } } };
    };
    const { daemon, process } = schema.properties;
    const keys = [...Object.keys(daemon.properties), ...Object.keys(process.items.properties)];
    expect(keys.length).toBeGreaterThan(50);
    for (const key of keys) expect(config, key).toMatch(new RegExp(`^ {5,7}${key}( |$)`, 'm'));
  });
});
