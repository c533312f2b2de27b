/** procmand: reads the command line, finds the configuration, takes the lock, and starts the daemon. */
import { stateFile } from '@procman/protocol/state-files';
import { existsSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { daemonExit } from '@procman/protocol/exit-codes';
import {
  currentContext,
  loadConfig,
  parseConfig,
  type DaemonTable,
  type LoadContext,
  type LoadedConfig,
} from './config/load.ts';
import { configCandidates } from './config/locate.ts';
import { formatProblem, type Problem } from './config/problem.ts';
import { lastConfigPath } from './configuration.ts';
import { finalCode, isInContainer, isStartedAgain, tellReady } from './container.ts';
import { Daemon, lockPath } from './daemon.ts';
import { daemonize, isBackground, tellParent } from './daemonize.ts';
import { lastHolder, takeDaemonLock, type DaemonLock } from './effects/daemon-lock.ts';
import { takeUidLock, uidLockPath } from './uid-lock.ts';
import { closeInheritedDescriptors } from './effects/inherited-descriptors.ts';
import { NodeSystem } from './effects/node-system.ts';
import { install } from './install/install.ts';
import { parseInstall } from './install/options.ts';
import { createLogger, type Logger } from './log/logger.ts';
import { logSettings } from './log/settings.ts';
import { preferSmall } from './memory.ts';
import { networkFileSystem } from './network-file-system.ts';
import { parseOptions, type DaemonOptions } from './options.ts';
import { isOwnerAlive, readOwner } from './owner.ts';
import { onSignals } from './signals.ts';
import { stateDirectoryOfBroken } from './broken-config.ts';
import { claimStateFolder, refuseForeignLinks } from './state-folder.ts';
import { ForeignRunsError } from './supervision/recovery.ts';
import { TimeText } from './time-text.ts';

const VERSION = process.env.PROCMAN_VERSION ?? '';

/** Why the daemon cannot start, for people, with its exit code. */
class StartFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

async function main(): Promise<void> {
  preferSmall();
  const [verb, ...words] = process.argv.slice(2);
  if (verb === 'install' || verb === 'uninstall') {
    process.exitCode = installWith(verb, words);
    return;
  }
  const parsed = parseOptions(process.argv.slice(2), VERSION);
  if (parsed.kind === 'done') {
    process.exitCode = finalCode(parsed.exitCode);
    return;
  }
  const { options } = parsed;
  // Before going into the background: its child inherits what this process was given, and has a channel of its own to keep.
  if (!isBackground()) closeInheritedDescriptors();
  if (options.daemonize && isInContainer)
    throw new StartFailure(
      daemonExit.usage,
      'as PID 1 it cannot go into the background: the container would end; leave -d out',
    );
  if (options.daemonize && !isBackground()) {
    // The file is looked at first, so that its problems are shown on this terminal.
    findConfig(options, new NodeSystem());
    process.exitCode = await daemonize();
    return;
  }
  await run(options);
}

function installWith(verb: 'install' | 'uninstall', words: readonly string[]): number {
  const parsed = parseInstall(verb, words);
  if (parsed.kind === 'done') return parsed.exitCode;
  const { euid, env } = currentContext();
  const around = { euid, env, cwd: process.cwd(), bundle: process.argv[1] ?? '', node: process.execPath };
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const complain = (line: string): void => void process.stderr.write(`procmand ${verb}: ${line}\n`);
  return install(verb, parsed.options, around, say, complain);
}

async function run(options: DaemonOptions): Promise<void> {
  const system = new NodeSystem();
  const { config, problems } = findConfig(options, system);
  const { overrides } = options;
  const table = { ...config.daemon, ...overrides };
  const context = contextOf(options);
  const messages: string[] = [];
  const isNewState = !system.exists(table.stateDir);
  const lock = await takeOver(system, config.uid, table.stateDir, (text) => messages.push(text));
  const logger = loggerOf(table);
  for (const text of messages) logger.log('warning', text);
  for (const problem of problems.warnings) logger.log('warning', formatProblem(problem));
  const daemon = new Daemon({
    system,
    loadContext: context,
    config,
    overrides,
    lock,
    logger,
    version: VERSION,
    ...(problems.broken === undefined ? {} : { brokenConfig: problems.broken }),
    exit: (code) => process.exit(finalCode(code)),
  });
  process.on('uncaughtException', (error) => {
    // A defect. Services do not depend on this process: the next start recovers.
    logger.log('critical', error.stack ?? error.message);
    process.exit(daemonExit.failure);
  });
  onSignals(daemon);
  try {
    await daemon.start();
  } catch (error) {
    // Refused: the folder was made for nothing.
    if (error instanceof ForeignRunsError && isNewState) rmSync(table.stateDir, { recursive: true, force: true });
    throw error;
  }
  tellParent({ kind: 'ready' });
  tellReady();
}

/**
 * Becomes the one daemon of this uid and of this state directory.
 *
 * @throws StartFailure that names the daemon in the way
 */
async function takeOver(
  system: NodeSystem,
  uid: string,
  stateDir: string,
  log: (text: string) => void,
): Promise<DaemonLock> {
  const context = currentContext();
  const owner = readOwner(system, uid, context);
  if (owner !== undefined && owner.pid !== process.pid && isOwnerAlive(system, owner))
    throw refusedBy(uid, owner.pid, owner.stateDir);
  prepareStateDirectory(system, stateDir, context.euid, log);
  const uidLock = uidLockPath(uid, context);
  if (!takeUidLock(uidLock, context, log)) throw refusedBy(uid, await lockHolder(system, uidLock));
  const lock = takeDaemonLock(lockPath(stateDir), log);
  if (lock === undefined) throw refusedBy(uid, await lockHolder(system, lockPath(stateDir)), stateDir);
  return lock;
}

function loggerOf(table: DaemonTable): Logger {
  const destination = isBackground() && !table.logFileGiven ? stateFile(table.stateDir, 'log') : table.logFile;
  try {
    return createLogger(destination, logSettings(table, new TimeText(table.timezone)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartFailure(daemonExit.failure, `the daemon's log (log-file, -l) cannot be opened: ${why}`);
  }
}

/** Who holds the lock. One that was started at the same instant needs a moment to say who it is. */
async function lockHolder(system: NodeSystem, path: string): Promise<number | undefined> {
  for (let tries = 0; tries < 50; tries += 1) {
    const pid = lastHolder(path);
    if (pid !== undefined && system.stat(pid)?.ended === false) return pid;
    await setTimeout(20);
  }
  return undefined;
}

function refusedBy(uid: string, pid: number | undefined, stateDirectory?: string): StartFailure {
  const who = pid === undefined ? 'another daemon' : `a daemon with pid ${pid}`;
  const where = stateDirectory === undefined ? '' : ` (state-dir ${stateDirectory})`;
  return new StartFailure(daemonExit.failure, `${who} already serves ${uid}${where}`);
}

function prepareStateDirectory(system: NodeSystem, path: string, euid: number, log: (text: string) => void): void {
  const foreign = refuseForeignLinks(path, euid);
  if (foreign === undefined) system.makeDirectory(path);
  const { refusal, warning } = foreign === undefined ? claimStateFolder(path, euid) : { refusal: foreign };
  if (refusal !== undefined)
    throw new StartFailure(daemonExit.failure, `the state-dir ${path} cannot be used: ${refusal}`);
  if (warning !== undefined) log(warning);
  const network = networkFileSystem(path);
  if (network === undefined) return;
  const message = `the state-dir ${path} is on a network file system (${network}), whose locks cannot be relied on: name a local folder`;
  throw new StartFailure(daemonExit.failure, message);
}

interface Found {
  readonly config: LoadedConfig;
  readonly problems: { readonly warnings: readonly Problem[]; readonly broken?: readonly Problem[] };
}

function findConfig(options: DaemonOptions, system: NodeSystem): Found {
  const path = options.config ?? searchConfig();
  const context = contextOf(options);
  const result = loadConfig(path, context);
  if (result.ok) return { config: result.config, problems: { warnings: result.warnings } };
  const unchanged = loadUnchanged(path, context, system);
  if (unchanged !== undefined) return unchanged;
  const lines = result.problems.map(formatProblem).join('\n');
  // Half-edited meanwhile: no reason for a daemon that was killed to let the container end with all that runs in it.
  if (!options.lastGood && !isStartedAgain) throw new StartFailure(daemonExit.config, lines);
  const stateDirectory = options.overrides.stateDir ?? stateDirectoryOfBroken(path, context);
  const text = stateDirectory === undefined ? undefined : system.readFile(lastConfigPath(stateDirectory))?.text;
  const last = text === undefined ? undefined : parseConfig(text, path, context);
  if (last?.ok === true) return { config: last.config, problems: { warnings: last.warnings, broken: result.problems } };
  throw new StartFailure(
    daemonExit.config,
    `${lines}\n--last-good: there is no configuration that was applied before and still can be`,
  );
}

/**
 * The very configuration that was applied last, on a machine where something that it names is gone meanwhile: no reason to leave what
 * runs without a daemon. What cannot be started is shown as such.
 */
function loadUnchanged(path: string, context: LoadContext, system: NodeSystem): Found | undefined {
  const result = loadConfig(path, { ...context, wasApplied: true });
  if (!result.ok) return undefined;
  const { config, warnings } = result;
  const isSame = system.readFile(lastConfigPath(config.daemon.stateDir))?.text === config.text;
  return isSame ? { config, problems: { warnings } } : undefined;
}

/** What the file's defaults depend on, the command line included. */
function contextOf({ overrides: { stateDir } }: DaemonOptions): LoadContext {
  return { ...currentContext(), ...(stateDir === undefined ? {} : { stateDir }) };
}

function searchConfig(): string {
  const candidates = configCandidates(process.env.PROCMAND_COMMAND ?? process.argv[1] ?? 'procmand', process.cwd());
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new StartFailure(
    daemonExit.config,
    `no configuration: looked for ${candidates.join(', ')}; name one, or write one with \`procmanctl gen-file\``,
  );
}

main().catch((error: unknown) => {
  const exitCode = error instanceof StartFailure ? error.exitCode : daemonExit.failure;
  const text = error instanceof Error ? error.message : String(error);
  tellParent({ kind: 'failed', exitCode, text });
  const lines = error instanceof StartFailure && exitCode === daemonExit.config ? text : `procmand: ${text}`;
  process.stderr.write(`${lines}\n`);
  // Started again for services that live: what is in the way now may go, so it is no end that is meant.
  process.exit(isStartedAgain ? exitCode : finalCode(exitCode));
});
