/** Random numbers from a seed: the same seed gives the same history, on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = 0;
    this.reseed(seed);
  }

  /** Goes on as another seed says: what came before does not matter from here on. */
  reseed(seed: number): void {
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0;
    // Neighbouring seeds give unlike beginnings only after some rounds.
    for (let round = 0; round < 4; round += 1) this.next();
  }

  /** In [0, 1). The generator is mulberry32 (public domain). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of them; undefined where there is none. */
  pick<T>(choices: readonly T[]): T | undefined {
    return choices[this.below(choices.length)];
  }

  /** One of at least one. */
  oneOf<T>(first: T, ...rest: T[]): T {
    return this.pick([first, ...rest]) ?? first;
  }

  shuffled<T>(all: readonly T[]): T[] {
    return all
      .map((each) => ({ each, at: this.next() }))
      .sort((one, other) => one.at - other.at)
      .map(({ each }) => each);
  }

  /** One of the names, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.next() * total;
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return (entries[0] as [K, number])[0];
  }
}
