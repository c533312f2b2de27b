import { fileURLToPath } from 'node:url';
import type { LoadContext } from './context.ts';

/** Has a stand-in for podman, which not every machine has. */
const programs = fileURLToPath(new URL('fixtures/bin', import.meta.url));

/** Surroundings that are the same on every machine, for tests: the year 2026, an ordinary user. */
export const testContext: LoadContext = {
  euid: 1000,
  env: { HOME: '/home/someone', XDG_RUNTIME_DIR: '/run/user/1000', PATH: `/usr/bin:/bin:${programs}` },
  cpus: 2,
  systemTimezone: 'Europe/Madrid',
  now: Date.UTC(2026, 0, 1),
};
