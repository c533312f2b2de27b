/**
 * Which version of a process is in effect, and when that changes next.
 *
 * The effective version at t is the one with the newest `apply-on` <= t, leaving out fake ones: a fake newest version is a
 * rollback. Windows (`[process.schedule]`) will be decided here as well.
 */
import type { ProcessConfig, ProcessVersion, WallTime } from './model.ts';

export interface Effective {
  /** The effective version; undefined where none has begun, or all that have are fake. */
  readonly version?: ProcessVersion;
  /** What names and settings to show: the effective version, else the next to come, else the newest. */
  readonly shown: ProcessVersion;
  /** Why there is no effective version. */
  readonly none?: 'fake' | 'not-yet-applied';
  /** When the effective version changes next by the clock alone. */
  readonly nextVersion?: { readonly at: WallTime; readonly version: ProcessVersion };
}

export function effectiveVersion(process: ProcessConfig, at: WallTime): Effective {
  const real = process.versions.filter((version) => !version.fake);
  const version = real.findLast((candidate) => candidate.applyOn.at <= at);
  const next = real.find((candidate) => candidate.applyOn.at > at);
  const newest = process.versions[process.versions.length - 1];
  const shown = version ?? next ?? newest;
  const hasBegunFake = process.versions.some((candidate) => candidate.fake && candidate.applyOn.at <= at);
  return {
    // A process has at least one version: the configuration's rules see to it.
    shown: shown as ProcessVersion,
    ...(version === undefined
      ? { none: hasBegunFake ? ('fake' as const) : ('not-yet-applied' as const) }
      : { version }),
    ...(next === undefined ? {} : { nextVersion: { at: next.applyOn.at, version: next } }),
  };
}
