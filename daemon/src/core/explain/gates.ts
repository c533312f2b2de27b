/** All gates of SPEC 7.1 that keep what is wanted from starting, not only the first. */
import { isLeftEnded } from '../gates.ts';
import { hasJobs } from '../jobs.ts';
import { blockedUntil, hasGivenUp, retryAt } from '../restart-policy.ts';
import { count, endReason, failureReason, seconds } from '../wording.ts';
import { wallOf, type Cause, type Facts } from './facts.ts';

export function closedGates(facts: Facts): readonly Cause[] {
  const { instance, decision, version } = facts;
  const isAsked = instance.activity.kind === 'idle' && instance.doubt === undefined && !hasJobs(instance);
  if (!isAsked || decision.want !== 'run' || version === undefined) return [];
  const causes = [ended(facts), dependency(facts), waitAfter(facts), tooManyRuns(facts), delay(facts)];
  return causes.filter((cause) => cause !== undefined);
}

function ended({ instance, version }: Facts): Cause | undefined {
  if (version === undefined) return undefined;
  const { failedStarts } = instance.counters;
  if (hasGivenUp(instance.counters, version))
    return causeOf(failureReason(instance, `gave up after ${count(failedStarts, 'failed start')}`));
  return isLeftEnded(instance, version) ? causeOf(endReason(instance, version)) : undefined;
}

function dependency({ unmet }: Facts): Cause | undefined {
  if (unmet.length === 0) return undefined;
  const parts = unmet.map(({ id, condition }) => `${id} is not ${condition}`);
  return { code: 'dependency', message: `it would wait for its dependencies: ${parts.join(', ')}` };
}

function waitAfter({ instance, version, survey: { now } }: Facts): Cause | undefined {
  if (version === undefined || version.waitAfter === 0) return undefined;
  if ((instance.metSince ?? now.mono) + version.waitAfter <= now.mono) return undefined;
  const message = `it starts ${seconds(version.waitAfter)} after its dependencies are met (wait-after)`;
  return { code: 'wait-after', message };
}

function tooManyRuns(facts: Facts): Cause | undefined {
  const { instance, version, survey } = facts;
  if (version === undefined || instance.credit !== undefined) return undefined;
  const until = blockedUntil(instance.counters, version, survey.now.mono);
  if (until === undefined) return undefined;
  return { code: 'too-many-runs', message: `max-runs has no room before ${facts.tell(wallOf(facts, until))}` };
}

function delay(facts: Facts): Cause | undefined {
  const { instance, version, survey } = facts;
  if (version === undefined || hasGivenUp(instance.counters, version)) return undefined;
  const until = retryAt(instance.counters, version);
  if (until === undefined || until <= survey.now.mono) return undefined;
  return causeOf(failureReason(instance, `no other try before ${facts.tell(wallOf(facts, until))}`));
}

const causeOf = ({ code, message }: Cause): Cause => ({ code, message });
