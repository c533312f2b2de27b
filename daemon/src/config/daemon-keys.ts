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
      example: 'uid = "550e8400-e29b-41d4-a716-446655440000"',
    },
  ),
  /** [P] Text. */
  'file-format': key(value.choice(['0']), {
    about: "The version of the file's format.",
    allowed: '"0"',
    example: 'file-format = "0"',
  }),
  /** [+] Paths of files, or patterns. */
  include: key(z.array(value.text().refine((path) => path.trim() !== '', 'the path is empty')).default([]), {
    about:
      'Further files with `[[process]]` and `[[template]]`, in the order of their names. `*` and `?` stand for anything but `/`. Relative paths in them start at the folder of this file, not of theirs.',
    allowed: 'a list of paths and patterns',
    example: 'include = ["conf.d/*.toml"]',
  }),
};

export const daemonKeys = {
  /** Path. */
  'state-dir': key(value.pathText().optional(), {
    about: 'The folder of the state files.',
    allowed: "a path; relative ones start at the configuration file's folder",
    defaultText: 'root: `/var/lib/procman/UID`; else `$XDG_STATE_HOME` (or `~/.local/state`)`/procman/UID`',
    example: 'state-dir = "/var/lib/procman/shop"',
  }),
  /** Path of at most 107 bytes, unix(7). */
  socket: key(value.pathText().optional(), {
    about: 'The control socket.',
    allowed: 'a path of at most 107 bytes',
    defaultText:
      'root: `/run/procman/UID.sock`; else `$XDG_RUNTIME_DIR/procman/UID.sock`; else `STATE-DIR/procmand.sock`; too long: `/tmp/procman-EUID/UID.sock`',
    example: 'socket = "/run/procman/shop.sock"',
  }),
  /** Permission bits. */
  'socket-mode': key(value.mode().optional(), {
    about: 'The permissions of the socket: who may control the services.',
    allowed: '"0600" or 0o600',
    defaultText: '`"0600"`; with a group `"0660"`',
    example: 'socket-mode = "0660"',
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
      example: 'socket-group = "adm"',
    },
  ),
  /** [+] Path of at most 107 bytes, unix(7). */
  'monitor-socket': key(value.pathText().optional(), {
    about:
      'A second socket, for reading only: it answers `ping`, `version`, `status`, `timeline`, `events`, `subscribe`, `metrics`.',
    allowed: 'a path of at most 107 bytes',
    example: 'monitor-socket = "/run/procman/shop.monitor.sock"',
  }),
  /** Permission bits. */
  'monitor-socket-mode': key(value.mode().default(0o666), {
    about: 'The permissions of `monitor-socket`: who may look.',
    allowed: '"0666" or 0o666',
    example: 'monitor-socket-mode = "0644"',
  }),
  /** [T] `-`, `syslog` or a path. */
  'log-file': key(value.pathText().optional(), {
    about: "The daemon's own log; `-` is its stderr.",
    allowed: '"-", "syslog" or a path',
    defaultText: '`-`; with `--daemonize` `STATE-DIR/procmand.log`',
    example: 'log-file = "syslog"',
  }),
  /** [T] */
  'log-level': key(value.choice(['critical', 'error', 'warning', 'info', 'debug']).default('info'), {
    about: 'How much the daemon logs.',
    allowed: '"critical", "error", "warning", "info", "debug"',
    example: 'log-level = "debug"',
  }),
  /** [T] Path. */
  'child-log-dir': key(value.pathText().optional(), {
    about: "The folder of the services' logs where they are `auto`.",
    allowed: "a path; relative ones start at the configuration file's folder",
    defaultText: '`STATE-DIR/logs`',
    example: 'child-log-dir = "/var/log/shop"',
  }),
  /** [T] Truth value. */
  'no-cleanup': key(z.boolean().default(false), {
    about:
      'false: when the daemon starts, `auto` logs of instances that the configuration no longer has, and that nobody has written to for 7 days, are removed.',
    allowed: 'true, false',
    example: 'no-cleanup = true',
  }),
  /** Size. */
  'log-max-bytes': key(value.size().default(50_000_000), {
    about: "The daemon's own log file is rotated when it is larger; 0: never.",
    allowed: value.SIZE_FORMS,
    example: 'log-max-bytes = "10MB"',
  }),
  /** Count. */
  'log-backups': key(value.integer(0, 1000).default(10), {
    about: "How many earlier files of the daemon's own log are kept.",
    allowed: 'a whole number from 0 to 1000',
    example: 'log-backups = 3',
  }),
  /** [O] Truth value. */
  stream: key(z.boolean().optional(), {
    about: "Copies the services' output to the daemon's stdout, each line with a coloured `[name]` before it.",
    allowed: 'true, false',
    defaultText: 'false; true where the daemon is PID 1',
    example: 'stream = true',
  }),
  /** What SIGTERM, SIGINT and SIGQUIT do with the services. */
  'on-exit': key(value.choice(['leave', 'stop']).optional(), {
    about: 'What becomes of the services when the daemon is told to end.',
    allowed: '"leave", "stop"',
    defaultText: '`leave`; `stop` where the daemon is PID 1',
    example: 'on-exit = "stop"',
  }),
  /** Count. */
  'max-parallel-starts': key(value.integer(1, 10_000).optional(), {
    about: 'How many starts are under way at once.',
    allowed: 'a whole number from 1 to 10000',
    defaultText: 'the number of CPUs',
    example: 'max-parallel-starts = 2',
  }),
  /** [+] IANA name. */
  timezone: key(value.timezone().optional(), {
    about: 'The zone of all civil times.',
    allowed: 'an IANA name such as "Europe/Madrid" or "UTC"',
    defaultText: "the system's",
    example: 'timezone = "Europe/Madrid"',
  }),
  /** [+] Truth value. */
  'watch-config': key(z.boolean().default(false), {
    about: 'Reload when the file changes, or one that it names.',
    allowed: 'true, false',
    example: 'watch-config = true',
  }),
  /** [O] Duration. */
  'shutdown-timeout': key(value.duration({ zero: false }).default(45_000), {
    about: 'The longest that stopping everything may take; what is left then is killed (SIGKILL).',
    allowed: value.durationForm({ zero: false }),
    example: 'shutdown-timeout = "1m"',
  }),
  /** [O] Duration. */
  'dependency-timeout': key(value.duration({ zero: true }).default(120_000), {
    about: 'Waiting longer for a dependency is a problem.',
    allowed: value.durationForm({ zero: true }),
    example: 'dependency-timeout = "5m"',
  }),
  /** [+] `"N%"` or `"off"`. */
  'reload-guard': key(reloadGuard.default(50), {
    about: 'A reload that nobody watches and that would stop more than this share of what runs is held until `update`.',
    allowed: '"N%" with N from 0 to 100, or "off"',
    example: 'reload-guard = "25%"',
  }),
  /** [+] Duration. */
  'events-max-age': key(value.duration({ zero: false }).default(90 * 86_400_000), {
    about: 'How long events are kept.',
    allowed: value.durationForm({ zero: false }),
    example: 'events-max-age = "90d"',
  }),
  /** [+] Size. */
  'events-max-bytes': key(value.size().default(64_000_000), {
    about: 'How large the history of events (`STATE-DIR/events.db`) may grow; then the oldest are removed.',
    allowed: value.SIZE_FORMS,
    example: 'events-max-bytes = "64MB"',
  }),
};

/** The checked values of `[daemon]`. */
export type DaemonValues = Values<typeof daemonKeys>;
