import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readTail } from './log-tail.ts';
import { privateFolder } from './testing.ts';

let folder: ReturnType<typeof privateFolder>;
let path: string;

beforeEach(() => {
  folder = privateFolder();
  path = `${folder.path}/a.log`;
});

afterEach(() => folder.remove());

/** A file whose first blocks are a hole. */
function holed(blocks: number, text: string): void {
  writeFileSync(path, 'x'.repeat(blocks * 4096) + text);
  expect(spawnSync('fallocate', ['-p', '-o', '0', '-l', String(blocks * 4096), path]).status).toBe(0);
}

describe('the last lines of a log', () => {
  test('of one that is not there are none', () => {
    expect(readTail(path, 5, false)).toMatchObject({ lines: [], truncated: false, position: 0 });
  });

  test('reach back into what was cut off, also within a line', () => {
    writeFileSync(`${path}.2`, 'one\ntw');
    writeFileSync(`${path}.1`, 'o\nthree\nfo');
    writeFileSync(path, 'ur\nfive\nsi');
    expect(readTail(path, 10, false)).toMatchObject({
      lines: ['one', 'two', 'three', 'four', 'five', 'si'],
      truncated: false,
    });
    expect(readTail(path, 4, true)).toMatchObject({
      lines: ['two', 'three', 'four', 'five'],
      truncated: true,
      position: 10,
    });
    expect(readTail(path, 4, true).partial.toString()).toBe('si');
  });

  test('of a line that is still being written and began before the cut, the beginning is handed on', () => {
    writeFileSync(`${path}.1`, 'one\ntw');
    writeFileSync(path, 'o');
    const { lines, partial, position } = readTail(path, 5, true);
    expect([lines, partial.toString(), position]).toEqual([['one'], 'two', 1]);
  });

  test('begin behind the hole', () => {
    holed(2, 'one\ntwo\n');
    writeFileSync(`${folder.path}/.a.log.base-8192`, '');
    expect(readTail(path, 10, false)).toMatchObject({ lines: ['one', 'two'], truncated: false });
  });

  test('a base of a file that was emptied since does not count', () => {
    writeFileSync(path, 'new\n'.repeat(3000));
    writeFileSync(`${folder.path}/.a.log.base-8192`, '');
    expect(readTail(path, 5000, false).lines).toHaveLength(3000);
  });

  test.each([
    ['.a.log.part-0-4', 'one\n', 'one\nhalf a copy', 'two\n'],
    ['.a.log.done-0-4', 'one\n', 'one\ntwo\n', 'two\nthree\n'],
    ['.a.log.collapsed-0-4', 'one\n', 'one\n', 'two\n'],
  ])('show what a rotation under way has cut off, once (%s)', (name, first, copy, live) => {
    writeFileSync(`${folder.path}/${name}`, copy);
    writeFileSync(path, live);
    expect(readTail(path, 10, false).lines).toEqual((first + live).trim().split('\n'));
  });

  test('follow no link beside the log', () => {
    writeFileSync(path, 'one\n');
    symlinkSync('/etc/passwd', `${path}.1`);
    expect(readTail(path, 10, false).lines).toEqual(['one']);
  });
});
