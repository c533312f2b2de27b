/**
 * Civil date-times of `apply-on` (SPEC 2): `2024-10-01T12:00:00`, `2024-10-01T12:00`, `2024-10-01`, with an offset or `Z`.
 * The time zone rules come from Temporal; nothing here reads a clock.
 */
import { Temporal } from 'temporal-polyfill';
import type { ApplyOn } from '../core/model.ts';
import { instantOfPlain } from '../core/time/civil.ts';

/** What is allowed, for messages. */
export const APPLY_ON_FORMS =
  '"2024-10-01T12:00:00", "2024-10-01T12:00" or "2024-10-01", with an offset (+02:00, Z) or without';

const SHAPE =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt ](?<minutes>\d{2}:\d{2})(?::(?<seconds>\d{2})(?:\.(?<fraction>\d{1,9}))?)?(?<offset>[Zz]|[+-]\d{2}:\d{2})?)?$/;

/** A civil time, checked, with one spelling per time. */
export interface CivilTime {
  readonly date: string;
  readonly time: string;
  /** `Z` or `+02:00`; undefined: in the configured time zone. */
  readonly offset?: string;
}

/**
 * Checks a written civil time and gives it its one spelling.
 *
 * @returns undefined where it is none
 */
export function parseCivilTime(text: string): CivilTime | undefined {
  const parts = SHAPE.exec(text.trim())?.groups;
  if (parts?.['date'] === undefined) return undefined;
  const seconds = parts['seconds'] ?? '00';
  const fraction = (parts['fraction'] ?? '').replace(/0+$/, '');
  const time = `${parts['minutes'] ?? '00:00'}:${seconds}${fraction === '' ? '' : `.${fraction}`}`;
  const offset = normaliseOffset(parts['offset']);
  if (seconds > '59' || !isReal(`${parts['date']}T${time}`, offset)) return undefined;
  return { date: parts['date'], time, ...(offset === undefined ? {} : { offset }) };
}

function normaliseOffset(offset: string | undefined): string | undefined {
  if (offset === undefined) return undefined;
  return /^([Zz]|[+-]00:00)$/.test(offset) ? 'Z' : offset;
}

/** The calendar has this day, the clock this time, and the offset is one. */
function isReal(text: string, offset: string | undefined): boolean {
  try {
    Temporal.PlainDateTime.from(text, { overflow: 'reject' });
    if (offset !== undefined) Temporal.Instant.from(`${text}${offset}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * When a civil time is, in the zone unless it has an offset. A local time that DST skips is the first existing moment after
 * it, a repeated one its first occurrence (SPEC 3).
 *
 * @param timezone - an IANA name that `isTimezone` accepts
 */
export function resolveCivilTime(civil: CivilTime, timezone: string): ApplyOn {
  const text = `${civil.date}T${civil.time}`;
  if (civil.offset !== undefined) {
    return { text: `${text}${civil.offset}`, at: Temporal.Instant.from(`${text}${civil.offset}`).epochMilliseconds };
  }
  return { text, at: instantOfPlain(Temporal.PlainDateTime.from(text), timezone) };
}

/** Is this an IANA time zone that this Node knows? Offsets like `+02:00` are none. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return false;
  try {
    Temporal.PlainDateTime.from('2024-01-01T00:00').toZonedDateTime(name);
    return true;
  } catch {
    return false;
  }
}
