import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger, type LogSettings, type Logger } from './logger.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'procman-log-')), 'logs');
  mkdirSync(folder);
  file = join(folder, 'd.log');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const settings = (maxBytes: number, backups: number, level: LogSettings['level'] = 'info'): LogSettings => ({
  maxBytes,
  backups,
  level,
  timeText: () => 'T',
});
const open = (maxBytes = 0, backups = 0): Logger => createLogger(file, settings(maxBytes, backups));
const textOf = (path: string): string => readFileSync(path, 'utf8');
/** A line of 20 bytes. */
const twenty = (n: number): string => `T info     line ${String(n).padStart(3, '0')}\n`;
const say = (logger: Logger, ...numbers: number[]): void =>
  numbers.forEach((n) => logger.log('info', `line ${String(n).padStart(3, '0')}`));

describe('rotation', () => {
  test('shifts before a line that would not fit, and keeps so many', () => {
    const logger = open(40, 2);
    say(logger, 1, 2, 3, 4, 5, 6, 7);
    expect(textOf(file)).toBe(twenty(7));
    expect(textOf(`${file}.1`)).toBe(twenty(5) + twenty(6));
    expect(textOf(`${file}.2`)).toBe(twenty(3) + twenty(4));
    expect(readdirSync(folder)).toHaveLength(3);
  });

  test('counts what the file held before', () => {
    writeFileSync(file, twenty(1) + twenty(2));
    say(open(40, 1), 3);
    expect([textOf(file), textOf(`${file}.1`)]).toEqual([twenty(3), twenty(1) + twenty(2)]);
  });

  test('with no backups begins the file anew', () => {
    const logger = open(40, 0);
    say(logger, 1, 2, 3);
    expect(textOf(file)).toBe(twenty(3));
    expect(readdirSync(folder)).toEqual(['d.log']);
  });

  test('0 bytes: never', () => {
    say(open(0, 2), 1, 2, 3, 4, 5);
    expect(readdirSync(folder)).toEqual(['d.log']);
  });

  test('a line longer than the limit makes no empty file', () => {
    const logger = open(30, 3);
    logger.log('info', 'x'.repeat(100));
    say(logger, 1);
    expect(textOf(`${file}.1`)).toContain('x'.repeat(100));
    expect(existsSync(`${file}.2`)).toBe(false);
  });

  // Whoever shifts may die after any rename: each leaves a gap, at 3, 2 or 1, or the live file itself is missing.
  test.each([
    ['nothing was renamed', [1, 2], { '.1': 3, '.2': 1, '.3': 2 }],
    ['.2 is .3 now', [1, 3], { '.1': 3, '.2': 1, '.3': 3 }],
    ['.1 is .2 now', [2, 3], { '.1': 3, '.2': 2, '.3': 3 }],
  ])('goes on where one before it has died: %s', (_what, present, expected) => {
    for (const n of present) writeFileSync(`${file}.${n}`, twenty(n));
    writeFileSync(file, twenty(3) + twenty(3));
    say(open(40, 3), 9);
    const files = Object.entries(expected).map(([suffix, n]) => [
      suffix,
      suffix === '.1' ? twenty(3) + twenty(3) : twenty(n),
    ]);
    expect(['.1', '.2', '.3'].map((suffix) => [suffix, textOf(file + suffix)])).toEqual(files);
    expect(textOf(file)).toBe(twenty(9));
  });

  test('fewer backups from now on: those beyond are removed, but not what only looks like one', () => {
    for (const n of [1, 2, 3, 4, 2024]) writeFileSync(`${file}.${n}`, 'old\n');
    const logger = open(40, 4);
    logger.configure(settings(40, 2));
    say(logger, 1, 2, 3);
    expect(readdirSync(folder)).toEqual(['d.log', 'd.log.1', 'd.log.2', 'd.log.2024']);
  });

  test('a limit that a reload brings takes effect with the next line', () => {
    const logger = open(0, 0);
    say(logger, 1, 2, 3);
    logger.configure(settings(40, 1));
    say(logger, 4);
    expect(textOf(file)).toBe(twenty(4));
  });

  test('a file that others have put in its place is not renamed', () => {
    const logger = open(40, 2);
    say(logger, 1, 2);
    renameSync(file, join(folder, 'away'));
    writeFileSync(file, 'theirs\n');
    say(logger, 3);
    expect(textOf(file)).toBe(`theirs\n${twenty(3)}`);
    expect(readdirSync(folder)).toEqual(['away', 'd.log']);
  });

  test('that fails is told of once, in the log, which goes on', () => {
    mkdirSync(join(folder, 'd.log.1'));
    writeFileSync(join(folder, 'd.log.1', 'x'), '');
    const logger = open(40, 1);
    say(logger, 1, 2, 3, 4);
    const text = textOf(file);
    for (const n of [1, 2, 3, 4]) expect(text).toContain(twenty(n));
    expect(text.match(/cannot be rotated/g)).toHaveLength(1);
  });
});

describe('a file', () => {
  test('that was removed is made again', () => {
    const logger = open();
    say(logger, 1);
    rmSync(file);
    say(logger, 2);
    expect(textOf(file)).toBe(twenty(2));
  });

  test('whose folder is gone for a while loses lines, and tells how many', () => {
    const logger = open();
    say(logger, 1);
    rmSync(folder, { recursive: true });
    say(logger, 2, 3, 4);
    mkdirSync(folder);
    say(logger, 5);
    expect(textOf(file)).toBe(`T warning  3 lines of this log were lost here\n${twenty(5)}`);
  });

  test('that was moved away is written to until it is opened again', () => {
    const logger = open();
    say(logger, 1);
    renameSync(file, `${file}.moved`);
    say(logger, 2);
    logger.reopen();
    say(logger, 3);
    expect([textOf(`${file}.moved`), textOf(file)]).toEqual([twenty(1) + twenty(2), twenty(3)]);
  });

  test('is not opened through a link', () => {
    symlinkSync('/etc/nowhere', file);
    expect(() => open()).toThrow(`${file} is a symbolic link: name the file that it leads to`);
  });

  test('is for its owner only', () => {
    say(open(), 1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('lines', () => {
  test('below the level are left out, and a reload changes it', () => {
    const logger = open();
    logger.log('debug', 'unseen');
    logger.configure(settings(0, 0, 'debug'));
    logger.log('debug', 'seen');
    logger.configure(settings(0, 0, 'critical'));
    logger.log('error', 'unseen');
    logger.log('critical', 'seen');
    expect(textOf(file)).toBe('T debug    seen\nT critical ! seen\n');
  });

  test('that somebody should look at are marked: all errors, and what is said to be', () => {
    const logger = open();
    logger.log('warning', 'plain');
    logger.log('warning', 'marked', 'important');
    logger.log('error', 'wrong');
    expect(textOf(file)).toBe('T warning  plain\nT warning  ! marked\nT error    ! wrong\n');
  });

  test('cannot be forged by what they tell of', () => {
    open().log('info', 'a\nT critical b\r\x1b[2J\u2028c');
    expect(textOf(file)).toBe('T info     a\n    T critical b??[2J?c\n');
  });
});
