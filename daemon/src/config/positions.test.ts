import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { locate } from './positions.ts';

const TEXT = `\
uid = "a" # [[process]]
"file-format" = '0'

[daemon] # comment
log_level = """
[[process]]
""" 
socket.mode = 1

[[process]]
id = "a"
env = { A = "1", "B" = { c = [1, 2] }, D.e = 3 }
depends-on = [
  "x", # ]
  { id = "y", condition = "z" },
  [ 'deep' ],
]

[process.schedule]
start-time = 08:00:00

[[process]]
  id = 'b' 
[process.env]
PATH = 'c:\\' # " '
last = 0o22
`;

describe('locate', () => {
  const locator = locate(TEXT);
  test.each([
    [['uid'], 1, 1],
    [['file-format'], 2, 1],
    [['daemon'], 4, 1],
    [['daemon', 'log-level'], 5, 1],
    [['daemon', 'socket', 'mode'], 8, 8],
    [['process', 0], 10, 1],
    [['process', 0, 'id'], 11, 1],
    [['process', 0, 'env', 'A'], 12, 9],
    [['process', 0, 'env', 'B', 'c', 1], 12, 34],
    [['process', 0, 'env', 'D', 'e'], 12, 42],
    [['process', 0, 'depends-on', 0], 14, 3],
    [['process', 0, 'depends-on', 1, 'condition'], 15, 15],
    [['process', 0, 'depends-on', 2, 0], 16, 5],
    [['process', 0, 'schedule'], 19, 1],
    [['process', 0, 'schedule', 'start-time'], 20, 1],
    [['process', 1], 22, 1],
    [['process', 1, 'id'], 23, 3],
    [['process', 1, 'env', 'last'], 26, 1],
  ])('%j is at %d:%d', (path, line, column) => {
    expect(locator.exact(path)).toEqual({ line, column });
  });

  test('what is not there is where it would belong', () => {
    expect(locator.position(['process', 1, 'command'])).toEqual({ line: 22, column: 1 });
    expect(locator.exact(['process', 1, 'command'])).toBeUndefined();
    expect(locator.position(['nothing'])).toEqual({ line: 1, column: 1 });
    expect(locator.position(['process', 7])).toEqual({ line: 10, column: 1 });
  });

  test('tells how a value is written', () => {
    expect(locator.valueText(['process', 1, 'env', 'last'])).toBe('0o22\n');
  });

  test('lines that end with CR LF, and a byte order mark', () => {
    expect(locate('\uFEFFa = 1\r\n[b]\r\nc = 2\r\n').exact(['b', 'c'])).toEqual({ line: 3, column: 1 });
  });

  test('strings of all kinds hide brackets', () => {
    const text = 'a = """x " \\""" [b]\n""""\nb = \'\'\'\n\'\' [b]\'\'\'\n"k\\u0041" = 1\n[c]\n';
    expect(locate(text).exact(['c'])).toEqual({ line: 6, column: 1 });
    expect(locate(text).exact(['kA'])).toEqual({ line: 5, column: 1 });
  });

  test('ends on any text', () => {
    const text = fc.array(
      fc.constantFrom('[', ']', '{', '}', '"', "'", '"""', '=', '.', ',', '\n', '#', 'a', ' ', '\\'),
    );
    fc.assert(
      fc.property(text, (pieces) => {
        locate(pieces.join('')).position(['a', 0, 'b']);
      }),
    );
  });
});
