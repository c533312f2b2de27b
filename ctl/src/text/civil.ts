/** Times in the zone that they were written for, not in the reader's. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const ISO = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export interface Civil {
  /** `2026-03-01` */
  readonly date: string;
  /** `08:00:00` */
  readonly clock: string;
  /** `Z` or `+01:00` */
  readonly offset: string;
}

/** The parts of an ISO time as they are written; undefined where it is none. */
export function civilOf(iso: string): Civil | undefined {
  const [, date, clock, offset] = ISO.exec(iso) ?? [];
  return date === undefined || clock === undefined || offset === undefined ? undefined : { date, clock, offset };
}

/** `2026-03-01T08:00:00.000+01:00` -> `Sun 2026-03-01 08:00:00 +01:00` */
export function formatCivil(iso: string): string {
  const civil = civilOf(iso);
  if (civil === undefined) return iso;
  const { date, clock, offset } = civil;
  return `${DAYS[new Date(date).getUTCDay()] ?? ''} ${date} ${clock} ${offset}`;
}
