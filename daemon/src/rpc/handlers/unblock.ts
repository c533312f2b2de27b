import { setTimeout } from 'node:timers/promises';
import type { ActResult, TargetResult } from '@procman/protocol';
import { Describer } from '../../core/describe.ts';
import type { Target } from '../../core/targets.ts';
import type { Resolution } from '../../supervision/doubt.ts';
import type { Call } from '../dispatch.ts';
import { procView, reasonView } from '../snapshot.ts';
import { act, type ActParams } from './act.ts';
import { recordCommand, refuseWhileStopping, selected, type HandlerContext } from './context.ts';

/** Clears the counters of what waits or gave up; what is in doubt is resolved first, where that can be. */
export async function unblock(
  daemon: HandlerContext,
  params: ActParams & { readonly resolution?: Resolution | undefined },
  call: Call,
): Promise<ActResult> {
  refuseWhileStopping(daemon);
  const survey = daemon.supervisor.survey();
  const { targets } = selected(survey, params.names);
  const results = new Map<string, TargetResult>();
  const others: string[] = [];
  for (const target of targets) {
    const isInDoubt = survey.instance(target).doubt !== undefined;
    if (isInDoubt) recordCommand(daemon, [target], 'unblock');
    if (isInDoubt) results.set(target.name, await resolveOne(daemon, target, params.resolution));
    else others.push(target.name);
  }
  const rest =
    others.length === 0 ? { results: [] } : await act(daemon, 'unblock', { ...params, names: others }, {}, call);
  for (const result of rest.results) results.set(result.name, result);
  return { results: targets.map(({ name }) => results.get(name)).filter((result) => result !== undefined) };
}

/** What was killed needs a moment to be gone. */
const GONE_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 20;

async function resolveOne(
  daemon: HandlerContext,
  target: Target,
  resolution: Resolution | undefined,
): Promise<TargetResult> {
  let outcome = daemon.supervisor.resolve(target.key, resolution);
  for (let ms = 0; resolution === 'kill' && !outcome.resolved && ms < GONE_WITHIN_MS; ms += LOOK_EVERY_MS) {
    await setTimeout(LOOK_EVERY_MS);
    outcome = daemon.supervisor.resolve(target.key, resolution);
  }
  const survey = daemon.supervisor.survey();
  const view = new Describer(survey).view(target);
  const candidates = outcome.candidates.map((process) => procView(process, daemon.system, daemon.time));
  return {
    name: target.name,
    ok: outcome.resolved,
    code: outcome.resolved ? 'done' : 'in-doubt',
    message: outcome.message ?? (outcome.resolved ? 'unblocked' : 'still in doubt'),
    state: view.state,
    reason: reasonView(view.reason, daemon.time),
    ...(candidates.length === 0 ? {} : { candidates }),
  };
}
