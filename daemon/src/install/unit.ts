/** The systemd unit, made of etc/procmand.service; and how to tell one that we wrote from one that somebody has changed. */
import { createHash } from 'node:crypto';
import template from '../../../etc/procmand.service';

export interface UnitParts {
  readonly procmand: string;
  readonly procmanctl: string;
  readonly config: string;
  readonly isUser: boolean;
  /** `systemd-notify` is there to tell when the daemon serves. */
  readonly canNotify: boolean;
  /** In milliseconds. */
  readonly shutdownTimeout: number;
  /** What PATH has to be, where systemd's usual one does not find Node.js. */
  readonly path: string | undefined;
}

/** Longer than `shutdown-timeout` by the time that hooks, the daemon's end and a busy machine may take. In seconds. */
const MARGIN = 30;
const LEAST_STOP_TIMEOUT = 90;

export function unitText(parts: UnitParts): string {
  const stopTimeout = Math.max(LEAST_STOP_TIMEOUT, Math.ceil(parts.shutdownTimeout / 1_000) + MARGIN);
  let text = template
    .replaceAll('/usr/local/bin/procmanctl', () => unitWord(parts.procmanctl))
    .replaceAll('/usr/local/bin/procmand', () => unitWord(parts.procmand))
    .replaceAll('/etc/procman.toml', () => unitWord(parts.config))
    .replace(/^TimeoutStopSec=.*$/m, `TimeoutStopSec=${stopTimeout}`);
  if (!parts.canNotify) text = text.replace(/^# systemd-notify.*\nType=notify\nNotifyAccess=all$/m, 'Type=exec');
  const { path } = parts;
  if (path !== undefined)
    text = text.replace(/^ExecStart=/m, () => `Environment=${unitWord(`PATH=${path}`)}\nExecStart=`);
  return sealed(parts.isUser ? forUser(text) : text);
}

/** A user's own systemd knows neither the network nor the machine's file systems; and it is another systemctl. */
function forUser(text: string): string {
  return text
    .replace(/^After=.*\nWants=.*\n/m, '')
    .replaceAll('systemctl is-system-running', 'systemctl --user is-system-running')
    .replace('systemctl edit', 'systemctl --user edit')
    .replace('WantedBy=multi-user.target', 'WantedBy=default.target');
}

/** One word of a command line in a unit, systemd.service(5): `%` and `$` stand for something, blanks part words. */
function unitWord(text: string): string {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@./:+%$=-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll(/["\\]/g, '\\$&')}"`;
}

const SEAL = '# procman-unit ';

/** The last line tells whether the text before it is as we wrote it. */
function sealed(text: string): string {
  return `${text}${SEAL}${sealOf(text)}\n`;
}

function sealOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Whose a unit is: ours and untouched; ours and changed by hand; or one that somebody else wrote. */
export function originOf(text: string): 'ours' | 'changed' | 'foreign' {
  const at = text.lastIndexOf(SEAL);
  if (at < 0) return 'foreign';
  return text.slice(at) === `${SEAL}${sealOf(text.slice(0, at))}\n` ? 'ours' : 'changed';
}
