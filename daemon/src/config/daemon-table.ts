/** Makes the `DaemonTable` of the checked `[daemon]` values: paths absolute, defaults that depend on the surroundings. */
import { stateFile } from '@procman/protocol/state-files';
import { resolve } from 'node:path';
import { defaultSocketPath, defaultStateDirectory, isSocketPathTooLong } from '@procman/protocol/paths';
import type { LoadContext } from './context.ts';
import { daemonKeys, type DaemonValues } from './daemon-keys.ts';
import { describeValue } from './issues.ts';
import { placeBelow } from './key-places.ts';
import type { Report } from './report.ts';
import { addDefaults, isTable, readTable, type RawTable, type TableKind } from './table-reader.ts';

/** `[daemon]` with every default filled in; paths are absolute, times in milliseconds. */
export interface DaemonTable {
  stateDir: string;
  socket: string;
  /** Permission bits. */
  socketMode: number;
  /** Name of a group. */
  socketGroup?: string;
  /** Absolute; undefined: none. */
  monitorSocket?: string;
  /** Permission bits. */
  monitorSocketMode: number;
  /** `-` (stderr), `syslog`, or an absolute path. */
  logFile: string;
  logFileGiven: boolean;
  logLevel: 'critical' | 'error' | 'warning' | 'info' | 'debug';
  childLogDir: string;
  /** Keep `auto` logs of instances that are gone. */
  noCleanup: boolean;
  /** Of the daemon's own log, in bytes; 0: no rotation. */
  logMaxBytes: number;
  /** Of the daemon's own log. */
  logBackups: number;
  /** Copy the services' output to the daemon's stdout. */
  stream: boolean;
  streamGiven: boolean;
  onExit: 'leave' | 'stop';
  onExitGiven: boolean;
  maxParallelStarts: number;
  shutdownTimeout: number;
  dependencyTimeout: number;
  /** IANA name. */
  timezone: string;
  /** Reload when one of `LoadedConfig.files` changes. */
  watchConfig: boolean;
  /** How long events are kept. */
  eventsMaxAge: number;
  /** How large their store may grow. */
  eventsMaxBytes: number;
  /** Percent; undefined: off. */
  reloadGuard?: number;
}

const DAEMON: TableKind<typeof daemonKeys> = {
  shape: daemonKeys,
  elsewhere: (key) => placeBelow('[daemon]', key, ['metrics', 'process']),
};

/** What `[daemon]` is resolved against. */
export interface DaemonPlace {
  readonly uid: string;
  /** The folder of the configuration file. */
  readonly directory: string;
  readonly context: LoadContext;
}

/** Reads `[daemon]`. A wrong value is reported and its default taken, so that the other checks can go on. */
export function readDaemon(top: RawTable, place: DaemonPlace, report: Report): DaemonTable {
  const raw = top['daemon'] ?? {};
  if (!isTable(raw)) {
    report.error({
      path: ['daemon'],
      key: 'daemon',
      message: 'is not a table',
      found: describeValue(raw),
      hint: 'write [daemon]',
    });
  }
  const table = isTable(raw) ? raw : {};
  const at = { path: ['daemon'] };
  const given = readTable(table, DAEMON, at, report);
  const daemon = resolveDaemon(given, addDefaults(given, table, DAEMON, at, report), place);
  checkSockets(daemon, report);
  return daemon;
}

function checkSockets({ socket, monitorSocket }: DaemonTable, report: Report): void {
  const error = (key: string, message: string, more: { found: string; allowed?: string; hint: string }): void => {
    report.error({ path: ['daemon', key], key, message, ...more });
  };
  for (const [key, path] of Object.entries({ socket, 'monitor-socket': monitorSocket })) {
    if (path === undefined || !isSocketPathTooLong(path)) continue;
    error(key, 'the path is too long', {
      found: `${Buffer.byteLength(path)} bytes: ${path}`,
      allowed: 'at most 107 bytes',
      hint: `set ${key} under [daemon] to a shorter path`,
    });
  }
  if (monitorSocket === socket) {
    error('monitor-socket', 'is the control socket', { found: socket, hint: 'give it a path of its own' });
  }
}

function resolveDaemon(given: DaemonValues, values: DaemonValues, place: DaemonPlace): DaemonTable {
  const { context, directory, uid } = place;
  const path = (written: string | undefined): string | undefined =>
    written === undefined ? undefined : resolve(directory, written);
  const stateDir = context.stateDir ?? path(values['state-dir']) ?? defaultStateDirectory(uid, context);
  const group = values['socket-group'];
  const monitor = path(values['monitor-socket']);
  const guard = values['reload-guard'];
  return {
    stateDir,
    socket: path(values.socket) ?? defaultSocketPath(uid, stateDir, context),
    socketMode: values['socket-mode'] ?? (group === undefined ? 0o600 : 0o660),
    ...(group === undefined ? {} : { socketGroup: group }),
    ...(monitor === undefined ? {} : { monitorSocket: monitor }),
    monitorSocketMode: values['monitor-socket-mode'] ?? 0o666,
    ...logFile(values['log-file'], directory),
    logLevel: values['log-level'] ?? 'info',
    childLogDir: path(values['child-log-dir']) ?? resolve(stateFile(stateDir, 'logs')),
    noCleanup: values['no-cleanup'] ?? false,
    logMaxBytes: values['log-max-bytes'] ?? 0,
    logBackups: values['log-backups'] ?? 0,
    stream: values.stream ?? false,
    streamGiven: given.stream !== undefined,
    onExit: values['on-exit'] ?? 'leave',
    onExitGiven: given['on-exit'] !== undefined,
    maxParallelStarts: values['max-parallel-starts'] ?? Math.max(1, context.cpus),
    shutdownTimeout: values['shutdown-timeout'] ?? 0,
    dependencyTimeout: values['dependency-timeout'] ?? 0,
    timezone: values.timezone ?? context.systemTimezone,
    watchConfig: values['watch-config'] ?? false,
    eventsMaxAge: values['events-max-age'] ?? 0,
    eventsMaxBytes: values['events-max-bytes'] ?? 0,
    ...(guard === undefined || guard === 'off' ? {} : { reloadGuard: guard }),
  };
}

function logFile(written: string | undefined, directory: string): Pick<DaemonTable, 'logFile' | 'logFileGiven'> {
  if (written === undefined) return { logFile: '-', logFileGiven: false };
  const isWord = written === '-' || written === 'syslog';
  return { logFile: isWord ? written : resolve(directory, written), logFileGiven: true };
}
