import type { ActResult } from '@procman/protocol';
import { staleKeys } from '../../core/config-diff.ts';
import type { Survey } from '../../core/survey.ts';
import type { Target } from '../../core/targets.ts';
import type { Call } from '../dispatch.ts';
import { act, type ActParams } from './act.ts';
import type { HandlerContext } from './context.ts';

export interface RestartParams extends Omit<ActParams, 'names'> {
  readonly names?: readonly string[] | undefined;
  readonly stale?: boolean | undefined;
}

/** Stops and starts again; with `stale` only what runs otherwise than it is defined now, which may be nothing. */
export function restart(
  daemon: HandlerContext,
  { names = ['all'], stale, ...params }: RestartParams,
  call: Call,
): Promise<ActResult> {
  return act(daemon, 'restart', { ...params, names }, stale === true ? { only: isStale } : {}, call);
}

/** One that is held is on its way out: started anew it would lose its hold. */
function isStale(survey: Survey, target: Target): boolean {
  return survey.instance(target).hold === undefined && staleKeys(survey, target).length > 0;
}
