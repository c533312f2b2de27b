/**
 * The keys of a `[[process]]` table (SPEC 2.2), each declared once: check, default, meaning. `[defaults]` has the same keys but
 * `id`, `apply-on` and `command`.
 */
import * as z from 'zod';
import type { LogTarget } from '../core/model.ts';
import { dependencies, DEPENDENCY_FORMS } from './dependency-keys.ts';
import { CHECK_FORMS, healthCheck, hook, HOOK_FORMS, START_CHECK_FORMS, startHealthCheck } from './hook-keys.ts';
import { allowing, key, type Values } from './key.ts';
import { schedule, SCHEDULE_FORMS } from './schedule-keys.ts';
import * as value from './values.ts';

const COMMAND_TYPES = ['auto', 'simple', 'expression', 'pid-file', 'podman-cid', 'external'] as const;
/** Spellings of older files. */
const COMMAND_TYPE_ALIASES = { normal: 'simple', podman_cid: 'podman-cid' } as const;

const commandType = value
  .choice([...COMMAND_TYPES, 'normal', 'podman_cid'])
  .transform((word) => (word === 'normal' || word === 'podman_cid' ? COMMAND_TYPE_ALIASES[word] : word));

const command = z.union([
  value.templatableText(),
  value.strictTable({
    line: allowing(value.templatableText(), 'a text'),
    type: allowing(commandType, `"${COMMAND_TYPES.join('", "')}"`).default('auto'),
  }),
]);

/** Paths are still as written. */
function logTarget(path: string): LogTarget {
  return path === 'auto' || path === 'none' ? { kind: path } : { kind: 'file', path };
}

const stdoutLog = value.pathText().transform(logTarget);
const stderrLog = value
  .pathText()
  .transform((path): LogTarget => (path === 'stdout' ? { kind: 'stdout' } : logTarget(path)));

/** [P] PROCRUST's `type`: says whether the version is fake. */
const legacyType = value.choice(['fake', 'normal']).transform((word) => word === 'fake');

const oneShot = z.union([z.boolean(), value.choice(['boot'])]);

/** Both streams into one file. */
const logFile = value
  .pathText()
  .refine((path) => path !== 'stdout', 'is no path')
  .transform(logTarget);

/** All, nothing, or these names. */
const inheritEnv = z.union([
  z.boolean(),
  z.array(z.string().refine((name) => value.VARIABLE_NAME.test(name), 'is not a shell identifier')),
]);

const limitNumber = (most: number): z.ZodType<number | 'unlimited', number | string> =>
  allowing(
    z.union([value.integer(0, most), value.choice(['unlimited'])]),
    `a whole number from 0 to ${most}, or "unlimited"`,
  );
const limitSize = allowing(z.union([value.choice(['unlimited']), value.size()]), `${value.SIZE_FORMS}, or "unlimited"`);
const limitTime = allowing(
  z.union([value.choice(['unlimited']), value.duration({ zero: false })]),
  `${value.durationForm({ zero: false })}, or "unlimited"`,
);

/** Resource limits, getrlimit(2); soft and hard limit alike. */
const limits = value.strictTable({
  nofile: limitNumber(2 ** 30).optional(),
  nproc: limitNumber(2 ** 22).optional(),
  core: limitSize.optional(),
  memory: limitSize.optional(),
  cpu: limitTime.optional(),
});

export const identityKeys = {
  /** [P] Text. Several tables may have one id with different `apply-on`. */
  id: key(value.name(), {
    about: 'The process; several tables with one id are its versions.',
    allowed: value.NAME_FORM,
    example: 'id = "web"',
  }),
  /** [P] Civil date-time, in `[daemon].timezone` unless it has an offset. */
  'apply-on': key(value.civilTime(), {
    about: 'When this version takes effect; in `[daemon].timezone` unless it has an offset.',
    allowed: value.APPLY_ON_FORMS,
    example: 'apply-on = "2026-10-01T12:00:00"',
  }),
  /** [P] Text, or `{ line, type }`. */
  command: key(command, {
    about: 'What is run. `auto` runs a line without shell syntax directly, any other with `/bin/sh -c`.',
    allowed: `a text, or { line = "...", type = "${COMMAND_TYPES.join('", "')}" }`,
    example: 'command = "sleep 5555"',
  }),
};

export const sharedKeys = {
  /** [P] `template = "NAME"` and its variables. */
  template: key(z.record(z.string(), value.scalar()).optional(), {
    about: 'Takes the keys of a `[[template]]`, with its variables given here; keys of this table win.',
    allowed: 'a table: template = "NAME", and a text for each of its variables',
    example: 'template = { template = "SLEEPER", seconds = "60" }',
  }),
  /** Table of texts, numbers and truth values. */
  params: key(z.record(z.string(), value.scalar()).default({}), {
    about: 'Values for `{{ NAME }}` in this table.',
    allowed: 'a table of texts, numbers and truth values',
    example: 'params = { PORT = 8080 }',
  }),
  /** [O] List of texts. */
  args: key(z.array(value.templatableText()).default([]), {
    about: 'Further arguments, never through a shell; an expression has them as $1, $2...',
    allowed: 'a list of texts',
    example: 'args = ["--name", "with blanks in it"]',
  }),
  /** [P] Truth value. */
  fake: key(z.boolean().optional(), {
    about: 'This version is not considered: a rollback to the one before.',
    allowed: 'true, false',
    example: 'fake = true',
  }),
  /** [P] PROCRUST's spelling of `fake`. */
  type: key(legacyType.optional(), {
    about: 'Old spelling: `type = "fake"` is `fake = true`.',
    allowed: '"fake", "normal"',
    example: 'type = "normal"',
  }),
  /** [P] Truth value, or `boot`. */
  'one-shot': key(oneShot.default(false), {
    about:
      'Runs once instead of all the time: once per window of its `schedule`, without one once per version; `boot`: once per boot. Ending with one of `exit-codes` is finishing well.',
    allowed: 'true, false, "boot"',
    example: 'one-shot = true',
  }),
  /** [+] Truth value. */
  'catch-up': key(z.boolean().default(false), {
    about: 'A one-shot whose window was missed is run late; of several the latest, once.',
    allowed: 'true, false',
    example: 'one-shot = true\ncatch-up = true\nschedule = { start-time = "03:00", stop-time = "04:00" }',
  }),
  /** [P] Times and days, or cron. */
  schedule: key(schedule.optional(), {
    about: 'When it runs: from `start-time` to `stop-time` on `week-days`; one-shots may have `cron` instead.',
    allowed: SCHEDULE_FORMS,
    defaultText: 'always',
    example: 'schedule = { start-time = "08:00", stop-time = "18:00", week-days = "mon-fri" }',
  }),
  /** [T] Truth value. */
  autostart: key(z.boolean().default(true), {
    about: "false: only an operator's `start` runs it, until `stop`, its own end or a reboot.",
    allowed: 'true, false',
    example: 'autostart = false',
  }),
  /** [T] Count. */
  numprocs: key(value.integer(1, 1000).default(1), {
    about: 'How many instances run: `worker_00`, `worker_01`...',
    allowed: 'a whole number from 1 to 1000',
    example: 'numprocs = 4',
  }),
  /** [T] Text. */
  group: key(value.name().optional(), {
    about: 'Instances are named `group:instance`; with `numprocs` over 1 the group is the id unless given.',
    allowed: value.NAME_FORM,
    example: 'group = "shop"',
  }),
  /** [P] Id, list of ids, or entries `{ id, condition, on-loss }` and `{ command, interval, timeout }`. */
  'depends-on': key(dependencies.default([]), {
    about: 'What must run (a one-shot: must have finished well) before this starts.',
    allowed: DEPENDENCY_FORMS,
    example: 'depends-on = ["db", { command = "test -e /etc/passwd", interval = "2s" }]',
  }),
  /** [O] Duration. */
  'wait-after': key(value.duration({ zero: true }).default(0), {
    about: 'The wait after its dependencies are met.',
    allowed: value.durationForm({ zero: true }),
    example: 'wait-after = "3s"',
  }),
  /** [P] Path, relative to the file's folder. */
  'work-dir': key(value.pathText().optional(), {
    about: 'The folder that it runs in.',
    allowed: "a path; relative ones start at the configuration file's folder",
    defaultText: "the configuration file's folder",
    example: 'work-dir = "/tmp"',
  }),
  /** [T] Table of texts; numbers and truth values are turned into text. */
  env: key(value.environment().default({}), {
    about: "Environment variables besides the daemon's own; those of `[defaults]` are added.",
    allowed: 'a table of texts, numbers and truth values; the names are shell identifiers',
    example: 'env = { LOG_LEVEL = "info", PORT = 8080 }',
  }),
  /** [+] Path, relative to the file's folder. */
  'env-file': key(value.pathText().optional(), {
    about: 'A file of lines `NAME=value`; `env` wins over it.',
    allowed: "a path; relative ones start at the configuration file's folder",
    example: 'env-file = "web.env"',
  }),
  /** [+] */
  'inherit-env': key(inheritEnv.default(true), {
    about:
      "What comes from the daemon's environment: all, nothing, or these variables. Never PWD, NOTIFY_SOCKET, NODE_OPTIONS and PROCMAN_*.",
    allowed: 'true, false, or a list of names',
    example: 'inherit-env = ["PATH", "HOME", "LANG"]',
  }),
  /** [T] Permission bits. */
  umask: key(value.mode().optional(), {
    about: 'The umask.',
    allowed: '"022" or 0o022',
    defaultText: "the daemon's",
    example: 'umask = "027"',
  }),
  /** Niceness, nice(2). */
  nice: key(value.integer(-20, 19).optional(), {
    about: "The scheduling priority; less than the daemon's needs root.",
    allowed: 'a whole number from -20 to 19',
    defaultText: "the daemon's",
    example: 'nice = 5',
  }),
  /** [T] Name or number. */
  user: key(value.accountName().optional(), {
    about:
      "The user that it, its hooks and its checks run as; needs root, unless it is the daemon's own. HOME, USER, LOGNAME and SHELL follow unless `env` sets them, and so do its groups. One without an entry in the user database needs `group-name`.",
    allowed: 'the name or number of a user',
    defaultText: "the daemon's",
    example: 'user = "nobody"',
  }),
  /** [+] Name or number. */
  'group-name': key(value.accountName().optional(), {
    about:
      "The group that it runs as, with the supplementary groups of its user; needs root, unless it is the daemon's own.",
    allowed: 'the name or number of a group',
    defaultText: "the user's own; without `user` the daemon's",
    example: 'group-name = "nogroup"',
  }),
  /** [+] getrlimit(2). */
  limits: key(limits.optional(), {
    about:
      'Resource limits, soft and hard, of it, its hooks and its checks: open files, processes of its user, the size of a core dump, of its address space, and processor time (in whole seconds, rounded up). One that cannot be set is a failed start.',
    allowed: 'a table with any of nofile, nproc, core, memory, cpu',
    defaultText: "the daemon's",
    example: 'limits = { nofile = 65536, nproc = 512, core = 0, memory = "2GiB", cpu = "1h" }',
  }),
  /** [O] Truth value. */
  pty: key(z.boolean().default(false), {
    about:
      'Runs it on a pseudo-terminal of its own, for programs that buffer or drop colours without one. See "On a terminal" below.',
    allowed: 'true, false',
    example: 'pty = true',
  }),
  /** [O] Truth value. */
  required: key(z.boolean().default(false), {
    about:
      'When it becomes FATAL, EXITED with failure, or BLOCKED `too-many-runs`, everything is stopped and the daemon ends with code 1. `start-retries` is 3 then unless given.',
    allowed: 'true, false',
    example: 'required = true',
  }),
  /** [P] Hook. */
  before: key(hook('before').optional(), {
    about: 'Run before the command; where it fails, the start has failed.',
    allowed: HOOK_FORMS,
    example: 'before = "rm -f /tmp/web.sock"',
  }),
  /** [P] `start_health_check` of PROCRUST. */
  'start-health-check': key(startHealthCheck.optional(), {
    about:
      'Tried every `interval` (1s) until it succeeds, only then is it RUNNING; after `timeout` (30s) the start has failed.',
    allowed: START_CHECK_FORMS,
    example: 'start-health-check = { tcp = "localhost:8080", timeout = "30s", interval = "1s" }',
  }),
  /** [P] Hook. */
  init: key(hook('init').optional(), {
    about:
      'Run once when it has been launched; only then is it RUNNING. Where it fails, it is stopped: a failed start.',
    allowed: HOOK_FORMS,
    example: 'init = { command = "echo ready", timeout = "3s" }',
  }),
  /** [O] Hook. */
  'after-start': key(hook('after-start').optional(), {
    about: 'Run once it is RUNNING. Nothing waits for it; a failure is only logged.',
    allowed: HOOK_FORMS,
    example: 'after-start = "logger web is up"',
  }),
  /** [P] A command, a table with a probe, or a folder. */
  'health-check': key(healthCheck.optional(), {
    about:
      'Asked every `interval` (10s) while it is RUNNING, each try may take `timeout` (5s); after `retries` (3) failures in a row it is stopped and started again. With `folder`: it is unwell when nothing in the folder changed for `inactive-time` (300s).',
    allowed: CHECK_FORMS,
    example:
      'health-check = { http = "http://localhost:8080/health", interval = "10s", retries = 3, start-period = "5s" }',
  }),
  /** [P] Hook. */
  stop: key(hook('stop').optional(), {
    about:
      'Run instead of sending `stop-signal`; it has until the timeout to end. Then `stop-signal`, `stop-timeout` and SIGKILL as usual.',
    allowed: HOOK_FORMS,
    example: 'stop = { command = "kill $PROCMAN_PID", timeout = "5s" }',
  }),
  /** [+] Hook. */
  'after-stop': key(hook('after-stop').optional(), {
    about: 'Run after it has ended, for whatever reason. It is not started again before this has ended.',
    allowed: HOOK_FORMS,
    example: 'after-stop = "rm -f /tmp/web.sock"',
  }),
  /** [T] */
  autorestart: key(value.choice(['always', 'on-failure', 'never']).optional(), {
    about: 'Whether it is started again after an ending of its own.',
    allowed: '"always", "on-failure", "never"',
    defaultText: '`always`; one-shots `never`',
    example: 'autorestart = "on-failure"',
  }),
  /** [T] Exit codes; 128+n stands for signal n. */
  'exit-codes': key(z.array(value.integer(0, 255)).default([0]), {
    about: 'Exit codes that count as success; 128+n stands for signal n.',
    allowed: 'a list of whole numbers from 0 to 255',
    example: 'exit-codes = [0, 143]',
  }),
  /** [T] Duration. */
  'start-secs': key(value.duration({ zero: true }).default(1000), {
    about: 'It must live so long, from launch, to count as started.',
    allowed: value.durationForm({ zero: true }),
    example: 'start-secs = "3s"',
  }),
  /** [T] Count. */
  'start-retries': key(value.integer(0, 1_000_000).optional(), {
    about: 'Tries after a first failed start before it is given up; 0: one try.',
    allowed: 'a whole number from 0 on',
    defaultText: 'without end',
    example: 'start-retries = 3',
  }),
  /** Duration. */
  'restart-delay': key(value.duration({ zero: true }).default(1000), {
    about: 'The wait after a failed start; doubles with each further one.',
    allowed: value.durationForm({ zero: true }),
    example: 'restart-delay = "500ms"',
  }),
  /** Duration. */
  'restart-max-delay': key(value.duration({ zero: false }).default(60_000), {
    about: 'The longest wait after failed starts.',
    allowed: value.durationForm({ zero: false }),
    example: 'restart-max-delay = "1m 30s"',
  }),
  /** [P] Count. */
  'max-runs': key(value.integer(0, 1_000_000).default(5), {
    about: 'So many launches by the daemon itself within `max-runs-window`, then it waits; 0: no limit.',
    allowed: 'a whole number from 0 on',
    example: 'max-runs = 10',
  }),
  /** [P] Duration. */
  'max-runs-window': key(value.duration({ zero: false }).default(600_000), {
    about: 'See `max-runs`.',
    allowed: value.durationForm({ zero: false }),
    example: 'max-runs-window = "1h"',
  }),
  /** [+] Duration. */
  'max-run-time': key(value.duration({ zero: false }).optional(), {
    about: 'It is stopped when it runs longer; a one-shot has failed then.',
    allowed: value.durationForm({ zero: false }),
    example: 'max-run-time = "2h"',
  }),
  /** [+] Duration. */
  'pid-file-timeout': key(value.duration({ zero: false }).optional(), {
    about: 'With type `pid-file`: waiting longer for the file is a problem.',
    allowed: value.durationForm({ zero: false }),
    example:
      'command = { line = "sleep 60 & echo $! > $PROCMAN_PID_FILE", type = "pid-file" }\npid-file-timeout = "30s"',
  }),
  /** [+] Duration. */
  'fallback-timeout': key(value.duration({ zero: false }).optional(), {
    about:
      'A new version that took over by its `apply-on` and is not RUNNING after so long gives way to the one before.',
    allowed: value.durationForm({ zero: false }),
    example: 'fallback-timeout = "5m"',
  }),
  /** [T] Signal. */
  'stop-signal': key(value.signal().default('TERM'), {
    about: 'The signal that asks it to end.',
    allowed: 'a signal\'s name or number, such as "TERM", "SIGINT" or 10',
    example: 'stop-signal = "INT"',
  }),
  /** [T] Duration. */
  'stop-timeout': key(value.duration({ zero: false }).default(10_000), {
    about: 'The grace between `stop-signal` and SIGKILL.',
    allowed: value.durationForm({ zero: false }),
    example: 'stop-timeout = "30s"',
  }),
  /** systemd.kill(5) */
  'kill-mode': key(value.choice(['group', 'mixed', 'process']).default('group'), {
    about:
      '`group`: signals go to the whole session; `mixed`: the stop signal to the main process, SIGKILL to all; `process`: the main process only.',
    allowed: '"group", "mixed", "process"',
    example: 'kill-mode = "mixed"',
  }),
  /** [T] `auto`, `none`, or a path relative to the file's folder. */
  'stdout-log': key(stdoutLog.default({ kind: 'auto' }), {
    about:
      'Where its output goes: `auto` is a file in `child-log-dir`; with `user` it belongs to that user, mode 0640. A path is opened by root only in a folder that nobody else may write to, else as the user. `echo x >/dev/stderr` in a service empties its log: write `>&2`.',
    allowed: '"auto", "none" or a path',
    example: 'stdout-log = "/dev/null"',
  }),
  /** [T] As `stdout-log`, also `stdout`. */
  'stderr-log': key(stderrLog.default({ kind: 'auto' }), {
    about: 'Where its error output goes; `stdout`: where `stdout-log` goes.',
    allowed: '"auto", "none", "stdout" or a path',
    example: 'stderr-log = "stdout"',
  }),
  /** [O] Path. */
  'log-file': key(logFile.optional(), {
    about: 'Output and error output into one file, instead of `stdout-log` and `stderr-log`.',
    allowed: '"auto", "none" or a path',
    example: 'log-file = "/tmp/web.log"',
  }),
  /** Size. */
  'log-max-bytes': key(value.size().default(50_000_000), {
    about: 'A log file is rotated when it is larger, while the process keeps writing; 0: never.',
    allowed: value.SIZE_FORMS,
    example: 'log-max-bytes = "10MB"',
  }),
  /** Count. */
  'log-backups': key(value.integer(0, 1000).default(10), {
    about: 'How many earlier files `LOG.1`, `LOG.2`... are kept.',
    allowed: 'a whole number from 0 to 1000',
    example: 'log-backups = 3',
  }),
  /** [+] Truth value. */
  'log-collapse': key(z.boolean().default(true), {
    about:
      'Rotation takes what it has copied off the beginning of the live file. false: it only frees the space there, so that the offsets of log shippers stay right.',
    allowed: 'true, false',
    example: 'log-collapse = false',
  }),
};

export const processKeys = { ...identityKeys, ...sharedKeys };

/** The checked values of a `[[process]]` table, those of `[defaults]` merged in. */
export type ProcessValues = Values<typeof processKeys>;
/** The checked values of `[defaults]`. */
export type DefaultValues = Values<typeof sharedKeys>;

/** Runs once, per version, window or boot. */
export function isOneShot(values: Pick<ProcessValues, 'one-shot'>): boolean {
  return values['one-shot'] === true || values['one-shot'] === 'boot';
}
