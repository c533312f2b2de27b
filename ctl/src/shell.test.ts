import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from './command-table.ts';
import { linesOf, runScript, type ShellHost } from './shell.ts';

interface Script {
  readonly text: string;
  readonly exitOnError?: boolean;
  /** Exit code by command. */
  readonly codes?: Readonly<Record<string, number>>;
}

async function script({ text, exitOnError = false, codes = {} }: Script) {
  const executed: (readonly string[])[] = [];
  let err = '';
  const host: ShellHost = {
    commands: COMMANDS,
    env: {},
    out: () => undefined,
    err: (message) => void (err += message),
    names: () => Promise.resolve([]),
    exitOnError,
    execute: (words) => {
      executed.push(words);
      return Promise.resolve(codes[words[0] ?? ''] ?? 0);
    },
  };
  const code = await runScript(linesOf(Readable.from([text])), host);
  return { code, executed, err };
}

describe('a script on standard input', () => {
  it('runs a command per line, passes over comments and blank lines, and a last line without newline', async () => {
    const { code, executed } = await script({ text: '# all\n\nstatus\r\nstart "example process 2" b # two' });
    expect(executed).toEqual([['status'], ['start', 'example process 2', 'b']]);
    expect(code).toBe(0);
  });

  it('goes on after a failure, and ends with the code of the last one', async () => {
    const { code, executed } = await script({ text: 'status\nstart a\nping\n', codes: { status: 3, start: 4 } });
    expect(executed).toHaveLength(3);
    expect(code).toBe(4);
  });

  it('stops at the first failure with -e, and after Ctrl-C', async () => {
    expect(await script({ text: 'status\nping\n', exitOnError: true, codes: { status: 3 } })).toMatchObject({
      code: 3,
      executed: [['status']],
    });
    expect((await script({ text: 'start a\nping\n', codes: { start: 130 } })).executed).toHaveLength(1);
  });

  it('ends with exit', async () => {
    expect((await script({ text: 'status\nexit\nping\n' })).executed).toEqual([['status']]);
  });

  it('refuses a quote that is not closed', async () => {
    const { code, err } = await script({ text: 'start "a\n' });
    expect([code, err]).toEqual([2, 'procmanctl: the quote " is not closed\n']);
  });
});
