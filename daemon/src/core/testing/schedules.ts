/** Schedules as people write them, for tests. */
import type { Milliseconds, Schedule, WeekDay } from '../../core/model.ts';

export const MADRID = 'Europe/Madrid';
export const ALL_DAYS: readonly WeekDay[] = [1, 2, 3, 4, 5, 6, 7];
export const WORK_DAYS: readonly WeekDay[] = [1, 2, 3, 4, 5];

function sinceMidnight(text: string): Milliseconds {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

/** @param times - `08:00-18:00` */
export function daily(times: string, days: readonly WeekDay[] = ALL_DAYS, timezone = MADRID): Schedule {
  const [start = '', stop = ''] = times.split('-');
  return { kind: 'windows', start: sinceMidnight(start), stop: sinceMidnight(stop), days, timezone, text: times };
}

export function cron(pattern: string, timezone = MADRID): Schedule {
  return { kind: 'cron', pattern, timezone, text: pattern };
}
