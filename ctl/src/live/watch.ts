/** `status --watch`: shows every change, until Ctrl-C; the daemon may go and come meanwhile, and while there is none its files tell. */
import type { CommandContext } from '../context.ts';
import { ENDED_BY, type ScreenSignal } from '../io.ts';
import type { StatusResult } from '@procman/protocol/views';
import type { StatusOptions } from '../render/status.ts';
import { followStatus, type StatusParams, type Tools } from './following.ts';
import { type View, viewOf } from './views.ts';

const RETRY_MS = 500;
/** So many tries for each look at the files of the last daemon and at /proc: that is more work than a try. */
const TRIES_PER_LOOK = 4;
/** Processor and memory change without an event. */
const RESOURCES_MS = 2000;
const INTERRUPTED = 130;

/** Gives the exit code; rejects where the daemon refuses, or where at the beginning there is neither one nor what one has left. */
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
  const meanwhile = async (): Promise<void> => {
    try {
      await lookAtFiles(context, params, (status, headline) => {
        if (!isOver()) view.unsupervised(status, headline);
      });
      seen.any = true;
    } catch (error) {
      // What was seen of a daemon stays in sight where its files tell nothing.
      if (!seen.any) throw error;
    }
  };
  for (;;) {
    try {
      await followStatus(context, tools, { params, look: see, ...everyMs });
    } catch (error) {
      if (isOver() || !isGone(error)) throw error;
      if (seen.any) view.away();
      await untilThere(context, meanwhile, isOver);
    }
  }
}

/** Looks for a daemon now and then: there is nobody yet who could tell. */
async function untilThere(
  context: CommandContext,
  meanwhile: () => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  for (let tries = 0; !isOver(); tries += 1) {
    if (tries % TRIES_PER_LOOK === 0) await meanwhile();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    try {
      await context.client();
      return;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

/** Rejects where there are none, or where they do not know a name. */
async function lookAtFiles(
  context: CommandContext,
  params: StatusParams,
  see: (status: StatusResult, headline: string) => void,
): Promise<void> {
  const { connection, isUnsupervised, headline } = await context.reach(await context.wish());
  try {
    // A daemon has come meanwhile: it is asked on the connection of this command.
    if (isUnsupervised) see(await connection.call('status', params), headline ?? 'unsupervised: no daemon runs');
  } finally {
    connection.close();
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
