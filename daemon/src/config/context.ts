import { availableParallelism } from 'node:os';
import type { AccountLookup } from '../effects/accounts.ts';
import { isTimezone } from './apply-on.ts';
import { systemTimezone } from './system-timezone.ts';

/** What a configuration's defaults depend on. */
export interface LoadContext {
  /** Effective user id of the daemon. */
  euid: number;
  /** Its effective group id; as `euid` unless given. */
  egid?: number;
  /** Users and groups; the system's unless given. */
  accounts?: AccountLookup;
  env: Record<string, string | undefined>;
  cpus: number;
  /** An IANA name. */
  systemTimezone: string;
  /** The moment that decides which versions are in effect; the clock's unless given. */
  now?: number;
  /** `--state-dir`: wins over the file, and so do the defaults that follow from it. Absolute. */
  stateDir?: string;
  /** It was applied before, and only the machine may have changed since: what is missing there is told, and stops no daemon. */
  wasApplied?: boolean;
}

/** The surroundings of this process. */
export function currentContext(): LoadContext {
  const timezone = systemTimezone(process.env);
  return {
    euid: process.geteuid?.() ?? 0,
    egid: process.getegid?.() ?? 0,
    env: process.env,
    cpus: availableParallelism(),
    systemTimezone: isTimezone(timezone) ? timezone : 'UTC',
  };
}
