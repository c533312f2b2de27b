/** One history from a seed: a machine, a configuration, and some hundred random things that happen to them. */
import type { Verb } from '../core/commands.ts';
import type { CoreConfig } from '../core/model.ts';
import type { Target } from '../core/targets.ts';
import { CLOCK_JUMP, SETTLES_AFTER } from '../core/clock.ts';
import { DAY } from './behaviours.ts';
import { configOf, edited, folderOf, randomBlueprints, type Blueprint } from './blueprint.ts';
import { converge } from './convergence.ts';
import { DaemonOnTrial, STATE_DIRECTORY, type Flaws } from './daemon-on-trial.ts';
import { Invariants } from './invariants.ts';
import { SimulatedMachine, type Role, type SimulatedProcess } from './machine.ts';
import { lookAtDead } from './look-on.ts';
import { Operator } from './operator.ts';
import { Random } from './random.ts';
import type { Moment } from './simulated-system.ts';
import type { Deeds } from './truth.ts';

export interface Report {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly steps: number;
  readonly daemonKills: number;
  readonly launches: number;
  readonly calls: number;
}

const STEPS = 150;
/** Lines of a failed history that are shown. */
const TRACE_KEPT = Number(process.env['PROCMAN_TRACE'] ?? 60);

type Deed =
  | 'progress' | 'pass' | 'look' | 'wake' | 'command' | 'reload' | 'killDaemonSoon' | 'killDaemon' | 'startDaemon' | 'shutdown'
  | 'killProcess' | 'freeze' | 'thaw' | 'damage' | 'reboot' | 'breakDisk' | 'mendDisk' | 'strangers' | 'jump' | 'answer'
  | 'trouble'; // prettier-ignore
/** What happens more often, or never, than it does by itself. */
export type Stress = Partial<Record<Deed, number>>;

/** How often each thing happens. */
const WEIGHTS: Readonly<Record<Deed, number>> = {
  progress: 30, pass: 26, look: 8, wake: 8, command: 9, reload: 3, killDaemonSoon: 5, killDaemon: 1, startDaemon: 10,
  shutdown: 0.3, killProcess: 3, freeze: 1, thaw: 2, damage: 0.6, reboot: 0.3, breakDisk: 0.6, mendDisk: 2.5, strangers: 3,
  jump: 0.8, answer: 8, trouble: 1,
}; // prettier-ignore

export class History {
  readonly seed: number;
  readonly random: Random;
  readonly machine: SimulatedMachine;
  readonly daemon: DaemonOnTrial;
  readonly invariants: Invariants;
  readonly operator: Operator;
  readonly lossy = new Set<string>();
  /** Versions that could not be launched now: `ID APPLY-ON`. */
  readonly troubled = new Set<string>();
  readonly #trace: string[] = [];
  readonly #interleaving: number;
  readonly #weights: Readonly<Record<Deed, number>>;
  readonly #hasGuard: boolean;
  #blueprints: Blueprint[];
  #step = 0;
  /** How far the wall clock was set since the daemon noticed last, and when by more than a minute. */
  #drift = 0;
  #driftedAt = -Infinity;
  #guardedUntil = -Infinity;

  constructor(seed: number, flaws: Flaws = {}, stress: Stress = {}) {
    this.#weights = { ...WEIGHTS, ...stress };
    this.seed = seed;
    this.random = new Random(seed);
    this.machine = new SimulatedMachine(this.random);
    this.#blueprints = randomBlueprints(this.random, this.machine.wall);
    this.#interleaving = this.random.oneOf(0, 0.01, 0.05);
    this.#hasGuard = this.random.chance(0.3);
    this.machine.hasForeignersOnly = this.#blueprints.some(({ handsOver }) => handsOver);
    this.daemon = new DaemonOnTrial({
      machine: this.machine,
      flaws,
      troubled: this.troubled,
      log: (text) => this.note(text),
      defect: (text) => this.invariants.violations.push(`the daemon failed: ${text}`),
    });
    this.operator = new Operator(this);
    this.invariants = new Invariants(this.machine, this.#deeds());
    this.machine.observer = this.invariants;
    this.machine.files.makeDirectory('/state');
    for (const { id } of this.#blueprints) this.machine.files.makeDirectory(folderOf(id));
  }

  #deeds(): Deeds {
    const { lossy } = this;
    const { held, until, asked, forced, hurried, resolving } = this.operator;
    return {
      stateDirectory: STATE_DIRECTORY,
      held,
      until,
      lossy,
      asked,
      forced,
      hurried,
      resolving,
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

  get config(): CoreConfig {
    const { daemon, processes } = configOf(this.#blueprints);
    return { daemon: { ...daemon, ...(this.#hasGuard ? { reloadGuard: 50 } : {}) }, processes };
  }

  note(text: string): void {
    this.#trace.push(`${this.#step} [${this.machine.mono}] ${text}`);
    if (this.#trace.length > TRACE_KEPT) this.#trace.shift();
  }

  run(): Report {
    this.startDaemon();
    for (this.#step = 1; this.#step <= STEPS && this.#isSound(); this.#step += 1) {
      this.#deedsByName[this.random.weighted(this.#weights)]();
      this.invariants.check();
    }
    if (this.#isSound()) converge(this);
    const { seed, daemon, invariants } = this;
    return {
      seed,
      violations: invariants.violations,
      trace: this.#trace,
      steps: this.#step,
      daemonKills: daemon.kills,
      launches: invariants.launches.size,
      calls: daemon.calls,
    };
  }

  #isSound(): boolean {
    return this.invariants.violations.length === 0;
  }

  readonly #deedsByName: Readonly<Record<Deed, () => void>> = {
    progress: () => this.#progress(),
    pass: () => this.#pass(),
    look: () => this.look(),
    wake: () => this.wake(),
    command: () => this.#command(),
    reload: () => this.#reload(),
    killDaemonSoon: () => this.#killDaemonSoon(),
    killDaemon: () => this.#killDaemon(),
    startDaemon: () => (this.daemon.isAlive ? this.#killDaemonSoon() : this.startDaemon()),
    shutdown: () => this.#shutdown(),
    killProcess: () => this.#killProcess(),
    freeze: () => this.#freeze(),
    thaw: () => this.thaw(),
    damage: () => this.#damage(),
    reboot: () => this.#reboot(),
    breakDisk: () => this.#breakDisk(),
    mendDisk: () => this.mendDisk(),
    strangers: () => this.#strangers(),
    jump: () => this.#jump(),
    answer: () => this.daemon.answer(this.random.oneOf(1, 5)),
    trouble: () => this.#trouble(),
  };

  /* ---------------------------------------------------------------- the machine */

  /** Others get on: a step, some steps, or all they can do now. */
  #progress(): void {
    const count = this.random.oneOf(1, 4, 12, 100);
    this.letOthersRun(count);
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

  #killProcess(): void {
    const role = this.random.weighted({ launcher: 4, child: 3, main: 3, member: 2, hook: 1, expression: 1 });
    const victim = this.#anyOf(role);
    if (victim === undefined) return;
    this.note(`${describe(victim)} is killed`);
    this.machine.end(victim, { signal: 'KILL' });
  }

  #freeze(): void {
    const victim = this.#anyOf(this.random.oneOf<Role>('launcher', 'launcher', 'child', 'main', 'hook'));
    if (victim === undefined) return;
    this.note(`${describe(victim)} is frozen`);
    this.machine.signal(victim, 'STOP');
  }

  thaw(): void {
    for (const process of this.machine.processes.values()) if (process.state === 'stopped') process.state = 'alive';
  }

  #anyOf(role: Role): SimulatedProcess | undefined {
    const living = [...this.machine.processes.values()].filter((process) => process.state === 'alive');
    return this.random.pick(living.filter((process) => process.role === role));
  }

  /** Strangers come and go, and take over pids and session numbers; some leave a child in a session whose leader is gone. */
  #strangers(): void {
    const { machine, random } = this;
    for (let count = random.between(1, 20); count > 0; count -= 1) {
      const leader = machine.stranger();
      if (random.chance(0.3)) {
        const { pid, session, uid } = leader;
        const child = machine.start({
          role: 'stranger',
          command: 'stranger',
          parent: pid,
          session,
          processGroup: session,
          uid,
        });
        child.wait = () => false;
      }
      machine.advance(random.below(15));
      if (random.chance(0.5)) machine.end(leader, { code: 0 });
    }
    const strangers = [...machine.processes.values()].filter(({ role }) => role === 'stranger');
    while (strangers.length > 12) {
      const [gone] = strangers.splice(random.below(strangers.length), 1);
      if (gone !== undefined) machine.end(gone, { code: 0 });
    }
  }

  #jump(): void {
    const jump = this.random.oneOf(-DAY, -3_600_000, -5_000, 5_000, 90_000, 3_600_000, DAY);
    this.machine.jump(jump);
    this.#drift += jump;
    if (Math.abs(this.#drift) > CLOCK_JUMP) this.#driftedAt = this.machine.mono;
    this.note(`the wall clock jumps by ${jump} ms`);
  }

  /** What a coming version needs of the machine is missing, or is there again. */
  #trouble(): void {
    const { versions, id } = this.random.pick(this.config.processes) ?? { versions: [], id: '' };
    const last = versions.at(-1);
    if (last === undefined) return;
    const name = `${id} ${last.applyOn.text}`;
    if (!this.troubled.delete(name)) this.troubled.add(name);
    this.note(`${name} ${this.troubled.has(name) ? 'could not' : 'could'} be launched`);
  }

  #reboot(): void {
    this.note('the machine reboots');
    this.daemon.killNow();
    this.machine.reboot();
    for (const [key, until] of this.operator.until) {
      if (until === 'reboot' && this.operator.held.get(key) === true)
        this.operator.held.set(key, this.lossy.has(key) ? undefined : false);
    }
  }

  #breakDisk(): void {
    this.machine.files.fault = this.random.oneOf('ENOSPC', 'EROFS');
    this.note(`the disk fails: ${this.machine.files.fault}`);
  }

  mendDisk(): void {
    if (this.machine.files.fault !== undefined) this.note('the disk is well again');
    this.machine.files.fault = undefined;
  }

  /** Somebody, or a power cut, destroys what is known of an instance. */
  #damage(): void {
    const { files } = this.machine;
    const name = this.random.pick(files.list(`${STATE_DIRECTORY}/instances`).filter((each) => each.endsWith('.json')));
    if (name === undefined || files.fault !== undefined) return;
    const path = `${STATE_DIRECTORY}/instances/${name}`;
    const key = name.slice(0, -'.json'.length);
    const how = this.random.oneOf('torn', 'gone', 'both gone', 'record gone');
    this.note(`state of ${key}: ${how}`);
    this.lossy.add(key);
    if (how === 'torn') files.write(path, (files.read(path) ?? '').slice(0, 40));
    else files.remove(path);
    if (how === 'both gone' || how === 'record gone') files.remove(`${path}.prev`);
    if (how === 'record gone') files.remove(`${STATE_DIRECTORY}/runs/record/${key}`);
  }

  /* ---------------------------------------------------------------- the daemon */

  startDaemon(): void {
    if (this.daemon.isAlive) return;
    const isKilled = this.random.chance(0.3) && this.#step > 0 && this.#step <= STEPS;
    const killed = isKilled ? { calls: this.random.below(300), moment: this.#moment() } : undefined;
    this.#lookAtDead();
    this.note('the daemon starts');
    // No two daemons live at the same microsecond.
    this.machine.advance(1);
    // What was before its time it cannot know of.
    this.#drift = 0;
    this.#guardedUntil = -Infinity;
    this.invariants.noteStart();
    this.daemon.start(this.config, this.#interleaving, killed);
  }

  /** `procmanctl status` while no daemon runs. */
  #lookAtDead(): void {
    if (this.#step === 0) return;
    const isLeftAlone = (key: string): boolean => this.blueprintOf(key).killMode === 'process';
    const excuses = { lossy: this.lossy, isLeftAlone };
    this.invariants.violations.push(...lookAtDead(this.machine, this.config, excuses));
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
    this.#drift = 0;
    this.daemon.tell('wake', (supervisor) => supervisor.wake());
  }

  #reload(): void {
    const index = this.random.below(this.#blueprints.length);
    this.#blueprints = this.#blueprints.map((blueprint, at) =>
      at === index ? edited(this.random, blueprint, this.machine.wall) : blueprint,
    );
    this.note(`the configuration of p${index} is edited`);
    if (this.random.chance(0.8)) this.daemon.configure(this.config, true);
  }

  #command(): void {
    const targets = this.#targets();
    const verb = this.random.weighted<Verb>({ start: 4, stop: 4, restart: 3, unblock: 1 });
    if (targets.length > 0) this.operator.order(verb, targets);
  }

  #targets(): Target[] {
    const all = this.daemon.supervisor?.survey().targets ?? [];
    if (this.random.chance(0.15)) return [...all];
    return all.filter(() => this.random.chance(1.5 / all.length));
  }
}

const describe = ({ role, pid, run, marks }: SimulatedProcess): string =>
  `${role} ${pid} (${run?.launchId ?? marks.launcher ?? ''})`;
