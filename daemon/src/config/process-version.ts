/** Makes a core `ProcessVersion` of a table's checked values: paths absolute, defaults that depend on other keys filled in. */
import { resolve } from 'node:path';
import type {
  AutoRestart,
  Command,
  HealthCheck,
  Hooks,
  Limits,
  LogTarget,
  Probe,
  ProcessVersion,
} from '../core/model.ts';
import { isExternal, processEntries } from './dependency-keys.ts';
import type { Draft } from './draft.ts';
import { digestOf, fingerprintOf, type Definition } from './fingerprint.ts';
import { finishProbe, HOOK_NAMES, type WrittenProbe } from './hook-keys.ts';
import { isOneShot, type ProcessValues } from './process-keys.ts';
import type { Report } from './report.ts';
import { scheduleOf } from './schedule-keys.ts';
import { rawValue } from './table-reader.ts';

/** What a version is resolved against. */
export interface VersionPlace {
  /** The folder of the configuration file. */
  readonly directory: string;
  /** IANA name. */
  readonly timezone: string;
}

/** The version of a table; undefined where a value that it needs is wrong (which has been reported). */
export function versionOf(
  draft: Omit<Draft, 'version'>,
  command: Command | undefined,
  place: VersionPlace,
  report: Report,
): ProcessVersion | undefined {
  const { id, applyOn, values, envFile } = draft;
  const checks = checksOf(draft, place.directory, report);
  if (id === undefined || applyOn === undefined || command === undefined || checks === undefined) return undefined;
  if (!isComplete(values)) return undefined;
  const definition: Definition = {
    id,
    applyOn,
    fake: values.fake ?? false,
    command,
    autostart: values.autostart,
    oneShot: isOneShot(values),
    perBoot: values['one-shot'] === 'boot',
    catchUp: values['catch-up'],
    ...(values.schedule === undefined ? {} : { schedule: scheduleOf(values.schedule, place.timezone) }),
    numprocs: values.numprocs,
    ...optional('group', values.group),
    dependsOn: processEntries(values['depends-on']).map(({ dependency }) => dependency),
    externals: values['depends-on'].filter(isExternal),
    waitAfter: values['wait-after'],
    workDir: resolve(place.directory, values['work-dir'] ?? '.'),
    env: { ...envFile?.variables, ...values.env },
    inheritEnv: values['inherit-env'],
    ...optional('umask', values.umask),
    ...optional('nice', values.nice),
    ...optional('user', values.user),
    ...optional('groupName', values['group-name']),
    ...optional('limits', limitsOf(values.limits)),
    pty: values.pty,
    required: values.required,
    autorestart: autorestartOf(values),
    exitCodes: values['exit-codes'],
    startSecs: values['start-secs'],
    ...optional('startRetries', values['start-retries'] ?? (values.required ? REQUIRED_RETRIES : undefined)),
    restartDelay: values['restart-delay'],
    restartMaxDelay: values['restart-max-delay'],
    maxRuns: values['max-runs'],
    maxRunsWindow: values['max-runs-window'],
    stopSignal: values['stop-signal'],
    stopTimeout: values['stop-timeout'],
    killMode: values['kill-mode'],
    hooks: hooksOf(values),
    ...checks,
    ...optional('maxRunTime', values['max-run-time']),
    ...optional('pidFileTimeout', values['pid-file-timeout']),
    ...optional('fallbackTimeout', values['fallback-timeout']),
    ...logTargets(draft, place.directory),
    rotation: {
      maxBytes: values['log-max-bytes'],
      backups: values['log-backups'],
      collapse: values['log-collapse'],
    },
  };
  const given = {
    args: values.args,
    env: values.env,
    envFile: envFile?.variables,
    params: values.params,
    template: values.template,
    logFile: values['log-file'],
  };
  return { ...definition, fingerprint: fingerprintOf(definition, given), digest: digestOf(definition) };
}

const OPTIONAL = [
  'fake', 'type', 'schedule', 'group', 'template', 'work-dir', 'env-file', 'umask', 'nice', 'user', 'group-name', 'limits', 'autorestart', 'start-retries',
  'before', 'start-health-check', 'init', 'after-start', 'health-check', 'stop', 'after-stop', 'max-run-time',
  'pid-file-timeout', 'fallback-timeout', 'log-file',
] as const; // prettier-ignore
type OptionalKey = (typeof OPTIONAL)[number];
type CompleteValues = {
  [K in Exclude<keyof ProcessValues, OptionalKey>]-?: Exclude<ProcessValues[K], undefined>;
} & Pick<ProcessValues, OptionalKey>;

function isComplete(values: ProcessValues): values is ProcessValues & CompleteValues {
  return Object.entries(values).every(([key, value]) => value !== undefined || OPTIONAL.some((name) => name === key));
}

/** A field, or none: with `exactOptionalPropertyTypes` undefined would be a value. */
function optional<K extends string, V>(field: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [field]: value }) as { readonly [P in K]?: V };
}

/** `start-retries` of a `required` process, unless given (SPEC 2.2). */
const REQUIRED_RETRIES = 3;

/** Only what is given; an empty table is none. */
function limitsOf(values: ProcessValues['limits']): Limits | undefined {
  const given = Object.entries(values ?? {}).filter(([, limit]) => limit !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function autorestartOf(values: ProcessValues): AutoRestart {
  return values.autorestart ?? (isOneShot(values) ? 'never' : 'always');
}

function hooksOf(values: ProcessValues): Hooks {
  const given = HOOK_NAMES.map((name) => [name, values[name]] as const);
  return Object.fromEntries(given.filter(([, hook]) => hook !== undefined));
}

type Checks = Pick<ProcessVersion, 'startHealthCheck' | 'healthCheck'>;

/** The checks with their addresses read; undefined, with the problems reported, where one is wrong. */
function checksOf(draft: Omit<Draft, 'version'>, directory: string, report: Report): Checks | undefined {
  const start = draft.values['start-health-check'];
  const health = draft.values['health-check'];
  const startProbe = start && probeOf(draft, 'start-health-check', start.probe, report);
  const healthProbe = health?.kind === 'probe' ? probeOf(draft, 'health-check', health.probe, report) : undefined;
  if (start !== undefined && startProbe === undefined) return undefined;
  let healthCheck: HealthCheck | undefined;
  if (health?.kind === 'folder') healthCheck = { ...health, folder: resolve(directory, health.folder) };
  else if (health !== undefined) {
    if (healthProbe === undefined) return undefined;
    healthCheck = { ...health, probe: healthProbe };
  }
  return {
    ...(start === undefined || startProbe === undefined ? {} : { startHealthCheck: { ...start, probe: startProbe } }),
    ...optional('healthCheck', healthCheck),
  };
}

function probeOf(
  draft: Omit<Draft, 'version'>,
  key: 'start-health-check' | 'health-check',
  written: WrittenProbe,
  report: Report,
): Probe | undefined {
  const result = finishProbe(written);
  if ('probe' in result) return result.probe;
  report.error({
    path: [...draft.path, key, written.kind],
    process: draft.id,
    key: `${key}.${written.kind}`,
    message: result.problem,
    hint: result.hint,
  });
  return undefined;
}

/**
 * Where both streams go, paths made absolute. `log-file` means both into one. A table's own keys win over those of
 * `[defaults]`, whichever of the two ways they are written in.
 */
function logTargets(draft: Omit<Draft, 'version'>, directory: string): Pick<ProcessVersion, 'stdoutLog' | 'stderrLog'> {
  const { values, raw } = draft;
  const absolute = (target: LogTarget): LogTarget =>
    target.kind === 'file' ? { kind: 'file', path: resolve(directory, target.path) } : target;
  const both = values['log-file'];
  const isOwn = (key: string): boolean => rawValue(raw, key) !== undefined;
  const choose = (key: 'stdout-log' | 'stderr-log', shared: LogTarget): LogTarget =>
    both === undefined || (isOwn(key) && !isOwn('log-file')) ? (values[key] ?? { kind: 'auto' }) : shared;
  const stdoutLog = absolute(choose('stdout-log', both ?? { kind: 'auto' }));
  const stderrLog = absolute(choose('stderr-log', both?.kind === 'none' ? both : { kind: 'stdout' }));
  // One path for both streams means one stream: two writers of one file would be rotated twice.
  const isShared = stdoutLog.kind === 'file' && stderrLog.kind === 'file' && stdoutLog.path === stderrLog.path;
  // A terminal has one stream.
  if (values.pty === true) return { stdoutLog, stderrLog: { kind: 'stdout' } };
  return { stdoutLog, stderrLog: isShared ? { kind: 'stdout' } : stderrLog };
}
