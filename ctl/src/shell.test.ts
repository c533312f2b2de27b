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
    surroundings: { euid: 0, env: {}, proc: '/nowhere', rootRuntime: '/nowhere' },
    color: false,
    target: () => Promise.reject(new Error('none')),
    connect: () => Promise.reject(new Error('none')),
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
    expect((await script({ text: 'start a; ping\nping\n', codes: { start: 130 } })).executed).toHaveLength(1);
  });

  it('names with -e the line and the command that failed', async () => {
    const text = '# first\nping && status; start "a b"; stop c\nping\n';
    const { err, executed, code } = await script({ text, exitOnError: true, codes: { start: 4 } });
    expect(err).toBe('procmanctl: line 2: "start "a b"" ended with exit code 4; stopped (-e)\n');
    expect(executed.map(([verb]) => verb)).toEqual(['ping', 'status', 'start']);
    expect(code).toBe(4);
  });

  it('does what stands behind && only after success', async () => {
    const { executed, code } = await script({ text: 'check a && update; status\n', codes: { check: 6 } });
    expect(executed.map(([verb]) => verb)).toEqual(['check', 'status']);
    expect(code).toBe(6);
  });

  it('ends with exit', async () => {
    expect((await script({ text: 'status\nexit\nping\n' })).executed).toEqual([['status']]);
  });

  it('refuses a quote that is not closed', async () => {
    const { code, err } = await script({ text: 'start "a\n' });
    expect([code, err]).toEqual([2, 'procmanctl: the quote " is not closed\n']);
  });
});
