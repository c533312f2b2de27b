/**
 * Versions that are about to take over (SPEC 2.4): what they need of the machine is checked an hour ahead, and again when their time
 * has come. One that could not be launched then has to wait: the version before it goes on.
 */
import type { MonotonicTime, Now, ProcessConfig, ProcessVersion, WallTime, World } from '../core/model.ts';
import { vetoKey } from '../core/schedule.ts';

export interface TakeoverOptions {
  readonly launchProblem: (version: ProcessVersion) => string | undefined;
  readonly log: (level: 'info' | 'warning' | 'error', text: string) => void;
}

const AHEAD = 3_600_000;
/** A version that may not take over is checked anew this often. */
const AGAIN = 60_000;

export class Takeovers {
  readonly #o: TakeoverOptions;
  /** By `vetoKey`: what failed, of versions whose time has come. */
  readonly #failed = new Map<string, string>();
  /** Versions that were checked ahead of their time. */
  readonly #checked = new Set<string>();
  #weighedAt: WallTime | undefined;
  #againAt: MonotonicTime | undefined;

  constructor(options: TakeoverOptions) {
    this.#o = options;
  }

  /** When what failed is to be checked anew. */
  get againAt(): MonotonicTime | undefined {
    return this.#againAt;
  }

  /** When the next version has to be checked ahead of its time; its time itself is known to the core. */
  nextLook(world: World, now: Now): WallTime | undefined {
    const looks = changing(world).flatMap(({ versions }) =>
      versions.filter(({ fake }) => !fake).map(({ applyOn }) => applyOn.at - AHEAD),
    );
    const coming = looks.filter((at) => at > now.wall);
    return coming.length === 0 ? undefined : coming.reduce((first, at) => Math.min(first, at));
  }

  /** The world with the vetoes of this moment. */
  weigh(world: World, now: Now): World {
    const since = this.#weighedAt ?? -Infinity;
    this.#weighedAt = now.wall;
    const isAgain = this.#againAt !== undefined && now.mono >= this.#againAt;
    if (isAgain) this.#againAt = undefined;
    const failed = new Map<string, string>();
    for (const process of changing(world)) {
      this.#lookAhead(process, now);
      const newest = newestDue(process, now);
      if (newest === undefined) continue;
      const key = vetoKey(newest);
      const before = this.#failed.get(key);
      // What has taken over is not taken back by the next daemon, nor by a clock that passes its time once more.
      const hasCome = newest.applyOn.at > since && !hasTakenOver(world, newest);
      const isDue = hasCome || (before !== undefined && isAgain);
      const why = isDue ? this.#o.launchProblem(newest) : before;
      if (why === undefined) continue;
      failed.set(key, why);
      if (before === undefined)
        this.#o.log(
          'error',
          `${newest.id}: version ${newest.applyOn.text} cannot take over: ${why}; the one before goes on`,
        );
    }
    return this.#withVetoes(world, failed, now);
  }

  #lookAhead({ versions }: ProcessConfig, now: Now): void {
    for (const version of versions) {
      const ahead = version.applyOn.at - now.wall;
      const key = vetoKey(version);
      if (version.fake || ahead <= 0 || ahead > AHEAD || this.#checked.has(key)) continue;
      this.#checked.add(key);
      const why = this.#o.launchProblem(version);
      if (why !== undefined)
        this.#o.log(
          'warning',
          `${version.id}: version ${version.applyOn.text} could not take over as things are: ${why}`,
        );
    }
  }

  #withVetoes(world: World, failed: ReadonlyMap<string, string>, now: Now): World {
    const isSame =
      failed.size === this.#failed.size && [...failed].every(([key, why]) => this.#failed.get(key) === why);
    if (failed.size > 0) this.#againAt ??= now.mono + AGAIN;
    if (isSame) return world;
    const vetoes = new Map([...world.vetoes].filter(([key]) => !this.#failed.has(key)));
    this.#failed.clear();
    for (const [key, why] of failed) {
      vetoes.set(key, why);
      this.#failed.set(key, why);
    }
    return { ...world, vetoes };
  }
}

/** Processes of more than one version. */
function changing({ config }: World): readonly ProcessConfig[] {
  return config.processes.filter(({ versions }) => versions.length > 1);
}

function hasTakenOver({ instances }: World, { id, applyOn }: ProcessVersion): boolean {
  return [...instances.values()].some((instance) => instance.id === id && instance.seen.applyOn === applyOn.text);
}

/** The version whose time has come last, where there is one before it to fall back on. */
function newestDue({ versions }: ProcessConfig, now: Now): ProcessVersion | undefined {
  const due = versions.filter(({ fake, applyOn }) => !fake && applyOn.at <= now.wall);
  return due.length > 1 ? due.at(-1) : undefined;
}
