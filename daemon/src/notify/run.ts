/** Runs a program for a notice: bounded in time, its output is nobody's. */
import { spawn } from 'node:child_process';
import type { Milliseconds } from '../core/model.ts';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | Buffer;
  readonly timeout: Milliseconds;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** @throws Error that says how it ended, unless that was with 0 */
export function run({ file, args, directory, env, stdin, timeout, signal }: Program): Promise<void> {
  return new Promise((resolve, reject) => {
    // `detached`: a session of its own, so that all of it can be ended, and a terminal's Ctrl-C does not reach it.
    const child = spawn(file, args, { cwd: directory, env, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    let killed: string | undefined;
    const kill = (why: string): void => {
      killed ??= why;
      // Not waited for yet, so the number is still its own, and so is that of its process group.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid);
    };
    const timer = setTimeout(() => kill(`killed: it took longer than ${timeout / 1000} s`), timeout);
    const onAbort = (): void => kill('given up');
    signal.addEventListener('abort', onAbort);
    const finish = (problem: string | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      if (problem === undefined) resolve();
      else reject(new Error(problem));
    };
    child.on('error', (error) => finish(error.message));
    child.on('exit', (code, name) => {
      const ending = name === null ? `exited with code ${code ?? '?'}` : `ended by ${name}`;
      finish(killed ?? (code === 0 ? undefined : ending));
    });
    // Who does not read it need not.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
