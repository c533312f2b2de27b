/** Runs the core against a fake machine and a fake clock, the way the supervisor does against a real one. */
import { applyCommand, type Command, type CommandOutcome, type Verb } from '../../core/commands.ts';
import { Describer, type View } from '../../core/describe.ts';
import { show, turn, type Change, type Transition } from '../../core/engine.ts';
import { withConfig } from '../../core/facts.ts';
import { instanceKey } from '../../core/instance-key.ts';
import type { Exit, Instance, InstanceKey, Now, ProcessVersion, World } from '../../core/model.ts';
import { wakeAt } from '../../core/reconcile.ts';
import { select } from '../../core/selectors.ts';
import { Survey } from '../../core/survey.ts';
import { configOf, later, START, worldOf } from '../../core/testing/builders.ts';
import { FakeMachine } from '../../core/testing/fake-machine.ts';

/** Turns that one change may set off; more is a defect. */
const TURNS_AT_MOST = 1_000;

export class Driver {
  world: World;
  now: Now = START;
  readonly machine = new FakeMachine();
  readonly transitions: Transition[] = [];

  constructor(world: World) {
    this.world = world;
  }

  /** A daemon that has just started with these versions. */
  static of(...versions: readonly ProcessVersion[]): Driver {
    const driver = new Driver(worldOf(configOf(versions)));
    driver.settle();
    return driver;
  }

  /** Applies changes and everything that follows from them at this very time. */
  settle(changes: readonly Change[] = []): void {
    let pending = changes;
    for (let turns = 0; turns < TURNS_AT_MOST; turns += 1) {
      const { world, actions } = turn(this.world, pending, this.now);
      this.world = world;
      for (const action of actions) this.machine.perform(action, this.now);
      const shown = show(this.world, this.now);
      this.world = shown.world;
      this.transitions.push(...shown.transitions);
      pending = this.machine.takeNews();
      if (pending.length === 0) return;
    }
    this.machine.breaches.push('it does not come to rest');
  }

  /** Lets time pass, with a turn at every time that the core asks for. */
  pass(ms: number): void {
    const until = later(ms, this.now);
    for (let turns = 0; turns < TURNS_AT_MOST; turns += 1) {
      const { mono = Infinity, wall = Infinity } = wakeAt(new Survey(this.world, this.now));
      const next = Math.min(mono - this.now.mono, wall - this.now.wall);
      if (next < 0) this.machine.breaches.push(`it asks to be woken ${-next} ms ago`);
      // At once: what a turn has begun may be due in the next one.
      const step = Math.min(next < 0 ? 1 : next, until.mono - this.now.mono);
      this.now = later(step, this.now);
      this.settle();
      if (this.now.mono >= until.mono) return;
    }
    this.machine.breaches.push('it wakes up too often');
  }

  command(verb: Verb, names: readonly string[], given: Partial<Command> = {}): CommandOutcome {
    const survey = new Survey(this.world, this.now);
    const { targets, wide } = select(survey.targets, names);
    const outcome = applyCommand(survey, { verb, targets, wide, ...given });
    this.world = outcome.world;
    this.settle(outcome.changes);
    return outcome;
  }

  reload(versions: readonly ProcessVersion[], kept: ReadonlySet<InstanceKey> = new Set()): void {
    this.world = withConfig(this.world, { ...configOf(versions), daemon: this.world.config.daemon }, kept);
    this.settle();
  }

  shutdown(): void {
    this.world = { ...this.world, ending: 'shutdown' };
    this.settle();
  }

  /** The main process ends by itself. */
  exit(id: string, exit: Exit = { kind: 'code', code: 1 }, num = 0): void {
    const run = this.machine.alive(instanceKey(id, num));
    if (run === undefined) this.machine.breaches.push(`${id} does not run`);
    else this.machine.end(run, exit, this.now);
    this.settle(this.machine.takeNews());
  }

  instance(id: string, num = 0): Instance {
    return this.world.instances.get(instanceKey(id, num)) as Instance;
  }

  view(name: string): View {
    const survey = new Survey(this.world, this.now);
    const target = survey.targets.find((candidate) => candidate.name === name || candidate.id === name);
    return new Describer(survey).view(target as (typeof survey.targets)[number]);
  }

  /** `STATE code`, as most tests want it. */
  brief(name: string): string {
    const { state, reason } = this.view(name);
    return `${state} ${reason.code}`;
  }
}
