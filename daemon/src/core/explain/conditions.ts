/** What does not decide its state, but belongs to the answer: what else is wrong with it, or will be. */
import { guardEnd } from '../clock.ts';
import { staleKeys } from '../config-diff.ts';
import { isOwnEnding } from '../ending.ts';
import { programOf } from '../describe.ts';
import { count, exitText, failureReason } from '../wording.ts';
import { absentText } from './deciders.ts';
import { wallOf, type Cause, type Facts } from './facts.ts';

export function conditions(facts: Facts): readonly Cause[] {
  const causes = [
    failing(facts), earlierFailures(facts), vetoed(facts), fallback(facts), kept(facts), otherVersion(facts), clock(facts),
    external(facts), restarts(facts), stale(facts), required(facts),
  ]; // prettier-ignore
  return causes.filter((cause) => cause !== undefined);
}

/** Not unhealthy yet. */
function failing({ instance: { activity } }: Facts): Cause | undefined {
  if (activity.kind !== 'running' || activity.health === undefined || activity.health.failures === 0) return undefined;
  const { failures, text = '', at } = activity.health;
  const check = activity.run.settings.healthCheck;
  const limit = check?.kind === 'probe' ? ` (${check.retries} in a row make it unhealthy)` : '';
  const message = `its health-check has failed ${count(failures, 'time')}${limit}${text === '' ? '' : `: ${text}`}`;
  return { code: 'health-check', message, ...(at === undefined ? {} : { since: at }) };
}

/** A try is under way, after others that failed. */
function earlierFailures({ instance, view }: Facts): Cause | undefined {
  const { failedStarts, failure } = instance.counters;
  if (failure === undefined || view.state === 'BACKOFF' || view.state === 'FATAL') return undefined;
  const { code, message } = failureReason(instance, `${count(failedStarts, 'failed start')} in a row until now`);
  return { code, message };
}

function vetoed({ target, tell }: Facts): Cause | undefined {
  const veto = target.effective?.vetoed;
  if (veto === undefined) return undefined;
  const { version, why } = veto;
  const since = version.applyOn.at;
  return {
    code: 'version-failed',
    message: `version ${version.applyOn.text}, due ${tell(since)}, may not take over: ${why}`,
  };
}

/** Its time to come up is running. */
function fallback(facts: Facts): Cause | undefined {
  const { instance: { seen }, version, view } = facts; // prettier-ignore
  if (seen.tookOver === undefined || version?.fallbackTimeout === undefined || view.state === 'RUNNING')
    return undefined;
  const until = facts.tell(wallOf(facts, seen.tookOver + version.fallbackTimeout));
  return {
    code: 'fallback',
    message: `not RUNNING by ${until}, it gives way to the version before (fallback-timeout)`,
  };
}

function kept(facts: Facts): Cause | undefined {
  const isKept = facts.survey.world.kept.has(facts.target.key) && facts.instance.activity.kind !== 'idle';
  return isKept ? { code: 'not-in-config', message: absentText(facts) } : undefined;
}

/** A one-shot ends under its old version, and a clock that is not trusted switches nothing. */
function otherVersion({ instance: { activity }, version }: Facts): Cause | undefined {
  if (activity.kind === 'idle' || version === undefined || activity.run.applyOn === version.applyOn.text)
    return undefined;
  const what = activity.run.settings.oneShot ? 'it ends under it first' : 'it is about to be switched';
  return {
    code: 'version',
    message: `it runs version ${activity.run.applyOn}, and ${version.applyOn.text} is in effect: ${what}`,
  };
}

function clock({ survey: { world, now }, tell }: Facts): Cause | undefined {
  const { wall, mono } = guardEnd(world.clock, now);
  if (wall === undefined && mono === undefined) return undefined;
  const until = Math.max(wall ?? 0, mono === undefined ? 0 : now.wall + (mono - now.mono));
  return {
    code: 'clock',
    message: `the clock is not to be trusted before ${tell(until)}: what it would stop or switch waits`,
  };
}

/** It is asked last, once nothing else keeps it from starting; then it is the first cause. */
function external({ instance, version, view }: Facts): Cause | undefined {
  const { externals, activity } = instance;
  const asked = version?.externals[externals?.met ?? 0];
  if (asked === undefined || activity.kind !== 'idle' || externals?.text === undefined || view.state === 'PENDING')
    return undefined;
  return {
    code: 'external',
    message: `\`${programOf(asked.command)}\`, which it depends on, has not succeeded: it ${externals.text}`,
  };
}

function restarts({ instance: { restarts: number, ended, activity, counters } }: Facts): Cause | undefined {
  const isUp = activity.kind === 'running' || activity.kind === 'settling' || activity.kind === 'launching';
  // Failed starts tell of the run before themselves.
  if (!isUp || number === 0 || counters.failure !== undefined) return undefined;
  const before = ended !== undefined && isOwnEnding(ended) ? `; the run before ${exitText(ended.exit)}` : '';
  const message = `it was restarted ${count(number, 'time')} by itself${before}`;
  return { code: 'restarts', message, ...(before === '' || ended === undefined ? {} : { since: ended.at }) };
}

function stale({ survey, target }: Facts): Cause | undefined {
  const keys = staleKeys(survey, target);
  if (keys.length === 0) return undefined;
  return {
    code: 'stale',
    message: `it runs as it was launched: ${keys.join(', ')} changed since; \`restart\` applies it`,
  };
}

const TROUBLE: ReadonlySet<string> = new Set(['BACKOFF', 'FATAL', 'BLOCKED', 'EXITED']);

function required({ version, view }: Facts): Cause | undefined {
  if (version?.required !== true || !TROUBLE.has(view.state) || view.verdict !== 'problem') return undefined;
  return { code: 'required', message: 'it is required: once it has failed for good, everything is stopped' };
}
