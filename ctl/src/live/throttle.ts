/** Runs an errand soon after each of many nudges, but only so often, and never twice at a time. */

export interface Throttle {
  /** Something has changed: the errand runs at once, or when it may again. */
  readonly nudge: () => void;
  readonly stop: () => void;
}

/**
 * @param restMs - from the start of one run to that of the next, at least
 * @param failed - called where the errand rejects; nothing runs any more
 */
export function throttle(errand: () => Promise<void>, restMs: number, failed: (error: unknown) => void): Throttle {
  let timer: NodeJS.Timeout | undefined;
  const now = { isWanted: false, isStopped: false };
  const stop = (): void => {
    now.isStopped = true;
    clearTimeout(timer);
  };
  const isDue = (): boolean => now.isWanted && !now.isStopped;
  const run = async (): Promise<void> => {
    now.isWanted = false;
    const rest = new Promise<void>((resolve) => (timer = setTimeout(resolve, restMs)));
    try {
      await errand();
    } catch (error) {
      if (now.isStopped) return;
      stop();
      failed(error);
      return;
    }
    await rest;
    timer = undefined;
    if (isDue()) void run();
  };
  const nudge = (): void => {
    now.isWanted = true;
    if (timer === undefined && !now.isStopped) void run();
  };
  return { nudge, stop };
}
