import * as fs from 'node:fs';
import { readOptional } from './proc.ts';

/** O_CLOEXEC in the flags of /proc/PID/fdinfo (octal). */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes what the daemon's own starter left open and Node would pass on to services: descriptors without close-on-exec.
 * (At its start Node marks those up to the first gap above 16, no more. A shell cannot do it for us: dash knows one-digit
 * descriptors only.) To be called first, while nothing else is open.
 */
export function closeInheritedDescriptors(): void {
  for (const name of fs.readdirSync('/proc/self/fd')) {
    const flags = /^flags:\s*(\d+)/m.exec(readOptional(`/proc/self/fdinfo/${name}`))?.[1];
    if (Number(name) <= 2 || flags === undefined || (parseInt(flags, 8) & CLOSE_ON_EXEC) !== 0) continue;
    fs.closeSync(Number(name));
  }
}
