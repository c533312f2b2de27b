/** What `doctor` needs to know of a configuration; made where the configuration loader is, in the bundle `offline.cjs`. */
import { systemTimezone } from '@procman/daemon/config/system-timezone';
import { isTimezone } from '@procman/daemon/config/apply-on';
import { bundleConfig, currentContext, loadConfig, type LoadedConfig } from '@procman/daemon/config/load';
import { formatProblem, type Problem } from '@procman/daemon/config/problem';
import { dirname } from 'node:path';

export interface ConfigFacts {
  /** Absolute. */
  readonly path: string;
  /** The errors, as `check` prints them; empty: it loads. */
  readonly errors: readonly string[];
  readonly warnings: number;
  /** As `config.last.toml` would hold it; undefined where it cannot be read. */
  readonly text?: string | undefined;
  /** Set where the system's time zone is not known, and UTC is taken instead. */
  readonly unknownZone?: string | undefined;
  /** Undefined where it does not load. */
  readonly facts?: Facts | undefined;
}

export interface Facts {
  readonly uid: string;
  readonly stateDir: string;
  readonly socket: string;
  readonly socketMode: number;
  /** The file, and all that it names. */
  readonly files: readonly string[];
  readonly onExit: 'leave' | 'stop';
  /** Whether civil times matter: schedules, or versions to come. */
  readonly hasTimes: boolean;
  /** IANA name; of [daemon]. */
  readonly timezone: string;
  /** Folders of logs that are rotated, and of those that are not. */
  readonly logFolders: readonly string[];
  readonly rotates: boolean;
  /** System tools beyond those of every launch, with the key that asks for each. */
  readonly tools: readonly { readonly name: string; readonly key: string }[];
  /** The most descriptors that a service asks for. */
  readonly mostFiles: number;
  readonly instances: number;
}

export function configFacts(path: string): ConfigFacts {
  const context = currentContext();
  const result = loadConfig(path, context);
  const zone = systemTimezone(context.env);
  const unknownZone = isTimezone(zone) ? undefined : zone;
  const problems: readonly Problem[] = result.ok ? result.warnings : result.problems;
  const errors = problems.filter(({ severity }) => severity === 'error').map(formatProblem);
  const base = { path, errors, warnings: problems.length - errors.length, unknownZone };
  if (result.ok) return { ...base, text: result.config.text, facts: factsOf(result.config) };
  const bundled = bundleConfig(path, context);
  return { ...base, text: bundled.ok ? bundled.text : undefined };
}

function factsOf({ uid, files, daemon, core }: LoadedConfig): Facts {
  const versions = core.processes.flatMap((process) => process.versions).filter(({ fake }) => !fake);
  const targets = versions.flatMap(({ stdoutLog, stderrLog }) => [stdoutLog, stderrLog]);
  const explicit = targets.flatMap((log) =>
    log.kind === 'file' && !log.path.includes('{{') ? [dirname(log.path)] : [],
  );
  const asks = (name: string, key: string, isAsked: boolean): { name: string; key: string }[] =>
    isAsked ? [{ name, key }] : [];
  const rotates = versions.some(({ rotation }) => rotation.maxBytes > 0);
  return {
    uid,
    files,
    rotates,
    stateDir: daemon.stateDir,
    socket: daemon.socket,
    socketMode: daemon.socketMode,
    onExit: daemon.onExit,
    hasTimes: versions.some(({ schedule, applyOn }) => schedule !== undefined || applyOn.at > Date.now()),
    timezone: daemon.timezone,
    logFolders: [
      ...new Set([...(targets.some(({ kind }) => kind === 'auto') ? [daemon.childLogDir] : []), ...explicit]),
    ],
    tools: [
      ...asks(
        'setpriv',
        'user',
        versions.some(({ user, groupName }) => (user ?? groupName) !== undefined),
      ),
      ...asks(
        'prlimit',
        'limits',
        versions.some(({ limits }) => limits !== undefined),
      ),
      ...asks(
        'script',
        'pty',
        versions.some(({ pty }) => pty),
      ),
      ...asks(
        'stty',
        'pty',
        versions.some(({ pty }) => pty),
      ),
      ...asks(
        'renice',
        'nice',
        versions.some(({ nice }) => nice !== undefined),
      ),
      ...asks('logger', 'log-file = "syslog"', daemon.logFile === 'syslog'),
      ...asks('fallocate', 'log-max-bytes', rotates),
    ],
    mostFiles: Math.max(0, ...versions.map(({ limits }) => (typeof limits?.nofile === 'number' ? limits.nofile : 0))),
    instances: core.processes.reduce((sum, { versions: all }) => sum + (all.at(-1)?.numprocs ?? 0), 0),
  };
}
