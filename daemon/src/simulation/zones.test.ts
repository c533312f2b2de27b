import { expect, test } from 'vitest';
import { DAY } from './days.ts';
import { shownAt, ZONES } from './zones.ts';

test.each(Object.keys(ZONES))('the clocks of %s go as those of the system do', (timezone) => {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' });
  const utc = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' });
  const changes = ZONES[timezone]?.changes.flatMap(([at]) => [at - 1_000, at, at + 1_000]) ?? [];
  const days = Array.from({ length: 365 }, (_, day) => Date.UTC(2027, 0, 1) + day * DAY);
  for (const at of [...days, ...changes]) expect(utc.format(shownAt(at, timezone))).toBe(format.format(at));
});
