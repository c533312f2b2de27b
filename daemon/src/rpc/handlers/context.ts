/** What the handlers work on. They turn params into a change of what should be, or into a question; they never spawn or signal. */
import { RpcFailure } from '@procman/protocol/errors';
import type { Target } from '../../core/targets.ts';
import { isWide, select, type Selection } from '../../core/selectors.ts';
import type { Survey } from '../../core/survey.ts';
import { createNearest } from '../../config/nearest.ts';
import { OPERATOR } from '../../supervision/journal.ts';
import type { Daemon } from '../../daemon.ts';

export type HandlerContext = Daemon;

/** @throws RpcFailure `unknown-name` where one matches nothing: then nothing is done for any */
export function selected(survey: Survey, names: readonly string[]): Selection {
  const selection = select(survey.targets, names);
  if (selection.unknown.length === 0) return selection;
  const nearest = createNearest(new Set(survey.targets.flatMap(({ name, id }) => [name, id])));
  const unknown = selection.unknown.map((given) => {
    const name = isWide(given) ? undefined : nearest(given);
    return { given, nearest: name === undefined ? [] : [name] };
  });
  const text = unknown.map(({ given }) => (isWide(given) ? `matches "${given}"` : `is called "${given}"`)).join(', ');
  throw new RpcFailure('unknown-name', `no process ${text}`, { names: unknown });
}

/** The one target of a name. */
export function selectedOne(survey: Survey, name: string): Target {
  const { targets } = selected(survey, [name]);
  const [target, ...others] = targets;
  if (target !== undefined && others.length === 0) return target;
  const message = `"${name}" is ${targets.length} processes: name one of ${targets.map((each) => each.name).join(', ')}`;
  throw new RpcFailure('invalid-params', message, { issues: [{ path: 'name', message }] });
}

/** An operator's command, for the history: one event for each target. */
export function recordCommand(daemon: HandlerContext, targets: readonly Target[], message: string): void {
  const at = daemon.system.now().wall;
  for (const { key, id, name } of targets)
    daemon.history.record({ at, type: 'command', about: { key, id, name }, by: OPERATOR, message });
}

export function refuseWhileStopping(daemon: HandlerContext): void {
  if (daemon.isStopping) throw new RpcFailure('shutting-down', 'the daemon is stopping everything', {});
}
