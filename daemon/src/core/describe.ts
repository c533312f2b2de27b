/**
 * What people and monitoring are told of an instance: state, phase, reason, what is expected, and the verdict (SPEC 7). All of it
 * is derived from what is known; nothing here is stored.
 */
import type { Decision } from './deciders.ts';
import { isOnLedger } from './deciders.ts';
import { dependentsOf } from './dependencies.ts';
import { firstClosedGate, isLeftEnded, type Gate } from './gates.ts';
import type { Dependency, Instance, InstanceKey, MonotonicTime, ProcessVersion, State, WallTime } from './model.ts';
import { isSurviving } from './stop-plan.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';
import {
  count, endReason, failureReason, leftoversText, seconds, STOPPED, STOPS, survivors, why, type Reason,
} from './wording.ts'; // prettier-ignore

export { causeText, exitText, type Reason, type ReasonData } from './wording.ts';

export type Phase = 'launch' | 'settle' | 'signal' | 'kill' | 'leftovers';
export type Expected = 'running' | 'stopped' | 'finished';
export type Verdict = 'ok' | 'pending' | 'problem';

export interface View {
  readonly state: State;
  readonly phase?: Phase;
  readonly reason: Reason;
  readonly expected: Expected;
  readonly verdict: Verdict;
  readonly retryAt?: WallTime;
  readonly next?: { readonly at: WallTime; readonly action: 'start' | 'version' | 'retry' };
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
    const view = this.describe(target);
    this.underWay.delete(target.key);
    this.views.set(target.key, view);
    return view;
  }

  private describe(target: Target): View {
    const { survey } = this;
    const instance = survey.instance(target);
    const decision = survey.decision(target);
    const unmet = survey.unmet(target);
    const seen = this.see(target, instance, decision, unmet);
    const expected = this.expect(target, instance, decision, seen, unmet);
    const verdict = judge(seen, expected, this.isLate(instance, seen));
    const next = nextOf(target, seen);
    return { ...seen, expected, verdict, ...(next === undefined ? {} : { next }) };
  }

  private see(target: Target, instance: Instance, decision: Decision, unmet: readonly Dependency[]): Seen {
    const { activity } = instance;
    const kept = this.survey.world.kept.has(target.key);
    switch (activity.kind) {
      case 'launching':
        return { state: 'STARTING', phase: 'launch', reason: why(activity.run, kept) };
      case 'settling':
        return { state: 'STARTING', phase: 'settle', reason: why(activity.run, kept) };
      case 'running':
        return { state: 'RUNNING', reason: why(activity.run, kept) };
      case 'yielding':
      case 'stopping':
      case 'clearing':
        return this.seeEnding(target, instance);
      case 'idle':
        return this.seeIdle(instance, decision, unmet);
    }
  }

  private seeEnding(target: Target, { activity }: Instance): Seen {
    if (activity.kind === 'yielding') {
      const waitsFor = this.dependentNames(target);
      return {
        state: 'STOPPING',
        reason: {
          code: activity.stop.cause,
          message: `${STOPS[activity.stop.cause]}; its dependents stop first`,
          data: { waitsFor },
        },
      };
    }
    if (activity.kind === 'stopping') {
      const { clearing, stop } = activity;
      const phase = clearing.killedAt === undefined ? 'signal' : 'kill';
      if (isSurviving(clearing, this.survey.now.mono))
        return { state: 'STOPPING', phase: 'kill', reason: survivors(activity.clearing) };
      return { state: 'STOPPING', phase, reason: { code: stop.cause, message: STOPS[stop.cause] } };
    }
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

  private seeIdle(instance: Instance, decision: Decision, unmet: readonly Dependency[]): Seen {
    if (instance.doubt !== undefined) {
      const pids = instance.doubt.candidates.map(({ pid }) => pid);
      return {
        state: 'BLOCKED',
        reason: { code: instance.doubt.code, message: instance.doubt.message, data: { pids } },
      };
    }
    if (decision.want === 'stop')
      return { state: 'STOPPED', reason: { code: decision.code, message: STOPPED[decision.code] } };
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
    if (decision.want === 'stop' || this.survey.world.kept.has(target.key)) return 'stopped';
    const version = decision.version;
    if (version === undefined) return 'stopped';
    if (version.oneShot && isOnLedger(instance.ledger, version)) return 'finished';
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

  private isLate({ shown }: Instance, seen: Seen): boolean {
    const { mono } = this.survey.now;
    if (shown.state !== seen.state) return false;
    if (seen.state !== 'PENDING') return mono - shown.sinceMono > SETTLING_IN;
    const limit = this.survey.world.config.daemon.dependencyTimeout;
    // 0 turns the limit off.
    return shown.dueSince !== undefined && limit > 0 && mono - shown.dueSince > limit;
  }

  private wall(at: MonotonicTime): WallTime {
    return this.survey.now.wall + (at - this.survey.now.mono);
  }
}

/** The table of SPEC 7.2. `late`: it has been so for longer than is right. */
export function judge({ state, reason }: Pick<View, 'state' | 'reason'>, expected: Expected, late: boolean): Verdict {
  switch (state) {
    case 'STOPPED':
      if (expected === 'stopped') return 'ok';
      return expected === 'running' && late ? 'problem' : 'pending';
    case 'PENDING':
      if (reason.code !== 'dependency') return 'pending';
      if (expected === 'stopped') return 'ok';
      return late ? 'problem' : 'pending';
    case 'STARTING':
      return 'pending';
    case 'RUNNING':
      return expected === 'stopped' ? 'problem' : 'ok';
    case 'STOPPING':
      return reason.code === 'survivors' ? 'problem' : 'pending';
    case 'EXITED':
      return reason.code === 'finished' ? 'ok' : 'problem';
    case 'BACKOFF':
    case 'FATAL':
    case 'BLOCKED':
      return 'problem';
  }
}

function nextOf(target: Target, seen: Seen): View['next'] {
  const version = target.effective?.nextVersion;
  const atVersion =
    version === undefined
      ? undefined
      : { at: version.at, action: target.effective?.version === undefined ? ('start' as const) : ('version' as const) };
  const atRetry = seen.retryAt === undefined ? undefined : { at: seen.retryAt, action: 'retry' as const };
  if (atVersion === undefined || atRetry === undefined) return atVersion ?? atRetry;
  return atRetry.at <= atVersion.at ? atRetry : atVersion;
}
