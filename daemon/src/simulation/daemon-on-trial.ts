/** The daemon's own code on the simulated machine: started, told things, and killed, as daemon.ts and kill -9 do it. */
import { guardReload } from '../core/guard.ts';
import type { CoreConfig, ProcessVersion, World } from '../core/model.ts';
import { SystemError } from '../effects/system.ts';
import { Supervisor } from '../supervision/supervisor.ts';
import type { LauncherFlaws } from './launcher.ts';
import type { SimulatedMachine, SimulatedProcess } from './machine.ts';
import { SimulatedProber } from './simulated-prober.ts';
import { DaemonKilled, MOST_CALLS, SimulatedSystem, type Moment } from './simulated-system.ts';

export const UID = 'sim';
export const STATE_DIRECTORY = '/state';

/** What a mutant changes. */
export interface Flaws {
  readonly launcher?: LauncherFlaws;
  readonly system?: typeof SimulatedSystem;
}

export interface Trial {
  readonly machine: SimulatedMachine;
  readonly flaws: Flaws;
  /** Versions that could not be launched now: `ID APPLY-ON`. */
  readonly troubled: ReadonlySet<string>;
  readonly log: (text: string) => void;
  readonly defect: (text: string) => void;
  /** Anything may happen between two of its calls. */
  readonly between?: () => void;
  /** It died in the middle of something. */
  readonly onDeath?: () => void;
}

/** How likely, at each of its calls, somebody else gets on in between, and how likely that it takes its time. */
export interface Surroundings {
  readonly interleaving: number;
  readonly slowness: number;
}

/** It is killed after so many calls. */
export interface Ending {
  readonly calls: number;
  readonly moment: Moment;
}

export const UNDISTURBED: Surroundings = { interleaving: 0, slowness: 0 };

export class DaemonOnTrial {
  readonly #machine: SimulatedMachine;
  readonly #flaws: Flaws;
  readonly #log: (text: string) => void;
  readonly #defect: (text: string) => void;
  readonly #trial: Trial;
  #prober: SimulatedProber;
  #process: SimulatedProcess | undefined;
  #system: SimulatedSystem | undefined;
  #supervisor: Supervisor | undefined;
  /** `config.last.toml`. */
  #lastConfig: CoreConfig | undefined;
  starts = 0;
  kills = 0;
  calls = 0;

  constructor(trial: Trial) {
    const { machine, flaws, log, defect } = trial;
    this.#trial = trial;
    this.#machine = machine;
    this.#flaws = flaws;
    this.#log = log;
    this.#defect = defect;
    this.#prober = new SimulatedProber(machine);
  }

  get isAlive(): boolean {
    return this.#supervisor !== undefined;
  }

  world(): World | undefined {
    return this.#supervisor?.world;
  }

  get supervisor(): Supervisor | undefined {
    return this.#supervisor;
  }

  /** As Daemon.start does: take over what runs under the configuration applied last, then apply the one on disk. */
  start(config: CoreConfig, surroundings: Surroundings, killed?: Ending): void {
    const machine = this.#machine;
    this.starts += 1;
    const process = machine.start({ role: 'daemon', command: 'procmand', parent: 1 });
    if (!this.#takeLock(process)) return;
    this.#process = process;
    const system = new (this.#flaws.system ?? SimulatedSystem)(machine, process, this.#flaws.launcher);
    system.interleaving = surroundings.interleaving;
    system.slowness = surroundings.slowness;
    system.between = this.#trial.between;
    if (killed !== undefined) system.killAfter(killed.calls, killed.moment);
    this.#system = system;
    // Answers to what the daemon before asked are lost with it.
    this.#prober = new SimulatedProber(machine);
    const { pid } = process;
    this.#guard('start', () => {
      const supervisor = new Supervisor(
        {
          system,
          uid: UID,
          stateDirectory: STATE_DIRECTORY,
          logDirectory: `${STATE_DIRECTORY}/logs`,
          launcherScript: `${STATE_DIRECTORY}/runs/launch.sh`,
          environment: {},
          self: pid,
          session: `s${this.starts}n`,
          log: (level, text) => this.#log(`  ${level}: ${text}`),
          prober: this.#prober,
          launchProblem: ({ id, applyOn }) =>
            this.#trial.troubled.has(`${id} ${applyOn.text}`) ? 'in trouble' : undefined,
        },
        fresh(this.#lastConfig ?? config),
      );
      this.#supervisor = supervisor;
      supervisor.recover();
      this.#apply(supervisor, fresh(config), true);
      supervisor.begin();
    });
  }

  /** As `takeKernelLock` does: an open file description that the kernel frees when its daemon dies, however it dies. */
  #takeLock(process: SimulatedProcess): boolean {
    const { files } = this.#machine;
    const path = `${STATE_DIRECTORY}/procmand.lock`;
    try {
      if (!files.exists(path)) files.write(path, '');
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    const isTaken = this.#machine.tryLock(path, process.pid);
    if (!isTaken) this.#machine.end(process, { code: 1 });
    return isTaken;
  }

  #apply(supervisor: Supervisor, config: CoreConfig, isGuarded: boolean): void {
    const now = { wall: this.#machine.wall, mono: this.#machine.mono };
    const guarded = guardReload(supervisor.world, config, now);
    if (isGuarded) supervisor.configure(guarded.config, guarded.kept);
    else supervisor.configure(config, new Set());
    if (!isGuarded || guarded.stops.length === 0) this.#lastConfig = config;
  }

  configure(config: CoreConfig, isGuarded: boolean): void {
    this.tell('reload', (supervisor) => this.#apply(supervisor, config, isGuarded));
  }

  speedUp(): void {
    if (this.#system !== undefined) this.#system.slowness = 0;
  }

  /** Something reaches the living daemon. */
  tell(what: string, work: (supervisor: Supervisor) => void): boolean {
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return false;
    const isAlive = this.#guard(what, () => work(supervisor));
    if (isAlive) this.#reap();
    return isAlive;
  }

  /** How long until something that it waits for is due. */
  nextWake(): number | undefined {
    const supervisor = this.#supervisor;
    return supervisor && Math.min(supervisor.nextWake(), this.#prober.nextAt() - this.#machine.mono);
  }

  /** Answers of probes arrive, as many as are due, or some. */
  answer(most: number): void {
    for (let count = 0; count < most && this.isAlive; count += 1) {
      const deliver = this.#prober.take();
      if (deliver === undefined) return;
      this.tell('answer', deliver);
    }
  }

  /** It will be killed so many calls from now, in the middle of whatever it does then. */
  killAfter(calls: number, moment: Moment): void {
    this.#system?.killAfter(calls, moment);
  }

  killNow(): void {
    if (this.#process === undefined) return;
    this.kills += 1;
    this.calls += this.#system?.calls ?? 0;
    this.#machine.end(this.#process, { signal: 'KILL' });
    this.#process = undefined;
    this.#system = undefined;
    this.#supervisor = undefined;
  }

  #guard(what: string, work: () => void): boolean {
    if (this.#system !== undefined) this.#system.restsBy = this.#system.calls + MOST_CALLS;
    try {
      work();
      // Whatever the code made of it: after its last call it does not exist any more.
      if (this.#system?.isDead !== true) return true;
    } catch (error) {
      if (!(error instanceof DaemonKilled)) this.#judge(what, error);
    }
    this.#log(`  the daemon is gone (${what})`);
    this.killNow();
    this.#trial.onDeath?.();
    return false;
  }

  #judge(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // A start may fail on a broken disk: services go on, and the next start takes over.
    if (what === 'start' && error instanceof SystemError) this.#log(`  the start failed: ${error.message}`);
    else this.#defect(`${what}: ${text}`);
  }

  /** Node reaps its children in a later turn. */
  #reap(): void {
    const { processes, random } = this.#machine;
    for (const process of [...processes.values()]) {
      if (process.parent === this.#process?.pid && random.chance(0.8)) this.#machine.reap(process);
    }
  }
}

/** Read anew: what a daemon before has worked out of schedules is lost with it. */
function fresh({ daemon, processes }: CoreConfig): CoreConfig {
  const versions = (all: readonly ProcessVersion[]): ProcessVersion[] =>
    all.map((version) =>
      version.schedule === undefined ? version : { ...version, schedule: { ...version.schedule } },
    );
  return { daemon, processes: processes.map((process) => ({ ...process, versions: versions(process.versions) })) };
}
