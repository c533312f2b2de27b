/** `explain`: why each instance is as it is, and what happens next. */
import type { Explanation, ExplainResult, PastRun } from '@procman/protocol';
import { Describer } from '../../core/describe.ts';
import { explain, type Explained, type ExplainedSchedule } from '../../core/explain/explain.ts';
import { factsOf } from '../../core/explain/facts.ts';
import { Dependents } from '../../core/explain/neighbours.ts';
import type { ExitRecord } from '../../core/model.ts';
import { endedText } from '../../core/wording.ts';
import type { Survey } from '../../core/survey.ts';
import type { Target } from '../../core/targets.ts';
import { uptimeOf } from '../../history/uptime.ts';
import type { TimeText } from '../../time-text.ts';
import type { Call } from '../dispatch.ts';
import { Slices } from '../slices.ts';
import { exitView, rowOf } from '../snapshot.ts';
import { ZoneTexts } from '../zone-texts.ts';
import { selected, type ReadingContext } from './context.ts';

export interface ExplainParams {
  readonly names: readonly string[];
}

type Explain = (params: ExplainParams, call: Call) => Promise<ExplainResult>;

/** Of many in slices, between which the daemon attends to its services. */
export function explainOf(daemon: ReadingContext): Explain {
  const slices = new Slices();
  return ({ names }, call) => slices.run(explanations(daemon, names), call.closed);
}

function* explanations(daemon: ReadingContext, names: readonly string[]): Generator<void, ExplainResult> {
  const survey = daemon.supervisor.survey();
  const { targets } = selected(survey, names);
  const parts = new Parts(daemon, survey);
  yield;
  const processes: Explanation[] = [];
  for (const target of targets) {
    processes.push(parts.explanation(target));
    yield;
  }
  return { processes };
}

/** What the explanations of one survey share. */
class Parts {
  readonly #daemon: ReadingContext;
  readonly #survey: Survey;
  readonly #describer: Describer;
  readonly #dependents: Dependents;
  readonly #zones: ZoneTexts;

  constructor(daemon: ReadingContext, survey: Survey) {
    this.#daemon = daemon;
    this.#survey = survey;
    this.#describer = new Describer(survey);
    this.#dependents = new Dependents(survey);
    this.#zones = new ZoneTexts(daemon.time);
  }

  explanation(target: Target): Explanation {
    const shown = target.effective?.version ?? target.effective?.shown;
    // What its schedule decides is told in its own zone.
    const time = this.#zones.of(shown?.schedule?.timezone);
    const facts = factsOf(this.#survey, this.#describer, target, (at) => time.tell(at));
    const row = rowOf(this.#survey, target, facts.view, this.#daemon.time);
    return {
      ...row,
      ...viewOf(explain(facts), time),
      dependents: this.#dependents.of(target.id),
      uptime: uptimeOf(this.#daemon.history, this.#survey, target),
    };
  }
}

function viewOf(explained: Explained, time: TimeText): Omit<Explanation, keyof ReturnType<typeof rowOf> | 'uptime'> {
  const { because, schedule, failures, health, exits, upcoming, ...same } = explained;
  const { retryAt, ...counts } = failures;
  return {
    ...same,
    because: because.map(({ since, ...cause }) => ({
      ...cause,
      ...(since === undefined ? {} : { since: time.format(since) }),
    })),
    ...(schedule === undefined ? {} : { schedule: scheduleView(schedule, time) }),
    failures: { ...counts, ...(retryAt === undefined ? {} : { retryAt: time.format(retryAt) }) },
    ...(health === undefined ? {} : { health: healthView(health, time) }),
    exits: exits.map((exit) => pastRun(exit, time)),
    upcoming: upcoming.map(({ at, action }) => ({ at: time.format(at), action })),
  };
}

function scheduleView(
  { active, text, nextStart, nextStop }: ExplainedSchedule,
  time: TimeText,
): NonNullable<Explanation['schedule']> {
  return {
    active,
    text,
    ...(nextStart === undefined ? {} : { nextStart: time.format(nextStart) }),
    ...(nextStop === undefined ? {} : { nextStop: time.format(nextStop) }),
  };
}

function healthView(
  { at, ...health }: NonNullable<Explained['health']>,
  time: TimeText,
): NonNullable<Explanation['health']> {
  return { ...health, ...(at === undefined ? {} : { at: time.format(at) }) };
}

function pastRun({ launchId, startedAt, at, exit, by, text, stderr = [] }: ExitRecord, time: TimeText): PastRun {
  const why = by === undefined ? undefined : endedText(by, text);
  return {
    ...exitView(exit),
    ...(why === undefined ? {} : { why }),
    run: launchId,
    startedAt: time.format(startedAt),
    at: time.format(at),
    // A clock that was set back makes no run shorter than nothing.
    durationSeconds: Math.max(0, Math.round(at - startedAt)) / 1000,
    stderr,
  };
}
