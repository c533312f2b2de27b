import { readlinkSync } from 'node:fs';

const ZONEINFO = /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/;

/**
 * The system's time zone as an IANA name: `TZ`, else where /etc/localtime points (localtime(5)), else UTC. Not asked of `Intl`,
 * which would take 8 MB of memory for the answer.
 */
export function systemTimezone(env: Readonly<Record<string, string | undefined>>): string {
  const zone = zoneOf(env);
  // Its other names are looked up in the tables.
  return /^(?:Etc\/)?(?:UTC|UCT|GMT|Zulu|Universal)$/.test(zone) ? 'UTC' : zone;
}

function zoneOf(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['TZ']?.replace(/^:/, '');
  if (given !== undefined && given !== '') return ZONEINFO.exec(given)?.[1] ?? given;
  try {
    return ZONEINFO.exec(readlinkSync('/etc/localtime'))?.[1] ?? 'UTC';
  } catch {
    return 'UTC';
  }
}
