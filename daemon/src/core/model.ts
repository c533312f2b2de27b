/**
 * The words of the core: what is configured, what is known of each instance, and what runs.
 *
 * Desired and current are two values: `Config` and the operators' holds say what should be, `Instance` says what is known.
 * Everything here is plain data, so that it can be kept on disk and compared.
 */

/** A length of time in milliseconds. */
export type Milliseconds = number;
/** Wall-clock time in milliseconds since the epoch: for schedules and for people. */
export type WallTime = number;
/** CLOCK_MONOTONIC in milliseconds: for timeouts. The same in all processes of one boot, so it may be kept on disk beside the boot id. */
export type MonotonicTime = number;

/** Both clocks, read once per turn and passed in. */
export interface Now {
  readonly wall: WallTime;
  readonly mono: MonotonicTime;
}

/** Identifies an instance on disk, in locks and in memory: the file-safe stem made of (id, number). See `instanceKey`. */
export type InstanceKey = string;
/** Identifies one launch; letters and digits only. */
export type LaunchId = string;
/** A signal without its prefix, as in the configuration: `TERM`, `KILL`, `USR1`. */
export type SignalName = string;

/* ---------------------------------------------------------------- what is configured */

export interface ApplyOn {
  /** Civil time as written, normalised (`2024-10-01T12:00:00`, with its offset if one was written): two equal texts are one version. */
  readonly text: string;
  readonly at: WallTime;
}

/**
 * `pid-file` and `podman-cid` are expressions that tell which process is the real one; `external` is one that only starts
 * something: it is alive while its health-check says so.
 */
export type CommandType = 'simple' | 'expression' | 'pid-file' | 'podman-cid' | 'external';

export interface Command {
  /** The line as written, for people. */
  readonly line: string;
  readonly type: CommandType;
  /** Why it has this type, for `check` and `explain`. */
  readonly why: string;
  /** What is executed; an expression is `['/bin/sh', '-c', line, 'sh', ...args]`. May hold placeholders, see `placeholders.ts`. */
  readonly argv: readonly string[];
}

export interface Dependency {
  readonly id: string;
  readonly condition: 'started' | 'running' | 'healthy' | 'finished';
  readonly onLoss: 'stop' | 'keep';
}

/** A dependency outside of procman: met once its command has succeeded; asked before a start only. */
export interface ExternalDependency {
  readonly command: string;
  /** Between two tries. */
  readonly interval: Milliseconds;
  readonly timeout: Milliseconds;
}

/** A command of a process's life beside its own (SPEC 5), run by `/bin/sh -c`. */
export interface Hook {
  readonly command: string;
  /** Its whole session is killed then. */
  readonly timeout: Milliseconds;
}

export type HookName = 'before' | 'init' | 'after-start' | 'stop' | 'after-stop';

/** How it is asked whether a service is well. */
export type Probe =
  | { readonly kind: 'command'; readonly command: string }
  /** GET; 2xx and 3xx are good, redirects are not followed. */
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** Tried every `interval` until it succeeds; after `timeout` the start has failed. */
export interface StartHealthCheck {
  readonly probe: Probe;
  readonly timeout: Milliseconds;
  readonly interval: Milliseconds;
}

export type HealthCheck =
  | {
      readonly kind: 'probe';
      readonly probe: Probe;
      /** Of one try. */
      readonly timeout: Milliseconds;
      readonly interval: Milliseconds;
      /** So many failed tries in a row make it unhealthy; at least 1. */
      readonly retries: number;
      /** Failures so long after RUNNING do not count. */
      readonly startPeriod: Milliseconds;
    }
  /** Unhealthy when neither the folder nor a direct entry of it was modified for so long. */
  | { readonly kind: 'folder'; readonly folder: string; readonly inactiveTime: Milliseconds };

/** 1 is Monday, 7 is Sunday (ISO 8601). */
export type WeekDay = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** When a process runs (SPEC 3); civil times in its zone. */
export type Schedule =
  | {
      readonly kind: 'windows';
      /** Milliseconds after midnight, 0 to below 24 h. */
      readonly start: Milliseconds;
      /** Milliseconds after midnight, up to 24 h; at or before `start`: on the next day. */
      readonly stop: Milliseconds;
      /** The days on which windows open, in order. */
      readonly days: readonly WeekDay[];
      /** An IANA name. */
      readonly timezone: string;
      /** For people: `08:00-18:00 mon-fri Europe/Madrid`. */
      readonly text: string;
    }
  /** One-shots only: each time is a run. */
  | { readonly kind: 'cron'; readonly pattern: string; readonly timezone: string; readonly text: string };

export type LogTarget =
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly path: string }
  /** stderr only: into stdout's file. */
  | { readonly kind: 'stdout' };

/** Resource limits, getrlimit(2), soft and hard alike; sizes in bytes, `cpu` in milliseconds. */
export interface Limits {
  readonly nofile?: number | 'unlimited';
  readonly nproc?: number | 'unlimited';
  readonly core?: number | 'unlimited';
  /** Address space. */
  readonly memory?: number | 'unlimited';
  readonly cpu?: Milliseconds | 'unlimited';
}

/** How log files are rotated (SPEC 6). */
export interface Rotation {
  /** 0: never. */
  readonly maxBytes: number;
  readonly backups: number;
  /** false: what was copied is only punched out, so that offsets into the live file stay right. */
  readonly collapse: boolean;
}

export type AutoRestart = 'always' | 'on-failure' | 'never';
export type KillMode = 'group' | 'mixed' | 'process';

export type Hooks = Readonly<Partial<Record<HookName, Hook>>>;

/** Keys whose change makes a live run stale (SPEC 2.2). */
export type StaleKey =
  | 'command' | 'args' | 'params' | 'template' | 'env' | 'env-file' | 'inherit-env' | 'work-dir' | 'umask' | 'nice'
  | 'user' | 'group-name' | 'limits' | 'pty' | 'stdout-log' | 'stderr-log' | 'log-file'; // prettier-ignore

/** Keys that are not given have no entry. */
export type Fingerprint = Readonly<Partial<Record<StaleKey, string>>>;

/** One `[[process]]` table: checked, with defaults applied and paths absolute. */
export interface ProcessVersion {
  readonly id: string;
  readonly applyOn: ApplyOn;
  readonly fake: boolean;
  readonly command: Command;
  readonly autostart: boolean;
  readonly oneShot: boolean;
  /** A one-shot that runs once per boot, not once per version. */
  readonly perBoot: boolean;
  /** A one-shot's missed window is run late, the latest one once. */
  readonly catchUp: boolean;
  /** undefined: always. */
  readonly schedule?: Schedule;
  readonly numprocs: number;
  readonly group?: string;
  readonly dependsOn: readonly Dependency[];
  readonly externals: readonly ExternalDependency[];
  /** So long after its dependencies are met. */
  readonly waitAfter: Milliseconds;
  readonly workDir: string;
  /** Only what the configuration and env-file set; the daemon's own environment is added at launch, see `inheritEnv`. */
  readonly env: Readonly<Record<string, string>>;
  /** What comes from the daemon's environment: all, nothing, or these names. */
  readonly inheritEnv: boolean | readonly string[];
  readonly umask?: number;
  readonly nice?: number;
  /** Name or number. */
  readonly user?: string;
  /** Name or number. */
  readonly groupName?: string;
  readonly limits?: Limits;
  /** It runs on a pseudo-terminal. */
  readonly pty: boolean;
  /** Without it everything is stopped, and the daemon ends. */
  readonly required: boolean;
  readonly autorestart: AutoRestart;
  readonly exitCodes: readonly number[];
  readonly startSecs: Milliseconds;
  /** Retries after a first failed start before FATAL; undefined: without end. */
  readonly startRetries?: number;
  readonly restartDelay: Milliseconds;
  readonly restartMaxDelay: Milliseconds;
  /** Launches by the daemon itself within the window; 0: no limit. */
  readonly maxRuns: number;
  readonly maxRunsWindow: Milliseconds;
  readonly stopSignal: SignalName;
  readonly stopTimeout: Milliseconds;
  readonly killMode: KillMode;
  readonly hooks: Hooks;
  readonly startHealthCheck?: StartHealthCheck;
  readonly healthCheck?: HealthCheck;
  /** It is stopped when it runs longer. */
  readonly maxRunTime?: Milliseconds;
  /** With type `pid-file`: waiting longer for the file is a problem. */
  readonly pidFileTimeout?: Milliseconds;
  /** Took over by its apply-on and is not RUNNING after so long: back to the version before. */
  readonly fallbackTimeout?: Milliseconds;
  readonly stdoutLog: LogTarget;
  readonly stderrLog: LogTarget;
  readonly rotation: Rotation;
  /** A hash of each given stale key's value: compared with the live run's, and safe to keep (no secret can be read back). */
  readonly fingerprint: Fingerprint;
  /** A hash of the whole table: a changed definition clears the counters of a process that is not running. */
  readonly digest: string;
}

export interface ProcessConfig {
  readonly id: string;
  /** In the order of `apply-on`, oldest first; at least one. */
  readonly versions: readonly ProcessVersion[];
}

export interface DaemonSettings {
  readonly maxParallelStarts: number;
  readonly dependencyTimeout: Milliseconds;
  readonly shutdownTimeout: Milliseconds;
  /** Share of what runs that a reload may stop for good, in percent; undefined: off. */
  readonly reloadGuard?: number;
}

/** What the core knows of a configuration file. */
export interface CoreConfig {
  readonly daemon: DaemonSettings;
  /** In the file's order. */
  readonly processes: readonly ProcessConfig[];
}

/* ---------------------------------------------------------------- what is known of a run */

/** A process that can be proven to be the one meant. A pid alone is never trusted. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTicks: number;
  readonly bootId: string;
  /** `pid:[4026531836]`. */
  readonly pidNamespace: string;
}

/** Settings that a live run takes from the newest definition at each reload, kept with it for when the definition is gone. */
export interface RunSettings {
  readonly oneShot: boolean;
  readonly autorestart: AutoRestart;
  readonly exitCodes: readonly number[];
  readonly startSecs: Milliseconds;
  readonly stopSignal: SignalName;
  readonly stopTimeout: Milliseconds;
  readonly killMode: KillMode;
  /** Who has to outlive it, where that is known. */
  readonly dependsOn?: readonly Dependency[];
  readonly hooks?: Hooks;
  readonly startHealthCheck?: StartHealthCheck;
  readonly healthCheck?: HealthCheck;
  readonly maxRunTime?: Milliseconds;
}

export type RunReason = 'wanted' | 'operator' | 'forced' | 'catch-up';

/** One launch of an instance. */
export interface Run {
  readonly launchId: LaunchId;
  /** What its instance was called: still its name when the configuration no longer has it. */
  readonly name?: string;
  /** Why it was launched. */
  readonly why: RunReason;
  /** How it is told which process it is; `simple` and `expression` are the launched process itself. */
  readonly type?: CommandType;
  /** What the run of a one-shot is for: its entry in the ledger. */
  readonly entry?: string;
  /** `ApplyOn.text` of the version that was launched. */
  readonly applyOn: string;
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly settings: RunSettings;
  readonly startedAt: WallTime;
  readonly startedMono: MonotonicTime;
  /** The log files it was launched with. */
  readonly logs: { readonly stdout?: string; readonly stderr?: string };
  /** Known once the run record was seen. */
  readonly process?: ProcessIdentity;
  /** The launcher that waits for it, where known. */
  readonly launcher?: ProcessIdentity;
  /** Types `pid-file`, `podman-cid`, `external`: the expression has done its work; what it named, if it names a process. */
  readonly handed?: { readonly process?: ProcessIdentity };
}

/* ---------------------------------------------------------------- hooks and checks under way */

export type JobName = HookName | 'start-health-check' | 'health-check' | 'dependency' | 'inspect';

/** What a job does. A command goes through a launcher of its own; the others are asked by the daemon itself. */
export type JobWork =
  | Probe
  | { readonly kind: 'folder'; readonly folder: string; readonly inactiveTime: Milliseconds; readonly since: WallTime };

/** A hook, or one try of a check, from its intent until nothing of it is left. */
export interface Job {
  readonly name: JobName;
  /** Unique per instance and name. */
  readonly launchId: LaunchId;
  readonly work: JobWork;
  readonly timeout: Milliseconds;
  readonly startedMono: MonotonicTime;
  /** Further variables of a hook's environment, such as `PROCMAN_EXIT_CODE`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly process?: ProcessIdentity;
  readonly launcher?: ProcessIdentity;
  /** Its end was not waited for any more: why its session was killed, and when first. */
  readonly killed?: { readonly why: 'timeout' | 'cancelled'; readonly at: MonotonicTime };
  /** Its shell has ended; what it left in its session is being killed. */
  readonly result?: JobResult;
  /** When to look at it again, without being told. */
  readonly lookAt: MonotonicTime;
}

export interface JobResult {
  readonly ok: boolean;
  /** In a few words: how it ended. */
  readonly text: string;
  /** The last of a check's output. */
  readonly output?: string;
  /** It did not run, for no fault of its own. */
  readonly neverRan?: true;
  /** `folder` only: so long until it can become inactive. */
  readonly again?: Milliseconds;
}

/** What a health-check has found so far. */
export interface Health {
  /** undefined: not known yet. */
  readonly ok?: boolean;
  /** Failed tries in a row. */
  readonly failures: number;
  readonly text?: string;
  /** When it was asked last. */
  readonly at?: WallTime;
  /** When to ask next; not kept on disk. */
  readonly nextAt: MonotonicTime;
}

/** How a main process ended; `unknown` when its launcher was killed. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: SignalName }
  | { readonly kind: 'unknown' };

/** A live process, as shown to people when it is in the way. */
export interface LiveProcess {
  readonly pid: number;
  readonly startTicks: number;
  /** Numeric uid of its owner. */
  readonly uid: number;
  readonly command: string;
  /** It carries the run's mark in its environment. */
  readonly marked: boolean;
}

export type StopCause =
  | 'manual' | 'schedule' | 'new-version' | 'restart' | 'dependency' | 'health-check' | 'init' | 'start-health-check'
  | 'not-in-config' | 'fake' | 'not-yet-applied' | 'shutdown' | 'required' | 'fallback' | 'max-run-time'; // prettier-ignore

/** A stop under way. Kept on disk before the first signal, so that the next daemon goes on with it. */
export interface Stop {
  readonly cause: StopCause;
  readonly since: MonotonicTime;
  /** No grace: SIGKILL at once. */
  readonly now: boolean;
  /** What went wrong, where a hook or a check ends it. */
  readonly text?: string;
}

/**
 * Signals already sent to a run that has to go. The grace belongs to the whole run: it counts from the first signal, also
 * when the main process dies at once and its children need their time.
 */
export interface Clearing {
  /** Its `stop` hook stands in for the stop-signal until then. */
  readonly hookUntil?: MonotonicTime;
  readonly firstSignalAt?: MonotonicTime;
  readonly killedAt?: MonotonicTime;
  /** What is left besides the main process, as of the last scan. */
  readonly remains: readonly LiveProcess[];
  /** When to look again, while something is left. */
  readonly scanAt?: MonotonicTime;
}

/**
 * What physically happens to an instance. Each kind carries only the fields that are valid in it; the state shown to people
 * (RUNNING, BACKOFF, ...) is derived from it by `describe`.
 */
export type Activity =
  /** Nothing of any run is left. */
  | { readonly kind: 'idle' }
  /** Its `before` hook runs; nothing is launched yet. `stop`: it is not wanted any more. */
  | { readonly kind: 'preparing'; readonly run: Run; readonly stop?: Stop }
  /** The launch intent is on disk; no run record yet. */
  | { readonly kind: 'launching'; readonly run: Run; readonly lookAt: MonotonicTime }
  /** It runs, but its start is not done: see `StartStep`. */
  | {
      readonly kind: 'settling';
      readonly run: Run;
      readonly step: StartStep;
      readonly stepSince: MonotonicTime;
      /** `start-health-check`: when to try again. `pid-file`: when to look for the file again. */
      readonly againAt?: MonotonicTime;
      /** The step went wrong: the process has to end. */
      readonly failed?: { readonly code: 'init' | 'start-health-check'; readonly text: string };
    }
  | {
      readonly kind: 'running';
      readonly run: Run;
      /** Since when it is RUNNING; absent in state files of the first release: since its launch. */
      readonly since?: { readonly wall: WallTime; readonly mono: MonotonicTime };
      readonly health?: Health;
    }
  /** It has to end, but its dependents go first. */
  | { readonly kind: 'yielding'; readonly run: Run; readonly stop: Stop; readonly settled: boolean }
  /** It has to end; its main process was alive when last seen. */
  | {
      readonly kind: 'stopping';
      readonly run: Run;
      readonly stop: Stop;
      readonly settled: boolean;
      readonly clearing: Clearing;
    }
  /** Its main process has ended; whatever else belongs to the run is being ended. */
  | {
      readonly kind: 'clearing';
      readonly run: Run;
      readonly ended: Ended;
      readonly stop?: Stop;
      readonly clearing: Clearing;
    }
  /** Nothing of the run is left; its `after-stop` hook runs. */
  | { readonly kind: 'finishing'; readonly run: Run; readonly ended: Ended };

/** What a start waits for after the launch, in this order (SPEC 5). `settle`: what is left of `start-secs`. */
export type StartStep = 'pid-file' | 'start-health-check' | 'init' | 'settle';

/** The last ending of an instance. */
export interface Ended {
  readonly launchId: LaunchId;
  readonly exit: Exit;
  readonly startedAt: WallTime;
  readonly at: WallTime;
  readonly mono: MonotonicTime;
  /** Who ended it: nobody asked (`itself`), a stop, or the machine that went down. */
  readonly by: 'itself' | 'boot' | StopCause;
  /** What went wrong, where a hook or a check ended it. */
  readonly text?: string;
  /** It had been RUNNING. */
  readonly settled: boolean;
  readonly applyOn: string;
  /** The main process ended within seconds and left others behind: it forks into the background. */
  readonly forked?: boolean;
  /** When it was last proven alive, in clock ticks since boot: what its session held until then was its own. */
  readonly aliveTicks?: number;
}

/** The latest trouble that delays the next launch. */
export interface Failure {
  readonly code: 'exit' | 'spawn-error' | 'before' | 'init' | 'start-health-check';
  readonly message: string;
  readonly exit?: Exit;
  readonly at: MonotonicTime;
  /** False for what is no fault of the service (a refused launch, a full disk): tried again after a second, never counted. */
  readonly counts: boolean;
}

export interface Counters {
  /** Failed starts in a row. */
  readonly failedStarts: number;
  readonly failure?: Failure;
  /** Launches by the daemon itself, oldest first; older ones than the largest window are dropped. */
  readonly runs: readonly MonotonicTime[];
}

/** Why the next launch does not count as one of the daemon's own (SPEC `max-runs`). */
export type Credit = 'operator' | 'window' | 'version' | 'dependency' | 'definition' | 'boot';

/**
 * A line of a one-shot's ledger: at most one run per entry, also across crashes. Written before the launch.
 *
 *   due          its window has opened, or its time has come; not run yet
 *   missed       the window closed before it could run (SPEC 3); `skipped`: rightly so, or an operator has taken note
 *   interrupted  a stop or a boot cut the run off
 */
export interface LedgerEntry {
  /** What the run is for: `version:APPLY-ON`, `boot:ID`, `window:ISO`, `forced`. */
  readonly entry: string;
  /** When the window opened. */
  readonly opens?: WallTime;
  /** The run, or, where it is due, the one that failed and is to be tried again. */
  readonly launchId?: LaunchId;
  readonly outcome: 'due' | 'running' | 'ended' | 'interrupted' | 'missed' | 'skipped';
  /** A missed window that is run late. */
  readonly late?: true;
}

/** Something alive that cannot be proven: nothing is started or signalled until it is resolved. */
export interface Doubt {
  readonly code: 'identity' | 'pid-file';
  readonly message: string;
  readonly candidates: readonly LiveProcess[];
}

export interface ExitRecord {
  readonly launchId: LaunchId;
  readonly startedAt: WallTime;
  readonly at: WallTime;
  readonly exit: Exit;
  /** Who ended it; absent where nobody asked, and in records of older daemons. */
  readonly by?: Exclude<Ended['by'], 'itself'>;
  /** What went wrong, where a hook or a check ended it. */
  readonly text?: string;
  /** What it said last on its error stream, where that is known. */
  readonly stderr?: readonly string[];
}

/** An operator's `stop`. Its existence on disk is the fact. */
export interface Hold {
  readonly since: WallTime;
  /** It ends by itself then; undefined: with an operator's `start`. */
  readonly until?: WallTime | 'reboot';
}

export type State =
  'STOPPED' | 'PENDING' | 'STARTING' | 'RUNNING' | 'BACKOFF' | 'STOPPING' | 'EXITED' | 'FATAL' | 'BLOCKED';

export interface Shown {
  readonly state: State;
  readonly since: WallTime;
  readonly sinceMono: MonotonicTime;
  /** PENDING only: since when it waits for a dependency that is not rightly idle (SPEC `dependency-timeout`). */
  readonly dueSince?: MonotonicTime;
  /** It was a problem, and has not been right since: what is on its way from one failure to the next has not recovered. */
  readonly trouble?: true;
}

export interface Seen {
  /** The effective version, and its digest. */
  readonly applyOn?: string;
  readonly digest?: string;
  /** Its schedule in words, and since when it is known: windows before that are not missed. */
  readonly schedule?: string;
  readonly since?: WallTime;
  /** The latest window that opened, and whether it was open still. */
  readonly window?: { readonly opens: WallTime; readonly open: boolean };
  /** When the effective version took over from another one by the clock, and is not RUNNING yet. */
  readonly tookOver?: MonotonicTime;
}

/** Everything known of one instance. One writer: `lifecycle.ts` and the few functions of `facts.ts`. */
export interface Instance {
  readonly key: InstanceKey;
  readonly id: string;
  readonly num: number;
  readonly activity: Activity;
  /** How the latest launch ended; absent while one is under way or has not got as far as its command. */
  readonly ended?: Ended;
  readonly counters: Counters;
  /** Kept until the command of the next launch has run. */
  readonly credit?: Credit;
  /** Newest first; one-shots only. */
  readonly ledger: readonly LedgerEntry[];
  /** Hooks and checks under way. */
  readonly jobs: readonly Job[];
  /** Since when all its dependencies are met: `wait-after` counts from here. */
  readonly metSince?: MonotonicTime;
  /** How far the external dependencies of the next launch have been asked. */
  readonly externals?: {
    readonly met: number;
    readonly againAt?: MonotonicTime;
    readonly text?: string;
    readonly interval?: Milliseconds;
  };
  /** An operator started it: matters with `autostart = false`. */
  readonly operatorStarted: boolean;
  /** `start --force` in effect, until its window next closes. */
  readonly forced: boolean;
  /** It was forced within this window, by its opening: that one's close does not end it. */
  readonly forcedIn?: WallTime;
  readonly doubt?: Doubt;
  readonly hold?: Hold;
  /** It waits, or was stopped, for a dependency: its return clears the counters. */
  readonly dependencyLost: boolean;
  /** Launches after an ending nobody asked for, since the effective version changed. */
  readonly restarts: number;
  /** What was seen last: a change clears the counters. */
  readonly seen: Seen;
  /** A version that took over and did not come up: the one before runs instead, until this one is defined anew. */
  readonly fellBack?: { readonly applyOn: string; readonly digest: string };
  /** The state shown last, and since when. */
  readonly shown: Shown;
  /** The last five endings, newest first; each launch appears once. */
  readonly exits: readonly ExitRecord[];
}

/** A clock that is not to be trusted yet stops nothing (SPEC 3). */
export interface ClockGuard {
  /** The clock at start was behind the newest time on record: until it has caught up. */
  readonly behindUntil?: WallTime;
  /** It jumped: scheduled stops wait until the new time has held for a while. */
  readonly settlesAt?: MonotonicTime;
  /** The wall time after the latest jump, or step forward: nothing is known to be inactive for longer. */
  readonly jumpedTo?: WallTime;
}

/** All that the core decides on. */
export interface World {
  readonly config: CoreConfig;
  /** Instances of the configuration and those that are known from before, by key. */
  readonly instances: ReadonlyMap<InstanceKey, Instance>;
  /** What a held reload would stop: kept until `update` confirms it. */
  readonly kept: ReadonlySet<InstanceKey>;
  /** Everything is to stop: because it was told to, or because a `required` process has failed. */
  readonly ending?: 'shutdown' | 'required';
  readonly clock: ClockGuard;
  /** Versions that may not take over, with the reason; by `vetoKey`. */
  readonly vetoes: ReadonlyMap<string, string>;
  readonly bootId: string;
  /** Where `auto` logs go. */
  readonly logDirectory: string;
  /** Makes launch ids unique across daemons: a random text, drawn once per daemon. */
  readonly session: string;
  readonly nextLaunch: number;
  /** No daemon runs: what is alive is RUNNING, and of what is not nobody will start it (SPEC 7.2). */
  readonly unsupervised?: {
    /** What lives of runs and hooks that have ended. */
    readonly leftovers: ReadonlyMap<InstanceKey, readonly LiveProcess[]>;
  };
}
