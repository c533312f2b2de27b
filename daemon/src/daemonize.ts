/** Going into the background: the first process waits until the second serves, and shows why where it does not. */
import { spawn } from 'node:child_process';
import { daemonExit } from '@procman/protocol/exit-codes';

const BACKGROUND = 'PROCMAN_BACKGROUND';

export type ParentMessage =
  { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly exitCode: number; readonly text: string };

/** This process was started by `daemonize`. */
export function isBackground(): boolean {
  return process.env[BACKGROUND] === '1';
}

/** Starts the daemon in a session of its own; resolves with the exit code of this process. */
export function daemonize(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [BACKGROUND]: '1' },
  });
  return new Promise((resolve) => {
    child.on('message', (message: ParentMessage) => {
      if (message.kind === 'failed') process.stderr.write(`procmand: ${message.text}\n`);
      child.disconnect();
      child.unref();
      resolve(message.kind === 'ready' ? daemonExit.ok : message.exitCode);
    });
    child.on('error', (error) => {
      process.stderr.write(`procmand: cannot go into the background: ${error.message}\n`);
      resolve(daemonExit.failure);
    });
    child.on('exit', (code, signal) => {
      process.stderr.write(`procmand: ended before it served (${signal ?? `code ${code ?? '?'}`}); see its log\n`);
      resolve(code ?? daemonExit.failure);
    });
  });
}

/** Tells the waiting first process, if there is one, and lets it go. */
export function tellParent(message: ParentMessage): void {
  if (process.send === undefined) return;
  process.send(message, () => {
    if (process.connected) process.disconnect();
  });
}
