/** What an explanation of one instance is made from; gathered once. */
import { standingAt, type Decision } from '../deciders.ts';
import type { Describer, View } from '../describe.ts';
import type { Dependency, Instance, MonotonicTime, ProcessVersion, WallTime } from '../model.ts';
import type { Survey } from '../survey.ts';
import type { Target } from '../targets.ts';
import type { Standing } from '../time/standing.ts';

/** One link in the chain of reasons. */
export interface Cause {
  /** A reason code of SPEC 7.3, or a word for what is no state's reason. */
  readonly code: string;
  /** A sentence part for people. */
  readonly message: string;
  readonly since?: WallTime;
}

/** Writes a time within a sentence. */
export type Tell = (at: WallTime) => string;

export interface Facts {
  readonly survey: Survey;
  readonly describer: Describer;
  readonly target: Target;
  readonly instance: Instance;
  readonly view: View;
  readonly decision: Decision;
  /** In effect. */
  readonly version: ProcessVersion | undefined;
  /** Of its schedule, where it has one. */
  readonly standing: Standing | undefined;
  readonly unmet: readonly Dependency[];
  readonly tell: Tell;
}

export function factsOf(survey: Survey, describer: Describer, target: Target, tell: Tell): Facts {
  const version = target.effective?.version;
  return {
    survey,
    describer,
    target,
    instance: survey.instance(target),
    view: describer.view(target),
    decision: survey.decision(target),
    version,
    standing: version === undefined ? undefined : standingAt(version, survey.now.wall),
    unmet: survey.unmet(target),
    tell,
  };
}

/** A monotonic time by the wall clock. */
export const wallOf = ({ survey: { now } }: Facts, at: MonotonicTime): WallTime => now.wall + (at - now.mono);

/** Since when its state is shown; undefined while it is about to change. */
export function shownSince({ instance: { shown }, view }: Pick<Facts, 'instance' | 'view'>): { since?: WallTime } {
  return shown.state === view.state ? { since: shown.since } : {};
}
