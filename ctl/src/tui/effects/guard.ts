/** Whatever ends this process, the terminal is left as it was found. */
import { ENDED_BY, type Io, type ScreenSignal } from '../../io.ts';
import type { Screen } from './screen.ts';

export interface Reactions {
  readonly resized: () => void;
  readonly suspended: () => void;
  /** Back from Ctrl-Z. */
  readonly resumed: () => void;
  /** `signal` ends this process once the terminal is right. */
  readonly ended: (code: number, signal?: ScreenSignal) => void;
  readonly crashed: (error: unknown) => void;
}

const INTERRUPTED = 130;

/** @returns ends the watch */
export function guardTerminal(
  io: Io,
  screen: Screen,
  { resized, suspended, resumed, ended, crashed }: Reactions,
): () => void {
  const stopSignals = io.onScreenSignal((signal) => {
    const code = ENDED_BY[signal];
    if (code !== undefined) ended(code, signal);
    else if (signal === 'SIGWINCH') resized();
    else if (signal === 'SIGTSTP') suspended();
    else if (signal === 'SIGCONT') resumed();
  });
  // Sent by others: the key comes as a key.
  const stopInterrupt = io.onInterrupt(() => ended(INTERRUPTED));
  const leave = (): void => {
    try {
      screen.leave();
    } catch {
      // The terminal has gone.
    }
  };
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);
  process.on('exit', leave);
  return () => {
    stopSignals();
    stopInterrupt();
    process.off('uncaughtException', crashed);
    process.off('unhandledRejection', crashed);
    process.off('exit', leave);
  };
}
