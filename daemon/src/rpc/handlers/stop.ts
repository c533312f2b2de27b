import type { ActResult } from '@procman/protocol';
import { RpcFailure } from '@procman/protocol/errors';
import type { InstanceKey, WallTime } from '../../core/model.ts';
import type { Target } from '../../core/targets.ts';
import { resolveUntil } from '../../core/until.ts';
import type { Call } from '../dispatch.ts';
import { act, type ActParams } from './act.ts';
import { refuseWhileStopping, selected, type HandlerContext } from './context.ts';

/** Stops and holds; `until` is resolved for each target, for each has its own zone and schedule. */
export async function stop(
  daemon: HandlerContext,
  { now, until, ...params }: ActParams & { readonly now?: boolean | undefined; readonly until?: string | undefined },
  call: Call,
): Promise<ActResult> {
  refuseWhileStopping(daemon);
  const ends = until === undefined ? {} : { until: endsOf(daemon, params.names, until) };
  return act(daemon, 'stop', params, { now: now === true, ...ends }, call);
}

/** @throws RpcFailure `invalid-params` where it has no meaning for one of them: then nothing is done for any */
function endsOf(
  daemon: HandlerContext,
  names: readonly string[],
  until: string,
): ReadonlyMap<InstanceKey, WallTime | 'reboot'> {
  const survey = daemon.supervisor.survey();
  const { timezone } = daemon.configuration.daemon;
  const ends = new Map<InstanceKey, WallTime | 'reboot'>();
  const problems = new Map<string, Target[]>();
  for (const target of selected(survey, names).targets) {
    const end = resolveUntil(until, target.effective?.shown, timezone, survey.now.wall);
    if (end.ok) ends.set(target.key, end.value);
    else problems.set(end.problem, [...(problems.get(end.problem) ?? []), target]);
  }
  if (problems.size === 0) return ends;
  const issues = [...problems].map(([problem, targets]) => ({
    path: 'until',
    message: `${problem} (${named(targets)})`,
  }));
  throw new RpcFailure('invalid-params', issues[0]?.message ?? '', { issues });
}

const MOST_NAMED = 8;

function named(targets: readonly Target[]): string {
  const names = targets.slice(0, MOST_NAMED).map(({ name }) => name);
  return [...names, ...(targets.length > MOST_NAMED ? [`and ${targets.length - MOST_NAMED} more`] : [])].join(', ');
}
