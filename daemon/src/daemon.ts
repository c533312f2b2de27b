/** The daemon as a whole: what it is made of, and what it does when it is told to reload, to stop, or to leave. */
import { stateFile } from '@procman/protocol/state-files';
import { createHash, randomBytes } from 'node:crypto';
import { daemonExit } from '@procman/protocol/exit-codes';
import type { EventType } from '@procman/protocol/vocabulary';
import { ownerFilePath, type OwnerFile, type PathContext } from '@procman/protocol/paths';
import { launchProblem } from './config/launchable.ts';
import type { DaemonTable, LoadContext, LoadedConfig } from './config/load.ts';
import { formatProblem, type Problem } from './config/problem.ts';
import { Configuration, lastConfig, proposalOf, type Proposal, type Proposed } from './configuration.ts';
import type { InstanceKey } from './core/model.ts';
import { ofReload } from './core/reload-happening.ts';
import type { Target } from './core/targets.ts';
import { replaceFile } from './effects/atomic-file.ts';
import { takeDaemonLock, type DaemonLock } from './effects/daemon-lock.ts';
import { ExitWatch } from './effects/exit-watch.ts';
import { NodeProber } from './effects/prober.ts';
import { FileWatch } from './effects/file-watch.ts';
import launchScript from './effects/launch.sh';
import type { NodeSystem } from './effects/node-system.ts';
import { isSystemFailure } from './effects/system-failure.ts';
import { launchEnvironment } from './environment.ts';
import { History } from './history/history.ts';
import { LogRotation } from './log-rotation.ts';
import type { Logger } from './log/logger.ts';
import { logSettings } from './log/settings.ts';
import { QuietCollector } from './memory.ts';
import { Metrics } from './metrics/metrics.ts';
import { Tally } from './metrics/tally.ts';
import { Notices } from './notices.ts';
import { OldLogs } from './old-logs.ts';
import { readOwner, writeOwner } from './owner.ts';
import { handlersOf } from './rpc/handlers/index.ts';
import { monitorHandlers } from './rpc/handlers/monitor.ts';
import { RpcServer } from './rpc/server.ts';
import { prepareSocketDirectory } from './rpc/socket-file.ts';
import { ServiceManager } from './service-manager.ts';
import { groupId } from './socket-group.ts';
import { wantsColour } from './stream/output.ts';
import { Streamer } from './stream/streamer.ts';
import { Supervisor, type LogLevel } from './supervision/supervisor.ts';
import type { TargetOutcome } from './supervision/waiters.ts';
import { TimeText } from './time-text.ts';

export interface DaemonParts {
  readonly system: NodeSystem;
  readonly loadContext: LoadContext;
  readonly config: LoadedConfig;
  readonly overrides: Partial<DaemonTable>;
  readonly lock: DaemonLock;
  readonly logger: Logger;
  readonly version: string;
  /** Problems of the file on disk, where `--last-good` went on without it. */
  readonly brokenConfig?: readonly Problem[];
  readonly exit: (code: number) => void;
}

export class Daemon {
  readonly system: NodeSystem;
  readonly supervisor: Supervisor;
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly version: string;
  readonly rotation: LogRotation;
  readonly history: History;
  /** What has happened since the start, for the figures of Prometheus. */
  readonly tally = new Tally();
  readonly metrics: Metrics;
  readonly notices: Notices;
  readonly #oldLogs: OldLogs;
  readonly pid = process.pid;
  readonly startedAt: number;
  time: TimeText;
  adopted = 0;
  isStopping = false;
  /** What it ends with. */
  #exitCode: number = daemonExit.ok;
  readonly #parts: DaemonParts;
  readonly #stateDirectory: string;
  readonly #last: LoadedConfig | undefined;
  readonly #environment = launchEnvironment(process.env);
  /** The control socket, and the one for monitoring where there is one. */
  readonly #servers: readonly RpcServer[];
  readonly #watch: ExitWatch;
  readonly #configWatch = new FileWatch({
    onStill: () => this.#guarded(() => this.#lookAtConfig()),
    onTrouble: (text) => this.log('warning', `watch-config: ${text}; SIGHUP or \`procmanctl update\` reloads`),
  });
  /** What `watch-config` found on disk when it looked last. */
  #configSeen: string | undefined;
  readonly #serviceManager = new ServiceManager(process.env, (level, text) => this.log(level, text));
  readonly #collector = new QuietCollector();
  /** Copies the services' output to stdout, where that is wanted. */
  #streamer: Streamer | undefined;
  #lock: DaemonLock;
  #timer: NodeJS.Timeout | undefined;
  #isExiting = false;
  #endedBy: string | undefined;
  #checkedAt = 0;

  constructor(parts: DaemonParts) {
    const { system, loadContext, config, overrides, logger, version } = parts;
    this.#parts = parts;
    this.#lock = parts.lock;
    this.system = system;
    this.logger = logger;
    this.version = version;
    this.startedAt = system.now().wall;
    this.configuration = new Configuration(system, loadContext, overrides, config);
    const { stateDir, childLogDir, timezone } = this.configuration.daemon;
    this.#stateDirectory = stateDir;
    this.time = new TimeText(timezone);
    this.#last = lastConfig(system, stateDir, config.path, loadContext);
    this.history = new History({
      system,
      stateDirectory: stateDir,
      log: (level, text) => this.log(level, text),
      time: () => this.time,
      onRecord: (happening) => {
        const { about } = happening;
        this.tally.note(happening, about && this.supervisor.world.instances.get(about.key));
      },
      limits: () => {
        const { eventsMaxAge, eventsMaxBytes } = this.configuration.daemon;
        return { maxAge: eventsMaxAge, maxBytes: eventsMaxBytes };
      },
    });
    this.supervisor = new Supervisor(
      {
        system,
        uid: config.uid,
        stateDirectory: stateDir,
        logDirectory: childLogDir,
        launcherScript: `${stateFile(stateDir, 'runs')}/${launcherName()}`,
        environment: this.#environment,
        self: process.pid,
        session: `${randomBytes(6).toString('hex')}n`,
        ownerStateDirectory: readOwner(system, config.uid, this.#pathContext)?.stateDir,
        prober: new NodeProber(),
        ...(loadContext.euid === 0 ? { pidPrefix: `${this.#ownerPath.replace(/\.json$/, '')}.pid.` } : {}),
        launchProblem: (version) => launchProblem(version, { environment: this.#environment }),
        log: (level, text, mark) => this.log(level, text, mark),
        record: (happening) => {
          this.history.record(happening);
          this.notices.note(happening);
        },
        time: (at) => this.time.tell(at),
        onRequiredFailure: (name, why) => this.#endForRequired(name, why),
        onLaunch: (name, logs) => this.#streamer?.follow(name, logs),
        onTurn: () => {
          this.#collector.noteTurn();
          this.#streamer?.keep(this.supervisor.world.instances);
          this.rotation.noteTurn();
          this.#schedule();
        },
      },
      (this.#last ?? config).core,
    );
    const log = (level: LogLevel, text: string): void => this.log(level, text);
    this.notices = new Notices({
      system,
      stateDirectory: stateDir,
      uid: config.uid,
      pid: this.pid,
      version,
      directory: () => this.configuration.current.directory,
      environment: this.#environment,
      env: process.env,
      survey: () => this.supervisor.survey(),
      time: () => this.time,
      configError: () => refusalText(this.configuration.error?.problems),
      log: (level, text, mark) => this.log(level, text, mark),
      record: (happening) => this.history.record(happening),
    });
    this.rotation = new LogRotation({
      survey: () => this.supervisor.survey(),
      world: () => this.supervisor.world,
      log,
    });
    this.metrics = new Metrics({ context: this, log });
    this.#oldLogs = new OldLogs({ system, stateDirectory: stateDir, log });
    this.#watch = new ExitWatch(stateFile(stateDir, 'runs'), (names) =>
      this.#guarded(() => this.supervisor.lookAt(names)),
    );
    this.#servers = this.#makeServers();
  }

  #makeServers(): readonly RpcServer[] {
    const { socket, socketMode, socketGroup, monitorSocket, monitorSocketMode } = this.configuration.daemon;
    const handlers = handlersOf(this);
    const log = (level: LogLevel, text: string): void => this.log(level, text);
    const group = socketGroup === undefined ? {} : { group: groupId(socketGroup) };
    const control = new RpcServer({ path: socket, mode: socketMode, ...group, handlers, log });
    if (monitorSocket === undefined) return [control];
    const place = { path: monitorSocket, mode: monitorSocketMode, monitor: true };
    return [control, new RpcServer({ ...place, handlers: monitorHandlers(handlers), log })];
  }

  /** @param mark - whoever reads the log should see it: marked with `!`, as all errors are */
  log(level: LogLevel, text: string, mark?: 'important'): void {
    this.logger.log(level, text, mark);
  }

  /** Something that is about the daemon or the configuration. */
  record(type: EventType, message: string, by?: string): void {
    this.history.record({ at: this.system.now().wall, type, message, ...(by === undefined ? {} : { by }) });
  }

  get #ownerPath(): string {
    return ownerFilePath(this.configuration.current.uid, this.#pathContext);
  }

  get #pathContext(): PathContext {
    return { euid: this.#parts.loadContext.euid, env: this.#parts.loadContext.env };
  }

  /* ---------------------------------------------------------------- start */

  /** Takes over what runs, applies the configuration, and serves. */
  async start(): Promise<void> {
    const { brokenConfig, config } = this.#parts;
    this.#installLauncher();
    this.adopted = this.supervisor.recover();
    // A daemon that cannot be reached starts nothing.
    await this.#listen();
    if (brokenConfig !== undefined) this.noteBrokenConfig(brokenConfig);
    this.#applyAtStart(config);
    this.supervisor.begin();
    this.#watch.start();
    this.rotation.look();
    if (!this.configuration.daemon.noCleanup) void this.#oldLogs.cleanUp(() => this.supervisor.survey());
    this.#writeOwner();
    this.#collector.noteStart();
    this.log('info', `serves ${config.uid} with ${config.path} (pid ${this.pid}, ${this.adopted} runs taken over)`);
    this.record('daemon', `started (version ${this.version}, pid ${this.pid}, ${this.adopted} runs taken over)`);
    this.#serviceManager.ready(`serves ${config.uid} with ${config.path}`);
    this.#schedule();
    this.#guarded(() => this.notices.begin(this.configuration.current.notify));
    // It may have changed since it was read.
    if (this.configuration.daemon.watchConfig) this.#lookAtConfig();
  }

  async #listen(): Promise<void> {
    try {
      for (const server of this.#servers) await server.listen();
    } catch (error) {
      await Promise.all(this.#servers.map((server) => server.close()));
      throw error;
    }
  }

  /** The launcher runs from a copy named by its content: an upgrade must not change the text under a waiting launcher. */
  #installLauncher(): void {
    const path = `${stateFile(this.#stateDirectory, 'runs')}/${launcherName()}`;
    this.system.makeDirectory(stateFile(this.#stateDirectory, 'runs'));
    if (this.system.readFile(path)?.text === launchScript) return;
    replaceFile(this.system, path, launchScript, { mode: 0o500 });
  }

  #applyAtStart(config: LoadedConfig): void {
    this.#apply(proposalOf(config, [], this.supervisor.world, this.system.now()));
  }

  #writeOwner(): void {
    const { system } = this;
    const { socket } = this.configuration.daemon;
    const owner: OwnerFile = {
      version: 1,
      uid: this.configuration.current.uid,
      pid: this.pid,
      startTicks: system.stat(this.pid)?.startTicks ?? 0,
      bootId: system.bootId(),
      pidNamespace: system.pidNamespace(),
      socket,
      stateDir: this.#stateDirectory,
      config: this.configuration.current.path,
      startedAt: this.time.format(this.startedAt),
      procman: this.version,
      ...(this.logger.path === undefined ? {} : { log: this.logger.path }),
    };
    for (const write of [
      () => {
        prepareSocketDirectory(ownerFilePath(owner.uid, this.#pathContext).replace(/\/[^/]*$/, ''), this.#pathContext);
        writeOwner(system, owner, this.#pathContext);
      },
      () => replaceFile(system, stateFile(this.#stateDirectory, 'owner'), `${JSON.stringify(owner)}\n`),
    ]) {
      try {
        write();
      } catch (error) {
        this.log('warning', error instanceof Error ? error.message : String(error));
      }
    }
  }

  /* ---------------------------------------------------------------- configuration */

  propose(given?: { readonly path: string; readonly text: string }): Proposed {
    return this.configuration.propose(this.supervisor.world, this.system.now(), given);
  }

  /** @param how `guarded`: what would stop too much is held; `confirmed`: an operator wants all of it */
  applyProposal(proposal: Proposal, how: 'guarded' | 'confirmed', by: string): void {
    const guarded =
      how === 'guarded' ? proposal.guarded : { config: proposal.config.core, kept: new Set<InstanceKey>(), stops: [] };
    for (const warning of proposal.warnings) this.log('warning', formatProblem(warning));
    this.history.record(ofReload(proposal.diff, guarded.stops, by, this.system.now().wall));
    this.tally.noteReload(guarded.stops.length > 0 ? 'held' : 'applied');
    this.#apply({ ...proposal, guarded });
  }

  #apply(proposal: Proposal): void {
    const { guarded, config } = proposal;
    const hadError = this.configuration.error;
    this.configuration.apply(proposal);
    // With --last-good the file on disk stays broken, whatever was applied instead of it.
    if (config === this.#parts.config && this.#parts.brokenConfig !== undefined) this.configuration.error = hadError;
    this.#watchConfig();
    const { daemon } = this.configuration;
    this.time = new TimeText(daemon.timezone);
    this.logger.configure(logSettings(daemon, this.time));
    this.supervisor.setLogDirectory(daemon.childLogDir);
    this.#stream(daemon.stream, config === this.#parts.config);
    this.supervisor.configure(guarded.config, guarded.kept);
    this.tally.keepOnly(this.supervisor.world.instances);
    this.metrics.configure(this.configuration.current.metrics);
    this.#guarded(() => this.notices.configure(config.notify));
    this.#guarded(() => this.#oldLogs.note(this.supervisor.survey()));
    if (guarded.stops.length > 0) {
      this.log(
        'error',
        `held: the configuration would stop ${guarded.stops.join(', ')} for good; they go on until \`procmanctl update\` confirms it`,
      );
    }
    try {
      this.configuration.keep(this.#stateDirectory);
    } catch (error) {
      this.log('warning', error instanceof Error ? error.message : String(error));
    }
  }

  /** @param isStart - it goes on where the last daemon was; else with what comes from now on */
  #stream(isWanted: boolean, isStart: boolean): void {
    const file = stateFile(this.#stateDirectory, 'stream');
    if (isWanted && this.#streamer === undefined) {
      const log = (level: LogLevel, text: string): void => this.log(level, text);
      this.#streamer = new Streamer({
        system: this.system,
        file,
        goOn: isStart,
        colour: wantsColour(process.env),
        audience: this.rotation.audience,
        log,
      });
      this.#streamer.keep(this.supervisor.world.instances);
    }
    if (isWanted) return;
    const forget = (): void => this.#guarded(() => this.system.remove(file));
    if (this.#streamer === undefined) forget();
    else void this.#streamer.end().finally(forget);
    this.#streamer = undefined;
  }

  #watchConfig(): void {
    const { daemon, files, folders } = this.configuration;
    if (daemon.watchConfig) this.#configWatch.follow(files, folders);
    else this.#configWatch.stop();
  }

  /** `watch-config`: something has happened to the files. What was only touched is no news. */
  #lookAtConfig(): void {
    if (this.isStopping || this.#isExiting) return;
    // Before it is loaded: what is written in between is news for the next look.
    const found = this.configuration.onDisk();
    const isNews = found !== this.#configSeen;
    this.#configSeen = found;
    if (isNews) this.#reload('watch-config');
    else this.log('debug', UNCHANGED);
    // A symbolic link on the way may lead elsewhere now, and a broken file may name others.
    this.#watchConfig();
  }

  /** SIGHUP: a broken file changes nothing. */
  reload(): void {
    this.#guarded(() => this.#reload('SIGHUP'));
  }

  #reload(by: 'SIGHUP' | 'watch-config'): void {
    const proposed = this.propose();
    if (!proposed.ok) {
      this.noteBrokenConfig(proposed.problems, by);
      return;
    }
    const { current, error } = this.configuration;
    if (by === 'watch-config' && error === undefined && proposed.proposal.config.text === current.text) {
      this.log('debug', UNCHANGED);
      return;
    }
    this.log('info', `reloads ${current.path}`);
    this.applyProposal(proposed.proposal, 'guarded', by);
  }

  noteBrokenConfig(problems: readonly Problem[], by?: string): void {
    const refusal = refusalText(problems);
    // At a start with --last-good it was no reload.
    if (by !== undefined) this.tally.noteReload('refused');
    this.record('reload', refusal, by);
    this.notices.noteRefusal(refusal);
    this.configuration.error = { at: this.system.now().wall, problems };
    for (const problem of problems)
      this.log(problem.severity === 'error' ? 'error' : 'warning', formatProblem(problem));
    this.log('error', 'the configuration is broken: nothing was changed');
  }

  /** Why a target could not be launched again, for those that can be told beforehand. */
  launchProblems(targets: readonly Target[]): Map<InstanceKey, string> {
    const problems = new Map<InstanceKey, string>();
    for (const { key, effective } of targets) {
      const problem =
        effective?.version === undefined
          ? undefined
          : launchProblem(effective.version, { environment: this.#environment });
      if (problem !== undefined) problems.set(key, problem);
    }
    return problems;
  }

  /* ---------------------------------------------------------------- the end */

  /** Ends as `on-exit` says; told a second time while it stops everything, it leaves the rest. */
  end(signal: string): void {
    if (this.configuration.daemon.onExit === 'leave' || this.isStopping) {
      this.leave(signal);
      return;
    }
    this.#endedBy = signal;
    this.#stopAndExit(signal, 'shutdown');
  }

  /** Not at once: the turn that found it out comes to its end first. */
  #endForRequired(name: string, why: string): void {
    this.isStopping = true;
    this.#exitCode = daemonExit.failure;
    setImmediate(() => this.#stopAndExit(`the required process ${name} is ${why}`, 'required'));
  }

  #stopAndExit(why: string, cause: 'shutdown' | 'required'): void {
    this.stopAll(why, cause)
      .catch((error: unknown) =>
        this.log('critical', error instanceof Error ? (error.stack ?? error.message) : String(error)),
      )
      .finally(() => this.exit(this.#exitCode));
  }

  /** Stops all services, what depends on others first. */
  async stopAll(why: string, cause: 'shutdown' | 'required' = 'shutdown'): Promise<readonly TargetOutcome[]> {
    this.isStopping = true;
    this.#serviceManager.stopping('stops all services');
    this.log(cause === 'required' ? 'critical' : 'info', `${why}: stops everything`);
    const outcomes = await this.supervisor.shutdown(cause, this.configuration.daemon.shutdownTimeout);
    const left = outcomes.filter(({ result }) => !result.ok).map(({ name }) => name);
    if (left.length > 0) this.log('error', `not stopped: ${left.join(', ')}`);
    await this.rotation.settled();
    return outcomes;
  }

  /** Ends, and leaves the services as they are. */
  leave(why: string): void {
    this.#endedBy ??= why;
    const alive = this.#countAlive();
    const wouldStop = this.isStopping ? 'waiting for its stop' : '`procmanctl shutdown` or on-exit = "stop"';
    const hint = alive === 0 ? '' : `; ${wouldStop} would have stopped them`;
    if (!this.isStopping) this.#serviceManager.stopping('ends, services go on');
    this.log('info', `${why}: the daemon ends; ${alive} ${alive === 1 ? 'service goes' : 'services go'} on${hint}`);
    this.exit(this.#exitCode);
  }

  #countAlive(): number {
    return [...this.supervisor.world.instances.values()].filter(({ activity }) => activity.kind !== 'idle').length;
  }

  /** After the reply is on its way. */
  leaveSoon(why: string): void {
    setImmediate(() => this.leave(why));
  }

  exitSoon(code: number): void {
    setImmediate(() => this.exit(code));
  }

  exit(code: number): void {
    if (this.#isExiting) return;
    this.#isExiting = true;
    clearTimeout(this.#timer);
    this.#watch.stop();
    this.#configWatch.stop();
    this.rotation.stop();
    this.record('daemon', `ended (code ${code})`, this.#endedBy);
    this.#guarded(() => this.notices.end(code, this.#endedBy));
    this.history.close();
    // Kept while anything lives: it says where the state of that is.
    if (this.#countAlive() === 0) this.#guarded(() => this.system.remove(this.#ownerPath));
    const closing = [
      ...this.#servers.map((server) => server.close()),
      this.#streamer?.end() ?? Promise.resolve(),
      this.metrics.close(),
    ];
    void Promise.all(closing).finally(() => {
      this.#lock.release();
      this.#parts.exit(code);
    });
  }

  /* ---------------------------------------------------------------- time */

  #schedule(): void {
    if (this.#isExiting) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#guarded(() => this.#wake()), Math.ceil(this.supervisor.nextWake()));
  }

  #wake(): void {
    this.supervisor.wake();
    const now = this.system.now().mono;
    if (now - this.#checkedAt < CHECK_INTERVAL) return;
    this.#checkedAt = now;
    this.#watch.check();
    this.#configWatch.check();
    this.#streamer?.look();
    this.rotation.look();
    this.#checkSurroundings();
  }

  /** The socket, the lock and the owner file may be removed by others. */
  #checkSurroundings(): void {
    for (const server of this.#servers) {
      if (server.isReachable()) continue;
      this.log('warning', `the socket ${server.path} was removed: it is made anew`);
      server
        .rebind()
        .catch((error: unknown) => this.log('error', error instanceof Error ? error.message : String(error)));
    }
    if (!this.system.exists(this.#ownerPath)) this.#writeOwner();
    if (this.#lock.stillHeld()) return;
    const again = takeDaemonLock(lockPath(this.#stateDirectory), (text) => this.log('warning', text));
    if (again === undefined) {
      this.log(
        'critical',
        'another daemon has taken the lock of this state directory: this one leaves everything to it',
      );
      this.exit(daemonExit.failure);
      return;
    }
    this.#lock.release();
    this.#lock = again;
  }

  /** An operating-system failure in the surroundings must not end the daemon; a defect does, and the next start recovers. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      this.log('error', error.message);
      this.#schedule();
    }
  }
}

const CHECK_INTERVAL = 9_000;

const UNCHANGED = 'watch-config: the configuration reads as before';

export function lockPath(stateDirectory: string): string {
  return stateFile(stateDirectory, 'lock');
}

function launcherName(): string {
  return `launch-${createHash('sha256').update(launchScript).digest('hex').slice(0, 12)}.sh`;
}

function refusalText(problems: readonly Problem[]): string;
function refusalText(problems: readonly Problem[] | undefined): string | undefined;
function refusalText(problems: readonly Problem[] | undefined): string | undefined {
  if (problems === undefined) return undefined;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return `refused: the configuration has ${errors} ${errors === 1 ? 'problem' : 'problems'}`;
}
