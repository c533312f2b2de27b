/** `schedule` (SPEC 3): times of the day, days of the week, or cron. Zones are filled in by `scheduleOf`. */
import * as z from 'zod';
import type { Milliseconds, Schedule, WeekDay } from '../core/model.ts';
import { cronProblem } from '../core/time/cron.ts';
import { allowing } from './key.ts';
import { refuse, strictTable, timezone } from './values.ts';

const DAY: Milliseconds = 24 * 3600 * 1000;
const DAY_NAMES = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const LONG_DAY_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const ALL_DAYS: readonly WeekDay[] = [1, 2, 3, 4, 5, 6, 7];

type Unzoned<S> = S extends Schedule ? Omit<S, 'timezone' | 'text'> : never;
/** A schedule as it is written: its zone may be that of `[daemon]`. */
export type WrittenSchedule = Unzoned<Schedule> & { readonly timezone?: string };

/** What is allowed as a time of the day, for messages. */
export const CLOCK_FORMS = '"08:00:00" or "08:00" (stop-time also "24:00"), or a time of TOML';

/** Milliseconds after midnight; undefined where it is no time of the day. `24:00` is the end of the day. */
export function parseClock(text: string): Milliseconds | undefined {
  const [, hours, minutes, seconds = '00', fraction = ''] =
    /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/.exec(text.trim()) ?? [];
  if (hours === undefined || minutes === undefined || minutes > '59' || seconds > '59') return undefined;
  const whole = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  const at = whole + Number(fraction.padEnd(3, '0').slice(0, 3));
  return at <= DAY ? at : undefined;
}

/** For the JSON schema. */
const pattern = '^\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?$';

/** A time of the day: text, or one of TOML's own. */
const clock = z
  .union([z.string().meta({ pattern }), z.date().meta({ pattern })])
  .transform((written, context): Milliseconds => {
    const at = parseClock(typeof written === 'string' ? written : written.toISOString());
    return at ?? refuse(context, written, 'is not a time of the day');
  });

const startTime = clock.refine((at) => at < DAY, { message: 'the day ends there, nothing can begin', abort: true });

/** The days of `mon`, `mon-fri`, `sat-mon` or `all`; undefined where it is none of these. */
export function parseDays(text: string): readonly WeekDay[] | undefined {
  const word = text.trim().toLowerCase();
  if (word === 'all') return ALL_DAYS;
  const [first, last, ...more] = word.split('-').map((name) => dayOf(name.trim()));
  if (first === undefined || more.length > 0) return undefined;
  if (!word.includes('-')) return [first];
  if (last === undefined) return undefined;
  const count = ((last - first + 7) % 7) + 1;
  return Array.from({ length: count }, (_, index) => (((first - 1 + index) % 7) + 1) as WeekDay);
}

function dayOf(name: string): WeekDay | undefined {
  const at = Math.max(DAY_NAMES.indexOf(name as (typeof DAY_NAMES)[number]), LONG_DAY_NAMES.indexOf(name));
  return ALL_DAYS[at];
}

const dayWords = z
  .string()
  .transform(
    (word, context) => parseDays(word) ?? refuse(context, word, 'is not a day of the week, nor a range of them'),
  );

const weekDays = z.union([dayWords, z.array(dayWords)]).transform((written, context): readonly WeekDay[] => {
  const days = [...new Set((written as readonly (WeekDay | readonly WeekDay[])[]).flat())].toSorted((a, b) => a - b);
  return days.length > 0 ? days : refuse(context, written, 'names no day, so it would never run');
});

const cronPattern = z.string().superRefine((pattern, context) => {
  const problem = cronProblem(pattern);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: `is not a cron pattern: ${problem}` });
});

const DAYS_FORMS = 'a list such as ["mon", "wed"], a range such as "mon-fri", or "all"';
const CRON_FORMS = 'five fields such as "0 3 * * *" (minute, hour, day of the month, month, day of the week)';

/** What is allowed as a schedule, for messages. */
export const SCHEDULE_FORMS = '{ start-time, stop-time, week-days, timezone } or, for one-shots, { cron, timezone }';

export const schedule = strictTable({
  'start-time': allowing(startTime, CLOCK_FORMS).optional(),
  'stop-time': allowing(clock, CLOCK_FORMS).optional(),
  'week-days': allowing(weekDays, DAYS_FORMS).optional(),
  timezone: allowing(timezone(), 'an IANA name such as "Europe/Madrid" or "UTC"').optional(),
  cron: allowing(cronPattern, CRON_FORMS).optional(),
}).transform((given, context): WrittenSchedule => {
  const zone = given.timezone === undefined ? {} : { timezone: given.timezone };
  if (given.cron !== undefined) {
    const extra = (['start-time', 'stop-time', 'week-days'] as const).find((key) => given[key] !== undefined);
    if (extra !== undefined) {
      const hint = 'write one of the two; the fields of cron name days, too';
      return refuse(context, given, `cron and ${extra} do not go together`, hint);
    }
    return { kind: 'cron', pattern: given.cron.trim().replaceAll(/\s+/g, ' '), ...zone };
  }
  const start = given['start-time'] ?? 0;
  const stop = given['stop-time'] ?? DAY;
  if (start === stop) {
    const hint = 'for a whole day write start-time = "00:00" and stop-time = "24:00", or leave both out';
    return refuse(context, given, `start-time and stop-time are the same, ${clockText(start)}`, hint);
  }
  return { kind: 'windows', start, stop, days: given['week-days'] ?? ALL_DAYS, ...zone };
});

/** A written schedule with its zone and its text for people. */
export function scheduleOf(written: WrittenSchedule, defaultTimezone: string): Schedule {
  const zone = written.timezone ?? defaultTimezone;
  if (written.kind === 'cron') {
    return { kind: 'cron', pattern: written.pattern, timezone: zone, text: `cron ${written.pattern} ${zone}` };
  }
  const { start, stop, days } = written;
  const text = `${clockText(start)}-${clockText(stop)} ${daysText(days)} ${zone}`;
  return { kind: 'windows', start, stop, days, timezone: zone, text };
}

/** `08:00`, with seconds where there are any. */
export function clockText(at: Milliseconds): string {
  const digits = (amount: number): string => String(Math.floor(amount)).padStart(2, '0');
  const seconds = (at / 1000) % 60;
  const fraction = at % 1000 === 0 ? '' : `.${String(at % 1000).padStart(3, '0')}`;
  const tail = seconds === 0 ? '' : `:${digits(seconds)}${fraction}`;
  return `${digits(at / 3_600_000)}:${digits((at / 60_000) % 60)}${tail}`;
}

/** `mon-fri`, `mon,wed,sun`, `daily`. */
function daysText(days: readonly WeekDay[]): string {
  if (days.length === ALL_DAYS.length) return 'daily';
  const names = days.map((day) => DAY_NAMES[day - 1] ?? '');
  const isRange = days.length > 2 && (days.at(-1) ?? 0) - (days[0] ?? 0) === days.length - 1;
  return isRange ? `${names[0] ?? ''}-${names.at(-1) ?? ''}` : names.join(',');
}
