/** Carries out what the core asks for, and tells what came of it as further changes. Decides nothing. */
import type { Action } from '../core/actions.ts';
import type { Change } from '../core/engine.ts';
import { parseMark, runMark } from '../core/identity.ts';
import type { JobEvent } from '../core/jobs.ts';
import { inheritedEnvironment } from '../core/inherited-environment.ts';
import { mainOf, type InstanceEvent } from '../core/lifecycle.ts';
import type {
  Ended, Instance, InstanceKey, Job, LaunchId, LogTarget, ProcessIdentity, ProcessVersion, Run, World,
} from '../core/model.ts'; // prettier-ignore
import { fillPlaceholders, type LaunchValues } from '../core/placeholders.ts';
import { processById } from '../core/process-by-id.ts';
import { effectiveVersion } from '../core/schedule.ts';
import { instanceName } from '../core/targets.ts';
import { parsePid, type LaunchFiles } from '../effects/launch-files.ts';
import {
  groundOf,
  planText,
  terminalText,
  type LaunchGround,
  type LaunchPlan,
  type LogFile,
} from '../effects/launch-plan.ts';
import { markLog } from '../effects/last-words.ts';
import type { Prober } from '../effects/prober.ts';
import type { LaunchAccount } from '../effects/service-account.ts';
import type { ProcessInfo } from '../effects/process-table.ts';
import { SystemError, type System } from '../effects/system.ts';
import type { Witness } from './evidence.ts';
import { JobRunner } from './job-runner.ts';
import { logFile } from './log-files.ts';
import { isSubordinate } from './subordinate-uids.ts';
import type { Members } from './members.ts';
import { accountOf, userOf } from './run-account.ts';

export interface PerformerOptions {
  readonly system: System;
  readonly files: LaunchFiles;
  readonly witness: Witness;
  readonly members: Members;
  readonly uid: string;
  /** Pid of this daemon. */
  readonly self: number;
  /** Absolute path of `runs`. */
  readonly runsDirectory: string;
  /** Absolute path of the launcher's copy. */
  readonly launcherScript: string;
  /** The daemon's environment, as services inherit it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (level: 'warning' | 'error', text: string) => void;
  readonly prober: Prober;
  /** The answer of a probe, which comes later. */
  readonly onAnswer: (key: InstanceKey, event: JobEvent) => void;
  /** Before a launch: whoever follows its logs misses nothing of it. */
  readonly onLaunch?: ((name: string, logs: Run['logs']) => void) | undefined;
}

/** What a terminal is taken for that nobody has named: the least that programs give colours to. */
const TERMINAL_TYPE = 'xterm';

/** How long after the end of its expression a pid file may still come, in milliseconds. */
const PID_FILE_GRACE = 2_000;

export class Performer {
  readonly #o: PerformerOptions;
  readonly #jobs: JobRunner;
  /** What a pid file said when it was looked at last, by launch: two looks have to agree. */
  readonly #pidsSeen = new Map<LaunchId, number>();
  /** Instances whose files have to be looked at again soon. */
  readonly undecided = new Set<InstanceKey>();
  #isTableFresh = false;
  #others: ReadonlySet<number> = new Set();
  #sessions: ReadonlySet<number> = new Set();

  constructor(options: PerformerOptions) {
    this.#o = options;
    this.#jobs = new JobRunner({
      ...options,
      groundFor: (instance, run, world) => this.#groundFor(instance, run, world),
      valuesFor: (instance, run, world) => this.#launchValues(instance, run ?? this.#standIn(instance, world)),
    });
  }

  /** One batch: /proc is looked at once for all of it. */
  perform(actions: readonly Action[], world: World): readonly Change[] {
    const sought = new Set(actions.filter(({ kind }) => kind === 'scan' || kind === 'signal').map(({ key }) => key));
    this.#others = knownProcesses(world, sought, this.#o.members);
    this.#sessions = sessionsOf(world, sought);
    this.#isTableFresh = false;
    return actions.flatMap((action) => this.#attempt(action, world).map((event) => ({ key: action.key, event })));
  }

  /** What the operating system refuses one action must not lose the others; timeouts ask for it again. */
  #attempt(action: Action, world: World): readonly InstanceEvent[] {
    try {
      return this.#one(action, world);
    } catch (error) {
      this.#o.log('error', messageOf(error));
      return [];
    }
  }

  /** Looks at /proc, unless this batch has done so and nothing was killed since. */
  #refresh(): void {
    if (!this.#isTableFresh) this.#o.members.refresh(this.#others, this.#sessions);
    this.#isTableFresh = true;
  }

  #one(action: Action, world: World): readonly InstanceEvent[] {
    const instance = world.instances.get(action.key);
    if (instance === undefined) return [];
    switch (action.kind) {
      case 'launch':
        return this.#launch(action, instance, world);
      case 'void':
        return this.#void(action);
      case 'look':
        return this.look(instance, 'over');
      case 'signal':
        return this.#signal(action, instance);
      case 'scan':
        return this.#scan(action, instance);
      case 'forget':
        return this.#forget(action);
      case 'take-pid':
        return this.#takePid(action);
      case 'start-job':
        return this.#jobs.start(instance, action.job, action.run, world);
      case 'kill-job':
        this.#isTableFresh = false;
        return this.#jobs.kill(action.key, action.job);
      case 'look-job':
        return this.#lookJob(action.key, action.job, 'over');
      case 'clear-job':
        this.#isTableFresh = false;
        return this.#jobs.clear(action.key, action.job);
      case 'forget-job':
        this.#jobs.forget(action.key, action.job);
        return [];
    }
  }

  /* ---------------------------------------------------------------- launching */

  #launch(
    { key, run }: Extract<Action, { kind: 'launch' }>,
    instance: Instance,
    world: World,
  ): readonly InstanceEvent[] {
    const version = versionOf(world, instance.id, run.applyOn);
    const { launchId } = run;
    if (version === undefined) return [refused(launchId, 'its definition is gone')];
    const { files, system, uid, runsDirectory, launcherScript } = this.#o;
    try {
      const isAutoLogged = version.stdoutLog.kind === 'auto' || version.stderrLog.kind === 'auto';
      if (isAutoLogged && !system.exists(world.logDirectory)) system.makeDirectory(world.logDirectory);
      const capture = version.command.type === 'podman-cid';
      const plan = withErrorLog(system, this.#plan(instance, run, version));
      if (version.command.type === 'pid-file') files.preparePidFile(key, launchId, plan.account ?? ownAccount(system));
      this.#o.onLaunch?.(run.name ?? instance.id, run.logs);
      files.prepare(key, launchId, planText(plan), { capture, terminal: terminalText(plan) });
      system.startLauncher({ script: launcherScript, directory: runsDirectory, stem: key, launchId, uid });
      return [];
    } catch (error) {
      return [refused(launchId, messageOf(error)), ...this.#takeBack(key, launchId)];
    }
  }

  /** A launch that could not be handed over must not be found later by anyone. */
  #takeBack(key: InstanceKey, launchId: string): readonly InstanceEvent[] {
    try {
      this.#o.files.voidIntent(key, launchId);
    } catch (error) {
      this.#o.log('error', messageOf(error));
    }
    return [];
  }

  #plan(instance: Instance, run: Run, version: ProcessVersion): LaunchPlan {
    const { stdout, stderr } = run.logs;
    const isMerged = version.stderrLog.kind === 'stdout' || (stdout !== undefined && stderr === stdout);
    const values = this.#launchValues(instance, run);
    const ground = this.#ground(instance, run, version);
    const log = (path: string | undefined, target: LogTarget): LogFile | null =>
      path === undefined ? null : logFile(this.#o.system, path, target.kind === 'auto', ground.account);
    return {
      ...ground,
      argv: version.command.argv.map((word) => fillPlaceholders(word, values)),
      stdout: version.command.type === 'podman-cid' ? 'capture' : log(stdout, version.stdoutLog),
      stderr: isMerged ? 'stdout' : log(stderr, version.stderrLog),
      terminal: version.pty,
    };
  }

  #launchValues({ key, id, num }: Instance, run: Run | undefined): LaunchValues {
    // A run's name is `group:instance`.
    const name = run?.name ?? id;
    return {
      PROCMAN_INSTANCE: name.slice(name.indexOf(':') + 1),
      PROCMAN_NUM: String(num),
      PROCMAN_PID_FILE: this.#o.files.pidFile(key, run?.launchId ?? 'none'),
    };
  }

  /**
   * What the run and its hooks share.
   *
   * @throws SystemError where its user or group is not known
   */
  #ground(instance: Instance, run: Run, version: ProcessVersion): LaunchGround {
    const values = this.#launchValues(instance, run);
    const own = Object.entries(version.env).map(([name, value]) => [name, fillPlaceholders(value, values)]);
    const { PROCMAN_PID_FILE, ...named } = values;
    const { launch: account, variables } = accountOf(this.#o.system, version);
    return {
      workDir: fillPlaceholders(version.workDir, values),
      environment: {
        ...(version.pty ? { TERM: TERMINAL_TYPE } : {}),
        ...withVariables(inheritedEnvironment(this.#o.environment, version.inheritEnv), variables),
        ...(Object.fromEntries(own) as Record<string, string>),
        ...named,
        ...(version.command.type === 'pid-file' ? { PROCMAN_PID_FILE } : {}),
        PROCMAN_ID: instance.id,
        PROCMAN_RUN: runMark(this.#o.uid, instance.key, run.launchId),
      },
      ...(version.umask === undefined ? {} : { umask: version.umask }),
      ...(version.nice === undefined ? {} : { nice: version.nice }),
      ...(version.limits === undefined ? {} : { limits: version.limits }),
      ...(account === undefined ? {} : { account }),
    };
  }

  /** For a hook whose run has no plan on disk (yet), or that comes before any run. */
  #groundFor(instance: Instance, run: Run | undefined, world: World): LaunchGround | undefined {
    const version =
      run === undefined
        ? effectiveOf(world, instance, this.#o.system.now().wall)
        : versionOf(world, instance.id, run.applyOn);
    if (version === undefined) return undefined;
    return this.#ground(instance, run ?? standInOf(instance, version), version);
  }

  #standIn(instance: Instance, world: World): Run | undefined {
    const version = effectiveOf(world, instance, this.#o.system.now().wall);
    return version === undefined ? undefined : standInOf(instance, version);
  }

  /* ---------------------------------------------------------------- expressions that name another process */

  /** The process that a pid file, or `podman inspect`, names: younger than the launch, and provably the run's or the user's. */
  #takePid({ key, run, ended, text, failure }: Extract<Action, { kind: 'take-pid' }>): readonly InstanceEvent[] {
    const { files, system, members, uid } = this.#o;
    const { launchId } = run;
    const unhanded = (message: string, pid?: ProcessInfo): readonly InstanceEvent[] => {
      if (!ended) return [];
      const candidates = pid === undefined ? [] : [members.describe(pid, runMark(uid, key, launchId))];
      return [
        {
          kind: 'unhanded',
          launchId,
          message: `${message}: \`unblock\` with --gone, --adopt PID or --kill`,
          candidates,
        },
      ];
    };
    const pid = text === undefined ? files.readPid(key, launchId) : parsePid(text);
    if (pid === undefined) {
      this.#pidsSeen.delete(launchId);
      if (ended && text === undefined && this.#mayBeWritten(key, launchId)) return [];
      const said = failure ?? `it said ${JSON.stringify(text)}`;
      const named = `podman inspect named no process (${said})`;
      return unhanded(text === undefined ? 'its expression ended and wrote no pid file' : named);
    }
    const before = this.#pidsSeen.get(launchId);
    this.#pidsSeen.set(launchId, pid);
    // A number may be half written while its writer lives.
    if (!ended && before !== pid) return [];
    const stat = system.stat(pid);
    if (stat === undefined || stat.ended) return unhanded(`process ${pid}, which it named, does not live`);
    const info: ProcessInfo = { ...stat, marks: system.marks(pid) };
    if (run.process !== undefined && stat.startTicks < run.process.startTicks)
      return unhanded(`process ${pid}, which it named, is older than its launch`, info);
    const other = parseMark(info.marks.run, uid);
    if (other !== undefined && other.key !== key)
      return unhanded(`process ${pid}, which it named, belongs to a run of ${other.key}`, info);
    const isOwn = info.marks.run === runMark(uid, key, launchId) || this.#isOfUser(stat.uid, key, run);
    if (!isOwn) return unhanded(`process ${pid}, which it named, is neither marked as its own nor its user's`, info);
    this.#pidsSeen.delete(launchId);
    const process: ProcessIdentity = {
      pid,
      startTicks: stat.startTicks,
      bootId: system.bootId(),
      pidNamespace: system.pidNamespace(),
    };
    // From now on no launcher starts a second one while it lives.
    files.writeRecord(key, { launchId, process, launcher: run.launcher ?? process });
    return [{ kind: 'handed', launchId, process }];
  }

  /** The user that the run was launched as; for a container also what that one may be mapped to: all for root, else its subordinate uids. */
  #isOfUser(owner: number, key: InstanceKey, { type, launchId }: Run): boolean {
    const { system, files } = this.#o;
    const user = userOf(system, groundOf(files.readPlan(key, launchId) ?? ''));
    if (owner === user) return true;
    return type === 'podman-cid' && (user === 0 || isSubordinate(system, user, owner));
  }

  /** Daemons of old end first, and write their pid a moment later. */
  #mayBeWritten(key: InstanceKey, launchId: LaunchId): boolean {
    const file = this.#o.files.readExit(key, launchId);
    const age = file.kind === 'ended' ? this.#o.system.now().wall - file.at : Infinity;
    if (Math.abs(age) > PID_FILE_GRACE) return false;
    this.undecided.add(key);
    return true;
  }

  #lookJob(key: InstanceKey, job: Job, patience: 'patient' | 'over'): readonly JobEvent[] {
    const { events, undecided } = this.#o.witness.jobEvidence(key, job, patience);
    if (undecided) this.undecided.add(key);
    return events as readonly JobEvent[];
  }

  #void({ key, launchId }: Extract<Action, { kind: 'void' }>): readonly InstanceEvent[] {
    try {
      const isVoided = this.#o.files.voidIntent(key, launchId) === 'voided';
      if (isVoided) return [{ kind: 'never-ran', launchId, why: 'voided', message: 'taken back' }];
    } catch (error) {
      this.#o.log('warning', messageOf(error));
    }
    // Claimed: its record or its exit file tells how it goes on.
    this.undecided.add(key);
    return [];
  }

  /** Looks at the files and the process of the instance's run. */
  look(instance: Instance, patience: 'patient' | 'over'): readonly InstanceEvent[] {
    try {
      const { events, undecided } = this.#o.witness.evidence(instance, patience);
      if (undecided) this.undecided.add(instance.key);
      return [...events, ...instance.jobs.flatMap((job) => this.#lookJob(instance.key, job, patience))];
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.undecided.add(instance.key);
      this.#o.log('warning', error.message);
      return [];
    }
  }

  /* ---------------------------------------------------------------- ending */

  #signal(
    { key, run, signal, scope }: Extract<Action, { kind: 'signal' }>,
    instance: Instance,
  ): readonly InstanceEvent[] {
    const { members } = this.#o;
    if (scope === 'main') {
      members.signalMain(run, signal);
      return [];
    }
    this.#refresh();
    members.signalAll({ key, run, ...endOf(instance) }, signal, this.#others);
    this.#isTableFresh = signal !== 'KILL';
    return [];
  }

  #scan({ key, run }: Extract<Action, { kind: 'scan' }>, instance: Instance): readonly InstanceEvent[] {
    const { members, uid } = this.#o;
    this.#refresh();
    const mark = runMark(uid, key, run.launchId);
    const found = members.of({ key, run, ...endOf(instance) });
    const [remains, unproven] = [found.members, found.unproven].map((processes) =>
      processes.map((process) => members.describe(process, mark)),
    );
    const isEnded = instance.activity.kind === 'clearing';
    return [
      {
        kind: 'scanned',
        launchId: run.launchId,
        remains: remains ?? [],
        ...(isEnded ? {} : { whileAlive: true }),
        ...(unproven === undefined || unproven.length === 0 ? {} : { unproven }),
      },
    ];
  }

  #forget({ key, launchId }: Extract<Action, { kind: 'forget' }>): readonly InstanceEvent[] {
    try {
      this.#o.files.removeRecord(key, launchId);
      this.#o.files.forget(key, launchId);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#o.log('warning', `${error.message}; left for the next start`);
    }
    return [];
  }
}

/** What follows the user stands in place of what the daemon has; undefined takes it away. */
function withVariables(
  inherited: Readonly<Record<string, string>>,
  variables: Readonly<Partial<Record<string, string | undefined>>>,
): Record<string, string> {
  const all = Object.entries({ ...inherited, ...variables });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Its log is marked before it is launched: what is in it already was said by others. */
function withErrorLog(system: System, plan: LaunchPlan): LaunchPlan {
  const target = plan.stderr === 'stdout' || plan.terminal === true ? plan.stdout : plan.stderr;
  if (target === null || target === 'capture') return plan;
  return { ...plan, errorLog: markLog(system, target.path, (plan.account ?? ownAccount(system)).uid) };
}

function ownAccount({ ids: { euid, egid } }: System): Pick<LaunchAccount, 'uid' | 'gid'> {
  return { uid: euid, gid: egid };
}

/** Main processes and launchers of all other runs: they need not be read to know that they are not the sought ones'. */
function knownProcesses(world: World, sought: ReadonlySet<InstanceKey>, members: Members): ReadonlySet<number> {
  const pids = new Set<number>();
  if (sought.size === 0) return pids;
  for (const { key, activity } of world.instances.values()) {
    if (sought.has(key) || activity.kind === 'idle' || activity.kind === 'clearing') continue;
    for (const identity of [activity.run.process, activity.run.handed?.process, activity.run.launcher]) {
      // One that has ended may have given its pid to a member of a sought run.
      if (identity !== undefined && members.isStill(identity)) pids.add(identity.pid);
    }
  }
  // A number that a sought run had must be seen whoever has it now.
  for (const session of sessionsOf(world, sought)) pids.delete(session);
  return pids;
}

/** The session numbers of the sought runs: the pids of their main processes. */
function sessionsOf(world: World, sought: ReadonlySet<InstanceKey>): ReadonlySet<number> {
  const sessions = new Set<number>();
  for (const key of sought) {
    const activity = world.instances.get(key)?.activity;
    const main = activity === undefined || activity.kind === 'idle' ? undefined : mainOf(activity.run);
    if (main !== undefined) sessions.add(main.pid);
  }
  return sessions;
}

export function versionOf(world: World, id: string, applyOn: string): ProcessVersion | undefined {
  const process = processById(world.config, id);
  return process?.versions.find((version) => version.applyOn.text === applyOn && !version.fake);
}

/** The version that is in effect: what a dependency is asked for before any launch. */
function effectiveOf(world: World, { id }: Instance, at: number): ProcessVersion | undefined {
  const process = processById(world.config, id);
  return process === undefined ? undefined : effectiveVersion(process, at, world.vetoes).version;
}

/** Where nothing is launched yet there is no launch to be named after. */
function standInOf({ num }: Instance, version: ProcessVersion): Run {
  const { applyOn, fingerprint, command } = version;
  return {
    launchId: 'none',
    name: instanceName(version, num),
    why: 'wanted',
    type: command.type,
    applyOn: applyOn.text,
    fingerprint,
    settings: NO_SETTINGS,
    startedAt: 0,
    startedMono: 0,
    logs: {},
  };
}

const NO_SETTINGS: Run['settings'] = {
  oneShot: false,
  autorestart: 'never',
  exitCodes: [],
  startSecs: 0,
  stopSignal: 'TERM',
  stopTimeout: 0,
  killMode: 'group',
};

function endOf({ activity }: Instance): { ended?: Ended } {
  return activity.kind === 'clearing' ? { ended: activity.ended } : {};
}

const refused = (launchId: string, message: string): InstanceEvent => ({
  kind: 'never-ran',
  launchId,
  why: 'refused',
  message,
});

/** The text of an operating-system failure; anything else is a defect and goes on up. */
function messageOf(error: unknown): string {
  if (error instanceof SystemError) return error.message;
  throw error;
}
