/**
 * The keys of a `[[process]]` table (SPEC 2.2), each declared once: check, default, meaning. `[defaults]` has the same keys but
 * `id`, `apply-on` and `command`.
 */
import * as z from 'zod';
import type { Dependency, LogTarget } from '../core/model.ts';
import { key, type Values } from './key.ts';
import { LATER_KEYS } from './unknown-keys.ts';
import * as value from './values.ts';

const COMMAND_TYPES = ['auto', 'simple', 'normal', 'expression'] as const;
const LATER_COMMAND_TYPES = ['pid-file', 'podman-cid', 'podman_cid', 'external'];

const command = z.union([
  value.templatableText(),
  value.strictTable({
    line: value.templatableText(),
    type: value.choice(COMMAND_TYPES, LATER_COMMAND_TYPES).default('auto'),
  }),
]);

const dependencyEntry = z.union([
  value.name(),
  value.strictTable(
    {
      id: value.name(),
      condition: value.choice(['running', 'finished'], ['started', 'healthy']).default('running'),
      'on-loss': value.choice(['stop', 'keep']).default('stop'),
    },
    LATER_KEYS.dependency,
  ),
]);

const dependencies = z.union([dependencyEntry, z.array(dependencyEntry)]).transform((written): Dependency[] => {
  const entries = Array.isArray(written) ? written : [written];
  return entries.map((entry) =>
    typeof entry === 'string'
      ? { id: entry, condition: 'running', onLoss: 'stop' }
      : { id: entry.id, condition: entry.condition, onLoss: entry['on-loss'] },
  );
});

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

const oneShot = z.union([z.boolean(), value.choice([], ['boot'])]).transform((given) => given);

export const identityKeys = {
  /** [P] Text. Several tables may have one id with different `apply-on`. */
  id: key(value.name(), {
    about: 'The process; several tables with one id are its versions.',
    allowed: value.NAME_FORM,
  }),
  /** [P] Civil date-time, in `[daemon].timezone` unless it has an offset. */
  'apply-on': key(value.civilTime(), {
    about: 'When this version takes effect; in `[daemon].timezone` unless it has an offset.',
    allowed: value.APPLY_ON_FORMS,
  }),
  /** [P] Text, or `{ line, type }`. */
  command: key(command, {
    about: 'What is run. `auto` runs a line without shell syntax directly, any other with `/bin/sh -c`.',
    allowed: `a text, or { line = "...", type = "${COMMAND_TYPES.join('", "')}" }`,
  }),
};

export const sharedKeys = {
  /** [O] List of texts. */
  args: key(z.array(value.templatableText()).default([]), {
    about: 'Further arguments, never through a shell; an expression has them as $1, $2...',
    allowed: 'a list of texts',
  }),
  /** [P] Truth value. */
  fake: key(z.boolean().optional(), {
    about: 'This version is not considered: a rollback to the one before.',
    allowed: 'true, false',
  }),
  /** [P] PROCRUST's spelling of `fake`. */
  type: key(legacyType.optional(), {
    about: 'Old spelling: `type = "fake"` is `fake = true`.',
    allowed: '"fake", "normal"',
  }),
  /** [P] Truth value. */
  'one-shot': key(oneShot.default(false), {
    about: 'Runs once per version instead of all the time; ending with one of `exit-codes` is finishing well.',
    allowed: 'true, false',
  }),
  /** [T] Truth value. */
  autostart: key(z.boolean().default(true), {
    about: "false: only an operator's `start` runs it, until `stop`, its own end or a reboot.",
    allowed: 'true, false',
  }),
  /** [T] Count. */
  numprocs: key(value.integer(1, 1000).default(1), {
    about: 'How many instances run: `worker_00`, `worker_01`...',
    allowed: 'a whole number from 1 to 1000',
  }),
  /** [T] Text. */
  group: key(value.name().optional(), {
    about: 'Instances are named `group:instance`; with `numprocs` over 1 the group is the id unless given.',
    allowed: value.NAME_FORM,
  }),
  /** [P] Id, list of ids, or entries `{ id, condition, on-loss }`. */
  'depends-on': key(dependencies.default([]), {
    about: 'What must run (a one-shot: must have finished well) before this starts.',
    allowed: 'an id, or a list of ids and { id, condition = "running" or "finished", on-loss = "stop" or "keep" }',
  }),
  /** [P] Path, relative to the file's folder. */
  'work-dir': key(value.pathText().optional(), {
    about: 'The folder that it runs in.',
    allowed: "a path; relative ones start at the configuration file's folder",
    defaultText: "the configuration file's folder",
  }),
  /** [T] Table of texts; numbers and truth values are turned into text. */
  env: key(value.environment().default({}), {
    about: "Environment variables besides the daemon's own; those of `[defaults]` are added.",
    allowed: 'a table of texts, numbers and truth values; the names are shell identifiers',
  }),
  /** [T] Permission bits. */
  umask: key(value.mode().optional(), { about: 'The umask.', allowed: '"022" or 0o022', defaultText: "the daemon's" }),
  /** Niceness, nice(2). */
  nice: key(value.integer(-20, 19).optional(), {
    about: "The scheduling priority; less than the daemon's needs root.",
    allowed: 'a whole number from -20 to 19',
    defaultText: "the daemon's",
  }),
  /** [T] */
  autorestart: key(value.choice(['always', 'on-failure', 'never']).optional(), {
    about: 'Whether it is started again after an ending of its own.',
    allowed: '"always", "on-failure", "never"',
    defaultText: '`always`; one-shots `never`',
  }),
  /** [T] Exit codes; 128+n stands for signal n. */
  'exit-codes': key(z.array(value.integer(0, 255)).default([0]), {
    about: 'Exit codes that count as success; 128+n stands for signal n.',
    allowed: 'a list of whole numbers from 0 to 255',
  }),
  /** [T] Duration. */
  'start-secs': key(value.duration({ zero: true }).default(1000), {
    about: 'It must live so long, from launch, to count as started.',
    allowed: value.durationForm({ zero: true }),
  }),
  /** [T] Count. */
  'start-retries': key(value.integer(0, 1_000_000).optional(), {
    about: 'Tries after a first failed start before it is given up; 0: one try.',
    allowed: 'a whole number from 0 on',
    defaultText: 'without end',
  }),
  /** Duration. */
  'restart-delay': key(value.duration({ zero: true }).default(1000), {
    about: 'The wait after a failed start; doubles with each further one.',
    allowed: value.durationForm({ zero: true }),
  }),
  /** Duration. */
  'restart-max-delay': key(value.duration({ zero: false }).default(60_000), {
    about: 'The longest wait after failed starts.',
    allowed: value.durationForm({ zero: false }),
  }),
  /** [P] Count. */
  'max-runs': key(value.integer(0, 1_000_000).default(5), {
    about: 'So many launches by the daemon itself within `max-runs-window`, then it waits; 0: no limit.',
    allowed: 'a whole number from 0 on',
  }),
  /** [P] Duration. */
  'max-runs-window': key(value.duration({ zero: false }).default(600_000), {
    about: 'See `max-runs`.',
    allowed: value.durationForm({ zero: false }),
  }),
  /** [T] Signal. */
  'stop-signal': key(value.signal().default('TERM'), {
    about: 'The signal that asks it to end.',
    allowed: 'a signal\'s name or number, such as "TERM", "SIGINT" or 10',
  }),
  /** [T] Duration. */
  'stop-timeout': key(value.duration({ zero: false }).default(10_000), {
    about: 'The grace between `stop-signal` and SIGKILL.',
    allowed: value.durationForm({ zero: false }),
  }),
  /** systemd.kill(5) */
  'kill-mode': key(value.choice(['group', 'mixed', 'process']).default('group'), {
    about:
      '`group`: signals go to the whole session; `mixed`: the stop signal to the main process, SIGKILL to all; `process`: the main process only.',
    allowed: '"group", "mixed", "process"',
  }),
  /** [T] `auto`, `none`, or a path relative to the file's folder. */
  'stdout-log': key(stdoutLog.default({ kind: 'auto' }), {
    about: 'Where its output goes: `auto` is a file in `child-log-dir`.',
    allowed: '"auto", "none" or a path',
  }),
  /** [T] As `stdout-log`, also `stdout`. */
  'stderr-log': key(stderrLog.default({ kind: 'auto' }), {
    about: 'Where its error output goes; `stdout`: where `stdout-log` goes.',
    allowed: '"auto", "none", "stdout" or a path',
  }),
};

export const processKeys = { ...identityKeys, ...sharedKeys };

/** The checked values of a `[[process]]` table, those of `[defaults]` merged in. */
export type ProcessValues = Values<typeof processKeys>;
/** The checked values of `[defaults]`. */
export type DefaultValues = Values<typeof sharedKeys>;
