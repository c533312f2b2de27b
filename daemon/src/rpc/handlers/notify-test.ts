import type { NotifyTestResult } from '@procman/protocol';
import { RpcFailure } from '@procman/protocol/errors';
import { createNearest } from '../../config/nearest.ts';
import type { HandlerContext } from './context.ts';

/** Sends a test message by each `[[notify]]`, or by those that are named. */
export async function notifyTest(
  daemon: HandlerContext,
  { notifies }: { readonly notifies?: readonly string[] | undefined },
): Promise<NotifyTestResult> {
  const known = new Set(daemon.configuration.current.notify.map(({ name }) => name));
  const unknown = (notifies ?? []).filter((name) => !known.has(name));
  if (unknown.length > 0) throw unknownNotify(unknown, known);
  const results = await daemon.notices.test(notifies);
  return { ok: results.every(({ ok }) => ok), results };
}

function unknownNotify(unknown: readonly string[], known: ReadonlySet<string>): RpcFailure {
  const nearest = createNearest(known);
  const names = unknown.map((given) => {
    const name = nearest(given);
    return { given, nearest: name === undefined ? [] : [name] };
  });
  const text = unknown.map((given) => JSON.stringify(given)).join(', ');
  return new RpcFailure('unknown-name', `no [[notify]] is called ${text}`, { names, what: 'notify' });
}
