/** What `logs -f`, `events -f` and `status --watch` have in common: a call, then its notifications, until Ctrl-C or the end of the daemon. */
import type { Answer, Method, Notification, NotificationParams, Params } from '@procman/protocol/contract';
import { clientExit } from '@procman/protocol/exit-codes';
import type { CommandContext } from './context.ts';
import { Failure, Interrupted } from './failure.ts';

export interface Following<M extends Method, P extends Params<M>, N extends Notification> {
  readonly method: M;
  readonly params: P;
  readonly notification: N;
  readonly onResult: (result: Answer<M, P>) => void;
  readonly onNotification: (params: NotificationParams<N>) => void;
}

/**
 * Ends only by throwing: Interrupted by Ctrl-C, Failure with the daemon, OutputClosed when the reader of our output goes, or what
 * the callbacks throw.
 */
export async function follow<M extends Method, const P extends Params<M>, N extends Notification>(
  context: CommandContext,
  following: Following<M, P, N>,
): Promise<never> {
  const client = await context.client();
  const { promise, fail } = untilFailure();
  // The first ones may come in one chunk with the reply, and are seen before it: they wait for it.
  let early: NotificationParams<N>[] | undefined = [];
  client.onNotification(({ method, params }) => {
    if (method !== following.notification) return;
    const notification = params as NotificationParams<N>;
    try {
      if (early) early.push(notification);
      else following.onNotification(notification);
    } catch (error) {
      fail(error);
    }
  });
  client.onClose(() => fail(daemonGone()));
  const stop = context.io.onInterrupt(() => fail(new Interrupted('')));
  try {
    const result = await Promise.race([client.call(following.method, following.params), promise]);
    following.onResult(result);
    early.forEach(following.onNotification);
    early = undefined;
    return await promise;
  } finally {
    stop();
  }
}

function untilFailure(): { promise: Promise<never>; fail: (error: unknown) => void } {
  let fail: (error: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, reject) => (fail = reject));
  promise.catch(() => undefined);
  return { promise, fail };
}

function daemonGone(): Failure {
  return new Failure('the daemon has gone', { exitCode: clientExit.unreachable, code: 'no-daemon' });
}
