import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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
