import { expect, it } from 'vitest';
import { hasVariables, parseExec, shellLine, wordsLine } from './exec-line.ts';

function parsed(text: string): NonNullable<ReturnType<typeof parseExec>> {
  const line = parseExec(text);
  if (line === undefined) throw new Error(`${text} is no command line`);
  return line;
}

it.each([
  ['-@/bin/x y', '-@', ['/bin/x', 'y']],
  [`/bin/x "a 'b'" 'c "d"' e\\x20f "g\\"h" ""`, '', ['/bin/x', `a 'b'`, 'c "d"', 'e f', 'g"h', '']],
  ['/bin/x --a="b c"d', '', ['/bin/x', '--a=b cd']],
])('%s', (text, prefixes, words) => expect(parseExec(text)).toEqual({ prefixes, words }));

it.each(['/bin/x "a', "/bin/x it's"])('%s is not closed', (text) => expect(parseExec(text)).toBeUndefined());

it('keeps from the shell what systemd takes as it is', () => {
  expect(wordsLine(parsed('/bin/x a;b *.txt $$HOME >c'))).toBe(`/bin/x 'a;b' '*.txt' '$HOME' '>c'`);
  expect(hasVariables(parsed('/bin/x a$B $$C'))).toBe(false);
});

it('lets the shell fill in variables: within a word as one, alone as many', () => {
  const line = parsed('/bin/x --a=${A} $B "q\\"${MAINPID}"');
  expect(hasVariables(line)).toBe(true);
  expect(shellLine(line, { MAINPID: 'PROCMAN_PID' })).toBe('/bin/x "--a=${A}" $B "q\\"${PROCMAN_PID}"');
  expect(hasVariables(parsed(':/bin/x ${A}'))).toBe(false);
});
