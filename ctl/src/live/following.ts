/** The state of some instances, looked at whenever the daemon tells that something has happened. */
import type { Params } from '@procman/protocol/contract';
import type { Event, StatusResult } from '@procman/protocol/views';
import type { CommandContext } from '../context.ts';
import type { follow } from '../follow.ts';
import { throttle } from './throttle.ts';

/** What is handed in: classes of errors are told apart by identity, and this bundle would have its own. */
export interface Tools {
  readonly follow: typeof follow;
}

export type StatusParams = Omit<Params<'status'>, 'at'>;

export interface Followed {
  readonly params: StatusParams;
  readonly look: (status: StatusResult) => void;
  /** Looks this often, too, for what no event tells of. */
  readonly everyMs?: number;
}

/** At most so often the daemon is asked, however much happens. */
const REST_MS = 250;
/** Events that change nothing but the row of the instance they name. */
const OF_ONE: readonly Event['type'][] = ['state', 'exit', 'hook', 'health', 'hold'];

/**
 * Subscribes, looks, and looks again at each event: nothing is missed in between, because the first look comes after the
 * subscription. Ends by throwing, as `follow` does, or what `look` throws.
 */
export async function followStatus(
  context: CommandContext,
  { follow }: Tools,
  { params, look, everyMs }: Followed,
): Promise<never> {
  let known: ReadonlySet<string> = new Set();
  let fail: (error: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => (fail = reject));
  const { nudge, stop } = throttle(
    async () => {
      const status = await context.call('status', params, '');
      known = new Set(status.processes.map(({ name }) => name));
      look(status);
    },
    REST_MS,
    (error) => fail(error),
  );
  const isForeign = ({ name, type }: Event): boolean => {
    return name !== undefined && OF_ONE.includes(type) && known.size > 0 && !known.has(name);
  };
  const following = follow(context, {
    method: 'subscribe',
    params: {},
    notification: 'event',
    onResult: nudge,
    onNotification: (event) => {
      if (!isForeign(event)) nudge();
    },
  });
  const timer = everyMs === undefined ? undefined : setInterval(nudge, everyMs);
  try {
    return await Promise.race([following, failure]);
  } finally {
    clearInterval(timer);
    stop();
  }
}
