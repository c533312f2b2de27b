/**
 * What people and monitoring are told of an instance: state, phase, reason, what is expected, and the verdict (SPEC 7). All of it
 * is derived from what is known; nothing here is stored.
 */
import { isGuarded } from './clock.ts';
import { lineFor, standingAt, type Decision } from './deciders.ts';
import { dependentsOf } from './dependencies.ts';
import { firstClosedGate, isLeftEnded, type Gate } from './gates.ts';
import type { Dependency, Instance, InstanceKey, MonotonicTime, ProcessVersion, State, WallTime } from './model.ts';
import { isClosed } from './ledger.ts';
import { hasJobs, jobNamed, survivingJob } from './jobs.ts';
import { isSurviving } from './stop-plan.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';
import { unsupervisedView } from './unsupervised.ts';
import {
  count, endReason, failureReason, leftoversText, seconds, stopReason, STOPPED, STOPS, survivors, why, type Reason,
} from './wording.ts'; // prettier-ignore

export { causeText, exitText, type Reason, type ReasonData } from './wording.ts';

export type Phase =
  | 'before' | 'launch' | 'pid-file' | 'start-health-check' | 'init' | 'settle'
  | 'stop-hook' | 'signal' | 'kill' | 'leftovers' | 'after-stop'; // prettier-ignore
export type Expected = 'running' | 'stopped' | 'finished';
export type Verdict = 'ok' | 'pending' | 'problem';

export interface View {
  readonly state: State;
  readonly phase?: Phase;
  readonly reason: Reason;
  readonly expected: Expected;
  readonly verdict: Verdict;
  readonly retryAt?: WallTime;
  readonly next?: Next;
}

/** What the clock brings next. */
export interface Next {
  readonly at: WallTime;
  readonly action: 'start' | 'stop' | 'version' | 'retry' | 'run' | 'hold-ends';
}

/** State and reason, before expectation and verdict. */
type Seen = Pick<View, 'state' | 'phase' | 'reason' | 'retryAt'>;

/** A state that should not last is pending for so long, then a problem. */
const SETTLING_IN = 5_000;

export class Describer {
  private readonly survey: Survey;
  private readonly views = new Map<InstanceKey, View>();
  /** Guards against a cycle that a kept old definition could bring in. */
  private readonly underWay = new Set<InstanceKey>();

  constructor(survey: Survey) {
    this.survey = survey;
  }

  view(target: Target): View {
    const known = this.views.get(target.key);
    if (known !== undefined) return known;
    this.underWay.add(target.key);
    const view = this.unsupervised(target, this.describe(target));
    this.underWay.delete(target.key);
    this.views.set(target.key, view);
    return view;
  }

  private unsupervised(target: Target, view: View): View {
    const { unsupervised } = this.survey.world;
    if (unsupervised === undefined) return view;
    return unsupervisedView(view, this.survey.instance(target), unsupervised.leftovers.get(target.key) ?? []);
  }

  private describe(target: Target): View {
    const { survey } = this;
    const instance = survey.instance(target);
    const decision = survey.decision(target);
    const unmet = survey.unmet(target);
    const seen = withSurvivor(this.see(target, instance, decision, unmet), instance, survey.now.mono);
    const expected = this.expect(target, instance, decision, seen, unmet);
    const verdict = judge(seen, expected, this.isLate(target, instance, seen));
    const next = nextOf(target, instance, seen, survey.now.wall);
    return { ...seen, expected, verdict, ...(next === undefined ? {} : { next }) };
  }

  private see(target: Target, instance: Instance, decision: Decision, unmet: readonly Dependency[]): Seen {
    const { activity } = instance;
    const kept = this.survey.world.kept.has(target.key);
    switch (activity.kind) {
      case 'preparing':
        if (activity.stop !== undefined) return { state: 'STOPPING', phase: 'kill', reason: stopReason(activity.stop) };
        return { state: 'STARTING', phase: 'before', reason: why(activity.run, kept) };
      case 'launching':
        return { state: 'STARTING', phase: 'launch', reason: why(activity.run, kept) };
      case 'settling':
        return { state: 'STARTING', phase: activity.step, reason: this.whyUp(target, activity, kept) };
      case 'running':
        return { state: 'RUNNING', reason: this.whyUp(target, activity, kept) };
      case 'yielding':
      case 'stopping':
      case 'clearing':
      case 'finishing':
        return this.seeEnding(target, instance);
      case 'idle':
        return this.seeIdle(target, instance, decision, unmet);
    }
  }

  /** Why it runs; trouble first. */
  private whyUp(
    target: Target,
    activity: Extract<Instance['activity'], { kind: 'settling' | 'running' }>,
    kept: boolean,
  ): Reason {
    const { run } = activity;
    const { world, now } = this.survey;
    if (activity.kind === 'running' && activity.health?.ok === false)
      return { code: 'health-check', message: `${STOPS['health-check']}: ${activity.health.text ?? ''}` };
    if (kept) return why(run, kept);
    const vetoed = target.effective?.vetoed;
    if (vetoed !== undefined)
      return {
        code: 'version-failed',
        message: `version ${vetoed.version.applyOn.text} may not take over: ${vetoed.why}`,
      };
    const decision = this.survey.decision(target);
    // A one-shot ends under its old version; its window may close over it all the same.
    const isSwitched = !run.settings.oneShot && decision.version?.applyOn.text !== run.applyOn;
    if ((decision.want === 'stop' || isSwitched) && isGuarded(world.clock, now))
      return { code: 'clock', message: 'the clock is not to be trusted yet: what it would stop goes on' };
    return why(run, kept);
  }

  private seeEnding(target: Target, { activity }: Instance): Seen {
    if (activity.kind === 'yielding') {
      const waitsFor = this.dependentNames(target);
      return {
        state: 'STOPPING',
        reason: {
          code: activity.stop.cause,
          message: `${stopReason(activity.stop).message}; its dependents stop first`,
          data: { waitsFor },
        },
      };
    }
    if (activity.kind === 'stopping') {
      const { clearing, stop } = activity;
      if (isSurviving(clearing, this.survey.now.mono))
        return { state: 'STOPPING', phase: 'kill', reason: survivors(activity.clearing) };
      const isHooked = clearing.hookUntil !== undefined && clearing.firstSignalAt === undefined;
      const phase = isHooked ? 'stop-hook' : clearing.killedAt === undefined ? 'signal' : 'kill';
      if (
        activity.run.type === 'external' &&
        clearing.killedAt !== undefined &&
        this.survey.now.mono - clearing.killedAt > SETTLING_IN
      )
        return {
          state: 'STOPPING',
          phase,
          reason: { code: 'survivors', message: 'its health-check says that it is alive still' },
        };
      return { state: 'STOPPING', phase, reason: stopReason(stop) };
    }
    if (activity.kind === 'finishing')
      return {
        state: 'STOPPING',
        phase: 'after-stop',
        reason: { code: 'after-stop', message: 'its `after-stop` runs', data: { exit: activity.ended.exit } },
      };
    if (activity.kind !== 'clearing') return { state: 'STOPPING', reason: { code: 'manual', message: '' } };
    const { clearing, ended } = activity;
    if (isSurviving(clearing, this.survey.now.mono))
      return { state: 'STOPPING', phase: 'leftovers', reason: survivors(clearing) };
    const pids = clearing.remains.map(({ pid }) => pid);
    return {
      state: 'STOPPING',
      phase: 'leftovers',
      reason: { code: 'leftovers', message: leftoversText(ended, pids), data: { pids } },
    };
  }

  private dependentNames({ id }: Target): string[] {
    return dependentsOf(id, this.survey.byId)
      .filter(({ instance }) => instance.activity.kind !== 'idle')
      .map(({ target }) => target.name);
  }

  private seeIdle(target: Target, instance: Instance, decision: Decision, unmet: readonly Dependency[]): Seen {
    if (hasJobs(instance))
      return {
        state: 'STOPPING',
        phase: 'leftovers',
        reason: { code: 'leftovers', message: 'a hook of it is being ended' },
      };
    if (instance.doubt !== undefined) {
      const pids = instance.doubt.candidates.map(({ pid }) => pid);
      return {
        state: 'BLOCKED',
        reason: { code: instance.doubt.code, message: instance.doubt.message, data: { pids } },
      };
    }
    if (decision.want === 'stop') return this.seeStopped(target, instance, decision);
    if (decision.want === 'no-start') {
      // What an operator started, and what then ended by itself, shows how it ended.
      if (decision.code === 'done' || isLeftEnded(instance, decision.version))
        return { state: 'EXITED', reason: endReason(instance, decision.version) };
      return { state: 'STOPPED', reason: { code: 'autostart', message: 'autostart is off: `start` runs it' } };
    }
    const version = decision.version;
    if (version === undefined)
      return { state: 'STOPPED', reason: { code: 'not-in-config', message: STOPPED['not-in-config'] } };
    return this.seeGate(instance, version, firstClosedGate(instance, version, unmet, this.survey.now.mono));
  }

  /** A one-shot outside its window shows how its last run ended. */
  private seeStopped(target: Target, instance: Instance, decision: Extract<Decision, { want: 'stop' }>): Seen {
    const { code, version } = decision;
    const { world, now } = this.survey;
    if (code === 'schedule' && version?.oneShot === true) {
      const line = lineFor(world, instance, version, now);
      if (line?.outcome === 'ended' || line?.outcome === 'interrupted')
        return { state: 'EXITED', reason: endReason(instance, version) };
    }
    const text = version?.schedule === undefined ? '' : ` (${version.schedule.text})`;
    const { effective } = target;
    const until =
      effective?.version !== undefined && followsClock(effective.version, instance)
        ? standingAt(effective.version, now.wall)?.nextStart
        : undefined;
    const isTimed = code === 'schedule' || code === 'missed';
    const data = isTimed && until !== undefined ? { data: { until } } : holdData(instance);
    return { state: 'STOPPED', reason: { code, message: `${STOPPED[code]}${isTimed ? text : ''}`, ...data } };
  }

  private seeGate(instance: Instance, version: ProcessVersion, gate: Gate): Seen {
    const { failedStarts } = instance.counters;
    switch (gate.gate) {
      case 'fatal':
        return {
          state: 'FATAL',
          reason: failureReason(instance, `gave up after ${count(failedStarts, 'failed start')}`),
        };
      case 'exited':
        return { state: 'EXITED', reason: endReason(instance, version) };
      case 'dependency':
        return { state: 'PENDING', reason: this.waitsFor(gate.unmet) };
      case 'wait-after': {
        const until = this.wall(gate.until);
        const message = `waits for ${seconds(version.waitAfter)} after its dependencies`;
        return { state: 'PENDING', reason: { code: 'wait-after', message, data: { until } } };
      }
      case 'external': {
        const text = instance.externals?.text;
        const isAsked = jobNamed(instance, 'dependency') !== undefined && text === undefined;
        const why = isAsked ? 'is asked' : `has not succeeded${text === undefined ? '' : `: it ${text}`}`;
        // Not the whole line: it may hold a secret.
        const command = programOf(gate.external.command);
        return {
          state: 'PENDING',
          reason: { code: 'dependency', message: `waits: \`${command}\` ${why}`, data: { waitsFor: [command] } },
        };
      }
      case 'too-many-runs': {
        const until = this.wall(gate.until);
        const message = `${version.maxRuns} runs within ${seconds(version.maxRunsWindow)}: on by itself when the window has room, or with \`unblock\``;
        return {
          state: 'BLOCKED',
          retryAt: until,
          reason: { code: 'too-many-runs', message, data: { until, tries: instance.counters.runs.length } },
        };
      }
      case 'delay': {
        const until = this.wall(gate.until);
        const { code, message, data } = failureReason(instance, 'tried again after a delay');
        return { state: 'BACKOFF', retryAt: until, reason: { code, message, data: { ...data, until } } };
      }
      case 'open':
        return { state: 'PENDING', reason: { code: 'start-queue', message: 'waits for its turn to start' } };
    }
  }

  private waitsFor(unmet: readonly Dependency[]): Reason {
    const parts = unmet.map(({ id, condition }) => `${id} is not ${condition}${this.dependencyStates(id)}`);
    return { code: 'dependency', message: `waits: ${parts.join(', ')}`, data: { waitsFor: unmet.map(({ id }) => id) } };
  }

  private dependencyStates(id: string): string {
    const members = this.survey.byId.get(id) ?? [];
    const states = new Set(
      members.filter(({ target }) => !this.underWay.has(target.key)).map(({ target }) => this.view(target).state),
    );
    return states.size === 0 ? '' : ` (${[...states].join(', ')})`;
  }

  /** `expected`: the first that applies (SPEC 7.2). */
  private expect(
    target: Target,
    instance: Instance,
    decision: Decision,
    seen: Seen,
    unmet: readonly Dependency[],
  ): Expected {
    if (this.survey.world.kept.has(target.key)) return 'stopped';
    const version = decision.version;
    const isTimed = decision.want === 'stop' && (decision.code === 'schedule' || decision.code === 'missed');
    if (decision.want === 'stop' && !(isTimed && version?.oneShot === true && hasRunOrMissed(seen))) return 'stopped';
    if (version === undefined) return 'stopped';
    const { world, now } = this.survey;
    if (version.oneShot && isClosed(lineFor(world, instance, version, now))) return 'finished';
    if (decision.want === 'no-start' && seen.state === 'STOPPED') return 'stopped';
    if (seen.state === 'PENDING' && unmet.some((dependency) => this.isRightlyIdle(dependency))) return 'stopped';
    return version.oneShot || seen.state === 'EXITED' ? 'finished' : 'running';
  }

  private isRightlyIdle({ id }: Dependency): boolean {
    return (this.survey.byId.get(id) ?? []).some(({ target }) => {
      if (this.underWay.has(target.key)) return false;
      const { expected, verdict } = this.view(target);
      return expected === 'stopped' && verdict === 'ok';
    });
  }

  private isLate(target: Target, instance: Instance, seen: Seen): boolean {
    return this.survey.now.mono > lateAfter(target, instance, seen, this.survey);
  }

  private wall(at: MonotonicTime): WallTime {
    return this.survey.now.wall + (at - this.survey.now.mono);
  }
}

/** Until when what it does may last before that is a problem; Infinity: for as long as it takes. */
export function lateAfter(
  { effective }: Target,
  { shown, activity }: Instance,
  { state, phase }: Pick<View, 'state' | 'phase'>,
  { world }: Survey,
): MonotonicTime {
  if (activity.kind === 'settling' && phase === 'pid-file') {
    const limit = effective?.version?.pidFileTimeout;
    return limit === undefined ? Infinity : activity.stepSince + limit;
  }
  if (shown.state !== state || state === 'STARTING') return Infinity;
  if (state !== 'PENDING') return shown.sinceMono + SETTLING_IN;
  const limit = world.config.daemon.dependencyTimeout;
  // 0 turns the limit off.
  return shown.dueSince !== undefined && limit > 0 ? shown.dueSince + limit : Infinity;
}

/** A hook that outlives SIGKILL is in the way of whatever comes next. */
function withSurvivor(seen: Seen, instance: Instance, now: MonotonicTime): Seen {
  const job = survivingJob(instance, now);
  if (job === undefined || (seen.state !== 'STARTING' && seen.state !== 'STOPPING')) return seen;
  const pids = job.process === undefined ? {} : { data: { pids: [job.process.pid] } };
  return { ...seen, reason: { code: 'survivors', message: `its ${job.name} outlives SIGKILL`, ...pids } };
}

/** The program of a shell line, for people: its arguments and variables may be nobody else's business. */
export function programOf(line: string): string {
  const [word = ''] = line.trim().split(/\s/, 1);
  return /^[\w./-]+$/.test(word) ? (word.length === line.trim().length ? word : `${word} ...`) : 'its command';
}

/** What a one-shot outside its window has to show for its last one. */
const hasRunOrMissed = ({ state, reason }: Seen): boolean => state === 'EXITED' || reason.code === 'missed';

function holdData({ hold }: Instance): { data?: { until: WallTime } } {
  return typeof hold?.until === 'number' ? { data: { until: hold.until } } : {};
}

/** The table of SPEC 7.2. `late`: it has been so for longer than is right. */
export function judge({ state, reason }: Pick<View, 'state' | 'reason'>, expected: Expected, late: boolean): Verdict {
  switch (state) {
    case 'STOPPED':
      if (expected === 'stopped') return 'ok';
      if (reason.code === 'missed') return 'problem';
      return expected === 'running' && late ? 'problem' : 'pending';
    case 'PENDING':
      if (reason.code !== 'dependency') return 'pending';
      if (expected === 'stopped') return 'ok';
      return late ? 'problem' : 'pending';
    case 'STARTING':
      if (reason.code === 'survivors') return 'problem';
      return late && expected !== 'stopped' ? 'problem' : 'pending';
    case 'RUNNING':
      if (reason.code === 'clock') return 'pending';
      if (reason.code === 'version-failed' || reason.code === 'health-check') return 'problem';
      return expected === 'stopped' ? 'problem' : 'ok';
    case 'STOPPING':
      return reason.code === 'survivors' || reason.code === 'health-check' ? 'problem' : 'pending';
    case 'EXITED':
      return reason.code === 'finished' ? 'ok' : 'problem';
    case 'BACKOFF':
    case 'FATAL':
    case 'BLOCKED':
      return 'problem';
  }
}

/** With `autostart = false` a window that opens starts nothing, unless an operator has started it. */
function followsClock(version: ProcessVersion, { operatorStarted }: Instance): boolean {
  return version.autostart || operatorStarted;
}

/** The first that the clock brings: a retry, a hold that ends, a window, a version. */
function nextOf(target: Target, instance: Instance, seen: Seen, now: WallTime): Next | undefined {
  const { hold } = instance;
  const { effective } = target;
  const version = effective?.version;
  const found: Next[] = [];
  if (seen.retryAt !== undefined) found.push({ at: seen.retryAt, action: 'retry' });
  if (typeof hold?.until === 'number') found.push({ at: hold.until, action: 'hold-ends' });
  if (effective?.nextVersion !== undefined)
    found.push({ at: effective.nextVersion.at, action: version === undefined ? 'start' : 'version' });
  if (version?.schedule !== undefined && hold === undefined && followsClock(version, instance)) {
    const standing = standingAt(version, now);
    const opening = version.oneShot ? ('run' as const) : ('start' as const);
    const isCron = version.schedule.kind === 'cron';
    if (standing?.nextStop !== undefined && !isCron) found.push({ at: standing.nextStop, action: 'stop' });
    if (standing?.nextStart !== undefined) found.push({ at: standing.nextStart, action: opening });
  }
  return found.length === 0 ? undefined : found.reduce((first, next) => (next.at < first.at ? next : first));
}
