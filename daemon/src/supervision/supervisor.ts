/**
 * Owns all mutable state. One queue: whatever happens (an exit seen, a timeout, a command, a configuration) becomes changes to
 * the world; the core answers with a new world and actions; what was changed is on disk before the actions are performed; what
 * comes of them are further changes. Everything else of the daemon only asks it, or tells it to look.
 */
import { stateFile } from '@procman/protocol/state-files';
import type { Action } from '../core/actions.ts';
import { applyCommand, type Command, type Decided } from '../core/commands.ts';
import { Describer } from '../core/describe.ts';
import { show, turn, type Change } from '../core/engine.ts';
import { ofVeto, type Happening } from '../core/happenings.ts';
import { afterMove, atStart, caughtUp, CLOCK_JUMP } from '../core/clock.ts';
import { withConfig, withFallbacks } from '../core/facts.ts';
import { resultOf, type JobEvent } from '../core/jobs.ts';
import type {
  ClockGuard, CoreConfig, Instance, InstanceKey, MonotonicTime, Now, ProcessVersion, Run, WallTime, World,
} from '../core/model.ts'; // prettier-ignore
import { requiredFailure, withRequiredAnew } from '../core/required.ts';
import { NO_VETOES, vetoKey } from '../core/schedule.ts';
import type { Prober } from '../effects/prober.ts';
import { Takeovers } from './takeovers.ts';
import { wakeAt, type WakeAt } from '../core/reconcile.ts';
import { SURVIVES_AFTER } from '../core/stop-plan.ts';
import { Survey } from '../core/survey.ts';
import { newInstance, type Target } from '../core/targets.ts';
import { LaunchFiles } from '../effects/launch-files.ts';
import { StateStore } from '../effects/state-store.ts';
import { SystemError, type System } from '../effects/system.ts';
import { resolveDoubt, type Resolution, type ResolutionOutcome } from './doubt.ts';
import { Witness } from './evidence.ts';
import { Journal } from './journal.ts';
import { Members } from './members.ts';
import { Performer } from './performer.ts';
import { recover } from './recovery.ts';
import { Saver } from './saver.ts';
import { Waiters, type TargetOutcome } from './waiters.ts';

export type LogLevel = 'critical' | 'error' | 'warning' | 'info' | 'debug';

export interface SupervisorOptions {
  readonly system: System;
  readonly uid: string;
  readonly stateDirectory: string;
  readonly logDirectory: string;
  readonly launcherScript: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Pid of this daemon. */
  readonly self: number;
  /** A random text, drawn once per daemon: letters and digits. */
  readonly session: string;
  readonly ownerStateDirectory?: string | undefined;
  /** What the names of folders for pid files begin with, where services may run as other users. */
  readonly pidPrefix?: string;
  readonly log: (level: LogLevel, text: string, mark?: 'important') => void;
  /** Takes what has happened into the history; nowhere unless told. */
  readonly record?: (happening: Happening) => void;
  /** Tells a time to people; in UTC unless told. */
  readonly time?: (at: WallTime) => string;
  readonly prober: Prober;
  /** Why a version could not be launched on this machine now; undefined: it could. */
  readonly launchProblem: (version: ProcessVersion) => string | undefined;
  /** A `required` process has failed for good: everything has to be stopped. Asked for once. */
  readonly onRequiredFailure?: (name: string, why: string) => void;
  /** Before a launch: its name, and where its output goes. */
  readonly onLaunch?: (name: string, logs: Run['logs']) => void;
  /** After each turn: when to call `wake` next may have changed. */
  readonly onTurn?: () => void;
}

/** How often to look at what nobody told of, and at the clock. */
export const SWEEP_INTERVAL = 10_000;
const UNDECIDED_AGAIN = 500;
/** So long what was killed may take to be gone, before it is named as a survivor. */
const KILL_TAKES = SURVIVES_AFTER + 1_000;
const ANSWERS_GATHER = 10;
/** How long the state of what is gone from the configuration is kept. */
const KEPT_AFTER_REMOVAL = 7 * 24 * 3_600_000;
/** The wall clock went another way than the monotonic one by this much: what it decides is decided anew. */
const CLOCK_MOVED = 1_000;
/** Every so many sweeps the start times of all main processes are compared, not only that their pids exist. */
const FULL_SWEEP = 6;

export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #files: LaunchFiles;
  readonly #store: StateStore;
  readonly #members: Members;
  readonly #witness: Witness;
  readonly #performer: Performer;
  readonly #saver: Saver;
  readonly #journal: Journal;
  readonly #record: (happening: Happening) => void;
  readonly #takeovers: Takeovers;
  readonly #waiters = new Waiters();
  #world: World;
  readonly #queue: Change[] = [];
  #isBusy = false;
  /** Launches whose endings are not on disk yet: their files have to stay. */
  #unforgotten: Extract<Action, { kind: 'forget' | 'forget-job' }>[] = [];
  #lookAgainAt: number | undefined;
  /** When what probes have answered is taken up: many of them in one turn. */
  #answersAt: number | undefined;
  /** When the world changes by itself next, as of the last turn. */
  #due: WakeAt = {};
  /** When something will have been on its way for too long. */
  #lateAt: MonotonicTime | undefined;
  #decidedAt: Now;
  #nextSweep: number;
  #sweeps = 0;

  constructor(options: SupervisorOptions, config: CoreConfig) {
    const { system, stateDirectory, uid, self, log } = options;
    const runsDirectory = stateFile(stateDirectory, 'runs');
    this.#o = options;
    this.#files = new LaunchFiles(system, runsDirectory, options.pidPrefix);
    this.#store = new StateStore(system, stateDirectory);
    this.#saver = new Saver(system, this.#store, log);
    const { record = () => undefined, time = utc } = options;
    this.#record = record;
    this.#journal = new Journal({ log, record, time, nameOf: (key) => this.#target(key)?.name });
    this.#members = new Members(system, uid, self);
    this.#witness = new Witness(system, this.#files);
    this.#performer = new Performer({
      ...options,
      files: this.#files,
      witness: this.#witness,
      members: this.#members,
      runsDirectory,
      log: (level, text) => log(level, text),
      onAnswer: (key, event) => {
        this.#queue.push({ key, event });
        this.#answersAt ??= system.now().mono + ANSWERS_GATHER;
        options.onTurn?.();
      },
    });
    this.#takeovers = new Takeovers(options);
    this.#decidedAt = system.now();
    this.#nextSweep = this.#decidedAt.mono + SWEEP_INTERVAL;
    this.#world = {
      config,
      instances: new Map(),
      kept: new Set(),
      clock: {},
      vetoes: NO_VETOES,
      bootId: system.bootId(),
      logDirectory: options.logDirectory,
      session: options.session,
      nextLaunch: 0,
    };
  }

  get world(): World {
    return this.#world;
  }

  /** Why the state cannot be written now; undefined while all is well. */
  get saveProblem(): string | undefined {
    return this.#saver.problem;
  }

  survey(): Survey {
    return new Survey(this.#world, this.#o.system.now());
  }

  /* ---------------------------------------------------------------- start */

  /**
   * Takes over what runs. Nothing is decided yet: call `begin` once the configuration is settled.
   *
   * @returns how many live runs were adopted
   * @throws ForeignRunsError where live runs belong to another state directory
   */
  recover(): number {
    const { system, uid, stateDirectory, ownerStateDirectory, log } = this.#o;
    this.#makeDirectories();
    const { world, toLookAt, settled, newest, stored, endedHolds } = recover(
      {
        system, uid, stateDirectory, ownerStateDirectory, log,
        runsDirectory: stateFile(stateDirectory, 'runs'),
        files: this.#files,
        store: this.#store,
        witness: this.#witness,
        members: this.#members,
      },
      this.#world,
    ); // prettier-ignore
    const runs = [...world.instances.values()].flatMap(({ activity }) =>
      activity.kind === 'idle' ? [] : activity.run,
    );
    const now = system.now();
    this.#noteChanged(withRequiredAnew(withFallbacks({ ...world, clock: atStart(newest, runs, now) }), now));
    this.#tellRecovered(stored, endedHolds, now);
    this.#tellClock();
    this.#unforgotten.push(...settled);
    for (const key of toLookAt) this.#queueEvidence(key, 'over');
    return [...world.instances.values()].filter(
      ({ activity }) => activity.kind !== 'idle' && activity.kind !== 'clearing',
    ).length;
  }

  /** What the state on disk did not know yet: what ended with the machine, and holds that ended with it. */
  #tellRecovered(stored: ReadonlyMap<InstanceKey, Instance>, endedHolds: readonly InstanceKey[], now: Now): void {
    for (const [key, instance] of this.#world.instances) {
      const before = stored.get(key) ?? newInstance(instance.id, instance.num, now);
      // A hold is a file of its own, and no news.
      const { hold: _kept, ...plain } = instance;
      this.#journal.noteChange(before, plain, now);
      if (endedHolds.includes(key)) this.#journal.noteHoldOverBoot(instance, now);
    }
  }

  /** Decides for the first time. */
  begin(): void {
    this.#dropLongGone();
    for (const { key, activity } of this.#world.instances.values()) {
      // What a dead daemon was about to look for.
      if (activity.kind === 'clearing')
        this.#queue.push(...this.#performer.perform([{ kind: 'scan', key, run: activity.run }], this.#world));
    }
    this.#run();
  }

  /** Forgets what the configuration has not had for a week, and nothing lives of. */
  #dropLongGone(): void {
    const { targets, now } = this.survey();
    const present = new Set(targets.map(({ key }) => key));
    const instances = new Map(this.#world.instances);
    for (const { key, shown } of this.#world.instances.values()) {
      if (present.has(key) || now.wall - shown.since < KEPT_AFTER_REMOVAL) continue;
      try {
        this.#store.remove(key);
        instances.delete(key);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        this.#o.log('warning', error.message);
      }
    }
    this.#world = { ...this.#world, instances };
  }

  #makeDirectories(): void {
    this.#files.makeDirectories();
    this.#store.makeDirectory();
  }

  /* ---------------------------------------------------------------- what it is told */

  /** Files of these instances may have changed. */
  lookAt(keys: ReadonlySet<InstanceKey> | 'all'): void {
    const chosen = keys === 'all' ? this.#world.instances.keys() : keys;
    // Names in the watched folders: exit files carry the launch id behind the stem.
    for (const name of chosen)
      this.#queueEvidence(this.#world.instances.has(name) ? name : name.replace(/\.[^.]*$/, ''), 'patient');
    if (this.#queue.length > 0) {
      this.#run();
    } else if (this.#noteUndecided(this.#o.system.now())) {
      this.#o.onTurn?.();
    }
  }

  /** @returns whether there is anything to look at again */
  #noteUndecided(now: Now): boolean {
    if (this.#performer.undecided.size === 0) return false;
    this.#lookAgainAt ??= now.mono + UNDECIDED_AGAIN;
    return true;
  }

  #queueEvidence(key: InstanceKey, patience: 'patient' | 'over'): void {
    const instance = this.#world.instances.get(key);
    if (instance === undefined) return;
    for (const event of this.#performer.look(instance, patience)) this.#queue.push({ key, event });
  }

  /** The timer went off: call at `nextWake`, or whenever. Where nothing is due it costs next to nothing. */
  wake(): void {
    const now = this.#o.system.now();
    if (this.#lookAgainAt !== undefined && now.mono >= this.#lookAgainAt) {
      this.#lookAgainAt = undefined;
      const keys = [...this.#performer.undecided];
      this.#performer.undecided.clear();
      for (const key of keys) this.#queueEvidence(key, 'patient');
    }
    if (now.mono >= this.#nextSweep) this.#sweep(now);
    if (this.#queue.length > 0 || this.#isDue(now)) {
      this.#run();
    } else {
      // What still tells nothing is looked at again, and again.
      this.#noteUndecided(now);
      this.#o.onTurn?.();
    }
  }

  #isDue(now: Now): boolean {
    const jump = now.wall - this.#decidedAt.wall - (now.mono - this.#decidedAt.mono);
    if (Math.abs(jump) >= CLOCK_MOVED) return true;
    if (this.#due.wall !== undefined && now.wall >= this.#due.wall) return true;
    return this.#timeouts().some((at) => now.mono >= at);
  }

  #timeouts(): readonly number[] {
    const times = [
      this.#due.mono,
      this.#saver.againAt,
      this.#waiters.deadline(),
      this.#takeovers.againAt,
      this.#lateAt,
    ];
    return times.filter((at) => at !== undefined);
  }

  /** How long until `wake` has something to do, in milliseconds. */
  nextWake(): number {
    const now = this.#o.system.now();
    const monos = [
      ...this.#timeouts(),
      this.#nextSweep,
      ...[this.#lookAgainAt, this.#answersAt].filter((at) => at !== undefined),
    ];
    const delays = [
      ...monos.map((at) => at - now.mono),
      ...(this.#due.wall === undefined ? [] : [this.#due.wall - now.wall]),
    ];
    return Math.max(0, Math.min(SWEEP_INTERVAL, ...delays));
  }

  /** The safety net behind the watch: cheap per run, and rare. */
  #sweep(now: Now): void {
    this.#nextSweep = now.mono + SWEEP_INTERVAL;
    this.#sweeps += 1;
    this.#restoreDirectories();
    const isFull = this.#sweeps % FULL_SWEEP === 0;
    for (const { key, activity, jobs } of this.#world.instances.values()) {
      if (activity.kind === 'idle' || activity.kind === 'clearing') {
        if (jobs.length > 0) this.#queueEvidence(key, 'patient');
        continue;
      }
      const { process, launcher, handed } = activity.run;
      // The launcher outlives its process by an instant only; without one nobody announces the end.
      const watched = handed?.process ?? launcher ?? process;
      const isThere = watched !== undefined && this.#o.system.exists0(watched.pid);
      if (isFull || !isThere || jobs.length > 0) this.#queueEvidence(key, 'patient');
    }
  }

  /** Somebody removed the state directory under a living daemon: put everything back. */
  #restoreDirectories(): void {
    const { system, stateDirectory, log } = this.#o;
    if (
      system.exists(`${stateFile(stateDirectory, 'runs')}/record`) &&
      system.exists(stateFile(stateDirectory, 'instances'))
    )
      return;
    log('error', `${stateDirectory} was damaged: its files are written anew`);
    try {
      this.#makeDirectories();
      this.#store.forgetWritten();
      for (const instance of this.#world.instances.values()) {
        this.#saver.noteChanged(instance.key);
        this.#restoreRecord(instance);
      }
      this.#saver.saveAll(this.#world.instances);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      log('error', error.message);
    }
  }

  #restoreRecord({ key, activity }: Instance): void {
    if (activity.kind === 'idle' || activity.kind === 'clearing') return;
    const { launchId, process, launcher } = activity.run;
    if (process !== undefined && launcher !== undefined) this.#files.writeRecord(key, { launchId, process, launcher });
  }

  /* ---------------------------------------------------------------- commands */

  /**
   * Carries out a command.
   *
   * @param timeout - how long the reply may wait, in milliseconds; undefined: without end
   * @param cancel - nobody waits any more: only the waiting ends
   * @returns what it came to per target; `decided` says what was clear at once
   */
  command(
    command: Command,
    timeout?: number,
    cancel?: AbortSignal,
  ): {
    readonly decided: readonly Decided[];
    readonly alsoStopped: readonly string[];
    readonly settled: Promise<readonly TargetOutcome[]>;
  } {
    const survey = this.survey();
    const { world, changes, decided, alsoStopped } = applyCommand(survey, command);
    this.#waiters.supersede(new Set(command.targets.map(({ key }) => key)), survey, new Describer(survey));
    this.#noteChanged(world);
    // What the operator is told has to outlive this daemon: saved at once, also where saving failed a moment ago.
    this.#saver.hurry();
    this.#queue.push(...changes);
    const deadline = timeout === undefined ? undefined : survey.now.mono + timeout;
    const settled = this.#waiters.add(decided, deadline, cancel);
    this.#run();
    return { decided, alsoStopped, settled };
  }

  /** Signals the main processes of these instances; nothing is sent to what is not proven to be theirs. */
  signal(keys: readonly InstanceKey[], signal: string): ReadonlyMap<InstanceKey, boolean> {
    return new Map(
      keys.map((key) => {
        const activity = this.#world.instances.get(key)?.activity;
        const isAlive = activity !== undefined && activity.kind !== 'idle' && activity.kind !== 'clearing';
        return [key, isAlive && this.#members.signalMain(activity.run, signal)];
      }),
    );
  }

  /** Resolves what is in doubt, where it can be. */
  resolve(key: InstanceKey, resolution: Resolution | undefined): ResolutionOutcome {
    const instance = this.#world.instances.get(key);
    if (instance?.doubt === undefined) return { resolved: true, candidates: [] };
    const target = this.survey().targets.find((candidate) => candidate.key === key);
    const { system, uid } = this.#o;
    const outcome = resolveDoubt(
      { system, uid, members: this.#members, files: this.#files },
      instance,
      target,
      resolution,
    );
    for (const event of outcome.events ?? []) this.#queue.push({ key, event });
    this.#run();
    return outcome;
  }

  /** Puts another configuration in force. */
  configure(config: CoreConfig, kept: ReadonlySet<InstanceKey>): void {
    this.#noteChanged(withConfig(this.#world, config, kept));
    this.#run();
  }

  setLogDirectory(directory: string): void {
    this.#world = { ...this.#world, logDirectory: directory };
  }

  /**
   * Everything stops, dependents first, each in its own time. What is left after `timeout` (milliseconds) is killed, all at once.
   * Resolves when nothing is left, or with what outlived SIGKILL.
   */
  shutdown(cause: 'shutdown' | 'required', timeout: number): Promise<readonly TargetOutcome[]> {
    this.#world = { ...this.#world, ending: cause };
    // The turn is taken here and now: only what comes of it is waited for.
    return this.#untilStopped(timeout).then((outcomes) => this.#killRest(cause, timeout, outcomes));
  }

  async #killRest(
    cause: 'shutdown' | 'required',
    timeout: number,
    outcomes: readonly TargetOutcome[],
  ): Promise<readonly TargetOutcome[]> {
    if (outcomes.every(({ result }) => result.code !== 'timeout')) return outcomes;
    this.#o.log('warning', `not everything has stopped within ${timeout / 1000} s: SIGKILL for what is left`);
    for (const { key, activity } of this.#world.instances.values()) {
      if (activity.kind !== 'idle')
        this.#queue.push({ key, event: { kind: 'stop', cause, now: true, yieldFirst: false } });
    }
    const killed = new Map((await this.#untilStopped(KILL_TAKES)).map((outcome) => [outcome.name, outcome]));
    return outcomes.map((outcome) => killed.get(outcome.name) ?? outcome);
  }

  /** Until nothing of what is alive now is left, or the time (milliseconds) is over. */
  #untilStopped(limit: number): Promise<readonly TargetOutcome[]> {
    const survey = this.survey();
    const alive = survey.targets.filter((target) => survey.instance(target).activity.kind !== 'idle');
    const decided = alive.map((target): Decided => ({ target, goal: { for: 'stopped' } }));
    const settled = this.#waiters.add(decided, survey.now.mono + limit);
    this.#run();
    return settled;
  }

  /* ---------------------------------------------------------------- the queue */

  #run(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      do this.#turn();
      while (this.#queue.length > 0);
      this.#finish();
    } finally {
      this.#isBusy = false;
    }
    this.#o.onTurn?.();
  }

  /** Tells of a jump of the clock. @returns the guard after whatever it did since the last turn */
  #noteJump(now: Now): ClockGuard {
    const jump = now.wall - this.#decidedAt.wall - (now.mono - this.#decidedAt.mono);
    if (Math.abs(jump) >= CLOCK_JUMP) {
      const text = `the clock jumped by ${Math.round(jump / 1000)} s: what it would stop waits until it has held for 30 s`;
      this.#o.log('warning', text);
    }
    return afterMove(this.#world.clock, jump, now);
  }

  #tellClock(): void {
    const { behindUntil } = this.#world.clock;
    if (behindUntil === undefined) return;
    const until = new Date(behindUntil).toISOString();
    this.#o.log('error', `the clock is behind what is on record: nothing is stopped by it before ${until}`);
  }

  #turn(): void {
    const changes = this.#queue.splice(0);
    this.#answersAt = undefined;
    const now = this.#o.system.now();
    const clock = this.#noteJump(now);
    this.#decidedAt = now;
    this.#world = { ...this.#world, clock: caughtUp(clock, now) };
    const { vetoes } = this.#world;
    this.#world = this.#takeovers.weigh(this.#world, now);
    this.#tellJobs(changes, now);
    const { world, actions } = turn(this.#world, changes, now);
    this.#noteChanged(world);
    this.#tellVetoes(vetoes, now);
    // On disk before it happens, so that whatever dies in between, the next daemon knows what was meant.
    const acting = new Set(actions.filter(({ kind }) => kind !== 'scan' && kind !== 'look').map(({ key }) => key));
    // With the state that is shown by then, or each launch would be written twice.
    if (acting.size > 0) this.#show(now);
    const failed = this.#saver.save(acting, this.#world.instances);
    for (const [key, why] of failed) this.#refuseLaunch(key, why, actions);
    const performed = actions.filter((action) => !failed.has(action.key) || !needsState(action));
    this.#unforgotten.push(...actions.filter(isForgetting).filter(({ key }) => failed.has(key)));
    this.#queue.push(...this.#performer.perform(performed, this.#world));
  }

  /** An exit file is the only witness of its ending until that is on disk. */
  #forgetSettled(): void {
    if (this.#unforgotten.length === 0) return;
    const due = this.#unforgotten.filter(({ key }) => this.#saver.isSaved(key));
    this.#unforgotten = this.#unforgotten.filter(({ key }) => !this.#saver.isSaved(key));
    this.#performer.perform(due, this.#world);
  }

  /** A launch that cannot be put on record does not happen: nobody would know of it. */
  #refuseLaunch(key: InstanceKey, why: string, actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.kind !== 'start-job' || action.key !== key || action.job.work.kind !== 'command') continue;
      const { name, launchId } = action.job;
      const event: JobEvent = { kind: 'job-ended', job: name, launchId, result: { ok: false, text: why }, again: true };
      this.#queue.push({ key, event });
    }
    const activity = this.#world.instances.get(key)?.activity;
    if (activity?.kind !== 'launching') return;
    const { launchId } = activity.run;
    this.#queue.push({ key, event: { kind: 'never-ran', launchId, why: 'refused', message: why } });
  }

  /**
   * All of it as of the time of the last turn. At a later one, what came due while the turn wrote to the disk would look as if
   * the turn had seen to it, and nothing would ever wake the daemon for it.
   */
  #finish(): void {
    const now = this.#decidedAt;
    this.#show(now);
    this.#journal.tell(this.#world.instances, now);
    this.#saver.saveAll(this.#world.instances);
    this.#forgetSettled();
    this.#noteUndecided(now);
    const survey = new Survey(this.#world, now);
    this.#waiters.check(survey, new Describer(survey));
    this.#due = withEarlier(wakeAt(survey), this.#takeovers.nextLook(this.#world, now));
  }

  /** Hooks, and checks that failed: what they said is kept nowhere else. */
  #tellJobs(changes: readonly Change[], now: Now): void {
    for (const { key, event } of changes) {
      if (event.kind !== 'job-ended') continue;
      const instance = this.#world.instances.get(key);
      const job = instance?.jobs.find(({ name, launchId }) => name === event.job && launchId === event.launchId);
      if (instance === undefined || job === undefined || job.killed?.why === 'cancelled') continue;
      this.#journal.noteJob(instance, job, resultOf({ ...job, result: event.result }), now);
    }
  }

  /** Versions that may not take over, since now. */
  #tellVetoes(before: World['vetoes'], now: Now): void {
    const { vetoes } = this.#world;
    if (vetoes === before) return;
    for (const { key, id, name, effective } of this.survey().targets) {
      const vetoed = effective?.vetoed;
      if (vetoed === undefined || before.get(vetoKey(vetoed.version)) === vetoed.why) continue;
      this.#record(ofVeto({ key, id, name }, vetoed.version.applyOn.text, vetoed.why, now.wall));
    }
  }

  #target(key: InstanceKey): Target | undefined {
    return this.survey().targets.find((target) => target.key === key);
  }

  /** Notes what is shown of each instance now. */
  #show(now: Now): void {
    const { world, transitions, lateAt } = show(this.#world, now);
    // An instant later, for then it is true; what is overdue and no problem waits for something else than time.
    this.#lateAt = lateAt === undefined ? undefined : lateAt + 1;
    this.#noteChanged(world);
    this.#journal.note(transitions);
    const failed = requiredFailure(world, transitions, now);
    if (failed === undefined) return;
    this.#world = { ...this.#world, ending: 'required' };
    this.#o.onRequiredFailure?.(failed.name, `${failed.to}: ${failed.view.reason.message}`);
  }

  #noteChanged(world: World): void {
    const changes: [Instance, Instance][] = [];
    if (world.instances !== this.#world.instances) {
      for (const [key, instance] of world.instances) {
        const before = this.#world.instances.get(key);
        if (before === instance) continue;
        this.#saver.noteChanged(key);
        if (before !== undefined) changes.push([before, instance]);
      }
    }
    this.#world = world;
    if (changes.length === 0) return;
    const now = this.#o.system.now();
    for (const [before, instance] of changes) this.#journal.noteChange(before, instance, now);
  }
}

const utc = (at: WallTime): string => new Date(at).toISOString();

/** What must not happen as long as it is not on record. */
function needsState(action: Action): boolean {
  return (
    action.kind === 'launch' ||
    isForgetting(action) ||
    (action.kind === 'start-job' && action.job.work.kind === 'command')
  );
}

function isForgetting(action: Action): action is Extract<Action, { kind: 'forget' | 'forget-job' }> {
  return action.kind === 'forget' || action.kind === 'forget-job';
}

function withEarlier(due: WakeAt, wall: number | undefined): WakeAt {
  if (wall === undefined) return due;
  return { ...due, wall: Math.min(due.wall ?? wall, wall) };
}
