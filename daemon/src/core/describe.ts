/**
 * What people and monitoring are told of an instance: state, phase, reason, what is expected, and the verdict (SPEC 7). All of it
 * is derived from what is known; nothing here is stored.
 */
import type { Decision } from './deciders.ts';
import { isOnLedger } from './deciders.ts';
import { firstClosedGate, type Gate } from './gates.ts';
import type {
  Dependency, Ended, Exit, Instance, InstanceKey, MonotonicTime, ProcessVersion, Run, State, StopCause, WallTime,
} from './model.ts'; // prettier-ignore
import { isSuccess, leavesEnded } from './restart-policy.ts';
import { isSurviving } from './stop-plan.ts';
import type { Survey } from './survey.ts';
import type { Target } from './targets.ts';

export type Phase = 'launch' | 'settle' | 'signal' | 'kill' | 'leftovers';
export type Expected = 'running' | 'stopped' | 'finished';
export type Verdict = 'ok' | 'pending' | 'problem';

export interface Reason {
  readonly code: string;
  /** In plain words. */
  readonly message: string;
  readonly data?: ReasonData;
}

export interface ReasonData {
  readonly until?: WallTime;
  readonly waitsFor?: readonly string[];
  readonly pids?: readonly number[];
  readonly exit?: Exit;
  readonly tries?: number;
}

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

  private dependentNames(target: Target): string[] {
    const names = [];
    for (const members of this.survey.byId.values()) {
      for (const { target: other, instance } of members) {
        const depends = other.effective?.version?.dependsOn.some(({ id }) => id === target.id) ?? false;
        if (depends && instance.activity.kind !== 'idle') names.push(other.name);
      }
    }
    return names;
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
      if (decision.code === 'done') return { state: 'EXITED', reason: endReason(instance, decision.version) };
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
    if (decision.want === 'no-start' && decision.code === 'autostart') return 'stopped';
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

  private isLate(instance: Instance, seen: Seen): boolean {
    const lasted = instance.shown.state === seen.state ? this.survey.now.mono - instance.shown.sinceMono : 0;
    if (seen.state === 'PENDING')
      return seen.reason.code === 'dependency' && isOver(lasted, this.survey.world.config.daemon.dependencyTimeout);
    return lasted > SETTLING_IN;
  }

  private wall(at: MonotonicTime): WallTime {
    return this.survey.now.wall + (at - this.survey.now.mono);
  }
}

/** 0 turns the limit off. */
const isOver = (lasted: number, limit: number): boolean => limit > 0 && lasted > limit;

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

/* ------------------------------------------------------------------ words */

const STOPPED = {
  shutdown: 'everything is being stopped',
  'not-in-config': 'it is not in the configuration',
  fake: 'its version is marked fake',
  'not-yet-applied': 'its apply-on has not come yet',
  manual: 'stopped by an operator; held until `start`',
} as const;

const STOPS: Readonly<Record<StopCause, string>> = {
  manual: 'an operator stopped it',
  'new-version': 'a new version takes over',
  restart: 'an operator restarts it',
  dependency: 'a dependency was lost',
  'not-in-config': 'it was removed from the configuration',
  fake: 'its version was marked fake',
  'not-yet-applied': 'its apply-on was moved into the future',
  shutdown: 'everything is being stopped',
};

function why(run: Run, kept: boolean): Reason {
  if (kept) return { code: 'not-in-config', message: 'a held reload would stop it; `update` confirms' };
  const words = { wanted: 'wanted', operator: 'an operator started it', forced: 'an operator forced it' };
  return { code: run.why, message: words[run.why] };
}

export function exitText(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return `exited with code ${exit.code}`;
    case 'signal':
      return `was killed by SIG${exit.signal}`;
    case 'unknown':
      return 'ended with an unknown status (its launcher was killed)';
  }
}

const forkedText = ' while others of it live on: it forks into the background; use its foreground flag';

function leftoversText(ended: Ended, pids: readonly number[]): string {
  const hint = ended.forked === true ? forkedText : '';
  return `it ${exitText(ended.exit)}${hint}; ends what it left: ${pids.join(', ') || 'looking'}`;
}

function survivors({ remains }: { remains: readonly { pid: number; uid: number; command: string }[] }): Reason {
  const named = remains.map(({ pid, uid, command }) => `${pid} (uid ${uid}, ${command})`).join(', ');
  return { code: 'survivors', message: `outlived SIGKILL: ${named}`, data: { pids: remains.map(({ pid }) => pid) } };
}

function endReason({ ended }: Instance, version: ProcessVersion): Reason {
  if (ended === undefined) return { code: 'interrupted', message: 'how it ended is not on record' };
  const data = { exit: ended.exit };
  if (ended.by !== 'itself') return { code: 'interrupted', message: `cut off: it ${exitText(ended.exit)}`, data };
  if (isSuccess(ended.exit, version.exitCodes))
    return { code: 'finished', message: `finished: it ${exitText(ended.exit)}`, data };
  const left = leavesEnded(version.autorestart, ended.exit, version.exitCodes) ? '; autorestart leaves it' : '';
  return { code: 'exit', message: `it ${exitText(ended.exit)}${left}`, data };
}

function failureReason({ counters, ended }: Instance, what: string): Reason {
  const { failure, failedStarts } = counters;
  if (failure === undefined) return { code: 'exit', message: what, data: { tries: failedStarts } };
  const hint = ended?.forked === true ? forkedText : '';
  const text =
    failure.exit === undefined ? failure.message : `it ${exitText(failure.exit)} before it had settled${hint}`;
  const data = { tries: failedStarts, ...(failure.exit === undefined ? {} : { exit: failure.exit }) };
  return { code: failure.code, message: `${text}; ${what}`, data };
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
const seconds = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`);
