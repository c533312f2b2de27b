/**
 * What in a schedule is probably not meant (SPEC 2.4): windows that never open, short gaps between windows, times that the
 * clocks skip or show twice. Data only: the configuration's rules add file and line. See `cover.ts` for windows outside of a
 * dependency's.
 */
import type { Milliseconds, WallTime } from '../model.ts';
import { bounded, DAY, dstNoteOf, instantOf, plainOf, shownAt, type CivilTime, type DstNote } from './civil.ts';
import type { Timed } from './cover.ts';
import { cronAfter, cronAtOrBefore, nextCron, type CronSchedule } from './cron.ts';
import { standingOf, type WindowKind } from './standing.ts';
import { civilWindow, isAlwaysOpen, latestWindow, lengthOf, type CivilWindow, type DailyWindows } from './windows.ts';
import { changeAfter } from './zone.ts';

export interface ScheduleFinding {
  readonly code: 'never-opens' | 'short-gap' | DstNote;
  /** The key of `[process.schedule]` that is to blame. */
  readonly key: 'start-time' | 'stop-time' | 'week-days' | 'cron';
  /** In plain words; without process and key. */
  readonly message: string;
  readonly hint: string;
  /** When it happens first. */
  readonly at?: WallTime;
}

/** A gap between two windows that is shorter than this was probably meant to be none. */
export const SHORT_GAP: Milliseconds = 5 * 60_000;

/** So far ahead changes of the clocks are looked at: the next two of a year, and a little more. */
const LOOK_AHEAD: Milliseconds = 400 * DAY;
const HOUR: Milliseconds = 3_600_000;

/** @param from - where the look ahead begins: now */
export function lintSchedule({ schedule, kind }: Timed, from: WallTime): readonly ScheduleFinding[] {
  if (schedule === undefined) return [];
  const now = bounded(from);
  if (schedule.kind === 'cron') return neverComes(schedule, now) ?? firstOfEach(cronChanges(schedule, now));
  if (schedule.days.length === 0)
    return [
      {
        code: 'never-opens',
        key: 'week-days',
        message: 'it never opens: no day is given',
        hint: 'name at least one day',
      },
    ];
  if (isAlwaysOpen(schedule, kind)) return [];
  return [...shortGap(schedule, now), ...firstOfEach(windowChanges(schedule, kind, now))];
}

function neverComes(schedule: CronSchedule, now: WallTime): readonly ScheduleFinding[] | undefined {
  if (nextCron(schedule, now) !== undefined) return undefined;
  const hasBeen = cronAtOrBefore(schedule, shownAt(now, schedule.timezone)) !== undefined;
  const message = `it never comes${hasBeen ? ' again' : ''}: ${schedule.pattern}`;
  return [
    {
      code: 'never-opens',
      key: 'cron',
      message,
      hint: 'no calendar has such a day to come; check day, month and year',
    },
  ];
}

/** Two days in a row, and hardly anything between the end of one window and the beginning of the next. */
function shortGap(schedule: DailyWindows, now: WallTime): readonly ScheduleFinding[] {
  const gap = DAY - lengthOf(schedule);
  if (gap === 0 || gap >= SHORT_GAP) return [];
  const { opens } = standingOf(schedule, 'service', now).window ?? { opens: now };
  const today = Math.floor(shownAt(opens, schedule.timezone) / DAY);
  const week = [0, 1, 2, 3, 4, 5, 6].map((days) => today + days);
  const day = week.find(
    (each) => civilWindow(schedule, each) !== undefined && civilWindow(schedule, each + 1) !== undefined,
  );
  const first = day === undefined ? undefined : civilWindow(schedule, day);
  if (first === undefined) return [];
  const [stop, start] = [first.closes, first.closes + gap].map(clockText);
  const mend = schedule.start === 0 ? '"24:00" goes on to midnight' : `"${start}" goes on to the next window`;
  return [
    {
      code: 'short-gap',
      key: 'stop-time',
      message: `closed for only ${gapText(gap)} between two windows, from ${stop} to ${start}`,
      hint: `if no gap is meant, stop-time = ${mend}`,
      at: instantOf(first.closes, schedule.timezone),
    },
  ];
}

const gapText = (gap: Milliseconds): string => (gap % 60_000 === 0 ? `${gap / 60_000} min` : `${gap / 1_000} s`);

/** `02:30`, or `02:30:15` */
function clockText(civil: CivilTime): string {
  const time = plainOf(civil).toPlainTime();
  return time.toString({ smallestUnit: civil % 60_000 === 0 ? 'minute' : 'second' });
}

const dateText = (civil: CivilTime): string => plainOf(civil).toPlainDate().toString();

/** The same happens each year. */
function firstOfEach(findings: Iterable<ScheduleFinding>): readonly ScheduleFinding[] {
  const first = new Map<string, ScheduleFinding>();
  for (const finding of findings) {
    const key = `${finding.code} ${finding.key}`;
    if (!first.has(key)) first.set(key, finding);
  }
  return [...first.values()];
}

/** Civil times from `low` to before `high` are skipped, or shown twice. */
interface Change {
  readonly low: CivilTime;
  readonly high: CivilTime;
}

function* changesOf(timezone: string, now: WallTime): Generator<Change> {
  let change = changeAfter(now, timezone);
  while (change !== undefined && change < now + LOOK_AHEAD) {
    const [before, after] = [shownAt(change - 1, timezone) + 1, shownAt(change, timezone)];
    yield { low: Math.min(before, after), high: Math.max(before, after) };
    change = changeAfter(change, timezone);
  }
}

function* windowChanges(schedule: DailyWindows, kind: WindowKind, now: WallTime): Generator<ScheduleFinding> {
  for (const change of changesOf(schedule.timezone, now)) {
    for (const window of windowsAround(schedule, change)) {
      if (isVanished(schedule, window)) yield vanished(schedule, window.opens);
      else yield* movedEdges(schedule, kind, window, change);
    }
  }
}

/** From two days before: an overnight window, and one more where a whole day is left out. */
function windowsAround(schedule: DailyWindows, { low, high }: Change): readonly CivilWindow[] {
  const first = Math.floor(low / DAY) - 2;
  const days = Array.from({ length: Math.ceil(high / DAY) - first }, (_, index) => first + index);
  return days.map((day) => civilWindow(schedule, day)).filter((window) => window !== undefined);
}

function isVanished({ timezone }: DailyWindows, { opens, closes }: CivilWindow): boolean {
  return instantOf(opens, timezone) === instantOf(closes, timezone);
}

/** Not where one window goes on into the next. */
function isEdge(schedule: DailyWindows, kind: WindowKind, edge: 'opens' | 'closes', civil: CivilTime): boolean {
  const at = instantOf(civil, schedule.timezone);
  return latestWindow(schedule, kind, edge === 'opens' ? at : at - 1)?.[edge] === at;
}

function vanished({ timezone }: DailyWindows, opens: CivilTime): ScheduleFinding {
  return {
    code: 'dst-skipped',
    key: 'start-time',
    message: `has no window on ${dateText(opens)}: the clocks of ${timezone} skip all of it`,
    hint: 'choose times outside of the change of clocks',
    at: instantOf(opens, timezone),
  };
}

function* movedEdges(
  schedule: DailyWindows,
  kind: WindowKind,
  { opens, closes }: CivilWindow,
  { low, high }: Change,
): Generator<ScheduleFinding> {
  const isMoved = (edge: 'opens' | 'closes', civil: CivilTime): boolean =>
    low <= civil && civil < high && isEdge(schedule, kind, edge, civil);
  if (isMoved('opens', opens)) yield* finding('start-time', 'opens', opens, schedule.timezone);
  if (isMoved('closes', closes)) yield* finding('stop-time', 'closes', closes, schedule.timezone);
}

function* finding(
  key: ScheduleFinding['key'],
  does: string,
  civil: CivilTime,
  timezone: string,
): Generator<ScheduleFinding> {
  const code = dstNoteOf(civil, timezone);
  if (code === undefined) return;
  const at = instantOf(civil, timezone);
  const clocks = `on ${dateText(civil)} the clocks of ${timezone}`;
  const message =
    code === 'dst-skipped'
      ? `${clocks} skip ${clockText(civil)}: it ${does} at ${clockText(shownAt(at, timezone))}`
      : `${clocks} show ${clockText(civil)} twice: it ${does} once, the first time`;
  yield { code, key, message, hint: 'choose a time outside of the change of clocks, or leave it so', at };
}

/** Only for patterns that do not come each hour anyway. */
function* cronChanges(schedule: CronSchedule, now: WallTime): Generator<ScheduleFinding> {
  for (const { low, high } of changesOf(schedule.timezone, now)) {
    const civil = cronAfter(schedule, low - 1_000);
    if (civil === undefined || civil >= high) continue;
    const before = cronAtOrBefore(schedule, low - 1_000) ?? -Infinity;
    const after = cronAfter(schedule, high - 1_000) ?? Infinity;
    if (before >= low - HOUR && after <= high + HOUR) continue;
    yield* finding('cron', 'comes', civil, schedule.timezone);
  }
}
