/** Carries out what the core asks for, and tells what came of it as further changes. Decides nothing. */
import type { Action } from '../core/actions.ts';
import type { Change } from '../core/engine.ts';
import { runMark } from '../core/identity.ts';
import type { JobEvent } from '../core/jobs.ts';
import { mainOf, type InstanceEvent } from '../core/lifecycle.ts';
import type { Ended, Instance, InstanceKey, Job, Run, World } from '../core/model.ts';
import { noRecordText, type LaunchFiles } from '../effects/launch-files.ts';
import { planText, terminalText } from '../effects/launch-plan.ts';
import type { Prober } from '../effects/prober.ts';
import { SystemError, type System } from '../effects/system.ts';
import type { Witness } from './evidence.ts';
import { HandOver } from './hand-over.ts';
import { JobRunner } from './job-runner.ts';
import type { Members } from './members.ts';
import { ownAccount, RunPlans, versionOf } from './run-plans.ts';

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

export class Performer {
  readonly #o: PerformerOptions;
  readonly #jobs: JobRunner;
  readonly #plans: RunPlans;
  readonly #handOver: HandOver;
  /** Instances whose files have to be looked at again soon. */
  readonly undecided = new Set<InstanceKey>();
  #isTableFresh = false;
  #others: ReadonlySet<number> = new Set();
  #sessions: ReadonlySet<number> = new Set();

  constructor(options: PerformerOptions) {
    this.#o = options;
    const plans = new RunPlans(options);
    this.#plans = plans;
    this.#handOver = new HandOver({ ...options, onUndecided: (key) => this.undecided.add(key) });
    this.#jobs = new JobRunner({
      ...options,
      groundFor: (instance, run, world) => plans.groundFor(instance, run, world),
      valuesFor: (instance, run, world) => plans.valuesFor(instance, run, world),
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
        return this.#handOver.take(action);
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
      const plan = this.#plans.planOf(instance, run, version);
      if (version.command.type === 'pid-file') files.preparePidFile(key, launchId, plan.account ?? ownAccount(system));
      this.#o.onLaunch?.(run.name ?? instance.id, run.logs);
      const movedTo = files.prepare(key, launchId, planText(plan), { capture, terminal: terminalText(plan) });
      if (movedTo !== undefined) this.#o.log('warning', noRecordText(key, movedTo));
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
