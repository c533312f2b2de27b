import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchGround, until } from './launch-ground.ts';
import { NodeSystem } from './node-system.ts';
import { isSystemFailure } from './system-failure.ts';
import { SystemError } from './system.ts';

const system = new NodeSystem();
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(`${tmpdir()}/procman-system-`);
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function failureOf(work: () => unknown): boolean | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return isSystemFailure(error);
  }
}

const modeOf = (path: string): number => fs.statSync(path).mode & 0o777;

describe('files', () => {
  it('are read and written with exact modes', () => {
    expect(system.readFile(`${folder}/a`)).toBeUndefined();
    system.writeFile(`${folder}/a`, 'ä', { sync: true });
    expect(system.readFile(`${folder}/a`)).toMatchObject({ text: 'ä' });
    expect(Math.abs(system.readFile(`${folder}/a`)!.modifiedAt - Date.now())).toBeLessThan(2000);
    expect(modeOf(`${folder}/a`)).toBe(0o600);
    system.writeFile(`${folder}/a`, 'b', { mode: 0o666 });
    expect(modeOf(`${folder}/a`)).toBe(0o666);
    expect(() => system.writeFile(`${folder}/a`, 'c', { exclusive: true })).toThrow(SystemError);
    expect(system.readFile(`${folder}/a`)?.text).toBe('b');
  });

  it('fail with act, subject and code', () => {
    expect(() => system.writeFile(`${folder}/no/a`, '')).toThrow(
      expect.objectContaining({ act: 'write', subject: `${folder}/no/a`, code: 'ENOENT' }) as Error,
    );
    system.writeFile(`${folder}/a`, '');
    expect(() => system.rename(`${folder}/a`, `${folder}/no/b`)).toThrow(SystemError);
    expect(system.rename(`${folder}/none`, `${folder}/b`)).toBe(false);
    expect(system.rename(`${folder}/a`, `${folder}/b`)).toBe(true);
    expect(system.exists(`${folder}/a`)).toBe(false);
    system.remove(`${folder}/b`);
    system.remove(`${folder}/b`);
    expect(system.list(folder)).toEqual([]);
    expect(system.list(`${folder}/none`)).toEqual([]);
  });

  it('are read from their end, however large they are', () => {
    const path = `${folder}/a`;
    expect(system.readTail(path, 10)).toBeUndefined();
    expect(system.readTail(folder, 10)).toBeUndefined();
    fs.writeFileSync(path, '');
    expect(system.readTail(path, 10)).toBe('');
    fs.truncateSync(path, 2 ** 40);
    fs.appendFileSync(path, 'the end');
    expect(system.readTail(path, 10)).toBe('\0\0\0the end');
    // A link is no regular file, wherever it leads: somebody else may have put it there.
    fs.symlinkSync('a', `${folder}/link`);
    expect(system.readTail(`${folder}/link`, 10)).toBeUndefined();
    expect(() => system.readTail(`${path}/below`, 10)).toThrow(SystemError);
  });

  it('whose existence cannot be told are a failure of the system, not a defect', () => {
    fs.symlinkSync('loop', `${folder}/loop`);
    const look = (): boolean => system.exists(`${folder}/loop/a`);
    expect(look).toThrow(expect.objectContaining({ act: 'look at', code: 'ELOOP' }) as Error);
    expect(failureOf(look)).toBe(true);
    expect(failureOf(() => fs.statSync(`${folder}/loop`))).toBe(true);
    expect(failureOf(() => JSON.parse('{'))).toBe(false);
    expect(failureOf(() => Buffer.alloc(-1))).toBe(false);
  });

  it('live in directories of our own', () => {
    fs.chmodSync(folder, 0o755);
    system.makeDirectory(`${folder}/a/b`);
    system.makeDirectory(`${folder}/a/b`);
    expect([folder, `${folder}/a`, `${folder}/a/b`].map(modeOf)).toEqual([0o755, 0o700, 0o700]);
    system.syncDirectory(folder);
  });
});

describe('processes', () => {
  it('are told by /proc, whatever their name', async () => {
    const program = `${folder}/a) Z (b c`;
    fs.copyFileSync('/bin/sleep', program);
    const child = spawn(program, ['30'], { cwd: folder, detached: true });
    const stat = await until('it', () =>
      system.commandLine(child.pid!).startsWith(program) ? system.stat(child.pid!) : undefined,
    );
    expect(stat).toMatchObject({ pid: child.pid, parent: process.pid, session: child.pid, processGroup: child.pid });
    expect(stat).toMatchObject({ ended: false, uid: process.getuid?.() });
    expect(Math.abs(stat.startTicks - system.ticks())).toBeLessThan(300);
    expect(system.pids()).toContain(child.pid);
    fs.mkdirSync(`${folder}/gone`);
    expect(system.workingDirectory(child.pid!)).toEqual({ path: fs.realpathSync(folder), deleted: false });
    expect(system.exists0(child.pid!)).toBe(true);
    expect(system.killGroup(child.pid!, 'KILL')).toBe('sent');
    await until('its end', () => child.signalCode ?? undefined);
    expect(system.stat(child.pid!)).toBeUndefined();
    expect(system.marks(child.pid!)).toEqual({});
    expect(system.kill(child.pid!, 'TERM')).toBe('gone');
    expect(system.exists0(child.pid!)).toBe(false);
  });

  it('have ended as zombies, unless a thread lives', async () => {
    // The shell becomes sleep, which never waits for the child that it has got.
    const parent = spawn('sh', ['-c', 'true & exec sleep 30']);
    const zombie = await until('a zombie', () =>
      system
        .pids()
        .map((pid) => system.stat(pid))
        .find((stat) => stat?.parent === parent.pid && stat?.ended === true),
    );
    expect(system.commandLine(zombie.pid)).not.toBe('');
    parent.kill();
  });

  it('know where they work, also where that is gone', async () => {
    fs.mkdirSync(`${folder}/work`);
    const child = spawn('sleep', ['30'], { cwd: `${folder}/work` });
    await until('exec', () => system.commandLine(child.pid!).startsWith('sleep') || undefined);
    fs.rmdirSync(`${folder}/work`);
    expect(system.workingDirectory(child.pid!)).toEqual({ path: `${fs.realpathSync(folder)}/work`, deleted: true });
    child.kill();
  });

  it('are never signalled by numbers that mean many, nor init', () => {
    for (const pid of [-1, 0, 1]) {
      expect(system.kill(pid, 'CONT')).toBe('denied');
      expect(system.killGroup(pid, 'CONT')).toBe('denied');
    }
    expect(() => system.kill(process.pid, 'NONSENSE')).toThrow(SystemError);
    expect(system.kill(process.pid, 'CONT')).toBe('sent');
  });
});

describe('this machine', () => {
  it('has a boot, a namespace and clocks', () => {
    expect(system.bootId()).toMatch(/^[0-9a-f-]{36}$/);
    expect(system.pidNamespace()).toMatch(/^pid:\[\d+\]$/);
    const before = system.now();
    expect(system.now().mono).toBeGreaterThanOrEqual(before.mono);
    const child = spawn('true');
    expect(Math.abs(system.ticks() - system.stat(child.pid!)!.startTicks)).toBeLessThanOrEqual(2);
  });
});

describe('launchers', () => {
  let ground: LaunchGround;
  beforeEach(() => {
    ground = new LaunchGround('dash');
  });
  afterEach(() => ground.dispose());

  const start = (launchId: string): void =>
    system.startLauncher({ script: ground.script, directory: ground.runs, stem: 'a~0', launchId, uid: 'u' });

  it('run a launch with the tools of the system', async () => {
    ground.files.prepare('a~0', 'L1', ground.plan('exit 5'));
    start('L1');
    expect(await ground.ended('a~0', 'L1')).toMatchObject({ exit: { code: 5 } });
  });

  it('that cannot be started say so at once', () => {
    fs.rmSync(ground.runs, { recursive: true });
    expect(() => start('L1')).toThrow(SystemError);
    ground.files.makeDirectories();
  });

  it('hold locks that can be probed, also by many', () => {
    const lock = `${folder}/lock`;
    expect(system.probeLock(lock)).toBe('free');
    fs.writeFileSync(lock, '');
    expect(system.probeLock(lock)).toBe('free');
    const shell = `exec 9<${lock}; flock -s 9; flock -s -n -E 75 ${lock} true; echo $?; flock -x -n -E 75 ${lock} true; echo $?`;
    expect(spawnSync('sh', ['-c', shell], { encoding: 'utf8' }).stdout).toBe('0\n75\n');
  });
});
