/** What a run and its hooks are launched with: the definition that it follows, with everything filled in. */
import { runMark } from '../core/identity.ts';
import { inheritedEnvironment } from '../core/inherited-environment.ts';
import type { Instance, LogTarget, ProcessVersion, Run, World } from '../core/model.ts';
import { fillPlaceholders, type LaunchValues } from '../core/placeholders.ts';
import { processById } from '../core/process-by-id.ts';
import { effectiveVersion } from '../core/schedule.ts';
import { instanceName } from '../core/targets.ts';
import { markLog } from '../effects/last-words.ts';
import type { LaunchFiles } from '../effects/launch-files.ts';
import type { LaunchGround, LaunchPlan, LogFile } from '../effects/launch-plan.ts';
import type { LaunchAccount } from '../effects/service-account.ts';
import type { System } from '../effects/system.ts';
import { logFile } from './log-files.ts';
import { accountOf } from './run-account.ts';

export interface RunPlansOptions {
  readonly system: System;
  readonly files: LaunchFiles;
  readonly uid: string;
  /** The daemon's environment, as services inherit it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a terminal is taken for that nobody has named: the least that programs give colours to. */
const TERMINAL_TYPE = 'xterm';

export class RunPlans {
  readonly #o: RunPlansOptions;

  constructor(options: RunPlansOptions) {
    this.#o = options;
  }

  /**
   * Its log is marked here, before it is launched: what is in it already was said by others.
   *
   * @throws SystemError where its user or group is not known, or its log cannot be read
   */
  planOf(instance: Instance, run: Run, version: ProcessVersion): LaunchPlan {
    const { stdout, stderr } = run.logs;
    const isMerged = version.stderrLog.kind === 'stdout' || (stdout !== undefined && stderr === stdout);
    const values = this.#launchValues(instance, run);
    const ground = this.#ground(instance, run, version);
    const log = (path: string | undefined, target: LogTarget): LogFile | null =>
      path === undefined ? null : logFile(this.#o.system, path, target.kind === 'auto', ground.account);
    return withErrorLog(this.#o.system, {
      ...ground,
      argv: version.command.argv.map((word) => fillPlaceholders(word, values)),
      stdout: version.command.type === 'podman-cid' ? 'capture' : log(stdout, version.stdoutLog),
      stderr: isMerged ? 'stdout' : log(stderr, version.stderrLog),
      terminal: version.pty,
    });
  }

  /** For a hook, which may come before any run. */
  valuesFor(instance: Instance, run: Run | undefined, world: World): LaunchValues {
    return this.#launchValues(instance, run ?? this.#standIn(instance, world));
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
  groundFor(instance: Instance, run: Run | undefined, world: World): LaunchGround | undefined {
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
}

/** What follows the user stands in place of what the daemon has; undefined takes it away. */
function withVariables(
  inherited: Readonly<Record<string, string>>,
  variables: Readonly<Partial<Record<string, string | undefined>>>,
): Record<string, string> {
  const all = Object.entries({ ...inherited, ...variables });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function withErrorLog(system: System, plan: LaunchPlan): LaunchPlan {
  const target = plan.stderr === 'stdout' || plan.terminal === true ? plan.stdout : plan.stderr;
  if (target === null || target === 'capture') return plan;
  return { ...plan, errorLog: markLog(system, target.path, (plan.account ?? ownAccount(system)).uid) };
}

export function ownAccount({ ids: { euid, egid } }: System): Pick<LaunchAccount, 'uid' | 'gid'> {
  return { uid: euid, gid: egid };
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
