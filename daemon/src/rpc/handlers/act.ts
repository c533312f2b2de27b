/** What `start`, `stop`, `restart` and `unblock` share: choose targets, command, wait, and tell what each came to. */
import type { ActResult, TargetResult } from '@procman/protocol';
import type { CommandResult, Decided, Verb } from '../../core/commands.ts';
import { stoppedAlong } from '../../core/dependencies.ts';
import { Describer } from '../../core/describe.ts';
import type { InstanceKey, WallTime } from '../../core/model.ts';
import { isSurviving } from '../../core/stop-plan.ts';
import type { Survey } from '../../core/survey.ts';
import type { Target } from '../../core/targets.ts';
import type { TargetOutcome } from '../../supervision/waiters.ts';
import type { TimeText } from '../../time-text.ts';
import type { Call } from '../dispatch.ts';
import { procView, reasonView } from '../snapshot.ts';
import { recordCommand, refuseWhileStopping, selected, type HandlerContext } from './context.ts';

export interface ActParams {
  readonly names: readonly string[];
  readonly wait?: boolean | undefined;
  readonly timeoutSeconds?: number | undefined;
}

export interface ActOptions {
  readonly force?: boolean;
  readonly now?: boolean;
  /** When the hold of each target ends by itself. */
  readonly until?: ReadonlyMap<InstanceKey, WallTime | 'reboot'>;
  /** Of what the names mean, only these. */
  readonly only?: (survey: Survey, target: Target) => boolean;
}

export async function act(
  daemon: HandlerContext,
  verb: Verb,
  params: ActParams,
  { only = () => true, ...options }: ActOptions,
  call: Call,
): Promise<ActResult> {
  refuseWhileStopping(daemon);
  const survey = daemon.supervisor.survey();
  const { targets: named, wide } = selected(survey, params.names);
  const targets = named.filter((target) => only(survey, target));
  const along =
    verb === 'stop' || verb === 'restart' ? alongEach(survey, targets) : new Map<InstanceKey, readonly string[]>();
  const timeout = params.timeoutSeconds === undefined ? undefined : params.timeoutSeconds * 1000;
  const launchProblems = verb === 'restart' ? daemon.launchProblems(targets) : new Map<InstanceKey, string>();
  recordCommand(
    daemon,
    targets,
    [verb, options.force ? '--force' : '', options.now ? '--now' : ''].filter(Boolean).join(' '),
  );
  const { decided, settled } = daemon.supervisor.command(
    { verb, targets, wide, launchProblems, ...options },
    timeout,
    call.closed,
  );
  const results = params.wait === false ? requested(daemon, decided) : await resultsOf(daemon, settled);
  return { results: results.map((result, index) => withAlong(result, along.get(targets[index]?.key ?? '') ?? [])) };
}

/** What has ended has its logs in order, too. */
async function resultsOf(
  daemon: HandlerContext,
  settled: Promise<readonly TargetOutcome[]>,
): Promise<readonly TargetResult[]> {
  const results = (await settled).map((outcome) => resultOf(daemon, outcome));
  await daemon.rotation.settled();
  return results;
}

/** What a stop of each target takes with it, apart from the other targets. */
function alongEach(survey: Survey, targets: readonly Target[]): Map<InstanceKey, readonly string[]> {
  const named = new Set(targets.map(({ key }) => key));
  return new Map(
    targets.map(({ key }) => {
      const isAlive = survey.world.instances.get(key)?.activity.kind !== 'idle';
      const along = isAlive ? stoppedAlong(new Set([key]), survey.byId) : [];
      return [key, along.filter((other) => !named.has(other.key)).map(({ name }) => name)];
    }),
  );
}

function withAlong(result: TargetResult, alsoStopped: readonly string[]): TargetResult {
  return alsoStopped.length === 0 ? result : { ...result, alsoStopped };
}

/** Nobody waits: what was clear at once, and what is on its way. */
function requested(daemon: HandlerContext, decided: readonly Decided[]): TargetResult[] {
  const survey = daemon.supervisor.survey();
  const describer = new Describer(survey);
  return decided.map(({ target, result }) => {
    const view = describer.view(target);
    const { ok, code, ...told } = result ?? { ok: true, code: 'requested' as const, message: 'requested' };
    const message = messageOf(told, daemon.time);
    return { name: target.name, ok, code, message, state: view.state, reason: reasonView(view.reason, daemon.time) };
  });
}

/** With the time at which its window opens next, where that matters. */
function messageOf({ message, until }: Pick<CommandResult, 'message' | 'until'>, time: TimeText): string {
  return until === undefined ? message : `${message}; it opens next ${time.tell(until)}`;
}

export function resultOf(daemon: HandlerContext, { name, result, view, instance }: TargetOutcome): TargetResult {
  const proc = (process: Parameters<typeof procView>[0]): ReturnType<typeof procView> =>
    procView(process, daemon.system, daemon.time);
  const { activity, doubt } = instance;
  const left = activity.kind === 'clearing' || activity.kind === 'stopping' ? activity.clearing : undefined;
  const survives = left !== undefined && isSurviving(left, daemon.system.now().mono);
  return {
    name,
    ok: result.ok,
    code: result.code,
    message: messageOf(result, daemon.time),
    state: view.state,
    reason: reasonView(view.reason, daemon.time),
    ...(survives ? { survivors: left.remains.map(proc) } : {}),
    ...(doubt === undefined || result.code !== 'in-doubt' ? {} : { candidates: doubt.candidates.map(proc) }),
  };
}
