/** Times in the zone that they were written for, not in the reader's. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const ISO = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** `2026-03-01T08:00:00.000+01:00` -> `Sun 2026-03-01 08:00:00 +01:00` */
export function formatCivil(iso: string): string {
  const [, date, clock, offset] = ISO.exec(iso) ?? [];
  if (date === undefined) return iso;
  return `${DAYS[new Date(date).getUTCDay()] ?? ''} ${date} ${clock ?? ''} ${offset ?? ''}`;
}
