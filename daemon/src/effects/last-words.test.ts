import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, lchownSync, linkSync, mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEnd } from './file-end.ts';
import { lastWords, markIn, markLine, markLog, ownPart } from './last-words.ts';
import { NodeSystem } from './node-system.ts';

const system = new NodeSystem();
const OWN = system.ids.euid;
let folder: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procman-words-'));
  log = join(folder, 'web.err.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is told of a run that says this, after what was said before. */
function told(before: string | undefined, said: string, environment = {}): readonly string[] {
  if (before !== undefined) writeFileSync(log, before);
  const mark = markLog(system, log, OWN);
  if (said !== '') appendFileSync(log, said);
  return mark === undefined ? ['no mark'] : lastWords(system, mark, environment);
}

describe('the last words of a run', () => {
  test('are its own alone', () => {
    expect(told('old\n', 'new 1\nnew 2\n')).toEqual(['new 1', 'new 2']);
    expect(told('the same\n', 'the same\n')).toEqual(['the same']);
    expect(told('old\n', '')).toEqual([]);
  });

  test('begin a log that was not there', () => {
    expect(told(undefined, 'first\n')).toEqual(['first']);
  });

  test('of a log that is not there any more are none', () => {
    const mark = markLog(system, log, OWN);
    expect(mark && lastWords(system, mark, {})).toEqual([]);
  });

  test('are ten lines, and 2 KiB, at most', () => {
    const lines = Array.from({ length: 500 }, (_, n) => `line ${n}`);
    expect(told('old\n', `${lines.join('\n')}\n`)).toEqual(lines.slice(-10));
    const long = Array.from({ length: 30 }, (_, n) => `${n} ${'x'.repeat(900)}`);
    expect(told('old\n', `${long.join('\n')}\n`)).toEqual(long.slice(-2));
    const [only = '', ...others] = told('old\n', `${'ä'.repeat(20_000)}\n`);
    expect([others, only.slice(0, 2), Buffer.byteLength(only)]).toEqual([[], '…ä', 2051]);
  });

  test('hold no value of its environment', () => {
    expect(told('', 'token hunter2secret refused\n', { TOKEN: 'hunter2secret' })).toEqual(['token $TOKEN refused']);
  });

  test('steer no terminal', () => {
    expect(told('', '\u001b[31mred\u001b[0m\u0007\n\u001b]0;title\u0007a\u202eb\n10%\r20%\r\n\0\0\n')).toEqual([
      'red',
      'ab',
      '20%',
    ]);
  });

  test('are none of a pipe or a link, and wait for nobody', () => {
    execFileSync('mkfifo', [log]);
    expect(told(undefined, '')).toEqual(['no mark']);
    rmSync(log);
    writeFileSync(join(folder, 'other'), 'secret\n');
    symlinkSync(join(folder, 'other'), log);
    expect(told(undefined, '')).toEqual(['no mark']);
  });
});

describe('in a log that was rotated meanwhile', () => {
  const part = (before: string, later: string, read = later.length): string => {
    const mark = { size: Buffer.byteLength(before), before: Buffer.from(before).subarray(-64).toString('base64') };
    return ownPart(Buffer.from(later).subarray(-read), later.length, mark).toString();
  };
  const old = `${'o'.repeat(500)} said before\n`;

  test('what was taken off the front is known by what was there', () => {
    expect(part(old, `${old.slice(300)}new\n`)).toBe('new\n');
    expect(part(old, `${old.slice(-20)}new\n`)).toBe('new\n');
    expect(part(old, `new\n`)).toBe('new\n');
    expect(part(old, `${old.slice(300)}${'n'.repeat(400)}\n`)).toBe(`${'n'.repeat(400)}\n`);
  });

  test('where all that is read is behind the mark, all of it is told', () => {
    expect(part(old, `${old}${'n'.repeat(300)}`, 100)).toBe('n'.repeat(100));
    expect(part(old, `${old.slice(300)}${'n'.repeat(300)}`, 100)).toBe('n'.repeat(100));
  });
});

test('a mark is a line of a plan, and other plans have none', () => {
  const mark = { path: '/a\nb', size: 3, before: 'YWJj', uid: 7 };
  expect(markIn(`# {}\n${markLine(mark)}\nexec x\n`)).toEqual(mark);
  expect(markIn('# {}\nexec x\n')).toBeUndefined();
  expect(markIn('# {}\n#log {"path":1}\n')).toBeUndefined();
  expect(markIn('# {}\n#log {\n')).toBeUndefined();
});

describe.runIf(OWN === 0)("root's daemon reads for a service what its user might", () => {
  const USER = 65_534;

  const read = (prepare: (path: string) => void, mode: number, reader = USER): string | undefined => {
    chmodSync(folder, 0o755);
    const inner = join(folder, 'logs');
    mkdirSync(inner);
    chmodSync(inner, mode);
    const path = join(inner, 'x.log');
    prepare(path);
    const end = readEnd(path, 100, reader, 0);
    return end === undefined ? undefined : Buffer.from(end.bytes).toString();
  };

  test('its own file, wherever it is', () => {
    const own = (path: string): void => {
      writeFileSync(path, 'own');
      chownSync(path, USER, USER);
    };
    expect(read(own, 0o777)).toBe('own');
  });

  test('none that was put there, in a folder that others may write to', () => {
    const other = join(folder, 'shadow');
    writeFileSync(other, 'secret', { mode: 0o600 });
    expect(read((path) => linkSync(other, path), 0o777)).toBeUndefined();
    rmSync(join(folder, 'logs'), { recursive: true });
    expect(read((path) => linkSync(other, path), 0o777, 0)).toBeUndefined();
  });

  test("none in a folder of root's that another's link leads to", () => {
    const vault = join(folder, 'vault');
    mkdirSync(vault, { mode: 0o700 });
    writeFileSync(join(vault, 'x.log'), 'secret');
    const user = join(folder, 'user');
    mkdirSync(user);
    symlinkSync(vault, join(user, 'logs'));
    const through = (): unknown => readEnd(join(user, 'logs', 'x.log'), 100, 0, 0)?.size;
    expect(through()).toBe(6);
    chownSync(user, USER, USER);
    expect(through()).toBeUndefined();
    chownSync(user, 0, 0);
    lchownSync(join(user, 'logs'), USER, USER);
    expect(through()).toBeUndefined();
  });

  test("any in a folder that is root's alone", () => {
    expect(read((path) => writeFileSync(path, 'auto'), 0o755)).toBe('auto');
  });
});
