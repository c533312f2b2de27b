/** An operator: what he orders, what he may rely on afterwards, and how he resolves what is in doubt. */
import type { Verb } from '../core/commands.ts';
import type { Target } from '../core/targets.ts';
import type { History } from './history.ts';
import { keyOf } from './truth.ts';

export class Operator {
  /** What he was told: held, not held; undefined where the daemon died or the disk failed within the command. */
  readonly held = new Map<string, boolean | undefined>();
  readonly until = new Map<string, number | 'reboot'>();
  readonly asked = new Map<string, number>();
  readonly forced = new Set<string>();
  readonly hurried = new Set<string>();
  readonly signalling = new Set<string>();
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  /** An operator's command, and what he may rely on afterwards. */
  order(verb: Verb, targets: readonly Target[]): void {
    const keys = targets.map(({ key }) => key);
    this.#history.note(`operator: ${verb} ${keys.join(' ')}`);
    for (const key of keys) {
      if (verb !== 'stop') this.asked.set(key, (this.asked.get(key) ?? 0) + 1);
      if (verb !== 'unblock') this.held.set(key, undefined);
      if (verb !== 'unblock') this.until.delete(key);
    }
    if (verb === 'unblock') for (const key of keys) this.resolve(key);
    const wide = new Set(keys.length > 2 ? keys : []);
    const force = this.#history.random.chance(0.2);
    const now = this.#history.random.chance(0.3);
    if (verb === 'stop' && now) for (const key of keys) this.hurried.add(key);
    if (verb !== 'stop' && force) for (const key of keys) this.forced.add(key);
    const until = verb === 'stop' && this.#history.random.chance(0.4) ? this.#holdEnd() : undefined;
    if (until !== undefined) for (const key of keys) this.until.set(key, until);
    const untils = new Map(until === undefined ? [] : keys.map((key) => [key, until]));
    const isDone = this.#history.daemon.tell('command', (supervisor) => {
      supervisor.command({ verb, targets, wide, force, now, until: untils });
    });
    if (!isDone || this.#history.machine.files.fault !== undefined) return;
    for (const { key } of targets) if (verb === 'stop') this.held.set(key, true);
    // A wide restart leaves holds alone, and one without a version in effect does nothing.
    for (const { key } of targets) if (verb === 'start') this.held.set(key, false);
  }

  #holdEnd(): number | 'reboot' {
    return this.#history.random.chance(0.3)
      ? 'reboot'
      : this.#history.machine.wall + this.#history.random.between(1_000, 60_000);
  }

  /** `procmanctl signal`: what it does is the service's affair. */
  signal(targets: readonly Target[]): void {
    const keys = targets.map(({ key }) => key);
    const signal = this.#history.random.oneOf('USR1', 'HUP', 'TERM');
    this.#history.note(`operator: signal ${signal} ${keys.join(' ')}`);
    for (const key of keys) this.signalling.add(key);
    this.#history.daemon.tell('signal', (supervisor) => void supervisor.signal(keys, signal));
    for (const key of keys) this.signalling.delete(key);
  }

  /** Before an operator calls it gone, he sees to what is his, named or not. */
  #killByHand(key: string): void {
    for (const process of [...this.#history.machine.processes.values()]) {
      if (process.run !== undefined && keyOf(process.run.key) === key)
        this.#history.machine.end(process, { signal: 'KILL' });
    }
  }

  /** An operator knows what is his: he has nothing killed, or called gone, that is not. */
  #resolution(isAllOwn: boolean, isNoneOwn: boolean, hasMain: boolean): 'kill' | 'gone' | 'adopt' {
    if (isNoneOwn) return 'gone';
    if (hasMain && this.#history.random.chance(0.3)) return 'adopt';
    return isAllOwn ? 'kill' : 'gone';
  }

  /** What is in doubt is called gone, killed, or adopted. */
  resolve(key: string): void {
    const doubt = this.#history.daemon.world()?.instances.get(key)?.doubt;
    if (doubt === undefined) return;
    const named = doubt.candidates
      .map(({ pid, startTicks }) => ({ process: this.#history.machine.processes.get(pid), startTicks }))
      .filter(({ process, startTicks }) => process?.startTicks === startTicks && process.state !== 'zombie')
      .map(({ process }) => process);
    const own = named.filter((process) => process?.run?.key === key);
    const main = own.find((process) => process?.role === 'main');
    const choice = this.#resolution(named.length === own.length, own.length === 0, main !== undefined);
    this.#history.note(`operator: resolves ${key} with ${choice}`);
    this.signalling.add(key);
    if (choice === 'gone') this.#killByHand(key);
    this.#history.daemon.tell('resolve', (supervisor) => {
      if (choice === 'adopt') supervisor.resolve(key, { adopt: main?.pid ?? 0 });
      else supervisor.resolve(key, choice);
    });
    this.signalling.delete(key);
  }
}
