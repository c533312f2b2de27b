/** When timers start and stop a scheduled instance (systemd.time(7)). */
import type { Milliseconds, Schedule, WeekDay } from '@procman/daemon/core/model';
import { DAY } from '@procman/daemon/core/time/civil';
import { isAlwaysOpen, lengthOf, type DailyWindows } from '@procman/daemon/core/time/windows';
import { cronCalendar } from './cron-calendar.ts';

/** `OnCalendar=` values. */
export interface Calendar {
  readonly start: readonly string[];
  /** None: nothing ends what was started. */
  readonly stop: readonly string[];
}

/** `always`: no timer is needed; undefined: systemd has no words for it. */
export function calendarOf(schedule: Schedule, kind: 'service' | 'one-shot'): Calendar | 'always' | undefined {
  if (schedule.kind === 'windows') {
    if (isAlwaysOpen(schedule, kind)) return 'always';
    return windowsCalendar(schedule, kind);
  }
  const times = cronCalendar(schedule.pattern);
  return times && { start: times.map((time) => `${time} ${schedule.timezone}`), stop: [] };
}

const NAMES: Readonly<Record<WeekDay, string>> = {
  1: 'Mon',
  2: 'Tue',
  3: 'Wed',
  4: 'Thu',
  5: 'Fri',
  6: 'Sat',
  7: 'Sun',
};

function windowsCalendar(schedule: DailyWindows, kind: 'service' | 'one-shot'): Calendar {
  const isNextDay = schedule.stop <= schedule.start || schedule.stop === DAY;
  const shifted = schedule.days.map((day) => (isNextDay ? following(day) : day));
  const touch = lengthOf(schedule) === DAY;
  // Where the next window begins at that very moment, a service is not stopped; a one-shot could not be started and stopped at once.
  const opens = touch && kind === 'service' ? schedule.days.filter((day) => !shifted.includes(day)) : schedule.days;
  const closes = touch ? shifted.filter((day) => !schedule.days.includes(day)) : shifted;
  return {
    start: on(opens, schedule.start, schedule.timezone),
    stop: on(closes, schedule.stop % DAY, schedule.timezone),
  };
}

const following = (day: WeekDay): WeekDay => ((day % 7) + 1) as WeekDay;

function on(days: readonly WeekDay[], time: Milliseconds, timezone: string): readonly string[] {
  if (days.length === 0) return [];
  const sorted = [...days].sort((a, b) => a - b);
  const names = days.length === 7 ? '' : `${sorted.map((day) => NAMES[day]).join(',')} `;
  return [`${names}*-*-* ${clock(time)} ${timezone}`];
}

function clock(time: Milliseconds): string {
  const parts = [Math.floor(time / 3_600_000), Math.floor(time / 60_000) % 60, Math.floor(time / 1000) % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
