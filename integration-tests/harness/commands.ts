/** Runs commands and keeps what they print. */
import { spawn, type ChildProcess } from 'node:child_process';
import { LIMIT_MS } from './wait.ts';

export interface Finished {
  /** Exit code; 128 + n where a signal ended it is not made up: then it is null. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed so far. */
  readonly printed: () => { stdout: string; stderr: string };
  readonly finished: Promise<Finished>;
}

export function begin(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const finished = new Promise<Finished>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new Error(`${[file, ...args].join(' ')} did not end within ${(2 * LIMIT_MS) / 1000} s\n${stdout}${stderr}`),
      );
    }, 2 * LIMIT_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
  finished.catch(() => undefined);
  return { child, pid: child.pid ?? 0, printed: () => ({ stdout, stderr }), finished };
}
