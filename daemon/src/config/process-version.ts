/** Makes a core `ProcessVersion` of a table's checked values: paths absolute, defaults that depend on other keys filled in. */
import { resolve } from 'node:path';
import type { AutoRestart, Command, LogTarget, ProcessVersion } from '../core/model.ts';
import { buildCommand } from './command-line.ts';
import type { Draft } from './draft.ts';
import { digestOf, fingerprintOf, type Definition } from './fingerprint.ts';
import type { ProcessValues } from './process-keys.ts';
import type { Report } from './report.ts';

/** Decides the command's type and splits it; undefined, with a problem reported, where that fails. */
export function commandOf(draft: Omit<Draft, 'version'>, report: Report): Command | undefined {
  const { command: written, args } = draft.values;
  if (written === undefined || args === undefined) return undefined;
  const { line, type } = typeof written === 'string' ? { line: written, type: 'auto' as const } : written;
  const result = buildCommand({ line, type: type === 'normal' ? 'simple' : type, args });
  if ('command' in result) return result.command;
  report.error({
    path: [...draft.path, 'command'],
    process: draft.id,
    key: 'command',
    message: result.problem,
    hint: result.hint,
  });
  return undefined;
}

/**
 * The version of a table; undefined where a value that it needs is wrong (which has been reported).
 *
 * @param directory - the folder of the configuration file
 */
export function versionOf(
  draft: Omit<Draft, 'version'>,
  command: Command | undefined,
  directory: string,
): ProcessVersion | undefined {
  const { id, applyOn, values } = draft;
  if (id === undefined || applyOn === undefined || command === undefined || !isComplete(values)) return undefined;
  const workDir = resolve(directory, values['work-dir'] ?? '.');
  const logs = logTargets(values['stdout-log'], values['stderr-log'], directory);
  const definition: Definition = {
    id,
    applyOn,
    fake: values.fake ?? false,
    command,
    autostart: values.autostart,
    oneShot: values['one-shot'],
    perBoot: false,
    catchUp: false,
    externals: [],
    waitAfter: 0,
    inheritEnv: true,
    hooks: {},
    numprocs: values.numprocs,
    ...(values.group === undefined ? {} : { group: values.group }),
    dependsOn: values['depends-on'],
    workDir,
    env: values.env,
    ...(values.umask === undefined ? {} : { umask: values.umask }),
    ...(values.nice === undefined ? {} : { nice: values.nice }),
    autorestart: autorestartOf(values),
    exitCodes: values['exit-codes'],
    startSecs: values['start-secs'],
    ...(values['start-retries'] === undefined ? {} : { startRetries: values['start-retries'] }),
    restartDelay: values['restart-delay'],
    restartMaxDelay: values['restart-max-delay'],
    maxRuns: values['max-runs'],
    maxRunsWindow: values['max-runs-window'],
    stopSignal: values['stop-signal'],
    stopTimeout: values['stop-timeout'],
    killMode: values['kill-mode'],
    ...logs,
  };
  return { ...definition, fingerprint: fingerprintOf(definition, values.args), digest: digestOf(definition) };
}

const OPTIONAL = ['fake', 'type', 'group', 'work-dir', 'umask', 'nice', 'autorestart', 'start-retries'] as const;
type OptionalKey = (typeof OPTIONAL)[number];
type CompleteValues = {
  [K in Exclude<keyof ProcessValues, OptionalKey>]-?: Exclude<ProcessValues[K], undefined>;
} & Pick<ProcessValues, OptionalKey>;

function isComplete(values: ProcessValues): values is ProcessValues & CompleteValues {
  return Object.entries(values).every(([key, value]) => value !== undefined || OPTIONAL.some((name) => name === key));
}

function autorestartOf(values: ProcessValues): AutoRestart {
  return values.autorestart ?? (values['one-shot'] === true ? 'never' : 'always');
}

/** Paths made absolute. One path for both streams means one stream: two writers of one file would be rotated twice. */
function logTargets(
  stdout: LogTarget,
  stderr: LogTarget,
  directory: string,
): Pick<ProcessVersion, 'stdoutLog' | 'stderrLog'> {
  const absolute = (target: LogTarget): LogTarget =>
    target.kind === 'file' ? { kind: 'file', path: resolve(directory, target.path) } : target;
  const stdoutLog = absolute(stdout);
  const stderrLog = absolute(stderr);
  const isShared = stdoutLog.kind === 'file' && stderrLog.kind === 'file' && stdoutLog.path === stderrLog.path;
  return { stdoutLog, stderrLog: isShared ? { kind: 'stdout' } : stderrLog };
}
