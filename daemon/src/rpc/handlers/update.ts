import type { Problem as ProblemView, UpdateResult } from '@procman/protocol';
import { RpcFailure } from '@procman/protocol/errors';
import type { Problem } from '../../config/problem.ts';
import type { Proposed } from '../../configuration.ts';
import { causeText } from '../../core/wording.ts';
import { OPERATOR } from '../../supervision/journal.ts';
import { refuseWhileStopping, type HandlerContext } from './context.ts';

/** What `update` would do with the file on disk, or with a text that the client read; changes nothing. */
export function plan(
  daemon: HandlerContext,
  params: { readonly config?: { readonly path: string; readonly text: string } | undefined },
): UpdateResult {
  return updateView(daemon, daemon.propose(params.config), false);
}

/** Loads the file again and puts it in force, also what the guard would hold; replies when it is decided. */
export function update(daemon: HandlerContext, params: { readonly hash?: string | undefined }): UpdateResult {
  refuseWhileStopping(daemon);
  const proposed = daemon.propose();
  if (!proposed.ok) {
    daemon.noteBrokenConfig(proposed.problems, OPERATOR);
    return updateView(daemon, proposed, false);
  }
  const current = proposed.proposal.diff.hash;
  if (params.hash !== undefined && params.hash !== current) {
    throw new RpcFailure('plan-changed', 'the plan is no longer the one that was shown', {
      given: params.hash,
      current,
    });
  }
  const view = updateView(daemon, proposed, true);
  daemon.applyProposal(proposed.proposal, 'confirmed', OPERATOR);
  return view;
}

function updateView(daemon: HandlerContext, proposed: Proposed, applied: boolean): UpdateResult {
  if (!proposed.ok) {
    const nothing = {
      added: [],
      removed: [],
      restarted: [],
      stale: [],
      changed: [],
      unchanged: [],
      actions: [],
      daemon: [],
    };
    return { ok: false, applied: false, hash: '', ...nothing, problems: proposed.problems.map(problemView) };
  }
  const { diff, guarded, config, warnings } = proposed.proposal;
  const { actions, ...lists } = diff;
  return {
    ok: true,
    applied,
    ...(guarded.stops.length === 0 ? {} : { held: { stops: guarded.stops } }),
    ...lists,
    actions: actions.map(({ name, action, reason }) => ({
      name,
      action,
      reason: { code: reason, message: causeText(reason) },
    })),
    daemon: daemon.configuration.daemonChanges(config),
    problems: warnings.map(problemView),
  };
}

export const problemView = (problem: Problem): ProblemView => ({ ...problem });
