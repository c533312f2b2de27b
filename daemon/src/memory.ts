/** Keeps a daemon small that works for milliseconds and waits for hours. Measured by `npm run bench` (memory). */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Leaves out the optimizing compiler, whose working memory stays with the process: turns are bound by system calls. To be
 * called before anything else runs.
 */
export function preferSmall(): void {
  setFlagsFromString('--no-opt');
}

/** When the services of a usual configuration are up. */
const QUIET_AFTER = 3_000;

/** Gives back, once it is quiet, what the start has used and Node would keep until its next busy time. */
export function releaseStartupLater(): void {
  setTimeout(collectGarbage, QUIET_AFTER).unref();
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') (collect as () => void)();
}
