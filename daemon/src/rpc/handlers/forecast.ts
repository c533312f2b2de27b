/** What configuration and holds foretell: `timeline`, and `status` with `at`. */
import type { ExpectedRow, StatusAtResult, TimelineEntry, TimelineResult } from '@procman/protocol';
import { RpcFailure } from '@procman/protocol/errors';
import { resolveMoment } from '../../core/moment.ts';
import type { ProcessConfig, WallTime } from '../../core/model.ts';
import type { Survey } from '../../core/survey.ts';
import type { Target } from '../../core/targets.ts';
import { expectedAt, timelineInSteps, type TimelineTarget } from '../../core/timeline.ts';
import type { Call } from '../dispatch.ts';
import { Slices } from '../slices.ts';
import { reasonView } from '../snapshot.ts';
import { ZoneTexts } from '../zone-texts.ts';
import { selected, type ReadingContext } from './context.ts';

const MOST_ENTRIES = 10_000;
const DAY_IN_SECONDS = 86_400;

export interface TimelineParams {
  readonly names?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly seconds?: number | undefined;
}

export interface Forecasts {
  /** Each time with the offset of its process's zone. */
  timeline(params: TimelineParams, call: Call): Promise<TimelineResult>;
  /** What each instance is to do at that moment, as if all went well. */
  statusAt(names: readonly string[] | undefined, at: string, call: Call): Promise<StatusAtResult>;
}

/** They may take seconds: one at a time, in slices between which the daemon attends to its services. */
export function forecastsOf(daemon: ReadingContext): Forecasts {
  const slices = new Slices();
  return {
    timeline: (params, call) => slices.run(timeline(daemon, params), call.closed),
    statusAt: (names, at, call) => slices.run(statusAt(daemon, names, at), call.closed),
  };
}

function* timeline(daemon: ReadingContext, params: TimelineParams): Generator<void, TimelineResult> {
  const survey = daemon.supervisor.survey();
  const from = params.from === undefined ? survey.now.wall : momentOf(daemon, 'from', params.from, survey);
  const to = from + (params.seconds ?? DAY_IN_SECONDS) * 1000;
  const targets = foreseeable(survey, params.names);
  const { entries, truncated } = yield* timelineInSteps(targets, from, to, MOST_ENTRIES);
  const zones = new ZoneTexts(daemon.time);
  const last = entries.at(-1);
  const shown: TimelineEntry[] = [];
  for (const { at, timezone, ...entry } of entries) {
    shown.push({ at: zones.of(timezone).format(at), ...entry });
    yield;
  }
  return {
    from: daemon.time.format(from),
    to: daemon.time.format(truncated && last !== undefined ? last.at : to),
    entries: shown,
    truncated,
  };
}

function* statusAt(
  daemon: ReadingContext,
  names: readonly string[] | undefined,
  written: string,
): Generator<void, StatusAtResult> {
  const survey = daemon.supervisor.survey();
  const at = momentOf(daemon, 'at', written, survey);
  const zones = new ZoneTexts(daemon.time);
  const processes: ExpectedRow[] = [];
  for (const { name, process, hold } of foreseeable(survey, names)) {
    const { expected, reason, applyOn, next } = expectedAt(process, at, hold);
    processes.push({
      name,
      id: process.id,
      expected,
      reason: reasonView(reason, daemon.time),
      ...(applyOn === undefined ? {} : { applyOn }),
      ...(next === undefined ? {} : { next: { at: zones.of(next.timezone).format(next.at), action: next.action } }),
    });
    yield;
  }
  return { at: daemon.time.format(at), processes };
}

/** The targets that are in the configuration: of others nothing is to come. */
function foreseeable(survey: Survey, names: readonly string[] | undefined): (TimelineTarget & { name: string })[] {
  const targets = names === undefined ? survey.targets : selected(survey, names).targets;
  const processes = new Map(survey.world.config.processes.map((process) => [process.id, process]));
  return targets.flatMap((target) => {
    const process = target.effective === undefined ? undefined : processes.get(target.id);
    return process === undefined ? [] : [timelineTarget(survey, target, process)];
  });
}

function timelineTarget(survey: Survey, target: Target, process: ProcessConfig): TimelineTarget {
  const { hold } = survey.instance(target);
  return { name: target.name, process, ...(hold === undefined ? {} : { hold }) };
}

/** @throws RpcFailure `invalid-params` */
function momentOf(daemon: ReadingContext, path: 'at' | 'from', written: string, { now }: Survey): WallTime {
  const moment = resolveMoment(written, daemon.configuration.daemon.timezone, now.wall);
  if (moment.ok) return moment.value;
  throw new RpcFailure('invalid-params', moment.problem, { issues: [{ path, message: moment.problem }] });
}
