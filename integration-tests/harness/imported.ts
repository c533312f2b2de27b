/** Configurations that `procmanctl import` makes of the samples of other systems, served by a daemon of the test. */
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { programs } from './paths.ts';
import type { World } from './world.ts';

const samples = join(import.meta.dirname, '..', 'import-samples');

/** A sample with the paths and names of this test in place of those on the peer's machine, in the world's folder. */
export function placeSample(world: World, name: string, changes: Readonly<Record<string, string>> = {}): string {
  const file = join(world.root, 'source', name);
  mkdirSync(dirname(file), { recursive: true });
  mkdirSync(join(world.root, 'work'), { recursive: true });
  mkdirSync(join(world.root, 'logs'), { recursive: true });
  const places = { ...changes, ROOT: world.root, PLAYGROUND_PATH: world.playground, OBEYS: `${programs}/obeys.sh` };
  const text = Object.entries(places).reduce(
    (done, [from, to]) => done.replaceAll(from, to),
    readFileSync(join(samples, name), 'utf8'),
  );
  writeFileSync(file, text);
  return file;
}

/** Imports files; the result passes `check`, and is what the world's daemon will serve. */
export async function importInto(
  world: World,
  from: string,
  files: readonly string[],
  ...options: string[]
): Promise<string> {
  const output = join(world.root, 'imported.toml');
  const imported = await world.ctl('import', '--from', from, ...files, '-o', output, ...options);
  expect(imported).toMatchObject({ code: 0, stdout: `${output} written\n` });
  expect(imported.stderr).not.toContain('error:');
  expect(statSync(output).mode & 0o777).toBe(0o600);
  const checked = await world.ctl('check', output);
  expect(checked, checked.stdout).toMatchObject({ code: 0 });
  const text = readFileSync(output, 'utf8');
  world.writeConfig(served(text, world));
  return text;
}

/** With the uid and the places of this test. */
function served(text: string, world: World): string {
  const place = `state-dir = "${world.stateDir}"\nsocket = "${world.socket}"\n`;
  const uid = /^uid = "(.*)"$/m.exec(text)?.[1] ?? '';
  const own = text.replaceAll(uid, world.uid);
  if (/^\[daemon\]$/m.test(own)) return own.replace(/^\[daemon\]$/m, `[daemon]\n${place}`);
  return own.replace(/^\[/m, `[daemon]\n${place}\n[`);
}

/** Other users may go through the world's folder, and note in its playground. */
export function openToOthers(world: World): void {
  chmodSync(world.root, 0o711);
  chmodSync(world.playground, 0o777);
}

/** Lines that begin with `# import:`, without that. */
export function remarksOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('# import: ') ? [line.slice('# import: '.length)] : []));
}

/** What `obeys.sh` noted as the words that it was called with. */
export function toldTo(world: World, instance: string): Promise<string> {
  return world.waitFor(`${instance} to note its words`, () =>
    world
      .lines(`log.${instance}`)
      .findLast((line) => line.startsWith('told '))
      ?.trimEnd(),
  );
}
