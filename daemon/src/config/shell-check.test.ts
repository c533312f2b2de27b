import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkShellLines } from './shell-check.ts';

const wrongOf = (lines: string[]) => [...checkShellLines(lines).keys()];

test('right lines have no verdict', () => {
  const lines = [
    'true',
    'a && b; c | d',
    'if true; then echo "it\'s"; fi',
    "case x in x) echo 'a;b' ;; esac",
    'a &',
    '{ a; }',
  ];
  expect(wrongOf([...lines, 'cat <<X', "echo # it's", 'a \\', '# nothing', 'echo "$(date)"'])).toEqual([]);
});

test.each([
  ['echo hi &&  &&  sleep', 'there is no command between && and &&'],
  ['sleep 1 &&', 'there is no command after the &&'],
  ['if true', undefined],
])('%s is told apart from its right neighbours', (wrong, hint) => {
  const verdicts = checkShellLines(['true', 'a | b', wrong, 'c; d']);
  expect([...verdicts.keys()]).toEqual([wrong]);
  const expected: unknown = hint === undefined ? undefined : expect.stringContaining(hint);
  expect(verdicts.get(wrong)).toMatchObject({ kind: 'wrong', hint: expected });
});

test.each([
  [['{ echo', 'echo }; }']],
  [['( echo', 'echo )']],
  [['if true; then', 'true; fi']],
  [["echo 'a", "b'"]],
  [['echo "a', 'b"']],
  [['case x in', 'x) true ;; esac']],
  [['while true; do', 'done']],
  [['f() {', '}']],
])('%j: none makes up for the other', (lines) => {
  expect(wrongOf(lines)).toEqual(lines);
  expect(wrongOf(['true', ...lines, 'false'])).toEqual(lines);
});

test('many lines are read as each by itself', () => {
  const word = fc.constantFrom(
    'a',
    'if',
    'then',
    'fi',
    '{',
    '}',
    '(',
    ')',
    ';',
    '&&',
    '|',
    "'",
    '"',
    '\\',
    '\n',
    'case',
    'in',
    'esac',
    ';;',
    '!',
  );
  const line = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      const alone = [...new Set(lines)].filter((each) => checkShellLines([each]).size > 0);
      expect(new Set(wrongOf(lines))).toEqual(new Set(alone));
    }),
    { numRuns: 60 },
  );
});

test('hundreds of right lines take no time', () => {
  const start = performance.now();
  expect(wrongOf(Array.from({ length: 800 }, (_, number) => `sleep ${number} && true`))).toEqual([]);
  expect(performance.now() - start).toBeLessThan(2000);
});
