/** What signals mean to the daemon (SPEC 8). */
import { closeSync, openSync } from 'node:fs';
import type { Daemon } from './daemon.ts';

export function onSignals(daemon: Daemon): void {
  const hadTerminal = hasTerminal();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, () => daemon.end(signal));
  process.on('SIGHUP', () => {
    // A terminal that closes sends it too: that is no wish to reload a perhaps half-edited file.
    if (hadTerminal && !hasTerminal()) daemon.leave('the terminal was closed');
    else daemon.reload();
  });
  process.on('SIGUSR2', () => daemon.logger.reopen());
}

/** There is a controlling terminal that can still be opened. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
