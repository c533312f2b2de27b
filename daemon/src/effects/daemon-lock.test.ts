import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { takeDaemonLock, type DaemonLock } from './daemon-lock.ts';
import { until } from './launch-ground.ts';

let folder: string;
let path: string;
let program: string;
const locks: DaemonLock[] = [];
const log: string[] = [];

/** Takes the lock in a process of its own, says so, starts a child that outlives it, and stays. */
const CONTENDER = `
import { spawn } from 'node:child_process';
import { takeDaemonLock } from ${JSON.stringify(`${import.meta.dirname}/daemon-lock.ts`)};
const lock = takeDaemonLock(process.argv[2], () => undefined);
if (lock) {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  console.log('held', child.pid);
  setInterval(() => undefined, 1000);
} else console.log('refused');`;

beforeAll(async () => {
  const home = fs.mkdtempSync(`${tmpdir()}/procman-contender-`);
  program = `${home}/contender.cjs`;
  const stdin = { contents: CONTENDER, resolveDir: import.meta.dirname, loader: 'ts' } as const;
  await build({ stdin, bundle: true, platform: 'node', outfile: program, logLevel: 'warning' });
});
afterAll(() => fs.rmSync(program.replace(/\/[^/]*$/, ''), { recursive: true }));

beforeEach(() => {
  folder = fs.mkdtempSync(`${tmpdir()}/procman-lock-`);
  path = `${folder}/procmand.lock`;
});
afterEach(() => {
  for (const lock of locks.splice(0)) lock.release();
  log.length = 0;
  fs.rmSync(folder, { recursive: true });
});

const take = (): DaemonLock | undefined => {
  const lock = takeDaemonLock(path, (message) => log.push(message));
  if (lock) locks.push(lock);
  return lock;
};

interface Contender {
  readonly process: ChildProcess;
  readonly answer: Promise<string>;
}

function contend(): Contender {
  const contender = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const answer = new Promise<string>((resolve, reject) => {
    contender.stdout.once('data', (data: Buffer) => resolve(String(data).trim()));
    contender.once('close', (code, signal) =>
      reject(new Error(`a contender ended without an answer: ${code ?? signal}`)),
    );
  });
  return { process: contender, answer };
}

describe('takeDaemonLock', () => {
  it('gives the lock to one', () => {
    const first = take();
    expect(first?.stillHeld()).toBe(true);
    expect(take()).toBeUndefined();
    first?.release();
    expect(first?.stillHeld()).toBe(false);
    expect(take()?.stillHeld()).toBe(true);
    expect(log).toEqual([]);
  });

  it('is outward visible, and takes over what a dead one left', () => {
    fs.mkdirSync(`${path}.lock`);
    const lock = take();
    expect(fs.statSync(`${path}.lock`).isDirectory()).toBe(true);
    lock?.release();
    expect(fs.existsSync(`${path}.lock`)).toBe(false);
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  });

  it('makes the sign anew when someone removes it', async () => {
    const lock = take();
    fs.rmSync(`${path}.lock`, { recursive: true });
    await until('the sign', () => fs.existsSync(`${path}.lock`) || undefined);
    expect(lock?.stillHeld()).toBe(true);
    expect(log.join()).toContain('tampered');
  });

  it('works without the sign', () => {
    fs.writeFileSync(`${path}.lock`, '');
    spawnSync('chattr', ['+i', `${path}.lock`]);
    const lock = take();
    spawnSync('chattr', ['-i', `${path}.lock`]);
    expect(lock?.stillHeld()).toBe(true);
  });

  it('notices that the file was replaced', () => {
    const lock = take();
    fs.renameSync(path, `${path}.old`);
    expect(lock?.stillHeld()).toBe(false);
    fs.writeFileSync(path, '');
    expect(lock?.stillHeld()).toBe(false);
  });

  it('refuses a symbolic link', () => {
    fs.symlinkSync('/etc/passwd', path);
    expect(() => take()).toThrow(/lock file/);
  });

  it('has one winner in each round, and is free as soon as that one is killed, whatever it has started', async () => {
    const orphans: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      const contenders = [contend(), contend()];
      const answers = await Promise.all(contenders.map(async ({ answer }) => answer));
      expect(answers.map((answer) => answer.split(' ')[0]).sort()).toEqual(['held', 'refused']);
      const winner = contenders[answers[0]?.startsWith('held') === true ? 0 : 1]!;
      orphans.push(Number(answers.find((answer) => answer.startsWith('held'))?.split(' ')[1]));
      winner.process.kill('SIGKILL');
      await until('the end of the winner', () => winner.process.signalCode ?? undefined);
      const next = take();
      expect(next?.stillHeld()).toBe(true);
      next?.release();
    }
    for (const pid of orphans) process.kill(pid, 'SIGKILL');
    // Some 250 processes one after the other, two fifths of them node: that took 30 s on a busy machine, and may take more.
  }, 300_000);
});
