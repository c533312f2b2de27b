/** `watch-config`: a reload as by SIGHUP, as soon as the file has changed and kept still. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { configText, service } from '../harness/config.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const WATCH = 'watch-config = true';
const ids = (world: World): Promise<string[]> => world.rows().then((rows) => rows.map(({ name }) => name));
const services = (...names: string[]): string[] => names.map((id) => service(id, 'steady'));
const textOf = (world: World, names: string[], daemon = WATCH): string => configText(world, services(...names), daemon);

async function start(world: World, names: string[], daemon = WATCH): Promise<Daemon> {
  world.configure(services(...names), daemon);
  const started = await world.startDaemon();
  await world.waitForAll('RUNNING');
  return started;
}

function waitForIds(world: World, names: string[]): Promise<true> {
  return world.waitFor(`the processes ${names.join(', ')}`, async () => {
    return JSON.stringify(await ids(world)) === JSON.stringify(names) || undefined;
  });
}

/** The kernel's word for it: `inotify wd:1 ino:20a6 sdev:..` of each watch (man 5 proc_pid_fdinfo). */
function isWatched({ pid }: Daemon, folder: string): boolean {
  const inode = `ino:${statSync(folder).ino.toString(16)} `;
  const texts = readdirSync(`/proc/${pid}/fdinfo`).map((name) => readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8'));
  return texts.some((text) => text.split('\n').some((line) => line.startsWith('inotify') && line.includes(inode)));
}

const count = (text: string, part: string): number => text.split(part).length - 1;

describe('a file that has changed is loaded', () => {
  test('however an editor writes it', async ({ world }) => {
    await start(world, ['a']);
    const pid = await world.pidOf('a');
    writeFileSync(world.config, textOf(world, ['a', 'b']));
    await waitForIds(world, ['a', 'b']);
    writeFileSync(`${world.config}.new`, textOf(world, ['a', 'b', 'c']));
    renameSync(`${world.config}.new`, world.config);
    await waitForIds(world, ['a', 'b', 'c']);
    renameSync(world.config, `${world.config}~`);
    writeFileSync(world.config, textOf(world, ['a', 'c']));
    await waitForIds(world, ['a', 'c']);
    expect(await world.pidOf('a')).toBe(pid);
  });

  test('also where it is a link that leads elsewhere now', async ({ world }) => {
    for (const [folder, names] of [
      ['v1', ['a']],
      ['v2', ['a', 'b']],
    ] as const) {
      mkdirSync(join(world.root, folder));
      writeFileSync(join(world.root, folder, 'procman.toml'), textOf(world, [...names]));
    }
    // As a mounted ConfigMap is exchanged: a link to a folder, on the way to the file.
    symlinkSync('v1', join(world.root, 'current'));
    symlinkSync('current/procman.toml', world.config);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    symlinkSync('v2', join(world.root, 'next'));
    renameSync(join(world.root, 'next'), join(world.root, 'current'));
    await waitForIds(world, ['a', 'b']);
    writeFileSync(join(world.root, 'v2', 'procman.toml'), textOf(world, ['a', 'b', 'c']));
    await waitForIds(world, ['a', 'b', 'c']);
  });

  test('with what it includes: files that come, change and go', async ({ world }) => {
    const folder = join(world.root, 'conf.d');
    const file = join(folder, 'more.toml');
    mkdirSync(folder);
    world.writeConfig(textOf(world, ['a']).replace('[daemon]', 'include = ["conf.d/*.toml"]\n[daemon]'));
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    writeFileSync(file, service('b', 'steady'));
    await waitForIds(world, ['a', 'b']);
    // Broken as it is, it stays watched: its repair is seen.
    writeFileSync(file, '[[process]');
    await world.waitFor('configError', async () => (await world.daemonView()).configError);
    writeFileSync(file, [service('b', 'steady'), service('c', 'steady')].join('\n'));
    await waitForIds(world, ['a', 'b', 'c']);
    expect((await world.daemonView()).configError).toBeUndefined();
    writeFileSync(file, service('b', 'steady'));
    await waitForIds(world, ['a', 'b']);
  });

  test('also where it changed while the daemon started', async ({ world }) => {
    world.configure(services('a'), WATCH);
    await world.startDaemon({ wait: false });
    world.configure(services('a', 'b'), WATCH);
    await waitForIds(world, ['a', 'b']);
  });
});

describe('nothing stops by confusion', () => {
  test('a broken file is a problem and a line in the log, and its repair ends both', async ({ world }) => {
    const daemon = await start(world, ['a']);
    const pid = await world.pidOf('a');
    world.writeConfig(readFileSync(world.config, 'utf8').replace('[[process]]', '[[process'));
    await world.waitFor('configError', async () => (await world.daemonView()).configError);
    expect(count(daemon.log(), 'the configuration is broken: nothing was changed')).toBe(1);
    world.configure(services('a', 'b'), WATCH);
    await waitForIds(world, ['a', 'b']);
    expect((await world.daemonView()).configError).toBeUndefined();
    expect(await world.pidOf('a')).toBe(pid);
  });

  test('a file that is removed stops nothing; put back as it was, all is well', async ({ world }) => {
    await start(world, ['a']);
    const pid = await world.pidOf('a');
    rmSync(world.config);
    await world.waitFor('configError', async () => (await world.daemonView()).configError);
    world.configure(services('a'), WATCH);
    await world.waitFor('no configError', async () => (await world.daemonView()).configError === undefined);
    expect(await world.pidOf('a')).toBe(pid);
  });

  test('another uid is refused', async ({ world }) => {
    await start(world, ['a']);
    const pid = await world.pidOf('a');
    world.writeConfig(textOf(world, ['a']).replace(world.uid, `${world.uid}x`));
    const { problems } = await world.waitFor('configError', async () => (await world.daemonView()).configError);
    expect(problems.map(({ key }) => key)).toEqual(['uid']);
    expect(await world.pidOf('a')).toBe(pid);
  });

  test('the reload guard holds what would stop too much', async ({ world }) => {
    await start(world, ['a', 'b', 'c', 'd']);
    world.configure(services('a'), WATCH);
    const held = await world.waitFor('a held reload', async () => (await world.daemonView()).heldReload);
    expect(held.stops).toEqual(['b', 'c', 'd']);
    await world.ctl('update');
    await waitForIds(world, ['a']);
  });

  test('what was only touched is no reload', async ({ world }) => {
    const daemon = await start(world, ['a'], `${WATCH}\nlog-level = "debug"`);
    const looks = (): number => count(daemon.log(), 'the configuration reads as before');
    const before = looks();
    world.writeConfig(readFileSync(world.config, 'utf8'));
    await world.waitFor('a look', () => looks() > before);
    expect(count(daemon.log(), 'reloads ')).toBe(0);
  });
});

describe('the key itself', () => {
  test('takes effect now, when it is set and when it is taken away', async ({ world }) => {
    const daemon = await start(world, ['a'], '');
    expect(isWatched(daemon, world.root)).toBe(false);
    world.configure(services('a', 'b'), WATCH);
    expect((await world.ctl('update')).stdout).toContain('[daemon] watch-config: takes effect now');
    await waitForIds(world, ['a', 'b']);
    world.configure(services('a', 'b', 'c'), '');
    await waitForIds(world, ['a', 'b', 'c']);
    await world.waitFor('the watch to end', () => !isWatched(daemon, world.root));
  });
});
