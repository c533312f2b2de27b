import type { ActResult } from '@procman/protocol';
import { RpcFailure } from '@procman/protocol/errors';
import { parseSignal } from '@procman/protocol/signals';
import { Describer } from '../../core/describe.ts';
import { reasonView } from '../snapshot.ts';
import { recordCommand, selected, type HandlerContext } from './context.ts';

/** Sends a signal to the main process of each target. */
export function signal(
  daemon: HandlerContext,
  params: { readonly names: readonly string[]; readonly signal: string },
): ActResult {
  const name = signalOf(params.signal);
  const survey = daemon.supervisor.survey();
  const { targets } = selected(survey, params.names);
  recordCommand(daemon, targets, `signal ${name}`);
  const sent = daemon.supervisor.signal(
    targets.map(({ key }) => key),
    name,
  );
  const describer = new Describer(daemon.supervisor.survey());
  return {
    results: targets.map((target) => {
      const view = describer.view(target);
      const ok = sent.get(target.key) === true;
      const result = ok
        ? ({ code: 'done', message: `sent SIG${name}` } as const)
        : ({ code: 'not-running', message: 'it is not running' } as const);
      return { name: target.name, ok, ...result, state: view.state, reason: reasonView(view.reason, daemon.time) };
    }),
  };
}

/** `TERM`, `SIGTERM` or `15` -> `TERM`. */
function signalOf(given: string): string {
  const name = parseSignal(given);
  if (name !== undefined) return name;
  const message = `"${given}" is no signal; say TERM, SIGTERM or 15`;
  throw new RpcFailure('invalid-params', message, { issues: [{ path: 'signal', message }] });
}
