import type { LoadContext } from './context.ts';

/** Surroundings that are the same on every machine, for tests: the year 2026, an ordinary user. */
export const testContext: LoadContext = {
  euid: 1000,
  env: { HOME: '/home/someone', XDG_RUNTIME_DIR: '/run/user/1000', PATH: '/usr/bin:/bin' },
  cpus: 2,
  systemTimezone: 'Europe/Madrid',
  now: Date.UTC(2026, 0, 1),
};
