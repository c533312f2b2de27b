/**
 * When a message goes off, and what is in it. The first news waits for what comes with it (`group-interval`); what comes again after it was
 * told is only counted; what is over is told once it has stayed so. Messages are bounded per hour and go off one after the other: what
 * happens meanwhile waits in the troubles themselves, so that no queue can grow and nothing is lost that way.
 */
import type { Milliseconds, MonotonicTime } from '../model.ts';
import { isAsked, isIncident } from './sight.ts';
import type { Notice, NotifyRule, NotifyState, Trouble } from './model.ts';

export const HOUR: Milliseconds = 3_600_000;
/** After a message that could not be delivered, the next is tried so much later. */
const AFTER_FAILURE: Milliseconds = 600_000;

export interface Step {
  readonly state: NotifyState;
  /** To be sent now; `delivered` is told how that ended. */
  readonly message?: readonly Notice[];
  /** When to ask again; absent: with the next sighting, or once it is delivered. */
  readonly wakeAt?: MonotonicTime;
}

export function step(state: NotifyState, rule: NotifyRule, now: MonotonicTime): Step {
  if (state.underWay !== undefined) return { state };
  const sent = state.sent.filter((at) => now - at < HOUR);
  const due = state.troubles.reduce((first, trouble) => Math.min(first, newsAt(trouble, rule)), Infinity);
  if (due === Infinity) return { state: { ...state, sent } };
  const full = sent[sent.length - rule.maxPerHour];
  const at = Math.max(due, state.notBefore, full === undefined ? -Infinity : full + HOUR);
  if (at > now) return { state: { ...state, sent }, wakeAt: at };
  const message = state.troubles.flatMap((trouble) => noticeOf(trouble, rule, now));
  return { state: { ...state, sent: [...sent, now], underWay: message }, message };
}

/** When there is something to tell of it; Infinity: not by itself. */
function newsAt(trouble: Trouble, rule: NotifyRule): MonotonicTime {
  if (trouble.closed !== undefined) return Infinity;
  if (trouble.told === undefined) return trouble.since + rule.groupInterval;
  const again = trouble.untold > 0 ? trouble.told + rule.repeatInterval : Infinity;
  return Math.min(again, rule.on.includes('recovered') ? overAt(trouble, rule) : Infinity);
}

/** When it has been over for long enough; Infinity: it is not over. */
function overAt({ kind, wellSince, relapses }: Trouble, rule: NotifyRule): MonotonicTime {
  if (wellSince === undefined || isIncident(kind)) return Infinity;
  const { recoveredAfter, repeatInterval } = rule;
  return wellSince + Math.min(recoveredAfter * 2 ** Math.min(relapses, 30), Math.max(recoveredAfter, repeatInterval));
}

/** What a message that goes off anyway tells of it. */
function noticeOf(trouble: Trouble, rule: NotifyRule, now: MonotonicTime): readonly Notice[] {
  const { subject, kind, since, text, untold, told, wellSince, wellText = text, closed } = trouble;
  if (closed !== undefined) return [];
  const common = { subject, since, text, count: untold, isAgain: told !== undefined, isOver: wellSince !== undefined };
  const isRecovered = told !== undefined && rule.on.includes('recovered') && overAt(trouble, rule) <= now;
  if (isRecovered) return [{ ...common, kind: 'recovered', from: kind, text: wellText }];
  return told === undefined || untold > 0 ? [{ ...common, kind }] : [];
}

/** The message is told, or given up: then what it told is to be told again. */
export function delivered(state: NotifyState, rule: NotifyRule, isTold: boolean, now: MonotonicTime): NotifyState {
  const { underWay = [], ...rest } = state;
  if (!isTold) {
    const pause = Math.min(AFTER_FAILURE, rule.repeatInterval);
    return { ...rest, undelivered: state.undelivered + 1, notBefore: now + pause };
  }
  const told = new Map(underWay.map((notice) => [`${notice.from ?? notice.kind} ${notice.subject.key}`, notice]));
  const troubles = state.troubles.map((trouble) => {
    const notice = told.get(`${trouble.kind} ${trouble.subject.key}`);
    return notice === undefined ? trouble : toldOf(trouble, notice, rule, now);
  });
  return { ...rest, troubles, left: 0, undelivered: 0, notBefore: -Infinity };
}

function toldOf(trouble: Trouble, notice: Notice, rule: NotifyRule, now: MonotonicTime): Trouble {
  const untold = Math.max(0, trouble.untold - notice.count);
  const known = { ...trouble, untold, told: now };
  if (notice.kind === 'recovered') {
    if (trouble.wellSince !== undefined) return { ...known, closed: now };
    // It came back while that was on its way: what was told last is wrong.
    const { told: _never, ...again } = known;
    return { ...again, since: now, untold: Math.max(1, untold), relapses: trouble.relapses + 1 };
  }
  const isDone = notice.isOver && untold === 0 && overAt(trouble, rule) <= now;
  return isDone ? { ...known, closed: now } : known;
}

/** Forgets what is long over. To be called before anything else is asked of the state. */
export function tidied(state: NotifyState, rule: NotifyRule, now: MonotonicTime): NotifyState {
  const troubles = state.troubles
    .map((trouble) => closedInSilence(trouble, rule, now))
    .filter((trouble) => !isForgotten(trouble, rule, now));
  return { ...state, troubles };
}

/** Where nobody wants to know that it is over. */
function closedInSilence(trouble: Trouble, rule: NotifyRule, now: MonotonicTime): Trouble {
  const { told, untold, closed } = trouble;
  if (closed !== undefined || told === undefined || untold > 0 || rule.on.includes('recovered')) return trouble;
  const over = overAt(trouble, rule);
  return over <= now ? { ...trouble, closed: over } : trouble;
}

function isForgotten({ kind, told, untold, closed }: Trouble, rule: NotifyRule, now: MonotonicTime): boolean {
  if (closed !== undefined) return now - closed >= rule.repeatInterval;
  return isIncident(kind) && told !== undefined && untold === 0 && now - told >= rule.repeatInterval;
}

/** After a reload: what is not asked for any more is forgotten, and what could not be sent is tried at once. */
export function reruled(state: NotifyState, rule: NotifyRule): NotifyState {
  const troubles = state.troubles.filter(({ kind, subject }) => rule.on.includes(kind) && isAsked(rule, subject));
  return { ...state, troubles, notBefore: -Infinity };
}
