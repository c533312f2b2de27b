/** The keys at the top of the file and of `[daemon]` (SPEC 2, 2.1), each declared once: check, default, meaning. */
import * as z from 'zod';
import { key, type Values } from './key.ts';
import * as value from './values.ts';

/** `"N%"` or `"off"`. Not undefined for off: zod would put the default in its place. */
const reloadGuard = z.string().transform((given, context): number | 'off' => {
  if (given === 'off') return given;
  const percent = /^(\d{1,3})\s*%$/.exec(given)?.[1];
  if (percent !== undefined && Number(percent) <= 100) return Number(percent);
  context.issues.push({ code: 'custom', message: 'is not a share', input: given });
  return z.NEVER;
});

export const topKeys = {
  /** [P] Text; each file its own. */
  uid: key(
    z.string().refine((given) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(given), 'is not a valid uid'),
    {
      about: "What tells this file's services from those of others. Never change it while they run.",
      allowed:
        '1-64 letters, digits, ".", "_" and "-", not beginning with "." or "-"; `procmanctl uid` prints a new one',
    },
  ),
  /** [P] Text. */
  'file-format': key(value.choice(['0']), { about: "The version of the file's format.", allowed: '"0"' }),
};

export const daemonKeys = {
  /** Path. */
  'state-dir': key(value.pathText().optional(), {
    about: 'The folder of the state files.',
    allowed: "a path; relative ones start at the configuration file's folder",
    defaultText: 'root: `/var/lib/procman/UID`; else `$XDG_STATE_HOME` (or `~/.local/state`)`/procman/UID`',
  }),
  /** Path of at most 107 bytes, unix(7). */
  socket: key(value.pathText().optional(), {
    about: 'The control socket.',
    allowed: 'a path of at most 107 bytes',
    defaultText:
      'root: `/run/procman/UID.sock`; else `$XDG_RUNTIME_DIR/procman/UID.sock`; else `STATE-DIR/procmand.sock`; too long: `/tmp/procman-EUID/UID.sock`',
  }),
  /** Permission bits. */
  'socket-mode': key(value.mode().optional(), {
    about: 'The permissions of the socket: who may control the services.',
    allowed: '"0600" or 0o600',
    defaultText: '`"0600"`; with a group `"0660"`',
  }),
  /** Name of a group. */
  'socket-group': key(
    value
      .text()
      .refine((given) => given.trim() !== '', 'the name is empty')
      .optional(),
    {
      about: 'The group that the socket belongs to.',
      allowed: 'the name of a group',
    },
  ),
  /** [T] `-`, `syslog` or a path. */
  'log-file': key(value.pathText().optional(), {
    about: "The daemon's own log; `-` is its stderr.",
    allowed: '"-", "syslog" or a path',
    defaultText: '`-`; with `--daemonize` `STATE-DIR/procmand.log`',
  }),
  /** [T] */
  'log-level': key(value.choice(['critical', 'error', 'warning', 'info', 'debug']).default('info'), {
    about: 'How much the daemon logs.',
    allowed: '"critical", "error", "warning", "info", "debug"',
  }),
  /** [T] Path. */
  'child-log-dir': key(value.pathText().optional(), {
    about: "The folder of the services' logs where they are `auto`.",
    allowed: "a path; relative ones start at the configuration file's folder",
    defaultText: '`STATE-DIR/logs`',
  }),
  /** What SIGTERM, SIGINT and SIGQUIT do with the services. */
  'on-exit': key(value.choice(['leave', 'stop']).optional(), {
    about: 'What becomes of the services when the daemon is told to end.',
    allowed: '"leave", "stop"',
    defaultText: '`leave`',
  }),
  /** Count. */
  'max-parallel-starts': key(value.integer(1, 10_000).optional(), {
    about: 'How many starts are under way at once.',
    allowed: 'a whole number from 1 to 10000',
    defaultText: 'the number of CPUs',
  }),
  /** [+] IANA name. */
  timezone: key(value.timezone().optional(), {
    about: 'The zone of all civil times.',
    allowed: 'an IANA name such as "Europe/Madrid" or "UTC"',
    defaultText: "the system's",
  }),
  /** [O] Duration. */
  'shutdown-timeout': key(value.duration({ zero: false }).default(45_000), {
    about: 'The longest that stopping everything may take.',
    allowed: value.durationForm({ zero: false }),
  }),
  /** [O] Duration. */
  'dependency-timeout': key(value.duration({ zero: true }).default(120_000), {
    about: 'Waiting longer for a dependency is a problem.',
    allowed: value.durationForm({ zero: true }),
  }),
  /** [+] `"N%"` or `"off"`. */
  'reload-guard': key(reloadGuard.default(50), {
    about: 'A reload that nobody watches and that would stop more than this share of what runs is held until `update`.',
    allowed: '"N%" with N from 0 to 100, or "off"',
  }),
};

/** The checked values of `[daemon]`. */
export type DaemonValues = Values<typeof daemonKeys>;
