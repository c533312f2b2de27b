/** Holds a kernel lock for a test: how launchers are kept waiting at a known step. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface HeldLock {
  readonly release: () => Promise<void>;
}

/** Takes flock(2) on a file and returns once it is held. */
export async function holdLock(file: string): Promise<HeldLock> {
  const child = spawn('flock', ['-n', '-F', file, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const first = await Promise.race([once(child.stdout, 'data'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`${file} is locked already`);
  return {
    release: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
