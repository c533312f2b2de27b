/**
 * Which version of a process is in effect, and when that changes next.
 *
 * The effective version at t is the one with the newest `apply-on` <= t, leaving out fake ones: a fake newest version is a
 * rollback. A version that was vetoed (its checks failed, or it did not come up) is left out as long as there is one before it.
 * The windows of a version are decided in `time/`.
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
  /** The version that should be in effect and may not be, and why. */
  readonly vetoed?: { readonly version: ProcessVersion; readonly why: string };
}

/** By `vetoKey`: why a version may not take over. */
export type Vetoes = ReadonlyMap<string, string>;

export const NO_VETOES: Vetoes = new Map();

/** A veto holds for this very definition: a mended one is tried anew. */
export function vetoKey({ id, applyOn, digest }: Pick<ProcessVersion, 'id' | 'applyOn' | 'digest'>): string {
  return JSON.stringify([id, applyOn.text, digest]);
}

export function effectiveVersion(process: ProcessConfig, at: WallTime, vetoes: Vetoes = NO_VETOES): Effective {
  const real = process.versions.filter((version) => !version.fake);
  const due = real.filter((candidate) => candidate.applyOn.at <= at);
  const newest = due.at(-1);
  const why = newest === undefined || vetoes.size === 0 ? undefined : vetoes.get(vetoKey(newest));
  const fallback = why === undefined ? undefined : due.findLast((candidate) => !vetoes.has(vetoKey(candidate)));
  const version = fallback ?? newest;
  const next = real.find((candidate) => candidate.applyOn.at > at);
  const last = process.versions[process.versions.length - 1];
  const shown = version ?? next ?? last;
  const hasBegunFake = process.versions.some((candidate) => candidate.fake && candidate.applyOn.at <= at);
  return {
    // A process has at least one version: the configuration's rules see to it.
    shown: shown as ProcessVersion,
    ...(version === undefined
      ? { none: hasBegunFake ? ('fake' as const) : ('not-yet-applied' as const) }
      : { version }),
    ...(next === undefined ? {} : { nextVersion: { at: next.applyOn.at, version: next } }),
    ...(newest === undefined || why === undefined || fallback === undefined
      ? {}
      : { vetoed: { version: newest, why } }),
  };
}
