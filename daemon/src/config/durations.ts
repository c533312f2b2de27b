/**
 * Lengths of time as people write them: `"3s"`, `"1m 30s"`, `"500ms"`, `"2h"`, `"1d"`, a number of seconds, or PROCRUST's
 * `{ secs = 30, nanos = 0 }` (SPEC 2).
 */
import type { Milliseconds } from '../core/model.ts';

/** Ten years: longer ones are slips, and timers must not overflow. */
export const LONGEST_DURATION: Milliseconds = 10 * 365 * 24 * 3600 * 1000;

/** What is allowed, for messages. */
export const DURATION_FORMS = '"3s", "1m 30s", "500ms", "2h", "1d", a number of seconds, or { secs, nanos }';

const UNITS: ReadonlyMap<string, Milliseconds> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['sec', 1000],
  ['secs', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Either the milliseconds, or what is wrong. */
export type DurationResult = { readonly ms: Milliseconds } | { readonly problem: string };

/** Reads a written duration. A text without a unit is a number of seconds. Never throws. */
export function parseDuration(
  value: string | number | { secs?: number | undefined; nanos?: number | undefined },
): DurationResult {
  if (typeof value === 'number') return checkLength(value * 1000);
  if (typeof value === 'string') return parseText(value);
  return checkLength((value.secs ?? 0) * 1000 + (value.nanos ?? 0) / 1e6);
}

function parseText(text: string): DurationResult {
  const trimmed = text.trim();
  if (trimmed.length > 100) return { problem: 'is not a duration' };
  if (/^-/.test(trimmed)) return { problem: 'a duration cannot be negative' };
  if (/^\d+(\.\d+)?$/.test(trimmed)) return checkLength(Number(trimmed) * 1000);
  if (!/^(\d+(\.\d+)?\s*[a-z]+\s*)+$/i.test(trimmed)) return { problem: 'is not a duration' };
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const factor = UNITS.get((unit ?? '').toLowerCase());
    if (factor === undefined) return { problem: `has an unknown unit "${unit ?? ''}"` };
    total += Number(amount) * factor;
  }
  return checkLength(total);
}

/** Rounded to whole milliseconds; what is more than nothing stays more than nothing. */
function checkLength(ms: number): DurationResult {
  if (!Number.isFinite(ms)) return { problem: 'is not a duration' };
  if (ms < 0) return { problem: 'a duration cannot be negative' };
  if (ms > LONGEST_DURATION) return { problem: 'is longer than ten years' };
  return { ms: ms > 0 && ms < 1 ? 1 : Math.round(ms) };
}

/** A duration as it would be written: `1m 30s`. */
export function formatDuration(ms: Milliseconds): string {
  const parts: string[] = [];
  let rest = ms;
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const factor = UNITS.get(unit) ?? 1;
    const count = Math.floor(rest / factor);
    rest -= count * factor;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.length === 0 ? '0s' : parts.join(' ');
}
