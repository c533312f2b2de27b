/** What the change of clocks does to the boundaries of a schedule, for people. */
import type { Schedule, WallTime } from '../model.ts';
import { DAY, dstNoteOf, instantOf, shownAt, type CivilTime, type DstNote } from './civil.ts';
import { cronAtOrBefore, type CronSchedule } from './cron.ts';
import { civilWindow, type DailyWindows } from './windows.ts';

/** Which boundary of a window is meant, where another one may fall on the same moment. */
export type Edge = 'opens' | 'closes';

/**
 * Whether the clocks skipped, or show twice, the written time of a boundary.
 *
 * @param boundary - when a window opens or closes, or a cron time comes
 */
export function dstNote(schedule: Schedule, boundary: WallTime, edge?: Edge): DstNote | undefined {
  if (!Number.isFinite(boundary)) return undefined;
  const written = schedule.kind === 'cron' ? writtenCron(schedule, boundary) : writtenEdges(schedule, boundary, edge);
  const notes = written.map((civil) => dstNoteOf(civil, schedule.timezone));
  return notes.find((note) => note === 'dst-skipped') ?? notes.find((note) => note !== undefined);
}

/** A time that comes as written, else the last one of the gap before. */
function writtenCron(schedule: CronSchedule, boundary: WallTime): readonly CivilTime[] {
  const civil = cronAtOrBefore(schedule, shownAt(boundary, schedule.timezone));
  return civil !== undefined && instantOf(civil, schedule.timezone) === boundary ? [civil] : [];
}

/** Two days back: an overnight window, and the day that Samoa left out. */
function writtenEdges(schedule: DailyWindows, boundary: WallTime, edge: Edge | undefined): readonly CivilTime[] {
  const day = Math.floor(shownAt(boundary, schedule.timezone) / DAY);
  return [day - 2, day - 1, day]
    .map((candidate) => civilWindow(schedule, candidate))
    .filter((window) => window !== undefined)
    .flatMap(({ opens, closes }) => [...(edge === 'closes' ? [] : [opens]), ...(edge === 'opens' ? [] : [closes])])
    .filter((civil) => instantOf(civil, schedule.timezone) === boundary);
}
