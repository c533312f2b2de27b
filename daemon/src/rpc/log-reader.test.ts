import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogAudience } from './log-audience.ts';
import { Follower } from './log-reader.ts';
import { privateFolder } from './testing.ts';

let folder: ReturnType<typeof privateFolder>;
let path: string;
let lines: string[];
let isRoomy: boolean;
let follower: Follower;

function follow(): void {
  follower = new Follower({ path, position: 0, onLines: (more) => lines.push(...more), hasRoom: () => isRoomy });
}

beforeEach(() => {
  folder = privateFolder();
  path = `${folder.path}/a.log`;
  lines = [];
  isRoomy = true;
});

afterEach(() => {
  follower.stop();
  folder.remove();
});

describe('following a log', () => {
  test('hands over whole lines as they come, also of a file that came later', async () => {
    follow();
    writeFileSync(path, 'one\ntwo\nthr');
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two']));
    appendFileSync(path, 'ee\n');
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two', 'three']));
  });

  test.each([
    ['a folder', () => mkdirSync(path)],
    ['a link to itself', () => symlinkSync(path, path)],
  ])('survives %s in the place of the file, and goes on when that is gone', async (_name, replace) => {
    writeFileSync(path, 'one\n');
    follow();
    renameSync(path, `${path}.1`);
    replace();
    appendFileSync(`${folder.path}/other.log`, 'x');
    await new Promise((resolve) => setTimeout(resolve, 50));
    rmSync(path, { recursive: true });
    writeFileSync(path, 'two\n');
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two']));
  });

  test('leaves in the file what the reader has no room for', async () => {
    isRoomy = false;
    writeFileSync(path, 'one\n');
    follow();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(lines).toEqual([]);
    isRoomy = true;
    await vi.waitFor(() => expect(lines).toEqual(['one']));
  });

  test('takes much text in turns, and loses none of it', async () => {
    const many = Array.from({ length: 40_000 }, (_, index) => `line ${index} ${'x'.repeat(90)}`);
    writeFileSync(path, `${many.join('\n')}\n`);
    follow();
    expect(lines.length).toBeLessThan(many.length);
    await vi.waitFor(() => expect(lines).toHaveLength(many.length), 5000);
    expect(lines).toEqual(many);
  });
});

describe('following a log that is rotated', () => {
  let audience: LogAudience;

  beforeEach(() => {
    audience = new LogAudience();
    writeFileSync(path, '');
  });

  function followRotated(): void {
    const onLines = (more: string[]): void => void lines.push(...more);
    follower = new Follower({ path, position: 0, audience, onLines, hasRoom: () => isRoomy });
  }

  test('goes on where it was after the beginning was taken off', async () => {
    followRotated();
    appendFileSync(path, 'one\ntwo\nth');
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two']));
    audience.cut(path, { from: 0, to: 4 });
    audience.hold(path);
    writeFileSync(path, 'two\nthree\n');
    audience.release(path, 4);
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two', 'three']));
  });

  test('does not look while it is worked on', async () => {
    followRotated();
    audience.hold(path);
    appendFileSync(path, 'one\n');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(lines).toEqual([]);
    audience.release(path, 0);
    await vi.waitFor(() => expect(lines).toEqual(['one']));
  });

  test('reads what it has missed from the copy, also when that is renamed and removed', async () => {
    isRoomy = false;
    followRotated();
    appendFileSync(path, 'one\ntwo\n');
    writeFileSync(`${path}.copy`, 'zero\none\n');
    audience.cut(path, { from: 0, to: 4, copy: { path: `${path}.copy`, at: 5 } });
    rmSync(`${path}.copy`);
    audience.hold(path);
    writeFileSync(path, 'two\n');
    audience.release(path, 4);
    isRoomy = true;
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two']));
  });

  test('says what is lost for it', async () => {
    isRoomy = false;
    followRotated();
    appendFileSync(path, 'one\ntwo\n');
    audience.cut(path, { from: 0, to: 4 });
    audience.release(path, 0);
    isRoomy = true;
    await vi.waitFor(() => expect(lines.at(-1)).toBe('two'));
    expect(lines).toContain('[procmand: 4 bytes of this log were rotated away before they were read]');
  });

  test('goes on in a fresh file that stands in for it', async () => {
    followRotated();
    appendFileSync(path, 'one\ntwo\n');
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two']));
    writeFileSync(`${path}.new`, 'two\n');
    renameSync(`${path}.new`, path);
    audience.replaced(path, 4);
    appendFileSync(path, 'three\n');
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two', 'three']));
  });
});
