/** `events` and `subscribe`: the history, and what comes. */
import type { EventsResult, SubscribeResult } from '@procman/protocol';
import { RpcFailure } from '@procman/protocol/errors';
import type { EventType } from '@procman/protocol/vocabulary';
import { resolveMoment, resolvePast } from '../../core/moment.ts';
import { select } from '../../core/selectors.ts';
import { eventOf, type Entry } from '../../history/event.ts';
import { hasName, isAsked, isMeant, type EventFilter } from '../../history/filter.ts';
import { followEvents } from '../../history/subscription.ts';
import type { EventStore } from '../../history/store.ts';
import type { Call } from '../dispatch.ts';
import { Slices } from '../slices.ts';
import { selected, type HandlerContext, type ReadingContext } from './context.ts';

export interface EventsParams {
  readonly names?: readonly string[] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly types?: readonly EventType[] | undefined;
  readonly limit?: number | undefined;
}

export interface SubscribeParams {
  readonly names?: readonly string[] | undefined;
  readonly types?: readonly EventType[] | undefined;
  readonly afterSeq?: number | undefined;
}

const DEFAULT_LIMIT = 1_000;
/** Looked at in one step: about a millisecond. */
const BREADTH = 200;
/** So much text at most in one answer: it is made in one go. The rest is there with an earlier `until`. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

type Events = (params: EventsParams, call: Call) => Promise<EventsResult>;

export function eventsOf(daemon: ReadingContext): Events {
  const slices = new Slices();
  return (params, call) => slices.run(query(daemon, params), call.closed);
}

export function subscribe(daemon: HandlerContext, params: SubscribeParams, call: Call): SubscribeResult {
  const { history } = daemon;
  const filter = filterOf(daemon, params.names, params.types);
  const { seq } = history;
  const end = followEvents(history, {
    after: Math.min(params.afterSeq ?? seq, seq),
    isAsked: (entry) => isAsked(filter, entry),
    send: (entry) => call.notify('event', eventOf(entry, daemon.time)),
    hasRoom: () => call.hasRoom(),
  });
  call.closed.addEventListener('abort', end, { once: true });
  return { seq };
}

/** @throws RpcFailure `unknown-name` where a name is neither one of now nor one that the history knows */
function filterOf(
  daemon: ReadingContext,
  names: readonly string[] | undefined,
  types: readonly EventType[] | undefined,
): EventFilter {
  const wanted = types === undefined ? {} : { types: new Set(types) };
  if (names === undefined) return wanted;
  const survey = daemon.supervisor.survey();
  const { targets, unknown } = select(survey.targets, names);
  const known = unknown.length === 0 ? [] : knownNames(daemon);
  const strange = unknown.filter((selector) => !known.some((about) => hasName(selector, about)));
  if (strange.length > 0) selected(survey, strange);
  return { ...wanted, names, keys: new Set(targets.map(({ key }) => key)) };
}

function knownNames({ history }: ReadingContext): readonly NonNullable<Entry['about']>[] {
  const stored = history.read((store) => [...store.instances.values()]) ?? [];
  return [...stored, ...history.waiting.flatMap(({ about }) => (about === undefined ? [] : [about]))];
}

function* query(daemon: ReadingContext, params: EventsParams): Generator<void, EventsResult> {
  const { history } = daemon;
  const filter = filterOf(daemon, params.names, params.types);
  const since = momentOf(daemon, 'since', params.since);
  const until = momentOf(daemon, 'until', params.until);
  const limit = params.limit ?? DEFAULT_LIMIT;
  const inTime = ({ at }: Entry): boolean => at >= (since ?? -Infinity) && at < (until ?? Infinity);
  const waiting = history.waiting;
  // Newest first, one more than is wanted.
  const found = waiting.filter((entry) => inTime(entry) && isAsked(filter, entry)).toReversed();
  let next: number | undefined = waiting[0]?.seq ?? Infinity;
  let length = 0;
  // The same in each step: what is asked of the store is older than all that waits.
  let instances: readonly number[] | undefined;
  while (next !== undefined && found.length <= limit && length < MOST_CHARACTERS) {
    const before = Math.min(next, Number.MAX_SAFE_INTEGER);
    const step = history.read((store) => {
      instances ??= numbersOf(store, filter);
      return store.before(before, BREADTH, { instances, types: params.types, since, until });
    });
    if (step === undefined) throw unavailable(history.trouble);
    for (const entry of step.entries) length += entry.body.message.length * 2 + 300;
    found.push(...step.entries);
    next = step.next;
    yield;
  }
  const hasMore = found.length > limit || next !== undefined;
  const events = [];
  for (const entry of found.slice(0, limit).toReversed()) {
    events.push(eventOf(entry, daemon.time));
    if (events.length % BREADTH === 0) yield;
  }
  return { events, more: hasMore };
}

/** Numbers of the instances that are meant; undefined: all events. */
function numbersOf(store: EventStore, filter: EventFilter): readonly number[] | undefined {
  if (filter.names === undefined) return undefined;
  return [...store.instances].filter(([, about]) => isMeant(filter, about)).map(([number]) => number);
}

function unavailable(why = 'it cannot be opened'): RpcFailure {
  return new RpcFailure('unavailable', `the history of events cannot be read: ${why}`, { what: 'events', why });
}

/** @throws RpcFailure `invalid-params` */
function momentOf(daemon: ReadingContext, path: 'since' | 'until', written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const { timezone } = daemon.configuration.daemon;
  const now = daemon.system.now().wall;
  // A time of day is one that has been: nothing is known of the next.
  const moment = /^\s*\d{1,2}:/.test(written)
    ? resolvePast(written, timezone, now)
    : resolveMoment(written, timezone, now);
  if (moment.ok) return moment.value;
  throw new RpcFailure('invalid-params', moment.problem, { issues: [{ path, message: moment.problem }] });
}
