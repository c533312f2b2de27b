import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileWatch } from './file-watch.ts';

let root: string;
let file: string;
let looks: number;
let troubles: string[];
let files: FileWatch;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  root = mkdtempSync(join(tmpdir(), 'procman-watch-'));
  file = join(root, 'procman.toml');
  writeFileSync(file, 'one');
  [looks, troubles] = [0, []];
  files = new FileWatch({ onStill: () => (looks += 1), onTrouble: (text) => troubles.push(text) });
});
afterEach(() => {
  files.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  rmSync(root, { recursive: true, force: true });
});

/** Makes a change, and waits until the system has told everybody who watches the folder. */
async function change(make: () => void, folder = root): Promise<void> {
  const told = new Promise<void>((resolve) => {
    const watcher = watch(folder, () => {
      watcher.close();
      resolve();
    });
  });
  make();
  await told;
  await setImmediate();
}

function replace(path: string): void {
  writeFileSync(`${path}~`, 'two');
  renameSync(`${path}~`, path);
}

function moveAndWrite(path: string): void {
  renameSync(path, `${path}.bak`);
  writeFileSync(path, 'two');
}

function relink(target: string, link: string): void {
  symlinkSync(target, `${link}~`);
  renameSync(`${link}~`, link);
}

describe('a look', () => {
  it.each<[string, () => void]>([
    ['written in place', () => writeFileSync(file, 'two')],
    ['appended to', () => appendFileSync(file, 'two')],
    ['removed', () => rmSync(file)],
    ['replaced by a rename', () => replace(file)],
    ['moved away and written anew', () => moveAndWrite(file)],
  ])('comes once where the file was %s', async (_, make) => {
    files.follow([file]);
    await change(make);
    vi.advanceTimersByTime(1000);
    expect(looks).toBe(1);
  });

  it('comes when the file has kept still', async () => {
    files.follow([file]);
    await change(() => appendFileSync(file, 'part'));
    vi.advanceTimersByTime(150);
    await change(() => appendFileSync(file, 'part'));
    vi.advanceTimersByTime(150);
    expect(looks).toBe(0);
    vi.advanceTimersByTime(50);
    expect(looks).toBe(1);
  });

  it('comes where a file appears beside it, and is not put off by more of them', async () => {
    files.follow([file]);
    await change(() => writeFileSync(join(root, 'new'), ''));
    vi.advanceTimersByTime(150);
    await change(() => writeFileSync(join(root, 'newer'), ''));
    vi.advanceTimersByTime(50);
    expect(looks).toBe(1);
  });

  it('does not come where another file is written', async () => {
    const log = join(root, 'log');
    writeFileSync(log, '');
    files.follow([file]);
    await change(() => appendFileSync(log, 'line'));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('comes where a symbolic link leads elsewhere, and where its target is written', async () => {
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(root, version));
      writeFileSync(join(root, version, 'target.toml'), version);
    }
    const link = join(root, 'link.toml');
    symlinkSync('v1/target.toml', link);
    files.follow([link]);
    await change(() => writeFileSync(join(root, 'v1', 'target.toml'), 'two'), join(root, 'v1'));
    vi.advanceTimersByTime(200);
    expect(looks).toBe(1);
    await change(() => relink('v2/target.toml', link));
    vi.advanceTimersByTime(200);
    expect(looks).toBe(2);
  });

  it('does not come any more for a file that is not followed, nor after the end', async () => {
    const other = join(root, 'other', 'other.toml');
    mkdirSync(join(root, 'other'));
    files.follow([file, other]);
    files.follow([other]);
    await change(() => appendFileSync(file, 'part'));
    expect(vi.getTimerCount()).toBe(0);
    await change(() => writeFileSync(other, ''), join(root, 'other'));
    expect(vi.getTimerCount()).toBe(1);
    files.stop();
    vi.advanceTimersByTime(1000);
    expect(looks).toBe(0);
  });
});

describe('a folder', () => {
  it('is looked at when files come and go in it, where it is followed for itself', async () => {
    const folder = join(root, 'conf.d');
    mkdirSync(folder);
    files.follow([file], [folder]);
    await change(() => writeFileSync(join(folder, 'new.toml'), ''), folder);
    vi.advanceTimersByTime(200);
    await change(() => rmSync(join(folder, 'new.toml')), folder);
    vi.advanceTimersByTime(200);
    expect(looks).toBe(2);
  });

  it('that was followed for itself, and then for a file that came, is looked at when that is written', async () => {
    const other = join(root, 'other.toml');
    files.follow([], [root]);
    await change(() => writeFileSync(other, ''));
    vi.advanceTimersByTime(200);
    files.follow([other], [root]);
    await change(() => appendFileSync(other, 'part'));
    vi.advanceTimersByTime(200);
    expect(looks).toBe(2);
  });

  it('that was made anew is watched again by the next check, which asks for a look', async () => {
    const folder = join(root, 'etc');
    const inside = join(folder, 'procman.toml');
    mkdirSync(folder);
    files.follow([inside]);
    await change(() => rmSync(folder, { recursive: true }), folder);
    vi.advanceTimersByTime(1000);
    mkdirSync(folder);
    looks = 0;
    files.check();
    vi.advanceTimersByTime(200);
    expect(looks).toBe(1);
    await change(() => writeFileSync(inside, ''), folder);
    vi.advanceTimersByTime(200);
    expect(looks).toBe(2);
  });

  it('that is not there is told of once, and watched when it comes', () => {
    const folder = join(root, 'none');
    files.follow([join(folder, 'procman.toml')]);
    files.check();
    expect(troubles).toEqual([expect.stringMatching(/none cannot be watched: ENOENT/)]);
    mkdirSync(folder);
    files.check();
    vi.advanceTimersByTime(200);
    expect(looks).toBe(1);
    files.check();
    expect(vi.getTimerCount()).toBe(0);
  });
});
