/** What happens to the machine: its processes are killed and frozen, pids come back, disk, clock and power fail. */
import { STATE_DIRECTORY } from './daemon-on-trial.ts';
import { DAY } from './days.ts';
import type { History } from './history.ts';
import type { Role, SimulatedProcess } from './machine.ts';
import type { Deed } from './plan.ts';

const DAMAGES = ['torn', 'gone', 'both gone', 'record gone'] as const;

export class MachineDeeds {
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  do(deed: Deed): void {
    this.#deeds[deed]?.();
  }

  readonly #deeds: Partial<Record<Deed, () => void>> = {
    killProcess: () => this.#killProcess(),
    freeze: () => this.#freeze(),
    thaw: () => this.#history.machine.thaw(),
    damage: () => this.#damage(),
    reboot: () => this.#reboot(),
    breakDisk: () => this.#breakDisk(),
    mendDisk: () => mendDisk(this.#history),
    strangers: () => this.#strangers(),
    jump: () => this.#jump(),
    trouble: () => this.#trouble(),
  };

  #killProcess(): void {
    const { random, machine } = this.#history;
    const role = random.weighted({ launcher: 4, child: 3, main: 3, member: 2, hook: 1, expression: 1 });
    const victim = this.#anyOf(role);
    if (victim === undefined) return;
    this.#history.note(`${describe(victim)} is killed`);
    machine.end(victim, { signal: 'KILL' });
  }

  #freeze(): void {
    const { random, machine } = this.#history;
    const victim = this.#anyOf(random.oneOf<Role>('launcher', 'launcher', 'child', 'main', 'hook'));
    if (victim === undefined) return;
    this.#history.note(`${describe(victim)} is frozen`);
    machine.signal(victim, 'STOP');
  }

  #anyOf(role: Role): SimulatedProcess | undefined {
    const { random, machine } = this.#history;
    const living = [...machine.processes.values()].filter((process) => process.state === 'alive');
    return random.pick(living.filter((process) => process.role === role));
  }

  /** Strangers come and go, and take over pids and session numbers; some leave a child in a session whose leader is gone. */
  #strangers(): void {
    const { machine, random } = this.#history;
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
    const jump = this.#history.random.oneOf(-DAY, -3_600_000, -5_000, 5_000, 90_000, 3_600_000, DAY);
    this.#history.machine.jump(jump);
    this.#history.noteJump(jump);
    this.#history.note(`the wall clock jumps by ${jump} ms`);
  }

  /** What a coming version needs of the machine is missing, or is there again. */
  #trouble(): void {
    const { random, config, troubled } = this.#history;
    const { versions, id } = random.pick(config.processes) ?? { versions: [], id: '' };
    const last = versions.at(-1);
    if (last === undefined) return;
    const name = `${id} ${last.applyOn.text}`;
    if (!troubled.delete(name)) troubled.add(name);
    this.#history.note(`${name} ${troubled.has(name) ? 'could not' : 'could'} be launched`);
  }

  /** In good order, or because the power failed. */
  #reboot(): void {
    const { machine, daemon, operator, lossy, invariants, random } = this.#history;
    const isPowerCut = random.chance(0.6);
    this.#history.note(isPowerCut ? 'the power fails' : 'the machine reboots');
    daemon.killNow();
    machine.reboot(isPowerCut);
    if (isPowerCut) invariants.notePowerCut();
    for (const [key, until] of operator.until) {
      if (until === 'reboot' && operator.held.get(key) === true)
        operator.held.set(key, lossy.has(key) ? undefined : false);
    }
  }

  #breakDisk(): void {
    const { machine, random } = this.#history;
    machine.files.fault = random.oneOf('ENOSPC', 'EROFS', 'EIO');
    this.#history.note(`the disk fails: ${machine.files.fault}`);
  }

  /** Somebody destroys what is known of an instance. */
  #damage(): void {
    const { machine, random, lossy } = this.#history;
    const { files } = machine;
    const name = random.pick(files.list(`${STATE_DIRECTORY}/instances`).filter((each) => each.endsWith('.json')));
    if (name === undefined || files.fault !== undefined) return;
    const path = `${STATE_DIRECTORY}/instances/${name}`;
    const key = name.slice(0, -'.json'.length);
    const how = random.oneOf(...DAMAGES);
    this.#history.note(`state of ${key}: ${how}`);
    lossy.add(key);
    if (how === 'torn') files.write(path, (files.read(path) ?? '').slice(0, 40));
    else files.remove(path);
    if (how === 'both gone' || how === 'record gone') files.remove(`${path}.prev`);
    if (how === 'record gone') files.remove(`${STATE_DIRECTORY}/runs/record/${key}`);
  }
}

export function mendDisk(history: History): void {
  const { files } = history.machine;
  if (files.fault !== undefined) history.note('the disk is well again');
  files.fault = undefined;
}

const describe = ({ role, pid, run, marks }: SimulatedProcess): string =>
  `${role} ${pid} (${run?.launchId ?? marks.launcher ?? ''})`;
