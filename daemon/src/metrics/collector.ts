/** Gathers the figures when somebody asks, and makes them into text; whoever asks within a second gets the same. */
import { setImmediate } from 'node:timers/promises';
import { guardEnd } from '../core/clock.ts';
import type { InstanceKey, MonotonicTime } from '../core/model.ts';
import type { Survey } from '../core/survey.ts';
import type { Target } from '../core/targets.ts';
import type { ReadingContext } from '../rpc/handlers/context.ts';
import { Slices } from '../rpc/slices.ts';
import { rowsOf } from '../rpc/snapshot.ts';
import { Census } from '../supervision/census.ts';
import { ConsumptionMeter, type Consumption } from './consumption.ts';
import { expose } from './exposition.ts';
import type { DaemonFigures, Figures, InstanceFigures } from './samples.ts';
import type { Tally } from './tally.ts';

/** In milliseconds. */
const FRESH = 1_000;

/** What the figures are made of. */
export interface FiguresContext extends Pick<
  ReadingContext,
  'system' | 'supervisor' | 'configuration' | 'time' | 'version' | 'pid' | 'startedAt' | 'adopted'
> {
  readonly tally: Tally;
}

export class Collector {
  readonly #context: FiguresContext;
  readonly #slices = new Slices();
  readonly #meter: ConsumptionMeter;
  #latest: { readonly at: MonotonicTime; readonly text: Promise<string> } | undefined;

  constructor(context: FiguresContext) {
    const { system, configuration, pid } = context;
    this.#context = context;
    const census = new Census(system, configuration.current.uid, pid);
    this.#meter = new ConsumptionMeter(system, census, system.stat(pid)?.startTicks ?? 0);
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    const { mono } = this.#context.system.now();
    if (this.#latest !== undefined && mono - this.#latest.at < FRESH) return this.#latest.text;
    const text = this.#make();
    this.#latest = { at: mono, text };
    // A failure is none of the next ones who ask.
    text.catch(() => (this.#latest = undefined));
    return text;
  }

  async #make(): Promise<string> {
    return expose(await this.#figures(), () => setImmediate());
  }

  async #figures(): Promise<Figures> {
    const { system, supervisor, configuration } = this.#context;
    const began = system.now().mono;
    const consumptions = await this.#slices.run(
      this.#meter.measure(() => supervisor.world),
      new AbortController().signal,
    );
    const survey = supervisor.survey();
    return {
      at: survey.now.wall,
      uid: configuration.current.uid,
      instances: this.#instances(survey, consumptions),
      daemon: this.#daemon(survey, system.now().mono - began),
    };
  }

  #instances(survey: Survey, consumptions: ReadonlyMap<InstanceKey, Consumption>): InstanceFigures[] {
    const { time, tally } = this.#context;
    const rows = rowsOf(survey, survey.targets, time);
    return survey.targets.flatMap((target, index) => {
      const row = rows[index];
      if (row === undefined) return [];
      const instance = survey.instance(target);
      const [last] = instance.exits;
      const consumption = instance.activity.kind === 'idle' ? undefined : consumptions.get(target.key);
      return {
        row,
        kind: kindOf(survey, target),
        counts: tally.of(target.key),
        cpuSeconds: this.#meter.cpuSecondsOf(target.key),
        ...(last === undefined ? {} : { lastRun: Math.max(0, last.at - last.startedAt) }),
        ...(consumption === undefined ? {} : { consumption }),
      };
    });
  }

  #daemon({ world, now }: Survey, collectTime: number): DaemonFigures {
    const { system, configuration, version, pid, startedAt, adopted, tally } = this.#context;
    const usage = system.usage(pid);
    return {
      version,
      startedAt,
      adopted,
      collectTime,
      loadedAt: configuration.loadedAt,
      ...(usage === undefined ? {} : { usage }),
      ticksPerSecond: system.ticksPerSecond,
      isClockBehind: guardEnd(world.clock, now).wall !== undefined,
      events: tally.events,
      reloads: tally.reloads,
      isBroken: configuration.error !== undefined,
      isHeld: configuration.held !== undefined,
    };
  }
}

function kindOf(survey: Survey, target: Target): InstanceFigures['kind'] {
  const { activity } = survey.instance(target);
  const launched = activity.kind === 'idle' ? undefined : activity.run.settings.oneShot;
  return (target.effective?.version?.oneShot ?? launched) === true ? 'one-shot' : 'service';
}
