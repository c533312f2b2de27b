/** One history from a seed: a machine, a configuration, and some hundred random things that happen to them. */
import type { Verb } from '../core/commands.ts';
import type { CoreConfig } from '../core/model.ts';
import type { Target } from '../core/targets.ts';
import { CLOCK_JUMP, SETTLES_AFTER } from '../core/clock.ts';
import { configOf, edited, folderOf, randomBlueprints, type Blueprint } from './blueprint.ts';
import { converge } from './convergence.ts';
import { DaemonOnTrial, STATE_DIRECTORY, UNDISTURBED, type Flaws, type Surroundings } from './daemon-on-trial.ts';
import { Invariants } from './invariants.ts';
import { lookAtDead } from './look-on.ts';
import { SimulatedMachine } from './machine.ts';
import { MachineDeeds } from './machine-deeds.ts';
import { Operator } from './operator.ts';
import { DeedDrawer, seedOfStep, STEPS, type Deed, type Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Violation } from './rules.ts';
import type { Moment } from './simulated-system.ts';
import type { Deeds } from './truth.ts';
import { randomBeginning } from './zones.ts';

export interface Report {
  readonly violations: readonly Violation[];
  /** What happened last. */
  readonly trace: readonly string[];
  readonly steps: number;
  readonly daemonDeaths: number;
  readonly powerCuts: number;
  readonly reboots: number;
  readonly secondDaemons: number;
  readonly launches: number;
  readonly exits: number;
  readonly calls: number;
}

/** Lines of a history that are kept. */
const TRACE_KEPT = 200;

export class History {
  readonly random: Random;
  readonly machine: SimulatedMachine;
  readonly daemon: DaemonOnTrial;
  readonly invariants: Invariants;
  readonly operator: Operator;
  readonly lossy = new Set<string>();
  /** Versions that could not be launched now: `ID APPLY-ON`. */
  readonly troubled = new Set<string>();
  readonly #plan: Plan;
  readonly #flaws: Flaws;
  readonly #trace: string[] = [];
  #surroundings: Surroundings;
  readonly #drawer: DeedDrawer;
  readonly #hasGuard: boolean;
  readonly #timezone: string;
  readonly #deedsOfMachine: MachineDeeds;
  readonly #last: number;
  #blueprints: readonly Blueprint[];
  #config: CoreConfig | undefined;
  #step = 0;
  #secondDaemons = 0;
  /** How far the wall clock was set since the daemon noticed last, and when by more than a minute. */
  #drift = 0;
  #driftedAt = -Infinity;
  /** Since it looked last: also where it was set back and forth, of which a command in between may have shown it one half. */
  #isClockSet = false;
  #guardedUntil = -Infinity;

  constructor(plan: Plan, flaws: Flaws = {}) {
    this.#plan = plan;
    this.#flaws = flaws;
    this.#last = plan.steps ?? STEPS;
    this.#drawer = new DeedDrawer(plan.stress ?? {});
    this.random = new Random(plan.seed);
    const { wall, timezone } = randomBeginning(this.random);
    this.#timezone = timezone;
    this.machine = new SimulatedMachine(this.random, wall);
    this.#surroundings = { interleaving: this.random.oneOf(0, 0.01, 0.05), slowness: this.random.oneOf(0, 0, 0.05) };
    this.machine.isSlow = this.#surroundings.slowness > 0;
    this.#hasGuard = this.random.chance(0.3);
    const all = randomBlueprints(this.random, { wall, timezone }, plan.odds);
    this.#blueprints = all.filter(({ id }) => plan.absent?.has(id) !== true);
    this.machine.hasForeignersOnly = all.some(({ handsOver }) => handsOver);
    this.#deedsOfMachine = new MachineDeeds(this);
    this.daemon = this.#newDaemon();
    this.operator = new Operator(this);
    this.invariants = new Invariants(this.machine, this.#deeds());
    this.machine.observer = this.invariants;
    this.machine.files.makeDirectory(STATE_DIRECTORY);
    for (const { id } of this.#blueprints) this.machine.files.makeDirectory(folderOf(id));
  }

  #newDaemon(): DaemonOnTrial {
    return new DaemonOnTrial({
      machine: this.machine,
      flaws: this.#flaws,
      troubled: this.troubled,
      log: (text) => this.note(text),
      defect: (text) => this.invariants.violate('the daemon does not fail', text),
      between: () => this.#startSecond(),
      onDeath: () => {
        // At the very moment of its death.
        if (this.random.chance(0.2)) this.startDaemon();
      },
    });
  }

  #deeds(): Deeds {
    const { lossy } = this;
    const { held, until, asked, forced, hurried, signalling } = this.operator;
    return {
      stateDirectory: STATE_DIRECTORY,
      held,
      until,
      lossy,
      asked,
      forced,
      hurried,
      signalling,
      guardedUntil: () => this.#guardedUntil,
      settingsOf: (key) => this.blueprintOf(key),
      world: () => this.daemon.world(),
    };
  }

  blueprintOf(key: string): Blueprint {
    const found = this.#blueprints.find(({ id }) => key.startsWith(`${id}~`));
    if (found === undefined) throw new Error(`nothing is called ${key}`);
    return found;
  }

  get processes(): readonly string[] {
    return this.#blueprints.map(({ id }) => id);
  }

  get config(): CoreConfig {
    if (this.#config !== undefined) return this.#config;
    const { daemon, processes } = configOf(this.#blueprints);
    this.#config = { daemon: { ...daemon, ...(this.#hasGuard ? { reloadGuard: 50 } : {}) }, processes };
    return this.#config;
  }

  note(text: string): void {
    this.#trace.push(`${this.#step} [${this.machine.mono}] ${text}`);
    if (this.#trace.length > TRACE_KEPT) this.#trace.shift();
  }

  run(): Report {
    const { seed, skipped } = this.#plan;
    this.#reseed(0);
    this.startDaemon();
    for (this.#step = 1; this.#step <= this.#last && this.#isSound(); this.#step += 1) {
      if (skipped?.has(this.#step) === true) continue;
      this.random.reseed(seedOfStep(seed, this.#step));
      this.#do(this.#drawer.draw(this.random));
      this.invariants.check();
      // A clock that was set wakes nobody: the daemon finds out with its next look.
      if (!this.#isClockSet) this.invariants.checkDue(this.daemon.supervisor);
    }
    this.#reseed(this.#last + 1);
    if (this.#isSound()) converge(this);
    return this.#report();
  }

  #reseed(step: number): void {
    this.random.reseed(seedOfStep(this.#plan.seed, step));
  }

  #report(): Report {
    const { daemon, invariants, machine } = this;
    return {
      violations: invariants.violations,
      trace: this.#trace,
      steps: Math.min(this.#step, this.#last),
      daemonDeaths: daemon.kills,
      powerCuts: machine.powerCuts,
      reboots: machine.boots - 1 - machine.powerCuts,
      secondDaemons: this.#secondDaemons,
      launches: invariants.launches.size,
      exits: invariants.exits,
      calls: daemon.calls,
    };
  }

  #isSound(): boolean {
    return this.invariants.violations.length === 0;
  }

  #do(deed: Deed): void {
    const own = this.#own[deed];
    if (own === undefined) this.#deedsOfMachine.do(deed);
    else own();
  }

  readonly #own: Partial<Record<Deed, () => void>> = {
    progress: () => this.#progress(),
    pass: () => this.#pass(),
    look: () => this.look(),
    wake: () => this.wake(),
    command: () => this.#command(),
    signal: () => this.operator.signal(this.random.chance(0.5) ? this.#targets() : this.#allTargets()),
    reload: () => this.#reload(),
    killDaemonSoon: () => this.#killDaemonSoon(),
    killDaemon: () => this.#killDaemon(),
    startDaemon: () => (this.daemon.isAlive ? this.#killDaemonSoon() : this.startDaemon()),
    second: () => this.#startSecond(),
    stall: () => this.#stall(),
    shutdown: () => this.#shutdown(),
    answer: () => this.daemon.answer(this.random.oneOf(1, 5)),
  };

  /* ---------------------------------------------------------------- time, and all others */

  /** Others get on: a step, some steps, or all they can do now. */
  #progress(): void {
    this.letOthersRun(this.random.oneOf(1, 4, 12, 100));
    if (this.random.chance(0.6)) this.look();
  }

  letOthersRun(count: number): void {
    for (let taken = 0; taken < count; taken += 1) {
      const process = this.random.pick(this.machine.ready());
      if (process === undefined) return;
      this.machine.step(process);
    }
  }

  #pass(): void {
    this.machine.advance(this.#span());
    if (this.random.chance(0.5)) this.letOthersRun(6);
    if (this.random.chance(0.8)) this.wake();
  }

  #span(): number {
    switch (this.random.weighted({ short: 4, seconds: 3, long: 1, minute: 0.4, due: 4 })) {
      case 'due':
        return Math.ceil(Math.min(Math.max(this.daemon.nextWake() ?? 100, 0), 5_000));
      case 'short':
        return this.random.between(1, 300);
      case 'seconds':
        return this.random.between(300, 3_000);
      case 'long':
        return this.random.between(3_000, 15_000);
      case 'minute':
        return this.random.between(15_000, 90_000);
    }
  }

  /** The wall clock was set. */
  noteJump(jump: number): void {
    this.#drift += jump;
    this.#isClockSet = true;
    if (Math.abs(this.#drift) > CLOCK_JUMP) this.#driftedAt = this.machine.mono;
  }

  #noteClockSeen(): void {
    this.#drift = 0;
    this.#isClockSet = false;
  }

  /* ---------------------------------------------------------------- the daemon */

  startDaemon(): void {
    if (this.daemon.isAlive) return;
    const isKilled = this.random.chance(0.3) && this.#step > 0 && this.#step <= this.#last;
    const killed = isKilled ? { calls: this.random.below(300), moment: this.#moment() } : undefined;
    this.#lookAtDead();
    this.note('the daemon starts');
    // No two daemons live at the same microsecond.
    this.machine.advance(1);
    // What was before its time it cannot know of.
    this.#noteClockSeen();
    this.#guardedUntil = -Infinity;
    this.invariants.noteStart();
    this.daemon.start(this.config, this.#surroundings, killed);
  }

  /** The machine is as fast again as timeouts take it to be. */
  speedUp(): void {
    this.#surroundings = { ...this.#surroundings, slowness: 0 };
    this.daemon.speedUp();
  }

  /** A second daemon tries to start, also between two calls of the first. */
  #startSecond(): void {
    if (!this.daemon.isAlive) return;
    this.#secondDaemons += 1;
    const second = this.#newDaemon();
    second.start(this.config, UNDISTURBED);
    if (!second.isAlive) return;
    this.invariants.violate('one daemon', 'a second daemon serves the state directory of a living one');
    second.killNow();
  }

  /** `procmanctl status` while no daemon runs. */
  #lookAtDead(): void {
    // Now and then: it costs as much as the start of a daemon.
    if (this.#step === 0 || !this.random.chance(0.3)) return;
    const isLeftAlone = (key: string): boolean => this.blueprintOf(key).killMode === 'process';
    const found = lookAtDead(this.machine, this.config, { lossy: this.lossy, isLeftAlone });
    for (const text of found) this.invariants.violate('what is told is true', text);
  }

  /** The daemon is frozen for a while: what it believes when it goes on is long past, also which pid is whose. */
  #stall(): void {
    if (!this.daemon.isAlive) return;
    this.note('the daemon is frozen');
    for (let round = this.random.between(1, 10); round > 0; round -= 1) {
      this.#deedsOfMachine.do(this.random.oneOf('killProcess', 'strangers', 'strangers'));
      this.letOthersRun(this.random.oneOf(0, 4));
      this.machine.advance(this.random.between(1, 500));
    }
    this.#startSecond();
    this.note('the daemon goes on');
    this.#do(this.random.oneOf('signal', 'command', 'look', 'wake'));
  }

  #moment(): Moment {
    return this.random.oneOf('before', 'within', 'after');
  }

  #killDaemonSoon(): void {
    const calls = this.random.oneOf(this.random.below(10), this.random.below(60), this.random.below(400));
    this.daemon.killAfter(calls, this.#moment());
  }

  /** SIGTERM with `on-exit = "stop"`: everything stops, until somebody ends the daemon. */
  #shutdown(): void {
    this.note('the daemon shuts down');
    this.daemon.tell('shutdown', (supervisor) => {
      // What follows its timeout comes after the history.
      supervisor.shutdown('shutdown', 5_000).catch(() => undefined);
    });
    this.daemon.killAfter(this.random.below(300), 'after');
  }

  #killDaemon(): void {
    this.note('the daemon is killed');
    this.daemon.killNow();
  }

  /** The watch says that files changed: of all, of some; or nothing, as notifications get lost. */
  look(): void {
    const { files } = this.machine;
    const names = [...files.list(`${STATE_DIRECTORY}/runs/exit`), ...files.list(`${STATE_DIRECTORY}/runs/record`)];
    const told = this.random.chance(0.3) ? ('all' as const) : new Set(names.filter(() => this.random.chance(0.7)));
    this.daemon.tell('look', (supervisor) => supervisor.lookAt(told));
  }

  wake(): void {
    if (this.daemon.isAlive && Math.abs(this.#drift) > CLOCK_JUMP)
      this.#guardedUntil = Math.max(this.#guardedUntil, this.#driftedAt + SETTLES_AFTER);
    this.#noteClockSeen();
    this.daemon.tell('wake', (supervisor) => supervisor.wake());
  }

  #reload(): void {
    const index = this.random.below(this.#blueprints.length);
    const place = { wall: this.machine.wall, timezone: this.#timezone };
    this.#blueprints = this.#blueprints.map((blueprint, at) =>
      at === index ? edited(this.random, blueprint, place) : blueprint,
    );
    this.#config = undefined;
    this.note(`the configuration of ${this.#blueprints[index]?.id ?? 'nothing'} is edited`);
    if (this.random.chance(0.8)) this.daemon.configure(this.config, true);
  }

  #command(): void {
    const targets = this.#targets();
    const verb = this.random.weighted<Verb>({ start: 4, stop: 4, restart: 3, unblock: 1 });
    if (targets.length > 0) this.operator.order(verb, targets);
  }

  #targets(): Target[] {
    const all = this.#allTargets();
    if (this.random.chance(0.15)) return [...all];
    return all.filter(() => this.random.chance(1.5 / all.length));
  }

  #allTargets(): readonly Target[] {
    return this.daemon.supervisor?.survey().targets ?? [];
  }
}
