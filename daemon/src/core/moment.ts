/** Moments as an operator writes them: `stop --until`, `status --at`, `timeline --from` (SPEC 9). */
import { Temporal } from 'temporal-polyfill';
import type { WallTime } from './model.ts';
import { bounded, DAY, instantOf, instantOfPlain, shownAt } from './time/civil.ts';

export type Resolved<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** What is allowed, for messages. */
export const MOMENT_FORMS =
  '18:00 (the next one), 2026-12-01 (its midnight), or 2026-12-01T08:00, with an offset (+01:00, Z) or without';

const CLOCK = /^(?<hour>\d{1,2}):(?<minute>[0-5]\d)(?::(?<second>[0-5]\d))?$/;
const DATE_TIME =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt ](?<time>\d{2}:\d{2}(?::[0-5]\d(?:\.\d{1,9})?)?)(?<offset>[Zz]|[+-]\d{2}:\d{2})?)?$/;

type Parts = Readonly<Record<string, string | undefined>>;

/**
 * When that is. A date-time may be past; a time of day is the next one after now.
 *
 * @param timezone - IANA name, for what is written without an offset
 */
export function resolveMoment(text: string, timezone: string, now: WallTime): Resolved<WallTime> {
  const written = text.trim();
  const clock = CLOCK.exec(written)?.groups;
  const at = clock === undefined ? dateTime(written, timezone) : nextClock(clock, timezone, bounded(now));
  if (at !== undefined) return { ok: true, value: at };
  return { ok: false, problem: `"${text}" is no time; write ${MOMENT_FORMS}` };
}

/** As `resolveMoment`, but a time of day is the latest one, now or before. */
export function resolvePast(text: string, timezone: string, now: WallTime): Resolved<WallTime> {
  const next = resolveMoment(text, timezone, now);
  if (!next.ok || !CLOCK.test(text.trim())) return next;
  // A day before the next one is where the next one after that is to be looked for; a day may have 25 hours.
  const candidates = [26, 25, 24, 23].map((hours) => resolveMoment(text, timezone, now - hours * 3_600_000));
  const past = candidates.flatMap((each) => (each.ok && each.value <= now ? [each.value] : []));
  return { ok: true, value: past.reduce((latest, at) => Math.max(latest, at), past[0] ?? next.value - DAY) };
}

function nextClock(
  { hour = '', minute = '', second = '0' }: Parts,
  timezone: string,
  now: WallTime,
): WallTime | undefined {
  const ofDay = (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000;
  if (ofDay > DAY) return undefined;
  const midnight = Math.floor(shownAt(now, timezone) / DAY) * DAY;
  // From yesterday on, whose 24:00 is today's midnight; where the clocks skip or repeat a time, the day after tomorrow may be it.
  return [-1, 0, 1, 2].map((days) => instantOf(midnight + days * DAY + ofDay, timezone)).find((at) => at > now);
}

function dateTime(text: string, timezone: string): WallTime | undefined {
  const { date, time = '00:00', offset } = (DATE_TIME.exec(text)?.groups ?? {}) as Parts;
  if (date === undefined) return undefined;
  try {
    const plain = Temporal.PlainDateTime.from(`${date}T${time}`, { overflow: 'reject' });
    if (offset === undefined) return instantOfPlain(plain, timezone);
    return Temporal.Instant.from(`${plain.toString()}${offset}`).epochMilliseconds;
  } catch {
    return undefined;
  }
}
