/** `status --watch`: shows every change, until Ctrl-C; the daemon may go and come back meanwhile. */
import type { CommandContext } from '../context.ts';
import { ENDED_BY, type ScreenSignal } from '../io.ts';
import type { StatusResult } from '@procman/protocol/views';
import type { StatusOptions } from '../render/status.ts';
import { followStatus, type StatusParams, type Tools } from './following.ts';
import { type View, viewOf } from './views.ts';

const RETRY_MS = 500;
/** Processor and memory change without an event. */
const RESOURCES_MS = 2000;
const INTERRUPTED = 130;

/** Gives the exit code; rejects where the daemon refuses, or is not there at the beginning. */
export async function watch(
  context: CommandContext,
  tools: Tools,
  params: StatusParams,
  options: StatusOptions,
): Promise<number> {
  const ending = untilEnded(context);
  const view = viewOf(context, options);
  let last: Ending = { code: INTERRUPTED };
  try {
    last = await Promise.race([ending.ended, view.failure, look(context, tools, params, view, ending.isOver)]);
  } catch (error) {
    if (codeOf(error) !== 'interrupted') throw error;
  } finally {
    ending.stop();
    view.end();
  }
  if (last.signal !== undefined) context.io.raise(last.signal);
  return last.code;
}

interface Ending {
  readonly code: number;
  /** It ends this process, the screen once left. */
  readonly signal?: ScreenSignal;
}

async function look(
  context: CommandContext,
  tools: Tools,
  params: StatusParams,
  view: View,
  isOver: () => boolean,
): Promise<never> {
  const seen = { any: false };
  const everyMs = params.resources === true ? { everyMs: RESOURCES_MS } : {};
  const see = (status: StatusResult): void => {
    seen.any = true;
    if (!isOver()) view.show(status);
  };
  for (;;) {
    try {
      await followStatus(context, tools, { params, look: see, ...everyMs });
    } catch (error) {
      if (isOver() || !seen.any || !isGone(error)) throw error;
      view.away();
      await untilBack(context, isOver);
    }
  }
}

/** Looks for it now and then: there is nobody yet who could tell. */
async function untilBack(context: CommandContext, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    try {
      await context.client();
      return;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

function isGone(error: unknown): boolean {
  return codeOf(error) === 'no-daemon' || (error instanceof Error && error.name === 'ConnectionLost');
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function untilEnded({ io }: CommandContext): { ended: Promise<Ending>; isOver: () => boolean; stop: () => void } {
  let isOver = false;
  let end: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => (end = resolve));
  const stopInterrupt = io.onInterrupt(() => end({ code: INTERRUPTED }));
  const stopSignals = io.onScreenSignal((signal) => {
    const code = ENDED_BY[signal];
    if (code !== undefined) end({ code, signal });
  });
  const stop = (): void => {
    isOver = true;
    stopInterrupt();
    stopSignals();
  };
  return { ended, isOver: () => isOver, stop };
}
