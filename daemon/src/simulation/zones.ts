/** Zones whose clocks are put forward and back, from a table of 2027: reckoned by other means than the daemon's. */
import { DAY, mod } from './days.ts';
import type { Random } from './random.ts';

const HOUR = 3_600_000;

interface Zone {
  /** What its clocks are ahead of UTC at the beginning of the year. */
  readonly offset: number;
  /** When they change, and what they are ahead of UTC from then on. */
  readonly changes: readonly (readonly [at: number, offset: number])[];
}

const zone = (hours: number, ...changes: (readonly [at: string, hours: number])[]): Zone => ({
  offset: hours * HOUR,
  changes: changes.map(([at, ahead]) => [Date.parse(at), ahead * HOUR]),
});

export const ZONES: Readonly<Record<string, Zone>> = {
  UTC: zone(0),
  'Europe/Madrid': zone(1, ['2027-03-28T01:00Z', 2], ['2027-10-31T01:00Z', 1]),
  'America/New_York': zone(-5, ['2027-03-14T07:00Z', -4], ['2027-11-07T06:00Z', -5]),
  // By half an hour.
  'Australia/Lord_Howe': zone(11, ['2027-04-03T15:00Z', 10.5], ['2027-10-02T15:30Z', 11]),
  // At midnight: that of a Friday does not exist.
  'Africa/Cairo': zone(2, ['2027-04-29T22:00Z', 3], ['2027-10-28T21:00Z', 2]),
};

/** What the clocks show, as milliseconds since 1970 on these clocks. */
export function shownAt(wall: number, timezone: string): number {
  const { offset = 0, changes = [] } = ZONES[timezone] ?? {};
  return wall + (changes.findLast(([at]) => at <= wall)?.[1] ?? offset);
}

/** The latest that they have shown: a time that comes twice has come the first time. */
export function reachedAt(wall: number, timezone: string): number {
  const before = (ZONES[timezone]?.changes ?? []).filter(([at]) => at <= wall).map(([at]) => shownAt(at - 1, timezone));
  return Math.max(shownAt(wall, timezone), ...before);
}

/** When, and in which zone, a history begins: most of them a little before the clocks change. */
export function randomBeginning(random: Random): { readonly wall: number; readonly timezone: string } {
  const timezone = random.pick(Object.keys(ZONES)) ?? 'UTC';
  const change = random.pick(ZONES[timezone]?.changes ?? []);
  if (change === undefined) return { wall: 1_700_000_000_000, timezone };
  return { wall: change[0] - random.below(150_000), timezone };
}

/** A time of day at which something may open: about now, or about the change of the clocks. */
export function randomTimeOfDay(random: Random, wall: number, timezone: string): number {
  const near = ZONES[timezone]?.changes.find(([at]) => Math.abs(at - wall) < DAY)?.[0];
  const base =
    near !== undefined && random.chance(0.4) ? shownAt(near - random.oneOf(0, 1), timezone) : shownAt(wall, timezone);
  return mod(base + random.between(-60_000, 90_000), DAY);
}
