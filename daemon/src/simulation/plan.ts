/** What is to happen in a history, and how often. */
import type { Random } from './random.ts';

export type Deed =
  | 'progress' | 'pass' | 'look' | 'wake' | 'command' | 'reload' | 'killDaemonSoon' | 'killDaemon' | 'startDaemon' | 'shutdown'
  | 'killProcess' | 'freeze' | 'thaw' | 'damage' | 'reboot' | 'breakDisk' | 'mendDisk' | 'strangers' | 'jump' | 'answer'
  | 'trouble' | 'second' | 'signal' | 'stall'; // prettier-ignore

/** What happens more often, or never, than it does by itself. */
export type Stress = Partial<Record<Deed, number>>;

/** What a process may have. */
export type Trait = 'oneShot' | 'schedule' | 'hooks';

/** How likely a process has it, 0 to 1, where not as by itself. */
export type Odds = Partial<Record<Trait, number>>;

/** How often each thing happens. */
const WEIGHTS: Readonly<Record<Deed, number>> = {
  progress: 30, pass: 26, look: 8, wake: 8, command: 9, reload: 3, killDaemonSoon: 5, killDaemon: 1, startDaemon: 10,
  shutdown: 0.3, killProcess: 3, freeze: 1, thaw: 2, damage: 0.6, reboot: 0.5, breakDisk: 0.6, mendDisk: 2.5, strangers: 3,
  jump: 0.8, answer: 8, trouble: 1, second: 1, signal: 1, stall: 0.5,
}; // prettier-ignore

export const STEPS = 200;

/** A history, or what is left of one: every step draws from a seed of its own, so that the others stay what they were. */
export interface Plan {
  readonly seed: number;
  readonly steps?: number;
  readonly stress?: Stress;
  readonly odds?: Odds;
  /** Steps that are left out. */
  readonly skipped?: ReadonlySet<number>;
  /** Processes that are left out of the configuration. */
  readonly absent?: ReadonlySet<string>;
}

/** Draws deeds by their weights. */
export class DeedDrawer {
  readonly #deeds: readonly Deed[];
  readonly #sums: readonly number[];

  constructor(stress: Stress) {
    const weights = { ...WEIGHTS, ...stress };
    this.#deeds = Object.keys(weights) as Deed[];
    let sum = 0;
    this.#sums = this.#deeds.map((deed) => (sum += weights[deed]));
  }

  draw(random: Random): Deed {
    const drawn = random.next() * (this.#sums.at(-1) ?? 0);
    return this.#deeds[this.#sums.findIndex((sum) => drawn < sum)] ?? 'progress';
  }
}

/** Where the random numbers of a step begin. */
export const seedOfStep = (seed: number, step: number): number => Math.imul(seed, 1_000_003) + step;
