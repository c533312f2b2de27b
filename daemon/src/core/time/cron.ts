/**
 * The times of a cron pattern, as windows of `CRON_GRACE`. `croner` finds civil times only (it is told that its zone is UTC):
 * its own DST rules depend on the pattern (some times of a gap are lost, some repeated ones come twice), ours do not.
 */
import { Cron } from 'croner';
import type { Schedule, WallTime } from '../model.ts';
import { instantOf, plainOf, reachedBy, type CivilTime } from './civil.ts';
import { CRON_GRACE, type Window } from './standing.ts';

export type CronSchedule = Extract<Schedule, { readonly kind: 'cron' }>;

/**
 * What is wrong with a pattern, in words; undefined: nothing. Five fields, six with seconds first, seven with a year last,
 * or a nickname like `@daily`.
 */
export function cronProblem(pattern: string): string | undefined {
  const text = pattern.trim();
  // croner takes `?` for the time at which the pattern is read, and a date for a single time.
  if (text.includes('?')) return '`?` has no meaning here: write `*`';
  if (!text.startsWith('@') && !/^\S+(\s+\S+){4,6}$/.test(text))
    return 'five fields are needed: minute hour day-of-month month day-of-week';
  const read = compile(text);
  return typeof read === 'string' ? read : undefined;
}

function compile(pattern: string): Cron | string {
  try {
    return new Cron(pattern, { timezone: 'UTC', paused: true });
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'cannot be read';
  }
}

const compiled = new WeakMap<CronSchedule, Cron | string>();

/** undefined for a pattern that is none: it never comes. */
function cronOf(schedule: CronSchedule): Cron | undefined {
  const known = compiled.get(schedule);
  const cron = known ?? cronProblem(schedule.pattern) ?? compile(schedule.pattern.trim());
  if (known === undefined) compiled.set(schedule, cron);
  return typeof cron === 'string' ? undefined : cron;
}

/** croner counts in whole seconds. */
const text = (civil: CivilTime): string => `${plainOf(civil).toString({ smallestUnit: 'millisecond' })}Z`;

type Answers = Map<CivilTime, CivilTime | undefined>;

/**
 * croner takes a tenth of a millisecond and more to find a time, and the same is asked again and again: for each instance, and as the end
 * of one window and the beginning of the next.
 */
class Recent {
  readonly #answers = new WeakMap<CronSchedule, Answers>();

  of(schedule: CronSchedule, civil: CivilTime, find: () => CivilTime | undefined): CivilTime | undefined {
    const answers: Answers = this.#answers.get(schedule) ?? new Map<CivilTime, CivilTime | undefined>();
    this.#answers.set(schedule, answers);
    if (answers.has(civil)) return answers.get(civil);
    if (answers.size >= MOST_ANSWERS) answers.clear();
    const answer = find();
    answers.set(civil, answer);
    return answer;
  }
}

const MOST_ANSWERS = 16;
const before = new Recent();
const after = new Recent();

/** The last civil time of the pattern at or before this one. */
export function cronAtOrBefore(schedule: CronSchedule, civil: CivilTime): CivilTime | undefined {
  // It leaves out the reference itself, but takes all that is earlier in the same second.
  const reference = Math.floor(civil / 1000) * 1000 + 1;
  return before.of(schedule, reference, () => cronOf(schedule)?.previousRuns(1, text(reference))[0]?.getTime());
}

/** The first civil time of the pattern after this one. */
export function cronAfter(schedule: CronSchedule, civil: CivilTime): CivilTime | undefined {
  return after.of(schedule, civil, () => cronOf(schedule)?.nextRun(text(civil))?.getTime());
}

function nextTime(schedule: CronSchedule, at: WallTime): WallTime | undefined {
  const civil = cronAfter(schedule, reachedBy(at, schedule.timezone));
  return civil === undefined ? undefined : instantOf(civil, schedule.timezone);
}

function windowFrom(schedule: CronSchedule, opens: WallTime): Window {
  return { opens, closes: Math.min(opens + CRON_GRACE, nextTime(schedule, opens) ?? Infinity) };
}

/** The time that has come last, and until when it is due. */
export function latestCron(schedule: CronSchedule, at: WallTime): Window | undefined {
  const civil = cronAtOrBefore(schedule, reachedBy(at, schedule.timezone));
  return civil === undefined ? undefined : windowFrom(schedule, instantOf(civil, schedule.timezone));
}

/** The first time later than `at`. */
export function nextCron(schedule: CronSchedule, at: WallTime): Window | undefined {
  const opens = nextTime(schedule, at);
  return opens === undefined ? undefined : windowFrom(schedule, opens);
}
