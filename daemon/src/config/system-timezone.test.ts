import { expect, test } from 'vitest';
import { systemTimezone } from './system-timezone.ts';

test.each([
  ['Europe/Madrid', 'Europe/Madrid'],
  [':Europe/Madrid', 'Europe/Madrid'],
  ['/usr/share/zoneinfo/Australia/Lord_Howe', 'Australia/Lord_Howe'],
  ['UTC', 'UTC'],
  ['Etc/UTC', 'UTC'],
])('TZ=%s', (TZ, zone) => {
  expect(systemTimezone({ TZ })).toBe(zone);
});

test('without TZ it is the one of /etc/localtime, as the platform sees it', () => {
  const here = systemTimezone({});
  const same = (zone: string): string => new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  expect(() => same(here)).not.toThrow();
});
