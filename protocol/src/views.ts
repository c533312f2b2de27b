/**
 * The results of the protocol's methods (SPEC 10), as both sides see them. Times are ISO 8601 with milliseconds and offset.
 * Types only: `contract.ts` holds the schemas and is checked against these by the compiler.
 */

import type {
  ActCode,
  EventType,
  Expectation,
  LogStream,
  NextAction,
  Phase,
  PlanActionKind,
  ReasonCode,
  State,
  TimelineAction,
  TimelineNote,
  Verdict,
} from './vocabulary.ts';

/** An ISO 8601 date-time with milliseconds and offset: `2026-03-01T08:00:00.000+01:00`. */
export type Time = string;
/** The name of an instance as shown: `group:instance` or `id`. */
export type InstanceName = string;

/** Result of `ping`. */
export interface PingResult {
  /** Process id of the daemon. */
  readonly pid: number;
  /** Version of procman that the daemon runs. */
  readonly version: string;
  /** `uid` of its configuration. */
  readonly uid: string;
}

/** Result of `version`. */
export interface VersionResult {
  /** Version of procman that the daemon runs. */
  readonly version: string;
  /** Version of this protocol. */
  readonly protocol: number;
}

/** How a run ended. Exactly one of `code`, `signal`, `unknown`. */
export interface ExitView {
  /** Exit code, 0-255. */
  readonly code?: number;
  /** Signal that ended it, with its prefix: `SIGTERM`. */
  readonly signal?: string;
  /** Nobody saw how it ended: its launcher was killed, or it was none of the daemon's children. */
  readonly unknown?: true;
}

/** How a run ended, and when. */
export interface LastExit extends ExitView {
  readonly at: Time;
}

/** Particulars of a reason; which ones depends on its code. */
export interface ReasonData {
  /** When it ends by itself: the delay, the window, the hold. */
  readonly until?: Time;
  /** What it waits for: process ids of dependencies. */
  readonly waitsFor?: readonly string[];
  /** Processes in the way: survivors, candidates. */
  readonly pids?: readonly number[];
  /** The ending that led here. */
  readonly exit?: ExitView;
  /** Failed starts in a row, or launches within the window. */
  readonly tries?: number;
}

/** Why an instance is in its state. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence part for people, without the name. */
  readonly message: string;
  readonly data?: ReasonData;
}

/** An operator's `stop` in effect. */
export interface HoldView {
  readonly since: Time;
  /** When it ends by itself: a time, or `reboot`; absent: with the next `start`. */
  readonly until?: string;
}

/** What a run uses: its main process, and all that belongs to it. */
export interface Resources {
  /**
   * Of one processor (200: two of them), with one decimal: over the time since it was asked for before, if that was half a second to a
   * minute ago; else over half a second.
   */
  readonly cpuPercent: number;
  /** Memory that is not swapped out, in bytes. What processes share is counted for each of them. */
  readonly rssBytes: number;
  readonly threads: number;
  /** Absent where some of it may not be read: processes of another user, of a daemon that is not root's. */
  readonly openFiles?: number;
  readonly processes: number;
}

/** One instance, as `status` shows it. */
export interface Row {
  /** `group:instance`, or the id. */
  readonly name: InstanceName;
  /** Process id in the configuration. */
  readonly id: string;
  /** `worker_00`, or the id where there is one only. */
  readonly instance: string;
  /** Number of the instance, from 0. */
  readonly num: number;
  readonly group?: string;
  readonly state: State;
  /** Step within STARTING or STOPPING. */
  readonly phase?: Phase;
  readonly reason: Reason;
  readonly expected: Expectation;
  readonly verdict: Verdict;
  /** Main process id, while one is alive. */
  readonly pid?: number;
  /** When the state began, kept over adoption. */
  readonly since: Time;
  /** Whole seconds since the live run began. */
  readonly uptimeSeconds?: number;
  /** Launches after an ending that nobody asked for; 0 again with a new effective version. */
  readonly restarts: number;
  /** `apply-on` of the live run, else of the effective version. */
  readonly applyOn?: string;
  /** It runs with settings that differ from its definition now; `restart` applies them. */
  readonly stale: boolean;
  /** An operator stopped it. */
  readonly held: boolean;
  readonly hold?: HoldView;
  readonly lastExit?: LastExit;
  /** When BACKOFF or BLOCKED `too-many-runs` tries again. */
  readonly retryAt?: Time;
  /** What happens next by itself, and when. */
  readonly next?: { readonly at: Time; readonly action: NextAction };
  /** Processes of it that have ended, and whose parent has not taken note; absent: none, as of the last look, at most a minute ago. */
  readonly zombies?: number;
  /** What its whole run uses; only where it was asked for, and runs. */
  readonly resources?: Resources;
  /** What a stop of it takes along: live instances that depend on it. Absent: nothing. */
  readonly dependents?: readonly InstanceName[];
}

/** One finding in a configuration. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Absolute path of the file. */
  readonly file: string;
  /** Line in the file, from 1. */
  readonly line?: number;
  /** Column in the line, from 1. */
  readonly column?: number;
  /** Id of the process that it concerns. */
  readonly process?: string;
  /** The key as written, dotted where nested. */
  readonly key?: string;
  readonly message: string;
  /** The value that was found. */
  readonly found?: string;
  /** What would have been allowed. */
  readonly allowed?: string;
  /** How to mend it. */
  readonly hint?: string;
}

/** The daemon itself, as `status` shows it. */
export interface DaemonView {
  /** Process id; null when no daemon runs. */
  readonly pid: number | null;
  /** Version of procman. */
  readonly version: string;
  /** `uid` of the configuration. */
  readonly uid: string;
  readonly startedAt: Time;
  /** Absolute path of the configuration file. */
  readonly configPath: string;
  /** When the configuration in effect was applied. */
  readonly configLoadedAt: Time;
  /** Live runs that this daemon took over from the one before. */
  readonly adopted: number;
  /** The file on disk is broken; the one before stays in effect. */
  readonly configError?: { readonly at: Time; readonly problems: readonly Problem[] };
  /** A reload that waits for `update`, because it would stop too much for good. */
  readonly heldReload?: HeldReload;
  /** The clock is behind the newest time on record: no scheduled stop, switch or new version until then. */
  readonly clock?: { readonly behindUntil: Time };
  readonly unsupervised?: Unsupervised;
}

/** No daemon runs: the client has answered from files and /proc. Never there in what a daemon answers. */
export interface Unsupervised {
  /** The last sign of life of a daemon; absent where none is left. */
  readonly since?: Time;
}

/** Of results that have no `daemon` to say it. */
interface MaybeUnsupervised {
  readonly unsupervised?: Unsupervised;
}

/** A reload that the guard holds (SPEC 2.1 `reload-guard`). */
export interface HeldReload {
  readonly at: Time;
  /** Hash of the plan that `update` would confirm. */
  readonly hash: string;
  /** What it would stop. */
  readonly stops: readonly InstanceName[];
}

/** Result of `status`; of one with `at`: `StatusAtResult`. */
export interface StatusResult {
  readonly daemon: DaemonView;
  /** In the configuration's order. */
  readonly processes: readonly Row[];
}

/** What an instance is to do at a moment, by configuration and holds alone. */
export interface ExpectedRow {
  readonly name: InstanceName;
  /** Process id in the configuration. */
  readonly id: string;
  readonly expected: Expectation;
  readonly reason: Reason;
  /** `apply-on` of the version in effect then. */
  readonly applyOn?: string;
  /** What comes after that moment by itself, and when. */
  readonly next?: { readonly at: Time; readonly action: NextAction };
}

/** Result of `status` with `at`. */
export interface StatusAtResult extends MaybeUnsupervised {
  /** The moment that was meant. */
  readonly at: Time;
  /** In the configuration's order. */
  readonly processes: readonly ExpectedRow[];
}

/** One transition to come. */
export interface TimelineEntry {
  /** With the offset of the process's zone. */
  readonly at: Time;
  readonly name: InstanceName;
  /** Process id in the configuration. */
  readonly id: string;
  readonly action: TimelineAction;
  /** `apply-on` of the version that acts. */
  readonly applyOn?: string;
  readonly note?: TimelineNote;
}

/** Result of `timeline`. */
export interface TimelineResult extends MaybeUnsupervised {
  readonly from: Time;
  /** The end of what was asked for; of the last entry where `truncated`. */
  readonly to: Time;
  /** Oldest first; in the configuration's order where at the same time. */
  readonly entries: readonly TimelineEntry[];
  /** There is more than is given at once. */
  readonly truncated: boolean;
}

/** A live process that is in the way, for people. */
export interface Proc {
  readonly pid: number;
  /** Name of its owner, or the number where it has none. */
  readonly user: string;
  readonly startedAt: Time;
  /** Its command line. */
  readonly command: string;
  /** It carries the run's mark in its environment. */
  readonly marked: boolean;
}

/** What a command did to one instance, and the state reached. */
export interface TargetResult {
  readonly name: InstanceName;
  /** Whether the target is as asked for. */
  readonly ok: boolean;
  readonly code: ActCode;
  /** Why, for people; without the name. */
  readonly message: string;
  /** State reached when the reply was made. */
  readonly state: State;
  readonly reason: Reason;
  /** Dependents that a stop took with it. */
  readonly alsoStopped?: readonly InstanceName[];
  /** What outlived the stop. */
  readonly survivors?: readonly Proc[];
  /** In doubt: live processes that may be the one. */
  readonly candidates?: readonly Proc[];
}

/** Result of `start`, `stop`, `restart`, `unblock`, `signal`: one entry per instance, in the configuration's order. */
export interface ActResult {
  readonly results: readonly TargetResult[];
}

/** One step of a plan. */
export interface PlanAction {
  readonly name: InstanceName;
  readonly action: PlanActionKind;
  readonly reason: Reason;
}

/** A changed key of `[daemon]` or `[metrics]`. */
export interface DaemonChange {
  /** Of `[metrics]` with its table: `metrics.listen`. */
  readonly key: string;
  readonly takesEffect: 'now' | 'next-start';
}

/** Result of `plan` and `update`. Each name is in exactly one of the six lists. */
export interface UpdateResult {
  /** False where the configuration has errors: then nothing changes. */
  readonly ok: boolean;
  /** The configuration was put into effect; never by `plan`. */
  readonly applied: boolean;
  /** The reload guard would hold it, were it not for an operator's `update`. */
  readonly held?: { readonly stops: readonly InstanceName[] };
  /** Identifies this plan: the configuration and what it would do; empty where the configuration has errors. */
  readonly hash: string;
  readonly added: readonly InstanceName[];
  readonly removed: readonly InstanceName[];
  readonly restarted: readonly InstanceName[];
  /** They keep running as launched; `restart` applies the new definition. */
  readonly stale: readonly InstanceName[];
  /** Changes that take effect on the live run at once. */
  readonly changed: readonly InstanceName[];
  readonly unchanged: readonly InstanceName[];
  /** In the order in which they are carried out. */
  readonly actions: readonly PlanAction[];
  readonly daemon: readonly DaemonChange[];
  /** All errors and warnings of the configuration. */
  readonly problems: readonly Problem[];
}

/** Result of `logs`. */
export interface LogsResult extends MaybeUnsupervised {
  /** Name of the instance; `procmand` for the daemon's own log. */
  readonly name: string;
  readonly stream: LogStream;
  /** The file that was read; null where there is none (`none`, or the daemon logs to its terminal). */
  readonly path: string | null;
  /** The last lines, oldest first, without their newlines. */
  readonly lines: readonly string[];
  /** There is more before these lines. */
  readonly truncated: boolean;
}

/** Notification `log`: new lines of a log that is followed. */
export interface LogNotification {
  readonly name: string;
  readonly stream: LogStream;
  readonly lines: readonly string[];
}

/** Result of `metrics`: what an HTTP server would answer. */
export interface MetricsResult {
  readonly contentType: string;
  /** The exposition; docs/metrics.md tells what is in it. */
  readonly text: string;
}

/** What became of a test message. */
export interface NotifyTest {
  /** Of the `[[notify]]`. */
  readonly name: string;
  /** Where it goes, for people; never a secret. */
  readonly target: string;
  readonly ok: boolean;
  /** `sent`, or why not. */
  readonly message: string;
  readonly seconds: number;
}

/** Result of `notify-test`; `ok`: all were sent. Without any `[[notify]]` there are no results. */
export interface NotifyTestResult {
  readonly ok: boolean;
  readonly results: readonly NotifyTest[];
}

/** Result of `shutdown`, sent when all has ended. */
export interface ShutdownResult {
  /** Nothing is left running that was to be stopped. */
  readonly ok: boolean;
  /** Empty with `leaveRunning`. */
  readonly results: readonly TargetResult[];
}

/* ---------------------------------------------------------------- why, and what was */

/** One link in the chain of reasons, newest cause first. */
export interface Because {
  /** A reason code, or a word for what is no state's reason: `version`, `window`, `hold`, `stale`... */
  readonly code: string;
  /** One sentence for people, without the name. */
  readonly message: string;
  readonly since?: Time;
}

/** One `[[process]]` table of a process, and whether it is the one in effect. */
export interface VersionView {
  readonly applyOn: string;
  readonly fake: boolean;
  readonly effective: boolean;
  /** Why it is, or why it is not. */
  readonly why: string;
}

/** One dependency as it stands now. */
export interface DependencyView {
  /** Process id; of an external one its command. */
  readonly id: string;
  readonly condition: string;
  readonly onLoss: string;
  readonly met: boolean;
  /** Absent for an external one. */
  readonly state?: State;
  readonly verdict?: Verdict;
}

/** One run that has ended. */
export interface PastRun extends ExitView {
  /** Its launch id, as in `PROCMAN_RUN`. */
  readonly run: string;
  readonly startedAt: Time;
  readonly at: Time;
  readonly durationSeconds: number;
  /** Why it was ended; absent where nobody asked for it. */
  readonly why?: string;
  /** The last lines of its error stream, oldest first; empty where it has no file of its own. */
  readonly stderr: readonly string[];
}

/** How long it was up of the time that it should have been. */
export interface UptimeView {
  /** Length of the time that is looked at; less where the history does not reach back so far. */
  readonly days: number;
  readonly expectedSeconds: number;
  readonly upSeconds: number;
}

/** One instance, as `explain` shows it. Never a value of its environment. */
export interface Explanation extends Row {
  readonly because: readonly Because[];
  /** In the order of `apply-on`, newest first. */
  readonly versions: readonly VersionView[];
  readonly commandType: { readonly type: string; readonly why: string };
  readonly schedule?: {
    readonly active: boolean;
    readonly text: string;
    readonly nextStart?: Time;
    readonly nextStop?: Time;
  };
  readonly dependencies: readonly DependencyView[];
  /** Names of the instances that a stop of it would take along, or that wait for it. Of all, live or not. */
  readonly dependents: readonly InstanceName[];
  readonly failures: {
    /** Failed starts in a row. */
    readonly failedStarts: number;
    /** Launches by the daemon itself within `max-runs-window`. */
    readonly runsInWindow: number;
    /** 0: no limit. */
    readonly maxRuns: number;
    readonly retryAt?: Time;
  };
  readonly health?: {
    readonly ok: boolean;
    /** Failed tries in a row. */
    readonly failures: number;
    readonly at?: Time;
    /** What the last failed check printed, shortened. */
    readonly output?: string;
  };
  /** The last five, newest first. */
  readonly exits: readonly PastRun[];
  /** Keys in which the live run differs from its definition now. */
  readonly staleKeys: readonly string[];
  /** Absolute paths. */
  readonly logs: { readonly stdout?: string; readonly stderr?: string };
  /** What comes by itself, soonest first. */
  readonly upcoming: readonly { readonly at: Time; readonly action: NextAction }[];
  readonly uptime: UptimeView;
}

/** Result of `explain`. */
export interface ExplainResult extends MaybeUnsupervised {
  /** In the configuration's order. */
  readonly processes: readonly Explanation[];
}

/** What a reload did with processes, by what became of them; `held`: kept by `reload-guard`, else they would have been stopped. */
export type ReloadChange = 'added' | 'removed' | 'restarted' | 'stale' | 'changed' | 'held';

export interface ChangedNames {
  /** Of all. */
  readonly count: number;
  /** The first 50 of them at most. */
  readonly names: readonly InstanceName[];
}

/** One entry of the history. */
export interface Event {
  /** Grows by one with each event; never used twice in one history. */
  readonly seq: number;
  readonly at: Time;
  readonly type: EventType;
  /** The instance; absent where it is about the daemon or the configuration. */
  readonly name?: InstanceName;
  /** The launch that it is about. */
  readonly run?: string;
  /** Type `state`, `recovered`, `problem`: the state before. */
  readonly from?: State;
  readonly to?: State;
  readonly reason?: Reason;
  readonly exit?: ExitView;
  /** How long the run took. */
  readonly durationSeconds?: number;
  /** Type `reload`, where it was applied: only what there is. */
  readonly changes?: Readonly<Partial<Record<ReloadChange, ChangedNames>>>;
  /** Who asked for it: `root (pid 4711)`, `SIGHUP`, `watch-config`. */
  readonly by?: string;
  /** One sentence part for people, without the name. */
  readonly message: string;
}

/** Result of `events`. */
export interface EventsResult extends MaybeUnsupervised {
  /** Oldest first: the newest `limit` of what was asked for. */
  readonly events: readonly Event[];
  /** There are older ones of what was asked for. */
  readonly more: boolean;
}

/** Result of `subscribe`; notifications `event` follow. */
export interface SubscribeResult {
  /** Of the newest event when the subscription began; 0: none yet. */
  readonly seq: number;
}

/* ---------------------------------------------------------------- of the client alone */

/** `check --json`. */
export interface CheckResult {
  /** No errors. */
  readonly ok: boolean;
  /** Absolute path of the file. */
  readonly file: string;
  /** Number of process ids. */
  readonly processes: number;
  readonly problems: readonly Problem[];
}

/** `list --json`. */
export interface ListResult {
  readonly daemons: readonly DaemonEntry[];
}

/** A daemon that runs here, or ran and left its owner file. */
export interface DaemonEntry {
  readonly uid: string;
  /** null: it does not run. */
  readonly pid: number | null;
  /** Version of procman. */
  readonly version: string;
  readonly configPath: string;
  readonly socket: string;
  readonly stateDir: string;
  readonly startedAt: Time;
}

/** `doctor --json`. */
export interface DoctorResult {
  /** No check found a problem. */
  readonly ok: boolean;
  readonly checks: readonly DoctorCheck[];
}

/** What one check of `doctor` found. */
export interface DoctorCheck {
  /** Its name, fixed: `boot-start`, `file-descriptors`... */
  readonly id: string;
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly message: string;
  /** What to do about it. */
  readonly mend?: string;
}
