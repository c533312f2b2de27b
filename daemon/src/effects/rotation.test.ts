/** A log is rotated while it is written, the rotator "dies" at every step, and not a byte is lost or doubled. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Rotation } from '../core/model.ts';
import { sideFilesOf, sideName } from '../core/rotation.ts';
import script from './rotation-cut.sh';
import { settle } from './rotation-settle.ts';
import { rotate, type RotationAudience } from './rotation.ts';

const NOBODY: RotationAudience = {
  isBehind: () => false,
  cut: () => undefined,
  hold: () => undefined,
  release: () => undefined,
  replaced: () => undefined,
};
const ROTATION: Rotation = { maxBytes: 300_000, backups: 1000, collapse: true };
/** ext4 or the like can collapse, tmpfs cannot. */
const PLACES = [
  ['/var/tmp', true],
  ['/dev/shm', false],
] as const;

class Crash extends Error {}

let folder: string;
let log: string;
let writer: ChildProcess | undefined;

function prepare(place: string): void {
  folder = fs.mkdtempSync(`${place}/procman-rotation-`);
  log = `${folder}/a b.log`;
}

beforeEach(() => prepare('/var/tmp'));

afterEach(() => {
  writer?.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});

function elsewhere(place: string): void {
  fs.rmSync(folder, { recursive: true });
  prepare(place);
}

/** Appends the numbers from 1 to 10,000 times the rounds, one per line, as fast as it can. */
function write(rounds: number): Promise<unknown> {
  const line = `i=0; while [ $i -lt ${rounds} ]; do seq $((i * 10000 + 1)) $(((i + 1) * 10000)); i=$((i + 1)); done >>"$1"`;
  writer = spawn('/bin/sh', ['-c', line, 'writer', log], { stdio: 'ignore' });
  return once(writer, 'exit');
}

/** All that there is, the oldest first. */
function everything(): Buffer {
  const { backups, phases, bases } = sideFilesOf('a b.log', fs.readdirSync(folder));
  expect({ phases, bases }).toEqual({ phases: [], bases: [] });
  const older = [...backups].sort((one, other) => other - one).map((number) => fs.readFileSync(`${log}.${number}`));
  return Buffer.concat([...older, fs.readFileSync(log)]);
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function expectNumbers(rounds: number): void {
  const { stdout } = spawnSync('seq', [String(rounds * 10_000)], { maxBuffer: 1 << 30 });
  const found = everything();
  if (digest(found) === digest(stdout)) return;
  const lines = found.toString('latin1').split('\n');
  const wrong = lines.findIndex((line, index) => line !== String(index + 1));
  throw new Error(`line ${wrong + 1} is ${JSON.stringify(lines.slice(wrong - 1, wrong + 3))}, of ${lines.length - 1}`);
}

async function settleAll(): Promise<void> {
  expect(await settle(log, ROTATION, { audience: NOBODY, isUnused: () => true })).toBe('settled');
}

/** Rotates once; dies at the given point of the way. */
async function rotateUntil(point: number, seen: Set<string>): Promise<void> {
  let count = 0;
  const at = (name: string): void => {
    count += 1;
    if (count < point) return;
    seen.add(name);
    throw new Crash(name);
  };
  try {
    await rotate(log, ROTATION, { audience: NOBODY, at });
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

describe.each(PLACES)('in %s', (place, collapses) => {
  beforeEach(() => elsewhere(place));

  test('a writer at full speed loses nothing, with a crash at every step', { timeout: 120_000 }, async () => {
    const rounds = 2000;
    let random = 12_345;
    const seen = new Set<string>();
    const over = write(rounds);
    while (writer?.exitCode === null) {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
      await rotateUntil(1 + ((random >> 8) % 7), seen);
    }
    await over;
    for (const point of ['before copy', 'copied', 'before cut', 'cut', 'before finish', 'shifted'])
      expect(seen).toContain(point);
    await settleAll();
    expect(fs.readFileSync(log)[0]).not.toBe(0);
    expect(fs.existsSync(`${log}.5`)).toBe(true);
    expectNumbers(rounds);
  });

  test('in steps of 16 MiB up to the limit, so that each backup is as long as that', async () => {
    await write(1200); // about 100 MB
    const limit = 40_000_000;
    const rotation = { ...ROTATION, maxBytes: limit };
    const outcome = await rotate(log, rotation, { audience: NOBODY });
    expect(fs.statSync(`${log}.1`).size).toBe(Math.ceil(limit / 4096) * 4096);
    expect(outcome?.base).toBe(collapses ? 0 : fs.statSync(`${log}.1`).size);
    await settleAll();
    expectNumbers(1200);
  });

  test('without backups what is cut off is dropped', async () => {
    await write(50);
    const whole = fs.readFileSync(log);
    await rotate(log, { ...ROTATION, backups: 0 }, { audience: NOBODY });
    await settleAll();
    const left = fs.readFileSync(log);
    expect(left.equals(whole.subarray(whole.length - left.length))).toBe(true);
    expect(whole.length - left.length).toBe(Math.ceil(300_000 / 4096) * 4096);
    expect(fs.readdirSync(folder).sort()).toEqual(['.a b.log.lock', 'a b.log']);
  });

  test('a file with a writer is not settled', async () => {
    await write(50);
    await rotate(log, { ...ROTATION, collapse: false }, { audience: NOBODY });
    writer = spawn('/bin/sh', ['-c', 'exec sleep 60 >>"$1"', 'writer', log], { stdio: 'ignore' });
    await once(writer, 'spawn');
    await expect.poll(() => isOpenIn(writer?.pid ?? 0)).toBe(true);
    expect(await settle(log, ROTATION, { audience: NOBODY, isUnused: () => true })).toBe('busy');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    expect(await settle(log, ROTATION, { audience: NOBODY, isUnused: () => false })).toBe('busy');
    await settleAll();
    expectNumbers(50);
  });
});

function isOpenIn(pid: number): boolean {
  try {
    return fs.readlinkSync(`/proc/${pid}/fd/1`) === log;
  } catch {
    return false;
  }
}

describe('goes on from the name that it finds', () => {
  const LENGTH = 303_104; // 74 blocks
  const rotation: Rotation = { ...ROTATION, maxBytes: 0 };
  const side = (kind: 'done' | 'punched' | 'collapsed'): string =>
    `${folder}/${sideName('a b.log', { kind, from: 0, to: LENGTH })}`;

  async function done(): Promise<void> {
    await write(50);
    fs.writeFileSync(side('done'), fs.readFileSync(log).subarray(0, LENGTH));
  }
  const fallocate = (...words: string[]): void => {
    expect(spawnSync('fallocate', [...words, log]).status).toBe(0);
  };

  test.each<[string, () => void]>([
    ['copied', () => undefined],
    ['punched out, not renamed', () => fallocate('-p', '-o', '0', '-l', String(LENGTH))],
    [
      'punched out',
      () => {
        fallocate('-p', '-o', '0', '-l', String(LENGTH));
        fs.renameSync(side('done'), side('punched'));
      },
    ],
    [
      'collapsed, not renamed',
      () => {
        fallocate('-c', '-o', '0', '-l', String(LENGTH));
        fs.renameSync(side('done'), side('punched'));
      },
    ],
    [
      'collapsed',
      () => {
        fallocate('-c', '-o', '0', '-l', String(LENGTH));
        fs.renameSync(side('done'), side('collapsed'));
      },
    ],
  ])('%s', async (_name, act) => {
    await done();
    act();
    await rotate(log, rotation, { audience: NOBODY });
    expectNumbers(50);
    expect(fs.statSync(`${log}.1`).size).toBe(LENGTH);
  });

  test('a file that was emptied meanwhile, and is long again, is a new one', async () => {
    await done();
    fs.writeFileSync(log, 'new text\n'.repeat(50_000));
    await rotate(log, rotation, { audience: NOBODY });
    expect(fs.readFileSync(log, 'utf8')).toBe('new text\n'.repeat(50_000));
    expect(fs.statSync(`${log}.1`).size).toBe(LENGTH);
  });

  test('a child of a dead daemon that comes late finds nothing to do', async () => {
    await done();
    await rotate(log, rotation, { audience: NOBODY });
    const names = (['done', 'punched', 'collapsed'] as const).map((kind) => side(kind).split('/').at(-1) ?? '');
    const live = fs.openSync(log, 'r+');
    const place = fs.openSync(folder, 'r');
    const late = spawnSync(
      '/bin/sh',
      ['-c', script, 'late', 'a b.log', ...names, '0', `${LENGTH}`, `${LENGTH}`, 'collapse', '4096'],
      { stdio: ['ignore', 'ignore', 'ignore', live, live, place] },
    );
    fs.closeSync(live);
    fs.closeSync(place);
    expect(late.status).toBe(13);
    expectNumbers(50);
  });
});

/** Puts something else in the place of the log. */
function replace(make: () => void): void {
  fs.renameSync(log, `${log}.real`);
  make();
}

describe('in a folder that others may write to', () => {
  beforeEach(async () => {
    await write(50);
  });

  test.each<[string, RegExp, () => void]>([
    [
      'a link',
      /symbolic link/,
      () => {
        replace(() => {
          fs.symlinkSync(`${log}.real`, log);
        });
      },
    ],
    ['a second name', /second name/, () => fs.linkSync(log, `${folder}/other`)],
    [
      'a folder',
      /EISDIR/,
      () => {
        replace(() => {
          fs.mkdirSync(log);
        });
      },
    ],
    ['a link in the place of the copy', /EEXIST/, () => fs.symlinkSync('/etc/passwd', `${folder}/.a b.log.part-0`)],
    ['a link in the place of the lock', /ELOOP/, () => fs.symlinkSync(`${folder}/made`, `${folder}/.a b.log.lock`)],
  ])('is not rotated: %s', async (_name, message, plant) => {
    const before = fs.readFileSync('/etc/passwd');
    plant();
    await expect(rotate(log, ROTATION, { audience: NOBODY })).rejects.toThrow(message);
    expect(fs.readFileSync('/etc/passwd')).toEqual(before);
    expect(fs.existsSync(`${folder}/made`)).toBe(false);
  });

  test('hidden files of somebody else do not count', async () => {
    const planted = `${folder}/${sideName('a b.log', { kind: 'done', from: 0, to: 4096 })}`;
    fs.writeFileSync(planted, fs.readFileSync(log).subarray(0, 4096));
    fs.chownSync(planted, 65_534, 65_534);
    const before = fs.readFileSync(log);
    await rotate(log, { ...ROTATION, maxBytes: 0 }, { audience: NOBODY });
    expect(fs.readFileSync(log).equals(before)).toBe(true);
  });

  test("backups belong to the log's owner, and may be read by whom the log may be read", async () => {
    fs.chownSync(log, 65_534, 65_534);
    fs.chmodSync(log, 0o640);
    await rotate(log, ROTATION, { audience: NOBODY });
    const { uid, gid, mode } = fs.statSync(`${log}.1`);
    expect([uid, gid, mode & 0o777]).toEqual([65_534, 65_534, 0o640]);
  });
});

test('the text of the child passes shellcheck', () => {
  const input = `#!/bin/sh\n${script}`;
  const { stdout, status, error } = spawnSync('shellcheck', ['-s', 'sh', '-e', 'SC3013', '-'], { input, encoding: 'utf8' }); // prettier-ignore
  expect(error).toBeUndefined();
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
