/** Where the daemon writes, somebody else has been before it: it refuses with the mend, and nothing is written elsewhere. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync, chownSync, copyFileSync, existsSync, lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs'; // prettier-ignore
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { makeUser, type TestUser } from '../harness/accounts.ts';
import { configText, processTable, service } from '../harness/config.ts';
import { procmand } from '../harness/paths.ts';
import { modeOf } from '../harness/permissions.ts';
import { rpcCall } from '../harness/rpc.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

let user: TestUser;

beforeAll(() => {
  user = makeUser();
});
afterAll(() => user.remove());

const SECRET = 'only root’s\n';

/** A file that a hostile link leads to. */
function secretOf(world: World): string {
  const path = join(world.root, 'secret');
  if (!existsSync(path)) writeFileSync(path, SECRET, { mode: 0o600 });
  return path;
}

/** Starts a daemon that has to refuse. @returns its log */
async function refusal(world: World, daemon = '', processes = [service('web', 'steady')]): Promise<string> {
  world.configure(processes, daemon);
  const started = await world.startDaemon({ wait: false });
  const { code } = await started.ended;
  expect([code, started.log()]).toEqual([1, started.log()]);
  expect(started.log(), 'a crash').not.toMatch(/^\s+at /m);
  expect(world.starts('web')).toEqual([]);
  return started.log();
}

describe('the state directory', () => {
  test('of another user is not used', async ({ world }) => {
    mkdirSync(world.stateDir, { mode: 0o755 });
    chownSync(world.stateDir, user.uid, user.gid);
    expect(await refusal(world)).toContain(
      `the state-dir ${world.stateDir} cannot be used: it belongs to user ${user.uid}; name a folder of its own, or hand it over: chown 0 ${world.stateDir}`,
    );
    expect(readdirSync(world.stateDir)).toEqual([]);
  });

  test.for([0o777, 0o1777, 0o775])(
    'that others may write to (%d), with something in it, is not used',
    async (mode, { world }) => {
      mkdirSync(world.stateDir);
      for (const name of ['config.last.toml.new', 'daemon.json.new', 'auto-logs.new'])
        symlinkSync(secretOf(world), join(world.stateDir, name));
      chmodSync(world.stateDir, mode);
      const log = await refusal(world);
      expect(log).toContain(`others may write to it (mode ${mode.toString(8)})`);
      expect(log).toContain(`chmod 0700 ${world.stateDir}`);
      expect(readFileSync(secretOf(world), 'utf8')).toBe(SECRET);
      expect((statSync(world.stateDir).mode & 0o7777).toString(8)).toBe(mode.toString(8));
    },
  );

  test.for([0o777, 0o755, 0o1777])('that is empty, and its own, is made private (%d)', async (mode, { world }) => {
    mkdirSync(world.stateDir);
    chmodSync(world.stateDir, mode);
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    expect(modeOf(world.stateDir)).toBe('0700');
    // Widened later by mistake: the next start makes it private again.
    await world.killDaemon(daemon);
    chmodSync(world.stateDir, 0o755);
    await world.startDaemon();
    expect(modeOf(world.stateDir)).toBe('0700');
  });

  test('that is no such folder, by a slip, is not closed to everybody: a warning says what to do', async ({
    world,
  }) => {
    mkdirSync(world.stateDir, { mode: 0o755 });
    writeFileSync(join(world.stateDir, 'of-somebody'), '');
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    expect(modeOf(world.stateDir)).toBe('0755');
    expect(daemon.log()).toContain(
      `the state-dir ${world.stateDir} was not empty, and others may look into it: chmod 0700`,
    );
    for (const name of ['instances', 'runs', 'daemon.json', 'config.last.toml'])
      expect([name, statSync(join(world.stateDir, name)).mode & 0o077]).toEqual([name, 0]);
  });

  test('behind a link of another user is not used, behind one of its own it is', async ({ world }) => {
    const elsewhere = join(world.root, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    symlinkSync(elsewhere, world.stateDir);
    lchownSync(world.stateDir, user.uid, user.gid);
    expect(await refusal(world)).toContain(`${world.stateDir} is a symbolic link of user ${user.uid}`);
    expect(readdirSync(elsewhere)).toEqual([]);
    lchownSync(world.stateDir, 0, 0);
    await world.startDaemon();
    expect(readdirSync(elsewhere)).toContain('daemon.json');
  });

  test.for(['file', 'pipe', 'dangling link'])('that is a %s is refused', async (kind, { world }) => {
    if (kind === 'file') writeFileSync(world.stateDir, SECRET);
    else if (kind === 'pipe') spawnSync('mkfifo', [world.stateDir]);
    else symlinkSync(join(world.root, 'nowhere'), world.stateDir);
    expect(await refusal(world)).toContain(world.stateDir);
    expect(existsSync(join(world.root, 'nowhere'))).toBe(false);
    if (kind === 'file') expect(readFileSync(world.stateDir, 'utf8')).toBe(SECRET);
  });
});

describe('the socket', () => {
  test.for(['file', 'pipe', 'folder', 'link'])('where there is a %s costs nobody that', async (kind, { world }) => {
    if (kind === 'file') writeFileSync(world.socket, SECRET);
    else if (kind === 'pipe') spawnSync('mkfifo', [world.socket]);
    else if (kind === 'folder') mkdirSync(world.socket);
    else symlinkSync(secretOf(world), world.socket);
    const before = lstatSync(world.socket).ino;
    expect(await refusal(world)).toContain(`cannot listen on ${world.socket}: there is a file that is no socket`);
    expect(lstatSync(world.socket).ino).toBe(before);
    if (kind === 'link') expect(readlinkSync(world.socket)).toBe(secretOf(world));
  });

  test('that somebody has left, or still listens on, is taken over', async ({ world }) => {
    const server = createServer((client) => client.destroy()).listen(world.socket);
    await once(server, 'listening');
    try {
      world.configure([service('web', 'steady')]);
      const { pid } = await world.startDaemon();
      expect(await world.rpc('ping')).toMatchObject({ pid });
      expect(modeOf(world.socket)).toBe('0600');
    } finally {
      server.close();
    }
  });

  test.for([
    ['that anybody may write to', 0o777, false, 'anybody may write to the folder'],
    ['of another user', 0o755, true, 'belongs to user'],
  ] as const)('is not put into a folder %s', async ([, mode, isForeign, text], { world }) => {
    const folder = join(world.root, 'sockets');
    mkdirSync(folder);
    chmodSync(folder, mode);
    if (isForeign) chownSync(folder, user.uid, user.gid);
    world.writeConfig(
      configText(
        { uid: world.uid, stateDir: world.stateDir, socket: join(folder, 's.sock') },
        [service('web', 'steady')],
        '',
      ),
    );
    const daemon = await world.startDaemon({ wait: false });
    expect(await daemon.ended).toMatchObject({ code: 1 });
    expect(daemon.log()).toContain(text);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('logs', () => {
  test.for(['link', 'pipe'])(
    'the daemon’s own, where there is a %s, is not written through it',
    async (kind, { world }) => {
      const path = join(world.root, 'own.log');
      if (kind === 'link') symlinkSync(secretOf(world), path);
      else spawnSync('mkfifo', [path]);
      const log = await refusal(world, `log-file = "${path}"`);
      expect(log).toContain(`the daemon's log (log-file, -l) cannot be opened: `);
      expect(log).toContain(path);
      expect(readFileSync(secretOf(world), 'utf8')).toBe(SECRET);
    },
  );

  test('of services, in a folder that others may write to, are not written through their links', async ({ world }) => {
    const folder = join(world.root, 'shared');
    mkdirSync(folder);
    chmodSync(folder, 0o1777);
    symlinkSync(secretOf(world), join(folder, 'web.out.log'));
    symlinkSync(secretOf(world), join(folder, 'other.out.log'));
    const say = (id: string, settings = ''): string =>
      processTable(id, 'echo said; exec sleep 5555', `start-retries = 0; ${settings}`);
    world.configure([say('web'), say('other', `user = "${user.name}"`)], `child-log-dir = "${folder}"`);
    await world.startDaemon();
    for (const id of ['web', 'other'])
      await world.waitForRow(
        id,
        'its failure',
        ({ state, reason }) => ['BACKOFF', 'FATAL'].includes(state) && /symbolic link/.test(reason.message),
      );
    expect(readFileSync(secretOf(world), 'utf8')).toBe(SECRET);
  });
});

test('the folder below /tmp, made first by another user: a daemon without a runtime folder does not believe it', async ({
  world,
}) => {
  const folder = `/tmp/procman-${user.uid}`;
  const home = join(world.root, 'home');
  chmodSync(world.root, 0o755);
  mkdirSync(folder, { mode: 0o777 });
  try {
    chownSync(folder, user.uid + 1, user.gid);
    // Whoever waits for this never starts.
    spawnSync('mkfifo', [join(folder, `${world.uid}.json`)]);
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, user.uid, user.gid);
    // The bundle alone: the user may not be able to enter the folder that this test is run from.
    const bundle = join(world.root, 'procmand.cjs');
    copyFileSync(join(dirname(procmand), '../dist/procmand.cjs'), bundle);
    const place = { uid: world.uid, stateDir: join(home, 'state'), socket: join(home, 's.sock') };
    world.writeConfig(configText(place, [processTable('web', 'sleep 5555')], ''));
    chmodSync(world.config, 0o644);
    const log = await startAsUser(world, bundle, home, async (pid) => {
      await world.waitFor('an answer', async () => (await rpcCall<{ pid: number }>(place.socket, 'ping')).pid === pid);
    });
    expect(log).toContain(`the folder ${folder} belongs to user ${user.uid + 1}`);
    expect(readdirSync(folder)).toEqual([`${world.uid}.json`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** @returns what it has logged */
async function startAsUser(
  world: World,
  bundle: string,
  home: string,
  whileItRuns: (pid: number) => Promise<void>,
): Promise<string> {
  const become = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
  const { PATH, TEST_WORLD } = world.env;
  const child = spawn('setpriv', [...become, process.execPath, bundle, 'run', world.config], {
    env: { PATH, TEST_WORLD, HOME: home },
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
  });
  const ended = once(child, 'close');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  try {
    await whileItRuns(child.pid ?? 0);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log}`, { cause: error });
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  return log;
}
