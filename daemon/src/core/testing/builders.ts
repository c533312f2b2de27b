/** Versions, runs, instances and worlds with defaults, for tests. */
import type { Describer, View } from '../../core/describe.ts';
import type { Survey } from '../../core/survey.ts';
import { settingsOf } from '../../core/reconcile.ts';
import { NO_VETOES } from '../../core/schedule.ts';
import { newInstance } from '../../core/targets.ts';
import type {
  Activity, CoreConfig, DaemonSettings, Dependency, Ended, Instance, LaunchId, Now, ProcessConfig, ProcessIdentity,
  ProcessVersion, Run, World,
} from '../../core/model.ts'; // prettier-ignore

/** Both clocks at the beginning of a test; the wall clock is a round number, the monotonic one is another. */
export const START: Now = { wall: 1_700_000_000_000, mono: 1_000_000 };

export function later(ms: number, now: Now = START): Now {
  return { wall: now.wall + ms, mono: now.mono + ms };
}

/** A version that has been in effect since long ago. */
export function versionOf(given: Partial<ProcessVersion> & { readonly id: string }): ProcessVersion {
  const applyOn = given.applyOn ?? applyOnAt(0);
  const version = {
    applyOn,
    fake: false,
    command: { line: given.id, type: 'simple' as const, why: '', argv: [given.id] },
    autostart: true,
    oneShot: false,
    perBoot: false,
    catchUp: false,
    externals: [],
    waitAfter: 0,
    inheritEnv: true,
    hooks: {},
    numprocs: 1,
    dependsOn: [],
    workDir: '/',
    env: {},
    autorestart: given.oneShot === true ? ('never' as const) : ('always' as const),
    exitCodes: [0],
    startSecs: 1_000,
    restartDelay: 1_000,
    restartMaxDelay: 60_000,
    maxRuns: 5,
    maxRunsWindow: 600_000,
    stopSignal: 'TERM',
    stopTimeout: 10_000,
    killMode: 'group' as const,
    stdoutLog: { kind: 'auto' as const },
    stderrLog: { kind: 'auto' as const },
    pty: false,
    required: false,
    rotation: { maxBytes: 0, backups: 0, collapse: true },
    fingerprint: fingerprintOf('same'),
    ...given,
  };
  return { ...version, digest: given.digest ?? JSON.stringify(version) };
}

export function applyOnAt(at: number): ProcessVersion['applyOn'] {
  return { text: `at ${at}`, at };
}

export function fingerprintOf(hash: string): ProcessVersion['fingerprint'] {
  return {
    command: hash, args: hash, env: hash, 'work-dir': hash, umask: hash, nice: hash, 'stdout-log': hash, 'stderr-log': hash,
  }; // prettier-ignore
}

export function needs(id: string, given: Partial<Dependency> = {}): Dependency {
  return { id, condition: 'running', onLoss: 'stop', ...given };
}

export function processOf(...versions: readonly ProcessVersion[]): ProcessConfig {
  return { id: versions[0]?.id ?? '', versions };
}

/** Versions of the same id make one process. */
export function configOf(versions: readonly ProcessVersion[], daemon: Partial<DaemonSettings> = {}): CoreConfig {
  const ids = [...new Set(versions.map(({ id }) => id))];
  return {
    daemon: {
      maxParallelStarts: 1_000,
      dependencyTimeout: 120_000,
      shutdownTimeout: 45_000,
      reloadGuard: 50,
      ...daemon,
    },
    processes: ids.map((id) => processOf(...versions.filter((version) => version.id === id))),
  };
}

export function worldOf(config: CoreConfig, instances: readonly Instance[] = []): World {
  return {
    config,
    logDirectory: '/logs',
    instances: new Map(instances.map((instance) => [instance.key, instance])),
    kept: new Set(),
    clock: {},
    vetoes: NO_VETOES,
    bootId: 'boot',
    session: 'S',
    nextLaunch: 0,
  };
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTicks: pid, bootId: 'boot', pidNamespace: 'pid:[1]' };
}

export function runOf(version: ProcessVersion, given: Partial<Run> = {}): Run {
  return {
    launchId: 'L0',
    why: 'wanted',
    applyOn: version.applyOn.text,
    fingerprint: version.fingerprint,
    settings: settingsOf(version),
    startedAt: START.wall,
    startedMono: START.mono,
    logs: {},
    process: identityOf(100),
    ...given,
  };
}

export function endedOf(version: ProcessVersion, given: Partial<Ended> = {}): Ended {
  return {
    launchId: 'L0',
    exit: { kind: 'code', code: 0 },
    startedAt: START.wall,
    at: START.wall,
    mono: START.mono,
    by: 'itself',
    settled: true,
    applyOn: version.applyOn.text,
    ...given,
  };
}

/** An instance of which the version has been seen already: nothing is news to it. */
export function instanceOf(version: ProcessVersion, given: Partial<Instance> = {}): Instance {
  return {
    ...newInstance(version.id, 0, START),
    seen: { applyOn: version.applyOn.text, digest: version.digest },
    ...given,
  };
}

/** Each kind of activity, of one and the same run. */
export function activityOf(kind: Activity['kind'], version: ProcessVersion, given: Partial<Run> = {}): Activity {
  const run = runOf(version, given);
  const { process: _none, ...unproven } = run;
  const stop = { cause: 'manual', since: START.mono, now: false } as const;
  switch (kind) {
    case 'idle':
      return { kind };
    case 'preparing':
      return { kind, run: unproven };
    case 'launching':
      return { kind, run: unproven, lookAt: START.mono + 10_000 };
    case 'settling':
      return { kind, run, step: 'settle', stepSince: START.mono };
    case 'running':
      return { kind, run, since: START };
    case 'yielding':
      return { kind, run, stop, settled: true };
    case 'stopping':
      return { kind, run, stop, settled: true, clearing: { remains: [], firstSignalAt: START.mono } };
    case 'clearing':
      return { kind, run, ended: endedOf(version), clearing: { remains: [], scanAt: START.mono + 1_000 } };
    case 'finishing':
      return { kind, run, ended: endedOf(version) };
  }
}

export const ACTIVITIES = [
  'idle', 'preparing', 'launching', 'settling', 'running', 'yielding', 'stopping', 'clearing', 'finishing',
] as const; // prettier-ignore

export function launchIdOf({ activity }: Instance): LaunchId | undefined {
  return activity.kind === 'idle' ? undefined : activity.run.launchId;
}

/** What is shown of an instance, by name. */
export function viewOf(survey: Survey, describer: Describer, name: string): View | undefined {
  const target = survey.targets.find((candidate) => candidate.name === name);
  return target === undefined ? undefined : describer.view(target);
}
