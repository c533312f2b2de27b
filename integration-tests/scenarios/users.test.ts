/** `user`, `group-name` (SPEC 2.2): as root, with a real second user. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { makeUser, type TestUser } from '../harness/accounts.ts';
import { processTable } from '../harness/config.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { environmentOf, limitsOf, surroundingsOf } from '../harness/surroundings.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const CLEAN = '0000000000000000';

let user: TestUser;
beforeAll(() => {
  user = makeUser();
});
afterAll(() => user.remove());

/** A folder of the user's, in a world that anybody may pass through. */
function homeIn(world: World): string {
  const home = join(world.root, 'home');
  mkdirSync(home);
  chownSync(home, user.uid, user.gid);
  chmodSync(world.root, 0o711);
  return home;
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

describe('a service with a user', () => {
  test('has its ids, groups and variables, the other keys as well, and nothing else', async ({ world }) => {
    const settings = `user = "${user.name}"
      umask = "027"
      nice = -3
      limits = { nofile = 99, core = 0 }
      env = { SHELL = "/bin/own" }`;
    world.configure([processTable('web', '/bin/sleep 5555', settings)]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    const { PROCMAN_SOCKET: _, ...inherited } = world.env;
    expect(surroundingsOf(pid)).toEqual({
      uids: Array(4).fill(user.uid),
      gids: Array(4).fill(user.gid),
      groups: [user.gid, user.teamGid].sort((a, b) => a - b),
      umask: '0027',
      nice: -3,
      session: pid,
      processGroup: pid,
      terminal: 0,
      workDir: world.root,
      environment: {
        ...inherited,
        HOME: user.home,
        USER: user.name,
        LOGNAME: user.name,
        SHELL: '/bin/own',
        PROCMAN_ID: 'web',
        PROCMAN_INSTANCE: 'web',
        PROCMAN_NUM: '0',
        PROCMAN_RUN: expect.stringMatching(`^${world.uid}/web~0/`) as unknown,
      },
      descriptors: { 0: '/dev/null', 1: `${world.stateDir}/logs/web.out.log`, 2: `${world.stateDir}/logs/web.err.log` },
      signals: [CLEAN, CLEAN, CLEAN],
      oomScoreAdj: 0,
    });
    expect(limitsOf(pid)).toMatchObject({ 'Max open files': '99 99', 'Max core file size': '0 0' });
    expect(environmentOf(pid)).not.toHaveProperty('PROCMAN_LAUNCHER');
    expect(await world.ctl('stop', 'web')).toMatchObject({ code: 0 });
    expect(isAlive(pid)).toBe(false);
  });

  test('by number, with group-name, or with group-name alone', async ({ world }) => {
    world.configure([
      processTable('number', '/bin/sleep 5555', `user = "${user.uid}"`),
      processTable('both', '/bin/sleep 5555', `user = "${user.name}"; group-name = "${user.team}"`),
      processTable('group', '/bin/sleep 5555', `group-name = "${user.teamGid}"`),
    ]);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    const found = async (name: string) => surroundingsOf(await world.pidOf(name));
    expect(await found('number')).toMatchObject({ uids: Array(4).fill(user.uid), gids: Array(4).fill(user.gid) });
    expect(await found('both')).toMatchObject({ uids: Array(4).fill(user.uid), gids: Array(4).fill(user.teamGid) });
    const group = await found('group');
    expect(group).toMatchObject({ uids: Array(4).fill(0), gids: Array(4).fill(user.teamGid) });
    expect(group.environment['HOME']).toBe(surroundingsOf(daemon.pid).environment['HOME']);
  });

  test('without an entry in the user database has its group, no other, and none of root’s variables', async ({
    world,
  }) => {
    world.configure([processTable('web', '/bin/sleep 5555', `user = "54321"; group-name = "54322"`)]);
    await world.startDaemon({ env: { USER: 'root', LOGNAME: 'root', SHELL: '/bin/bash' } });
    await world.waitForState('web', 'RUNNING');
    const found = surroundingsOf(await world.pidOf('web'));
    expect(found).toMatchObject({ uids: Array(4).fill(54321), gids: Array(4).fill(54322), groups: [] });
    expect(found.environment['HOME']).toBe('/');
    for (const name of ['USER', 'LOGNAME', 'SHELL']) expect(found.environment).not.toHaveProperty(name);
  });

  test('tells its exit code, its death by signal, and a program that it may not execute', async ({ world }) => {
    const home = homeIn(world);
    writeFileSync(join(home, 'private.sh'), '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    writeFileSync(join(home, 'broken.sh'), '#!/no/such/interpreter\n', { mode: 0o755 });
    const settings = `user = "${user.name}"; autorestart = "never"; start-secs = 0`;
    world.configure([
      processTable('code', 'exit 7', settings),
      processTable('signal', 'kill -9 $$', settings),
      processTable('denied', `${home}/private.sh`, `${settings}; start-retries = 0`),
      processTable('broken', `${home}/broken.sh`, `${settings}; start-retries = 0`),
    ]);
    await world.startDaemon();
    expect((await world.waitForState('code', 'EXITED')).lastExit).toMatchObject({ code: 7 });
    expect((await world.waitForState('signal', 'EXITED')).lastExit).toMatchObject({ signal: 'SIGKILL' });
    const failed = async (name: string) => (await world.waitForState(name, 'EXITED', 'FATAL')).reason.message;
    expect(await failed('denied')).toContain(`${home}/private.sh: not executable`);
    expect(await failed('broken')).toContain(`${home}/broken.sh: cannot be executed`);
  });

  test('enters its work-dir also where only it, or only root, may', async ({ world }) => {
    const home = homeIn(world);
    chmodSync(home, 0o700);
    const closed = join(world.root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    world.configure([
      processTable('own', '/bin/sleep 5555', `user = "${user.name}"; work-dir = "${home}"`),
      processTable('roots', '/bin/sleep 5555', `user = "${user.name}"; work-dir = "${closed}"`),
    ]);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    expect(surroundingsOf(await world.pidOf('own')).workDir).toBe(home);
    expect(surroundingsOf(await world.pidOf('roots')).workDir).toBe(closed);
  });

  test('is adopted by the next daemon, and its ending is known', async ({ world }) => {
    world.configure([processTable('web', '/bin/sleep 5555', `user = "${user.name}"; autorestart = "never"`)]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    await world.crashDaemon(daemon);
    expect(await world.pidOf('web')).toBe(pid);
    signal(pid, 'SIGKILL');
    expect((await world.waitForState('web', 'EXITED')).lastExit).toMatchObject({ signal: 'SIGKILL' });
  });
});

test('hooks and checks run as the user, with its limits', async ({ world }) => {
  const home = homeIn(world);
  const say = (name: string): string => `(id -un && id -Gn && ulimit -n && echo $HOME) >${home}/${name}`;
  const hooks = ['before', 'init', 'after-start', 'start-health-check', 'health-check', 'stop', 'after-stop'];
  const lines = hooks.map((name) =>
    name === 'start-health-check' ? `${name} = { command = "${say(name)}" }` : `${name} = "${say(name)}"`,
  );
  const settings = [`user = "${user.name}"`, 'limits = { nofile = 77 }', ...lines].join('\n');
  world.configure([processTable('web', '/bin/sleep 5555', settings)]);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  await world.waitFor('the checks', () =>
    ['after-start', 'health-check'].every((name) => existsSync(join(home, name))),
  );
  expect(await world.ctl('stop', 'web')).toMatchObject({ code: 0 });
  await world.waitFor('after-stop', () => existsSync(join(home, 'after-stop')));
  for (const name of hooks) {
    await world.waitFor(name, () => linesOf(join(home, name)).length === 4);
    const [who, groups, files, where] = linesOf(join(home, name));
    expect([name, who, groups?.split(' ').sort(), files, where]).toEqual([
      name,
      user.name,
      [user.name, user.team],
      '77',
      user.home,
    ]);
    expect(statSync(join(home, name)).uid).toBe(user.uid);
  }
});

describe('log files', () => {
  test('of `auto` are the user’s, who can write to them again, and enter no folder of the daemon', async ({
    world,
  }) => {
    const auto = join(world.stateDir, 'logs/web.err.log');
    const line = `echo one >&2; echo two >>/dev/stderr; ls ${world.stateDir} ${world.stateDir}/runs >&2; exec sleep 5555`;
    world.configure([processTable('web', '/bin/sleep 5555')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect(statSync(auto).uid).toBe(0);
    // What root's service has left is its user's from the next launch on.
    const toml = processTable('web', 'LINE', `user = "${user.name}"`).replace('"LINE"', `'${line}'`);
    world.configure([toml]);
    expect(await world.ctl('update')).toMatchObject({ code: 0 });
    expect(await world.row('web')).toMatchObject({ stale: true });
    expect(await world.ctl('restart', 'web')).toMatchObject({ code: 0 });
    await world.waitFor(
      'its lines',
      () => linesOf(auto).filter((text) => text.includes('ermission denied')).length === 2,
    );
    expect(linesOf(auto).slice(0, 2)).toEqual(['one', 'two']);
    expect(statSync(auto)).toMatchObject({ uid: user.uid, gid: user.gid });
    expect((statSync(auto).mode & 0o777).toString(8)).toBe('640');
    expect((statSync(world.stateDir).mode & 0o777).toString(8)).toBe('700');
    expect(daemon.log()).not.toMatch(/ error /);
  });

  test('of a path in a folder of root’s are made for the user; what is there stays as it is', async ({ world }) => {
    const [fresh, old] = [join('/var/log', `${world.uid}.fresh`), join('/var/log', `${world.uid}.old`)];
    writeFileSync(old, 'before\n', { mode: 0o600 });
    try {
      world.configure([
        processTable('a', "sh -c 'echo said && exec sleep 5555'", `user = "${user.name}"; log-file = "${fresh}"`),
        processTable('b', "sh -c 'echo said && exec sleep 5555'", `user = "${user.name}"; log-file = "${old}"`),
      ]);
      await world.startDaemon();
      await world.waitForAll('RUNNING');
      await world.waitFor('the line', () => linesOf(fresh).includes('said') && linesOf(old).includes('said'));
      expect(linesOf(old)).toEqual(['before', 'said']);
      expect([statSync(fresh).uid, statSync(old).uid]).toEqual([user.uid, 0]);
      expect((statSync(old).mode & 0o777).toString(8)).toBe('600');
    } finally {
      for (const path of [fresh, old]) rmSync(path, { force: true });
    }
  });

  test('of a path that the user could have prepared are opened as the user: a link leads root nowhere', async ({
    world,
  }) => {
    const home = homeIn(world);
    const secret = join(world.root, 'secret');
    writeFileSync(secret, 'secret\n', { mode: 0o600 });
    symlinkSync(secret, join(home, 'linked.log'));
    const settings = (name: string): string => `user = "${user.name}"; log-file = "${home}/${name}"; start-retries = 0`;
    const command = "sh -c 'echo said && exec sleep 5555'";
    world.configure([
      processTable('linked', command, settings('linked.log')),
      processTable('plain', command, settings('plain.log')),
      processTable('hooked', command, `before = "echo prepared"; ${settings('linked.log.3')}`),
      // Root's own service follows no link there either.
      processTable('roots', command, `log-file = "${home}/linked.log.2"; start-retries = 0`),
    ]);
    symlinkSync(secret, join(home, 'linked.log.2'));
    symlinkSync(secret, join(home, 'linked.log.3'));
    await world.startDaemon();
    expect((await world.waitForState('linked', 'FATAL')).reason.message).toContain(
      `cannot append to ${home}/linked.log`,
    );
    expect((await world.waitForState('roots', 'FATAL')).reason.message).toContain('is a symbolic link');
    expect((await world.waitForState('hooked', 'FATAL')).reason.message).toContain(
      `\`before\` could not be launched: stdout cannot append to ${home}/linked.log.3`,
    );
    await world.waitForState('plain', 'RUNNING');
    await world.waitFor('the line', () => linesOf(join(home, 'plain.log')).includes('said'));
    expect(statSync(join(home, 'plain.log')).uid).toBe(user.uid);
    expect(linesOf(secret)).toEqual(['secret']);
  });
});

describe('a pid file', () => {
  const table = (world: World, line: string): string =>
    `[[process]]\nid = "web"\napply-on = "2020-01-01"\nuser = "${user.name}"\ncommand = { line = '''${line}''', type = "pid-file" }\n` +
    `# in ${world.uid}\n`;

  test('can be written by the user, beside its own folder of the launch', async ({ world }) => {
    const write = 'echo $! >"$PROCMAN_PID_FILE.new" && mv "$PROCMAN_PID_FILE.new" {{ PROCMAN_PID_FILE }}';
    world.configure([table(world, `setsid sleep 5555 & ${write}`)]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    expect(surroundingsOf(pid).uids).toEqual(Array(4).fill(user.uid));
    const folder = join(environmentOf(pid)['PROCMAN_PID_FILE'] ?? '', '..');
    expect(statSync(folder)).toMatchObject({ uid: user.uid });
    await world.crashDaemon(daemon);
    expect(await world.pidOf('web')).toBe(pid);
    expect(await world.ctl('stop', 'web')).toMatchObject({ code: 0 });
    expect(isAlive(pid)).toBe(false);
    await world.waitFor('the folder to be removed', () => !existsSync(folder));
  });

  test('that names a process of another user, root included, is not believed', async ({ world }) => {
    const home = homeIn(world);
    const wait = `while [ ! -s ${home}/pid ]; do sleep 0.05; done`;
    world.configure([table(world, `${wait}; cat ${home}/pid >"$PROCMAN_PID_FILE"`)]);
    await world.startDaemon();
    await world.waitForRow('web', 'its expression', ({ phase }) => phase === 'pid-file');
    const stranger = spawn('sleep', ['5555'], { stdio: 'ignore' });
    try {
      writeFileSync(join(home, 'pid'), `${stranger.pid ?? 0}\n`);
      const row = await world.waitForState('web', 'BLOCKED', 'RUNNING');
      expect(row).toMatchObject({ state: 'BLOCKED', reason: { code: 'pid-file' } });
      expect(row.reason.message).toContain("neither marked as its own nor its user's");
    } finally {
      stranger.kill('SIGKILL');
    }
  });
});

describe('a user that is not there', () => {
  test('is an error at load, and a warning in a version to come', async ({ world }) => {
    const [web, later] = [processTable('web', 'sleep 5555'), 'apply-on = "2099-01-01"; user = "pm-nobody-here"'];
    world.configure([processTable('web', 'sleep 5555', 'user = "pm-nobody-here"; group-name = "pm-no-group"')]);
    const broken = await world.ctl('check', world.config);
    expect(broken.code).toBe(6);
    expect(broken.stdout).toContain('process "web": user: there is no user "pm-nobody-here"');
    expect(broken.stdout).toContain('make it with: useradd --system pm-nobody-here');
    world.configure([web, processTable('web', 'sleep 5555', later)]);
    const coming = await world.ctl('check', world.config);
    expect(coming).toMatchObject({ code: 0 });
    expect(coming.stdout).toMatch(/warning: process "web": user: there is no user "pm-nobody-here"/);
  });

  test('any more does not let a restart stop what runs', async ({ world }) => {
    const gone = makeUser();
    try {
      world.configure([processTable('web', '/bin/sleep 5555', `user = "${gone.name}"`)]);
      await world.startDaemon();
      await world.waitForState('web', 'RUNNING');
      const pid = await world.pidOf('web');
      gone.remove();
      const result = await world.ctl('restart', 'web');
      expect(result.code).toBe(1);
      expect(result.stdout).toContain(`there is no user "${gone.name}"`);
      expect(await world.pidOf('web')).toBe(pid);
    } finally {
      gone.remove();
    }
  });
});
