/**
 * The civil time along a stretch of which only the offsets at its ends are known (`+02:00`): when the clocks change in between is
 * found by looking for a zone that has these offsets there.
 */

const MINUTE = 60_000;

/** Milliseconds that civil time is ahead of UTC at a moment. */
export type OffsetAt = (moment: number) => number;

/** @param stamps - ISO times of one zone, with their offsets, in order */
export function offsetsAlong(stamps: readonly string[]): OffsetAt {
  const known = stamps.map((stamp) => ({ at: Date.parse(stamp), offset: offsetOf(stamp) }));
  const first = known[0]?.offset ?? 0;
  if (known.every(({ offset }) => offset === first)) return () => first;
  const zone = zones().find((name) => {
    const its = offsetIn(name);
    return known.every(({ at, offset }) => its(at) === offset);
  });
  if (zone !== undefined) return offsetIn(zone);
  return (moment) => known.findLast(({ at }) => at <= moment)?.offset ?? first;
}

/** The reader's own first: it is mostly that one. */
function zones(): string[] {
  return [new Intl.DateTimeFormat().resolvedOptions().timeZone, ...Intl.supportedValuesOf('timeZone')];
}

function offsetIn(zone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  return (moment) => {
    const name = format.formatToParts(moment).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    return offsetOf(name.replace('GMT', '') || 'Z');
  };
}

/** Of the end of an ISO time: `+01:00`; anything else is none. */
export function offsetOf(stamp: string): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(stamp) ?? [];
  const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE;
  return sign === '-' ? -size : size;
}
