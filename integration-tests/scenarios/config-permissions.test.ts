/** A daemon of root takes no configuration that anybody may write: neither the file, nor what it includes, nor their folders. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { service } from '../harness/config.ts';
import { expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** A configuration in a folder of its own, with an included one. */
function prepare(world: World): { folder: string; included: string } {
  const folder = join(world.root, 'conf');
  const included = join(folder, 'conf.d');
  mkdirSync(included, { recursive: true });
  world.configure([service('web', 'steady')]);
  writeFileSync(join(included, 'more.toml'), service('more', 'steady'));
  writeFileSync(join(folder, 'main.toml'), `include = ["conf.d/*.toml"]\nuid = "${world.uid}"\nfile-format = "0"\n`);
  return { folder, included };
}

test.for([
  ['the file', 'main.toml', 0o646, 'anybody may write this file'],
  ['the folder', '.', 0o777, 'anybody may write to this folder'],
  ['an included file', 'conf.d/more.toml', 0o666, 'anybody may write this file'],
  ['the folder of an included file', 'conf.d', 0o777, 'anybody may write to this folder'],
  ['a folder in which a pattern looks, also where it is sticky', 'conf.d', 0o1777, 'anybody may write to this folder'],
] as const)('%s that anybody may write is refused, with the mend', async ([, name, mode, text], { world }) => {
  const { folder } = prepare(world);
  const path = join(folder, name);
  const check = (): ReturnType<World['ctl']> => world.ctl('check', join(folder, 'main.toml'));
  expect((await check()).code).toBe(0);
  chmodSync(path, mode);
  const refused = await check();
  expect(refused.code).toBe(6);
  expect(refused.stdout).toContain(text);
  expect(refused.stdout).toContain(`chmod o-w ${path}`);
  chmodSync(path, mode & 0o775);
  expect((await check()).code).toBe(0);
});

test('a daemon that runs keeps what it has, and one that starts does not', async ({ world }) => {
  world.configure([service('web', 'steady')]);
  const daemon = await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  const pid = await world.pidOf('web');
  world.configure([service('web', 'steady'), service('more', 'steady')]);
  chmodSync(world.config, 0o666);
  const update = await world.ctl('update');
  expect([update.code, update.stdout + update.stderr]).toEqual([6, expect.stringContaining('chmod o-w')]);
  expect((await world.rows()).map((row) => row.pid)).toEqual([pid]);
  await world.killDaemon(daemon);
  const next = await world.startDaemon({ wait: false });
  expect(await next.ended).toMatchObject({ code: 6 });
  expect(next.log()).toContain(`chmod o-w ${world.config}`);
});
