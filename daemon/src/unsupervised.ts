/**
 * What a daemon would answer, had it been started just now: worked out from the files that the last one left, and from /proc. The
 * same code as the daemon's, over a system that only reads.
 */
import { stateFile } from '@procman/protocol/state-files';
import { contract } from '@procman/protocol/contract';
import { errorCodes, RpcFailure } from '@procman/protocol/errors';
import { ownerFilePath, parseOwnerFile, type OwnerFile, type PathContext } from '@procman/protocol/paths';
import { currentContext, loadConfig, type LoadContext, type LoadedConfig } from './config/load.ts';
import { formatProblem, type Problem } from './config/problem.ts';
import { lastConfig, lastConfigPath } from './configuration.ts';
import type { World } from './core/model.ts';
import { NO_VETOES } from './core/schedule.ts';
import { Survey } from './core/survey.ts';
import { NodeSystem } from './effects/node-system.ts';
import { ReadOnlySystem } from './effects/read-only-system.ts';
import { SystemError, type System } from './effects/system.ts';
import { PastHistory } from './history/past-history.ts';
import type { Call } from './rpc/dispatch.ts';
import { checkedParams } from './rpc/dispatch.ts';
import type { ReadingContext } from './rpc/handlers/context.ts';
import { readingHandlersOf, type ReadingHandlers } from './rpc/handlers/reading.ts';
import { LogAudience } from './rpc/log-audience.ts';
import { unsupervisedView } from './rpc/snapshot.ts';
import { lookOn } from './supervision/onlooker.ts';
import { TimeText } from './time-text.ts';

/** Where the last daemon of a uid has left what it knew. */
export interface Place {
  readonly uid: string;
  /** Absolute. */
  readonly stateDir: string;
  /** Absolute; undefined where nobody says it. */
  readonly config?: string | undefined;
  readonly owner?: OwnerFile | undefined;
  /** The configuration that the next daemon will have; else the one applied last counts. */
  readonly next?: LoadedConfig | undefined;
}

/** Nothing can be told, and why. */
export class CannotTell extends Error {}

/** A reply as it would come over the socket. */
export type Reply =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } };

export class Unsupervised implements ReadingContext {
  readonly system: System;
  readonly supervisor: ReadingContext['supervisor'];
  readonly configuration: ReadingContext['configuration'];
  readonly logger: ReadingContext['logger'];
  readonly rotation: ReadingContext['rotation'];
  readonly history: ReadingContext['history'];
  readonly time: TimeText;
  readonly version: string;
  readonly pid = process.pid;
  readonly startedAt: number;
  readonly adopted = 0;
  readonly unsupervised: { readonly since?: number };
  /** What was found amiss, for people. */
  readonly notes: readonly string[];
  readonly #handlers: ReadingHandlers;

  /**
   * @param version - of whoever looks
   * @throws CannotTell
   */
  constructor({ uid, stateDir, config: path, owner, next }: Place, version: string) {
    const system = new ReadOnlySystem(new NodeSystem());
    const notes: string[] = [];
    const context = { ...currentContext(), stateDir };
    const files = telling(() => system.list(stateDir));
    if (files.length === 0) notes.push(`the state directory ${stateDir} is gone: what is not in /proc is not known`);
    const found =
      next === undefined
        ? findConfig(system, stateDir, path, context)
        : { config: next, appliedAt: system.now().wall, notes: [], problems: undefined };
    const { config } = found;
    notes.push(...found.notes);
    this.system = system;
    this.version = version;
    this.time = new TimeText(config.daemon.timezone);
    const startedAt = owner === undefined ? NaN : Date.parse(owner.startedAt);
    this.startedAt = Number.isNaN(startedAt) ? found.appliedAt : startedAt;
    const loadedAt = Math.max(found.appliedAt, this.startedAt);
    const error = found.problems === undefined ? undefined : { at: system.now().wall, problems: found.problems };
    this.configuration = { current: config, daemon: config.daemon, loadedAt, error, held: undefined };
    this.logger = loggerOf(system, stateDir, config, owner);
    this.history = new PastHistory(stateDir);
    const audience = new LogAudience();
    this.rotation = { audience, still: (log) => audience.still(log) };
    const world = telling(() => lookOn(onlookerOptions(system, uid, stateDir, notes), emptyWorld(system, config)));
    this.supervisor = { world, survey: () => new Survey(world, system.now()) };
    this.unsupervised = lastSign(system, stateDir, this.startedAt);
    this.notes = notes;
    this.#handlers = readingHandlersOf(this);
  }

  /** Never rejects for what a daemon would answer with an error. */
  async answer(method: string, params: unknown, call: Call): Promise<Reply> {
    try {
      if (!isReading(method)) throw new RpcFailure('unavailable', NO_DAEMON, { what: 'events', why: NO_DAEMON });
      const handler = this.#handlers[method] as (params: unknown, call: Call) => unknown;
      const result = (await handler(checkedParams(contract[method], params), call)) as object;
      return { result: 'daemon' in result ? result : { ...result, unsupervised: this.#view } };
    } catch (error) {
      return { error: wire(error) };
    }
  }

  get #view(): { readonly since?: string } {
    return unsupervisedView(this.unsupervised, this.time);
  }
}

const NO_DAEMON = 'no daemon runs: nothing new will be told';

function isReading(method: string): method is keyof ReadingHandlers {
  return ['status', 'explain', 'events', 'timeline', 'logs'].includes(method);
}

function wire(error: unknown): Extract<Reply, { error: object }>['error'] {
  if (error instanceof RpcFailure) return { code: error.code, message: error.message, data: error.data };
  if (error instanceof SystemError) return { code: errorCodes['internal-error'], message: withHint(error) };
  throw error;
}

/** What cannot be read is told as such. */
function telling<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof SystemError) throw new CannotTell(withHint(error));
    throw error instanceof Error && error.name === 'ForeignRunsError' ? new CannotTell(error.message) : error;
  }
}

function withHint(error: SystemError): string {
  if (error.code !== 'EACCES' && error.code !== 'EPERM') return error.message;
  return `${error.message} (permission denied): ask as the user whose daemon it was, or as root`;
}

/* ------------------------------------------------------------------ configuration */

interface FoundConfig {
  readonly config: LoadedConfig;
  readonly appliedAt: number;
  /** Of the file on disk, where it is broken. */
  readonly problems?: readonly Problem[];
  readonly notes: readonly string[];
}

/** The configuration that was applied last; where that is gone, the one on disk. */
function findConfig(system: System, stateDir: string, path: string | undefined, context: LoadContext): FoundConfig {
  const kept = lastConfigPath(stateDir);
  const last = telling(() => lastConfig(system, stateDir, path ?? kept, context));
  const onDisk = path === undefined ? undefined : loadConfig(path, { ...context, wasApplied: true });
  const appliedAt = system.readFile(kept)?.modifiedAt ?? system.now().wall;
  if (last !== undefined) {
    if (onDisk?.ok === false) return { config: last, appliedAt, problems: onDisk.problems, notes: [] };
    const hasChanged = onDisk !== undefined && onDisk.config.text !== last.text;
    const note = `${path ?? ''} has changed since it was applied: the next daemon takes it up`;
    return { config: last, appliedAt, notes: hasChanged ? [note] : [] };
  }
  if (onDisk?.ok === true) {
    const note = `${kept} is missing or cannot be used: ${onDisk.config.path} is taken as it is now`;
    return { config: onDisk.config, appliedAt, notes: [note] };
  }
  const problems = onDisk?.problems.map(formatProblem) ?? [`${kept} is missing or cannot be used`];
  throw new CannotTell(`no configuration can be read:\n${problems.join('\n')}`);
}

/* ------------------------------------------------------------------ the rest of what a daemon has */

function onlookerOptions(system: System, uid: string, stateDirectory: string, notes: string[]) {
  const { euid } = system.ids;
  const context: PathContext = { euid, env: process.env };
  const pidPrefix = `${ownerFilePath(uid, context).replace(/\.json$/, '')}.pid.`;
  return {
    system,
    uid,
    stateDirectory,
    self: process.pid,
    ...(euid === 0 ? { pidPrefix } : {}),
    log: (level: string, text: string): void => {
      if (level !== 'info') notes.push(text);
    },
  };
}

function emptyWorld(system: System, { core, daemon }: LoadedConfig): World {
  return {
    config: core,
    instances: new Map(),
    kept: new Set(),
    clock: {},
    vetoes: NO_VETOES,
    bootId: system.bootId(),
    logDirectory: daemon.childLogDir,
    session: '',
    nextLaunch: 0,
  };
}

/** The log of the last daemon: its owner file says where; else as configured, or where one in the background has it. */
function loggerOf(
  system: System,
  stateDir: string,
  { daemon }: LoadedConfig,
  owner: OwnerFile | undefined,
): ReadingContext['logger'] {
  const isFile = daemon.logFileGiven && daemon.logFile.startsWith('/');
  const usual = isFile ? daemon.logFile : stateFile(stateDir, 'log');
  const path = owner?.log ?? (isFile || system.exists(usual) ? usual : undefined);
  const place = daemon.logFile === 'syslog' ? 'syslog' : 'the standard error of a daemon that has gone';
  return { path, place };
}

/**
 * The newest change that only a daemon makes: to the state directory itself, where it keeps a sign of life that it touches every few
 * seconds and takes away at its end, and to the states of instances.
 */
function lastSign(system: System, stateDir: string, startedAt: number): { readonly since?: number } {
  const times = [stateDir, stateFile(stateDir, 'instances')].map((folder) => system.newestChange(folder));
  const known = times.filter((time) => time !== undefined);
  if (known.length === 0) return {};
  return { since: Math.min(system.now().wall, Math.max(...known, startedAt)) };
}

/** What a state directory says of its last daemon. */
export function ownerOfState(stateDir: string): OwnerFile | undefined {
  const file = telling(() => new NodeSystem().readFile(stateFile(stateDir, 'owner')));
  return file === undefined ? undefined : parseOwnerFile(file.text);
}
