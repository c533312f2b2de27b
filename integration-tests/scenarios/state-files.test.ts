/** State files that are broken, read-only or without room: no service stops, none runs twice, and it mends itself. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { service } from '../harness/config.ts';
import { mountReadOnly, mountTmpfs, unmount } from '../harness/mounts.ts';
import { identityOf, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const SERVICES = ['a', 'b', 'c'];

async function someRunning(world: World): Promise<{ daemon: Daemon; before: (string | undefined)[] }> {
  world.configure([...SERVICES.map((id) => service(id, 'steady')), service('held', 'steady')]);
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  expect((await world.ctl('stop', 'held')).code).toBe(0);
  return { daemon, before: await identities(world) };
}

async function identities(world: World): Promise<(string | undefined)[]> {
  const rows = await world.rows();
  return SERVICES.map((id) => identityOf(rows.find(({ name }) => name === id)?.pid ?? 0));
}

async function expectUntouched(world: World, before: (string | undefined)[]): Promise<void> {
  await world.waitForAll('RUNNING', SERVICES);
  expect(await identities(world)).toEqual(before);
  for (const id of SERVICES) await world.expectStarts(id, 1);
}

/** Regular files below a folder of the state directory. */
function filesIn(world: World, folder: string): string[] {
  const directory = join(world.stateDir, folder);
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** State files of instances, holds left out: a hold is a fact by its existence. */
function instanceFiles(world: World): string[] {
  const files = filesIn(world, 'instances').filter((path) => !path.includes('hold'));
  expect(files.length).toBeGreaterThan(0);
  return files;
}

function setAside(world: World): string[] {
  return readdirSync(world.stateDir, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.broken-'));
}

describe('state files that do not parse', () => {
  test.for([
    ['garbage', (path: string) => writeFileSync(path, 'not { json \0\xff')],
    ['empty files', (path: string) => truncateSync(path, 0)],
    ['truncated files', (path: string) => truncateSync(path, 20)],
    ['another version', (path: string) => writeFileSync(path, '{"version":999}')],
    ['valid JSON of another shape', (path: string) => writeFileSync(path, '[null, 1, "x"]')],
  ] as const)('%s are set aside; nothing stops', async ([, damage], { world }) => {
    const { daemon, before } = await someRunning(world);
    await world.killDaemon(daemon);
    for (const path of instanceFiles(world)) damage(path);
    await world.startDaemon();
    await expectUntouched(world, before);
    expect(setAside(world).length).toBeGreaterThan(0);
    expect(await world.row('held')).toMatchObject({ state: 'STOPPED', held: true });
    await world.expectStarts('held', 1);
  });

  test('one edited by hand is set aside, saying how to do it right; done so, it is taken', async ({ world }) => {
    const { daemon, before } = await someRunning(world);
    await world.ctl('signal', 'KILL', 'a');
    await world.waitForRow('a', 'its second run', ({ state, restarts }) => state === 'RUNNING' && restarts === 1);
    await world.killDaemon(daemon);
    const path = join(world.stateDir, 'instances/a~0.json');
    const edited = readFileSync(path, 'utf8').replaceAll('"restarts":1', '"restarts":41');
    expect(edited).toContain('"restarts":41');
    writeFileSync(path, edited);
    const second = await world.startDaemon();
    expect(second.log()).toMatch(/a~0\.json cannot be read .*set aside as .*take the key "sum" out/);
    expect(setAside(world)).toHaveLength(1);
    await world.killDaemon(second);
    writeFileSync(path, edited.replace(/,"sum":"\w+"/, ''));
    await world.startDaemon();
    expect((await world.row('a')).restarts).toBe(41);
    expect(setAside(world)).toHaveLength(1);
    await world.waitForAll('RUNNING', SERVICES);
    expect((await identities(world)).slice(1)).toEqual(before.slice(1));
  });

  test('also where the file before it is all that is left', async ({ world }) => {
    const { daemon, before } = await someRunning(world);
    await world.killDaemon(daemon);
    for (const path of instanceFiles(world).filter((file) => !file.endsWith('.prev'))) truncateSync(path, 7);
    await world.startDaemon();
    await expectUntouched(world, before);
  });

  test.for(['record', 'exit'])('broken files in runs/%s', async (folder, { world }) => {
    const { daemon, before } = await someRunning(world);
    await world.killDaemon(daemon);
    for (const path of filesIn(world, `runs/${folder}`)) writeFileSync(path, 'garbage');
    await world.startDaemon();
    await expectUntouched(world, before);
  });

  test('every other file of the state directory filled with garbage', async ({ world }) => {
    const { daemon, before } = await someRunning(world);
    await world.killDaemon(daemon);
    const locks = (path: string): boolean => path.includes('/lock/') || path.includes('procmand.lock');
    for (const path of filesIn(world, '.'))
      if (!locks(path) && !path.endsWith('.log')) writeFileSync(path, '\0garbage');
    await world.startDaemon();
    await expectUntouched(world, before);
  });
});

describe('in the place of a run record', () => {
  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    // The last digit of the first pid.
    const at = bytes.indexOf(' ') - 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  };
  const instead = (act: (path: string) => void) => (path: string) => {
    rmSync(path);
    act(path);
  };

  test.for<[string, (path: string) => void]>([
    ['a damaged one', flip],
    ['a folder', instead((path) => mkdirSync(path))],
    ['a folder with something in it', instead((path) => mkdirSync(join(path, 'within'), { recursive: true }))],
    ['a pipe', instead((path) => spawnSync('mkfifo', [path]))],
  ])('%s: the service goes on, is ended and launched again, once', async ([, spoil], { world }) => {
    const { daemon, before } = await someRunning(world);
    for (const id of SERVICES) spoil(join(world.stateDir, 'runs/record', `${id}~0`));
    // Known to the daemon that saw it, and to the next one.
    signal(await world.pidOf('a'), 'SIGKILL');
    await world.expectStarts('a', 2);
    await world.waitForAll('RUNNING', SERVICES);
    await world.killDaemon(daemon);
    const next = await world.startDaemon();
    await world.waitForAll('RUNNING', SERVICES);
    expect((await identities(world)).slice(1)).toEqual(before.slice(1));
    for (const id of ['b', 'c']) expect((await world.ctl('restart', id)).code).toBe(0);
    await world.waitForAll('RUNNING', SERVICES);
    for (const id of SERVICES) await world.expectStarts(id, 2);
    expect(world.shouts()).toEqual([]);
    for (const id of SERVICES)
      expect(`${daemon.log()}${next.log()}`).toContain(`${id}~0: what stood in the place of its run record`);
    expect(setAside(world).filter((name) => /^runs\/record-[^/]*$/.test(name))).toHaveLength(SERVICES.length);
  });
});

describe('whatever is in the place of the history, the daemon starts', () => {
  const put = (path: string, act: () => void): void => {
    rmSync(path, { recursive: true, force: true });
    act();
  };
  const WAYS: Record<string, (path: string, world: World) => void> = {
    nothing: (path) => put(path, () => undefined),
    garbage: (path) => writeFileSync(path, '\0garbage'),
    'an empty file': (path) => truncateSync(path, 0),
    'a file cut within': (path) => truncateSync(path, 1),
    'a huge file': (path) => truncateSync(path, 5000 * 2 ** 20),
    'a folder': (path) => put(path, () => mkdirSync(join(path, 'within'), { recursive: true })),
    'a link to another file': (path, { config }) => put(path, () => symlinkSync(config, path)),
    'a link to itself': (path) => put(path, () => symlinkSync(path, path)),
    'a pipe': (path) => put(path, () => expect(spawnSync('mkfifo', [path]).status).toBe(0)),
    // Root reads what is 0000: what nobody can write is what it cannot get past.
    'a file that cannot be written': (path) => expect(spawnSync('chattr', ['+i', path]).status).toBe(0),
  };

  test.for(Object.keys(WAYS))('%s', { timeout: 90_000 }, async (way, { world }) => {
    const { daemon: first, before } = await someRunning(world);
    let daemon = first;
    const config = readFileSync(world.config, 'utf8');
    for (const names of [
      ['events.db'],
      ['events.seq'],
      ['events.db', 'events.seq'],
      ['events.db-wal', 'events.db-shm'],
    ]) {
      await world.killDaemon(daemon);
      const paths = names.map((name) => join(world.stateDir, name));
      for (const path of paths) {
        if (!existsSync(path)) writeFileSync(path, '');
        WAYS[way]?.(path, world);
      }
      try {
        daemon = await world.startDaemon();
        await expectUntouched(world, before);
        // Who asks for it gets an answer: what there is, or why nothing can be read.
        const { code, stdout } = await world.ctl('events', '--json');
        if (code !== 0) expect([code, stdout]).toEqual([1, expect.stringMatching(/"error":.*history/)]);
        expect((await world.rpc<{ pid: number }>('ping')).pid).toBe(daemon.pid);
      } finally {
        for (const path of paths) {
          if (existsSync(path)) spawnSync('chattr', ['-i', path]);
          rmSync(path, { recursive: true, force: true });
        }
      }
    }
    expect(readFileSync(world.config, 'utf8')).toBe(config);
  });
});

describe('a read-only state directory', () => {
  test('under a living daemon: services go on, it says what is wrong, and recovers', async ({ world }) => {
    const { daemon, before } = await someRunning(world);
    mountReadOnly(world.stateDir);
    signal((await world.pidOf('a')) || 0, 'SIGTERM');
    await world.waitFor('a clear message', () => /read-only|EROFS/i.test(daemon.log()));
    expect((await world.rpc<{ pid: number }>('ping')).pid).toBe(daemon.pid);
    unmount(world.stateDir);
    const row = await world.waitForState('a', 'RUNNING');
    expect(identityOf(row.pid ?? 0)).not.toBe(before[0]);
    expect((await identities(world)).slice(1)).toEqual(before.slice(1));
    await world.expectStarts('a', 2);
  });

  test('for a new daemon: exit 1 with a clear message, no service touched', async ({ world }) => {
    const { daemon, before } = await someRunning(world);
    await world.killDaemon(daemon);
    mountReadOnly(world.stateDir);
    const refused = await world.startDaemon({ wait: false });
    expect(await refused.ended).toMatchObject({ code: 1 });
    expect(refused.log()).toMatch(/read-only|EROFS/i);
    expect(refused.log()).toContain(world.stateDir);
    unmount(world.stateDir);
    await world.startDaemon();
    await expectUntouched(world, before);
  });
});

describe('a full disk', () => {
  /** Fills the file system of the state directory to the last block. */
  function fillUp(world: World): string {
    const filler = join(world.stateDir, 'filler');
    const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOSPC';
    for (const size of [65_536, 4096, 512, 1]) {
      try {
        for (;;) writeFileSync(filler, 'x'.repeat(size), { flag: 'a' });
      } catch (error) {
        if (!isFull(error)) throw error;
      }
    }
    return filler;
  }

  test('under a living daemon: services go on, exits are known, and it recovers', async ({ world }) => {
    mountTmpfs(world.stateDir, '2m');
    const { daemon, before } = await someRunning(world);
    const filler = fillUp(world);
    signal(await world.pidOf('a'), 'SIGTERM');
    await world.waitFor('a clear message', () => /no space|ENOSPC/i.test(daemon.log()));
    expect((await world.rpc<{ pid: number }>('ping')).pid).toBe(daemon.pid);
    expect((await identities(world)).slice(1)).toEqual(before.slice(1));
    truncateSync(filler, 0);
    expect(await world.waitForState('a', 'RUNNING')).toMatchObject({ lastExit: { signal: 'SIGTERM' } });
    expect((await identities(world)).slice(1)).toEqual(before.slice(1));
    await world.expectStarts('a', 2);
  });

  test('for a new daemon: what runs goes on, and once there is room all is well', async ({ world }) => {
    mountTmpfs(world.stateDir, '2m');
    const { daemon, before } = await someRunning(world);
    const filler = fillUp(world);
    await world.killDaemon(daemon);
    const next = await world.startDaemon({ wait: false });
    // It may serve without being able to write, or refuse to start: either way it says why.
    const outcome = await Promise.race([
      next.ended,
      world.waitFor('it to serve', () => world.rpc('ping').then(() => 'serves')),
    ]);
    await world.waitFor('a clear message', () => /no space|ENOSPC/i.test(next.log()));
    truncateSync(filler, 0);
    if (outcome !== 'serves') await world.startDaemon();
    await expectUntouched(world, before);
    expect(await world.row('held')).toMatchObject({ held: true });
  });

  test('a hold that cannot be kept is refused, and nothing is stopped', async ({ world }) => {
    mountTmpfs(world.stateDir, '2m');
    const { before } = await someRunning(world);
    const filler = fillUp(world);
    const stop = await world.ctl('stop', 'b', '--timeout', '2s');
    truncateSync(filler, 0);
    // A stop that is said to be done has to be held by the next daemon, too.
    if (stop.code === 0) expect((await world.row('b')).held).toBe(true);
    else expect((await identities(world))[0]).toBe(before[0]);
    expect(stop.code === 0 || stop.stdout + stop.stderr !== '').toBe(true);
  });
});

describe('the state of what is gone from the configuration', () => {
  const DAY = 24 * 3_600_000;

  /** Makes a state look as if nothing had changed in it for so long. */
  function age(world: World, id: string, days: number): void {
    for (const path of instanceFiles(world).filter((file) => file.includes(`/${id}~`))) {
      type State = { instance: { shown: { since: number } }; sum?: string };
      const { sum: _ofTheTextBefore, ...state } = JSON.parse(readFileSync(path, 'utf8')) as State;
      state.instance.shown.since = Date.now() - days * DAY;
      writeFileSync(path, JSON.stringify(state));
    }
  }

  test('is kept for a week, and then removed', async ({ world }) => {
    world.configure([service('stays', 'steady'), service('recent', 'steady'), service('old', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    world.configure([service('stays', 'steady')]);
    expect((await world.ctl('update', '-y')).code).toBe(0);
    await world.waitFor('one is left', async () => (await world.rows()).length === 1);
    await world.killDaemon(daemon);
    age(world, 'recent', 6);
    age(world, 'old', 8);
    age(world, 'stays', 8);
    await world.startDaemon();
    const left = instanceFiles(world).map((path) => /([^/]+)~/.exec(path)?.[1]);
    expect(new Set(left)).toEqual(new Set(['stays', 'recent']));
  });
});
