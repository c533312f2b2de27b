/**
 * Wanted and not alive: may it start? The first closed gate gives the state (SPEC 7.1). Gates 1 (remains) is the activity
 * `clearing`; 2 (in doubt) holds also for what is not wanted; both are looked at by `describe` before the others.
 */
import type { Dependency, Failure, Instance, MonotonicTime, ProcessVersion } from './model.ts';
import { blockedUntil, hasGivenUp, leavesEnded, retryAt } from './restart-policy.ts';

export type Gate =
  | { readonly gate: 'fatal'; readonly failure?: Failure }
  | { readonly gate: 'exited' }
  | { readonly gate: 'dependency'; readonly unmet: readonly Dependency[] }
  | { readonly gate: 'too-many-runs'; readonly until: MonotonicTime }
  | { readonly gate: 'delay'; readonly until: MonotonicTime; readonly failure: Failure }
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
  const blocked = instance.credit === undefined ? blockedUntil(counters, version, now) : undefined;
  if (blocked !== undefined) return { gate: 'too-many-runs', until: blocked };
  const retry = retryAt(counters, version);
  if (failure !== undefined && retry !== undefined && retry > now) return { gate: 'delay', until: retry, failure };
  return { gate: 'open' };
}

/** It ended by itself, and `autorestart` leaves that alone, until an operator, a new version or another boot. */
export function isLeftEnded({ ended, credit }: Instance, version: ProcessVersion): boolean {
  if (ended?.by !== 'itself' || version.oneShot) return false;
  if (credit === 'operator' || credit === 'version' || credit === 'boot') return false;
  return leavesEnded(version.autorestart, ended.exit, version.exitCodes);
}
