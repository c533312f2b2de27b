/**
 * Why an instance is as it is: the answer of `explain`, with times as numbers. Made of what is known, as `describe` does it, and of
 * nothing else; never a value of an environment.
 */
import { staleKeys } from '../config-diff.ts';
import { logPaths } from '../log-paths.ts';
import type { ExitRecord, Instance, Run, Schedule, WallTime } from '../model.ts';
import { runsInWindow } from '../restart-policy.ts';
import { because } from './because.ts';
import type { Cause, Facts } from './facts.ts';
import { explainDependencies, type ExplainedDependency } from './neighbours.ts';
import { explainUpcoming, type Upcoming } from './upcoming.ts';
import { explainVersions, type ExplainedVersion } from './versions.ts';

export interface Explained {
  readonly because: readonly Cause[];
  readonly versions: readonly ExplainedVersion[];
  readonly commandType: { readonly type: string; readonly why: string };
  readonly schedule?: ExplainedSchedule;
  readonly dependencies: readonly ExplainedDependency[];
  readonly failures: {
    readonly failedStarts: number;
    readonly runsInWindow: number;
    readonly maxRuns: number;
    readonly retryAt?: WallTime;
  };
  readonly health?: ExplainedHealth;
  readonly exits: readonly ExitRecord[];
  readonly staleKeys: readonly string[];
  readonly logs: Run['logs'];
  readonly upcoming: readonly Upcoming[];
}

export interface ExplainedSchedule {
  readonly active: boolean;
  readonly text: string;
  /** Its zone. */
  readonly timezone: string;
  readonly nextStart?: WallTime;
  readonly nextStop?: WallTime;
}

export interface ExplainedHealth {
  readonly ok: boolean;
  readonly failures: number;
  readonly at?: WallTime;
  readonly output?: string;
}

const NO_DAEMON: Cause = {
  code: 'unsupervised',
  message: 'no daemon runs: nothing is started, stopped or watched until one does',
};

export function explain(facts: Facts): Explained {
  const { survey, target, instance } = facts;
  const schedule = explainSchedule(facts);
  const health = explainHealth(instance);
  return {
    because: survey.world.unsupervised === undefined ? because(facts) : [NO_DAEMON, ...because(facts)],
    versions: explainVersions(facts),
    commandType: commandTypeOf(facts),
    ...(schedule === undefined ? {} : { schedule }),
    dependencies: explainDependencies(facts),
    failures: failuresOf(facts),
    ...(health === undefined ? {} : { health }),
    exits: instance.exits,
    staleKeys: staleKeys(survey, target),
    logs: logsOf(facts),
    // Nothing comes by itself where nobody does it.
    upcoming: survey.world.unsupervised === undefined ? explainUpcoming(facts) : [],
  };
}

function commandTypeOf({ target, instance: { activity } }: Facts): Explained['commandType'] {
  const version = target.effective?.version ?? target.effective?.shown;
  if (version !== undefined) return { type: version.command.type, why: version.command.why };
  const launched = activity.kind === 'idle' ? undefined : activity.run.type;
  return { type: launched ?? 'unknown', why: 'as it was launched: it is not in the configuration' };
}

function explainSchedule({ target, version, standing }: Facts): ExplainedSchedule | undefined {
  const schedule: Schedule | undefined = (version ?? target.effective?.shown)?.schedule;
  if (schedule === undefined) return undefined;
  const { nextStart, nextStop } = standing ?? {};
  return {
    active: standing?.active === true,
    text: schedule.text,
    timezone: schedule.timezone,
    ...(nextStart === undefined ? {} : { nextStart }),
    // A cron time is a moment: what it starts is not ended by it.
    ...(nextStop === undefined || !Number.isFinite(nextStop) || schedule.kind === 'cron' ? {} : { nextStop }),
  };
}

function failuresOf({ instance: { counters }, version, survey, view }: Facts): Explained['failures'] {
  return {
    failedStarts: counters.failedStarts,
    runsInWindow: version === undefined ? 0 : runsInWindow(counters, version, survey.now.mono),
    maxRuns: version?.maxRuns ?? 0,
    ...(view.retryAt === undefined ? {} : { retryAt: view.retryAt }),
  };
}

/** undefined where it has none, or has not been asked. */
function explainHealth({ activity }: Instance): ExplainedHealth | undefined {
  if (activity.kind !== 'running' || activity.health === undefined) return undefined;
  const { ok, failures, at, text } = activity.health;
  if (ok === undefined && failures === 0) return undefined;
  return {
    // Failed tries do not make it unhealthy until there are enough of them.
    ok: ok !== false,
    failures,
    ...(at === undefined ? {} : { at }),
    ...(text === undefined || text === '' ? {} : { output: text }),
  };
}

/** Of the live run, or those that the next one will have. */
export function logsOf({
  survey,
  target,
  instance: { activity },
}: Pick<Facts, 'survey' | 'target' | 'instance'>): Run['logs'] {
  const live = activity.kind === 'idle' ? {} : activity.run.logs;
  const shown = target.effective?.shown;
  const isLaunched = Object.keys(live).length > 0 || shown === undefined;
  return isLaunched ? live : logPaths(shown, target, survey.world.logDirectory);
}
