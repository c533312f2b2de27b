/** `status`: what the core knows, and of /proc what was asked for: resources, and zombies. */
import { setTimeout } from 'node:timers/promises';
import type { StatusResult } from '@procman/protocol';
import { guardEnd } from '../../core/clock.ts';
import type { LaunchId } from '../../core/model.ts';
import type { Target } from '../../core/targets.ts';
import type { Survey } from '../../core/survey.ts';
import { Census, type CensusResult } from '../../supervision/census.ts';
import { SHORTEST_INTERVAL, UsageMeter, type Measurement } from '../../supervision/usage-meter.ts';
import type { Call } from '../dispatch.ts';
import { Slices } from '../slices.ts';
import { rowsOf, unsupervisedView, type SeenOfRun } from '../snapshot.ts';
import { selected, type ReadingContext } from './context.ts';
import { problemView } from './update.ts';

/** Older than this, what is known of zombies is looked at anew behind the reply; in milliseconds. */
const ZOMBIES_FRESH = 5_000;
/** Older than this, the reply waits for it. */
const ZOMBIES_KNOWN = 60_000;

export interface StatusParams {
  readonly names?: readonly string[] | undefined;
  readonly resources?: boolean | undefined;
}

type Status = (params: StatusParams, call: Call) => StatusResult | Promise<StatusResult>;

/** Both are looked for only when somebody asks, so that an idle daemon stays idle; one at a time, in slices. */
export function statusOf(daemon: ReadingContext): Status {
  const slices = new Slices();
  const { system, supervisor, pid } = daemon;
  const census = new Census(system, daemon.configuration.current.uid, pid);
  const meter = new UsageMeter(system, census);
  const world = () => supervisor.world;
  const zombies = new ZombieLook(daemon, () => slices.run(census.take(world), NEVER));
  const measure = async (names: readonly string[] | undefined, { closed }: Call): Promise<Measurement> => {
    const launches = new Set(launchesOf(daemon, names));
    const once = (isLast: boolean): Promise<Measurement> =>
      slices.run(
        meter.measure(world, (launchId) => launches.has(launchId), isLast),
        closed,
      );
    const first = await once(false);
    if (first.isComplete) return first;
    // Outside of the slices: nobody waits for a clock.
    await setTimeout(SHORTEST_INTERVAL, undefined, { signal: closed });
    return once(true);
  };
  return async ({ names, resources }, call) => {
    const survey = supervisor.survey();
    // An unknown name is told before anything is measured.
    if (names !== undefined) selected(survey, names);
    if (resources !== true) {
      await zombies.known();
      return result(daemon, names, (launchId) => zombies.of(launchId));
    }
    const { census: seen, usages } = await measure(names, call);
    zombies.note(seen);
    return result(daemon, names, (launchId) => {
      const usage = usages.get(launchId);
      return { ...zombies.of(launchId), ...(usage === undefined ? {} : { usage }) };
    });
  };
}

const NEVER = new AbortController().signal;

/** Zombies of each run, as of the last look. */
class ZombieLook {
  readonly #now: () => number;
  readonly #take: () => Promise<CensusResult>;
  #counts: ReadonlyMap<LaunchId, number> = new Map();
  #at: number | undefined;
  #looking: Promise<void> | undefined;

  constructor({ system }: ReadingContext, take: () => Promise<CensusResult>) {
    this.#now = () => system.now().mono;
    this.#take = take;
  }

  of(launchId: LaunchId): SeenOfRun {
    const zombies = this.#counts.get(launchId) ?? 0;
    return zombies === 0 ? {} : { zombies };
  }

  note(census: CensusResult): void {
    this.#counts = new Map([...census].map(([launchId, { zombies }]) => [launchId, zombies.length]));
    this.#at = this.#now();
  }

  /** Resolves once what is known is not older than a minute; what is a few seconds old is looked at again meanwhile. */
  async known(): Promise<void> {
    const age = this.#at === undefined ? Infinity : this.#now() - this.#at;
    if (age < ZOMBIES_FRESH) return;
    this.#looking ??= this.#look();
    if (age >= ZOMBIES_KNOWN) await this.#looking;
  }

  /** Never rejects: a /proc that cannot be read is no reason for `status` to fail. */
  async #look(): Promise<void> {
    try {
      this.note(await this.#take());
    } catch {
      this.#at = this.#now();
    } finally {
      this.#looking = undefined;
    }
  }
}

function targetsOf(survey: Survey, names: readonly string[] | undefined): readonly Target[] {
  return names === undefined ? survey.targets : selected(survey, names).targets;
}

function launchesOf(daemon: ReadingContext, names: readonly string[] | undefined): LaunchId[] {
  const survey = daemon.supervisor.survey();
  return targetsOf(survey, names).flatMap((target) => {
    const { activity } = survey.instance(target);
    return activity.kind === 'idle' ? [] : [activity.run.launchId];
  });
}

function result(
  daemon: ReadingContext,
  names: readonly string[] | undefined,
  seen: (launchId: LaunchId) => SeenOfRun,
): StatusResult {
  const survey = daemon.supervisor.survey();
  const { configuration, time, unsupervised } = daemon;
  const { error, held } = configuration;
  const { wall: behindUntil } = guardEnd(survey.world.clock, survey.now);
  return {
    daemon: {
      pid: unsupervised === undefined ? daemon.pid : null,
      version: daemon.version,
      uid: configuration.current.uid,
      startedAt: time.format(daemon.startedAt),
      configPath: configuration.current.path,
      configLoadedAt: time.format(configuration.loadedAt),
      adopted: daemon.adopted,
      ...(error === undefined
        ? {}
        : { configError: { at: time.format(error.at), problems: error.problems.map(problemView) } }),
      ...(held === undefined ? {} : { heldReload: { at: time.format(held.at), hash: held.hash, stops: held.stops } }),
      ...(behindUntil === undefined ? {} : { clock: { behindUntil: time.format(behindUntil) } }),
      ...(unsupervised === undefined ? {} : { unsupervised: unsupervisedView(unsupervised, time) }),
    },
    processes: rowsOf(survey, targetsOf(survey, names), time, seen),
  };
}
