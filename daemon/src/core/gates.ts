/**
 * Wanted and not alive: may it start? The first closed gate gives the state (SPEC 7.1). Gates 1 (remains) is the activity
 * `clearing`; 2 (in doubt) holds also for what is not wanted; both are looked at by `describe` before the others.
 */
import { isLeftBy, isOwnEnding } from './ending.ts';
import type { Dependency, ExternalDependency, Failure, Instance, MonotonicTime, ProcessVersion } from './model.ts';
import { blockedUntil, hasGivenUp, retryAt } from './restart-policy.ts';

export type Gate =
  | { readonly gate: 'fatal'; readonly failure?: Failure }
  | { readonly gate: 'exited' }
  | { readonly gate: 'dependency'; readonly unmet: readonly Dependency[] }
  | { readonly gate: 'wait-after'; readonly until: MonotonicTime }
  | { readonly gate: 'too-many-runs'; readonly until: MonotonicTime }
  | { readonly gate: 'delay'; readonly until: MonotonicTime; readonly failure: Failure }
  /** The last gate: it is asked once all others are open. `until`: when to ask again. */
  | { readonly gate: 'external'; readonly external: ExternalDependency; readonly until?: MonotonicTime }
  | { readonly gate: 'open' };

/** @param unmet the dependencies that are not met now */
export function firstClosedGate(
  instance: Instance,
  version: ProcessVersion,
  unmet: readonly Dependency[],
  now: MonotonicTime,
): Gate {
  const { counters } = instance;
  const { failure } = counters;
  if (hasGivenUp(counters, version)) return { gate: 'fatal', ...(failure === undefined ? {} : { failure }) };
  if (isLeftEnded(instance, version)) return { gate: 'exited' };
  if (unmet.length > 0) return { gate: 'dependency', unmet };
  const waited = version.waitAfter === 0 ? undefined : (instance.metSince ?? now) + version.waitAfter;
  if (waited !== undefined && waited > now) return { gate: 'wait-after', until: waited };
  const blocked = instance.credit === undefined ? blockedUntil(counters, version, now) : undefined;
  if (blocked !== undefined) return { gate: 'too-many-runs', until: blocked };
  const retry = retryAt(counters, version);
  if (failure !== undefined && retry !== undefined && retry > now) return { gate: 'delay', until: retry, failure };
  return externalGate(instance, version) ?? { gate: 'open' };
}

function externalGate({ externals }: Instance, version: ProcessVersion): Gate | undefined {
  const external = version.externals[externals?.met ?? 0];
  if (external === undefined) return undefined;
  const until = externals?.againAt;
  return { gate: 'external', external, ...(until === undefined ? {} : { until }) };
}

/** It ended by itself, and `autorestart` leaves that alone, until an operator, a window, a new version or another boot. */
export function isLeftEnded({ ended, credit }: Instance, version: ProcessVersion): boolean {
  if (ended === undefined || !isOwnEnding(ended) || version.oneShot) return false;
  if (credit === 'operator' || credit === 'version' || credit === 'boot' || credit === 'window') return false;
  return isLeftBy(version, ended);
}
