/** The coming transitions of a configuration: `procmanctl timeline` (SPEC 10), and what is expected at a moment: `status --at`. */
import type { Expected } from './describe.ts';
import type { ProcessConfig, ProcessVersion, WallTime } from './model.ts';
import { effectiveVersion } from './schedule.ts';
import type { DstNote } from './time/civil.ts';
import { bounded } from './time/civil.ts';
import { standingOf } from './time/standing.ts';
import { kindOf, transitionsOf, type Transition } from './transitions.ts';
import { STOPPED, type Reason } from './wording.ts';

/** An operator's stop; without a time it ends by no clock. */
export interface HoldEnd {
  readonly until?: WallTime | 'reboot';
}

/** One instance: its name is its own, its process may be that of several. */
export interface TimelineTarget {
  readonly name: string;
  readonly process: ProcessConfig;
  readonly hold?: HoldEnd;
}

export interface TimelineEntry {
  readonly at: WallTime;
  readonly name: string;
  readonly id: string;
  readonly action: Transition['action'] | 'hold-ends';
  /** `ApplyOn.text` of the version that acts. */
  readonly applyOn?: string;
  readonly note?: DstNote;
  /** Of its schedule; undefined: that of `[daemon]`. */
  readonly timezone?: string;
}

export interface Timeline {
  /** In order of time, then as the targets were given. */
  readonly entries: readonly TimelineEntry[];
  /** There are more than `limit`. */
  readonly truncated: boolean;
}

type Happening = Omit<TimelineEntry, 'name' | 'id'>;

/** @param to - exclusive */
export function timelineOf(targets: readonly TimelineTarget[], from: WallTime, to: WallTime, limit: number): Timeline {
  const steps = timelineInSteps(targets, from, to, limit);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * As `timelineOf`, in small steps, so that whoever has other duties can turn to them in between: ten years of a cron job by
 * the minute take seconds. Nothing is worked out beyond the last entry.
 */
export function* timelineInSteps(
  targets: readonly TimelineTarget[],
  from: WallTime,
  to: WallTime,
  limit: number,
): Generator<void, Timeline> {
  const queue = new Queue(to);
  for (const [index, { name, process, hold }] of targets.entries()) {
    queue.enter({ index, name, id: process.id, coming: comingOf(process, hold, bounded(from)) });
    yield;
  }
  const entries: TimelineEntry[] = [];
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    if (entries.length === limit) return { entries, truncated: true };
    const { line, happening } = next;
    const { at, ...rest } = happening;
    entries.push({ at, name: line.name, id: line.id, ...rest });
    queue.enter(line);
    yield;
  }
  return { entries, truncated: false };
}

/** What comes of one target, one by one. */
interface Line {
  readonly index: number;
  readonly name: string;
  readonly id: string;
  readonly coming: Iterator<Happening>;
}

interface Waiting {
  readonly line: Line;
  readonly happening: Happening;
}

/** The next happening of each line; the earliest is last, and of those at the same time that of the first line. */
class Queue {
  private readonly to: WallTime;
  private readonly waiting: Waiting[] = [];

  constructor(to: WallTime) {
    this.to = to;
  }

  enter(line: Line): void {
    const next = line.coming.next();
    if (next.done === true || next.value.at >= this.to) return;
    const entering = { line, happening: next.value };
    let [low, high] = [0, this.waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.waiting[middle];
      if (other !== undefined && isBefore(entering, other)) low = middle + 1;
      else high = middle;
    }
    this.waiting.splice(low, 0, entering);
  }

  next(): Waiting | undefined {
    return this.waiting.pop();
  }
}

function isBefore(one: Waiting, other: Waiting): boolean {
  const difference = one.happening.at - other.happening.at;
  return difference === 0 ? one.line.index < other.line.index : difference < 0;
}

/** What is held does nothing until its hold ends. */
function* comingOf(process: ProcessConfig, hold: HoldEnd | undefined, from: WallTime): Generator<Happening> {
  const until = endOf(hold, from);
  if (until === Infinity) return;
  if (until >= from) {
    const { version } = effectiveVersion(process, until);
    yield { at: until, action: 'hold-ends', ...versionOf(version) };
  }
  for (const { at, action, version, note } of transitionsOf(process, Math.max(from, until)))
    yield { at, action, ...versionOf(version), ...(note === undefined ? {} : { note }) };
}

/** -Infinity: no hold. */
function endOf(hold: HoldEnd | undefined, from: WallTime): WallTime {
  if (hold === undefined) return -Infinity;
  if (typeof hold.until !== 'number') return Infinity;
  return hold.until < from ? -Infinity : hold.until;
}

function versionOf(version: ProcessVersion | undefined): Pick<Happening, 'applyOn' | 'timezone'> {
  if (version === undefined) return {};
  const { applyOn, schedule } = version;
  return { applyOn: applyOn.text, ...(schedule === undefined ? {} : { timezone: schedule.timezone }) };
}

/** What a process is to do at a moment. */
export interface ExpectedAt {
  readonly expected: Expected;
  /** `wanted`; `schedule`, `not-yet-applied`, `fake`, `autostart`, `manual`. */
  readonly reason: Reason;
  /** Of the version in effect then. */
  readonly applyOn?: string;
  readonly next?: Pick<TimelineEntry, 'at' | 'action' | 'timezone'>;
}

/** By configuration and hold alone: as if all went well. */
export function expectedAt(process: ProcessConfig, given: WallTime, hold?: HoldEnd): ExpectedAt {
  const at = bounded(given);
  const { version, none = 'not-yet-applied' } = effectiveVersion(process, at);
  const [next] = comingOf(process, hold, at + 1);
  const what = version === undefined ? stopped(none, STOPPED[none]) : expectedOf(version, at, endOf(hold, at + 1));
  return {
    ...what,
    ...(version === undefined ? {} : { applyOn: version.applyOn.text }),
    ...(next === undefined ? {} : { next: nextOf(next) }),
  };
}

const nextOf = ({ at, action, timezone }: Happening): NonNullable<ExpectedAt['next']> => ({
  at,
  action,
  ...(timezone === undefined ? {} : { timezone }),
});

type Expectation = Pick<ExpectedAt, 'expected' | 'reason'>;

/** The deciders of SPEC 7.1, as far as they depend on the configuration. */
function expectedOf(version: ProcessVersion, at: WallTime, heldUntil: WallTime): Expectation {
  const { schedule, autostart, oneShot } = version;
  if (heldUntil > at) return stopped('manual', STOPPED.manual);
  if (schedule !== undefined && !standingOf(schedule, kindOf(version), at).active)
    return stopped('schedule', `outside its schedule: ${schedule.text}`);
  if (!autostart) return stopped('autostart', 'autostart is off: `start` runs it');
  return { expected: oneShot ? 'finished' : 'running', reason: { code: 'wanted', message: 'wanted' } };
}

const stopped = (code: string, message: string): Expectation => ({ expected: 'stopped', reason: { code, message } });
