/**
 * What a process does by its configuration and the clock alone: its versions take effect, its windows open and close. What
 * dependencies, endings of its own and operators make of it is not foretold.
 */
import type { ProcessConfig, ProcessVersion, WallTime } from './model.ts';
import { effectiveVersion } from './schedule.ts';
import { dstNote } from './time/dst.ts';
import type { DstNote } from './time/civil.ts';
import { standingOf, windowsFrom, type WindowKind } from './time/standing.ts';

export interface Transition {
  readonly at: WallTime;
  /** `run`: a one-shot is due. `version`: another version takes over what runs. */
  readonly action: 'start' | 'stop' | 'version' | 'run';
  /** The version that acts. */
  readonly version: ProcessVersion;
  readonly note?: DstNote;
}

export const kindOf = ({ oneShot }: ProcessVersion): WindowKind => (oneShot ? 'one-shot' : 'service');

/** The transitions from `from` on, in order, for as long as one asks. */
export function* transitionsOf(process: ProcessConfig, from: WallTime): Generator<Transition> {
  // What happens at `from` itself belongs to it.
  let since = from - 1;
  let { version, nextVersion } = effectiveVersion(process, since);
  while (version !== undefined || nextVersion !== undefined) {
    const until = nextVersion?.at ?? Infinity;
    if (version?.autostart === true) yield* transitionsWithin(version, since, until);
    if (nextVersion === undefined) return;
    const successor = effectiveVersion(process, until);
    // Two versions may take effect at the same moment, written with different offsets: the last of them counts.
    yield* switchover(version, successor.version ?? nextVersion.version, until);
    [version, nextVersion, since] = [successor.version, successor.nextVersion, until];
  }
}

/** The windows of one version that open or close after `since` and before `until`. */
function* transitionsWithin(version: ProcessVersion, since: WallTime, until: WallTime): Generator<Transition> {
  const { schedule } = version;
  if (schedule === undefined) return;
  const kind = kindOf(version);
  const closing = (at: WallTime): Transition[] =>
    schedule.kind === 'cron' || at >= until ? [] : [{ at, action: 'stop', version, ...noteOf(version, at, 'closes') }];
  const { nextStop } = standingOf(schedule, kind, since);
  if (nextStop !== undefined) yield* closing(nextStop);
  for (const { opens, closes } of windowsFrom(schedule, kind, since + 1)) {
    if (opens >= until) return;
    yield { at: opens, action: startOf(version), version, ...noteOf(version, opens, 'opens') };
    yield* closing(closes);
  }
}

function noteOf({ schedule }: ProcessVersion, at: WallTime, edge: 'opens' | 'closes'): { readonly note?: DstNote } {
  const note = schedule === undefined ? undefined : dstNote(schedule, at, edge);
  return note === undefined ? {} : { note };
}

const startOf = ({ oneShot }: ProcessVersion): 'run' | 'start' => (oneShot ? 'run' : 'start');

/**
 * `autostart = false` starts nothing; where both versions have it, the switch is told all the same: what an operator has started
 * goes over to the new one. A one-shot ends under its old version.
 */
function* switchover(before: ProcessVersion | undefined, version: ProcessVersion, at: WallTime): Generator<Transition> {
  const wasOn = before !== undefined && isOn(before, at - 1);
  const isOnNow = isOn(version, at);
  if (wasOn && isOnNow && before.autostart === version.autostart) yield { at, action: 'version', version };
  else if (isOnNow && version.autostart) yield { at, action: startOf(version), version };
  else if (wasOn && before.autostart && !before.oneShot) yield { at, action: 'stop', version };
}

/** Whether its schedule lets it run; a cron time is a moment. */
function isOn(version: ProcessVersion, at: WallTime): boolean {
  const { schedule } = version;
  if (schedule === undefined) return true;
  const { active, window } = standingOf(schedule, kindOf(version), at);
  return active && (schedule.kind !== 'cron' || window?.opens === at);
}
