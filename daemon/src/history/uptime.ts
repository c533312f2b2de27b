/**
 * How long a service was up of the time that it should have been, in the last week: its states as the history has them, against the
 * windows, versions and holds of that time. While no daemon runs nobody notes anything: what was before counts on until the next one looks.
 */
import type { UptimeView } from '@procman/protocol/views';
import type { State } from '@procman/protocol/vocabulary';
import type { ProcessConfig, WallTime } from '../core/model.ts';
import type { Survey } from '../core/survey.ts';
import type { Target } from '../core/targets.ts';
import { expectedAt, type HoldEnd } from '../core/timeline.ts';
import { transitionsOf } from '../core/transitions.ts';
import type { Entry } from './event.ts';
import type { EventStore } from './store.ts';

const DAYS = 7;
const DAY = 86_400_000;
/** So many entries of one instance are looked at: a few milliseconds. One that changes more often is not looked at further back. */
const MOST = 2_000;

/** The history, as far as this asks it. */
export interface Past {
  readonly waiting: readonly Entry[];
  read<T>(work: (store: Pick<EventStore, 'lifeOf'>) => T): T | undefined;
}

/** Never throws: what cannot be read is not known, and makes the time that is looked at shorter. */
export function uptimeOf(past: Past, survey: Survey, target: Target): UptimeView {
  const now = survey.now.wall;
  const { shown, hold } = survey.instance(target);
  const process = survey.world.config.processes.find(({ id }) => id === target.id);
  const life = lifeOf(past, target.key);
  const states = statesOf(life, shown, now);
  const from = Math.min(now, Math.max(now - DAYS * DAY, states[0]?.at ?? now));
  // A one-shot is not there to be up.
  if (process === undefined || process.versions.at(-1)?.oneShot === true) return view(now - from, 0, 0);
  const expected = expectedSpans(process, holdsOf(life, hold), from, now);
  const up = spansOf(states, now, (state) => state === 'RUNNING');
  const both = expected.flatMap((span) => up.map((other) => common(span, other)));
  return view(now - from, total(expected), total(both));
}

function view(observed: number, expected: number, up: number): UptimeView {
  const seconds = (ms: number): number => Math.round(ms / 1000);
  const days = Math.round((observed / DAY) * 100) / 100;
  return { days, expectedSeconds: seconds(expected), upSeconds: Math.min(seconds(up), seconds(expected)) };
}

/** Oldest first. */
function lifeOf(past: Past, key: string): readonly Entry[] {
  const stored = past.read((store) => store.lifeOf(key, Number.MAX_SAFE_INTEGER, MOST)) ?? [];
  const last = stored[0]?.seq ?? 0;
  return [...stored.toReversed(), ...past.waiting.filter(({ seq, about }) => seq > last && about?.key === key)];
}

interface Since<T> {
  readonly at: WallTime;
  readonly value: T;
}

/** Where the history has nothing, what it is shown as now is known all the same. */
function statesOf(
  life: readonly Entry[],
  shown: { state: State; since: WallTime },
  now: WallTime,
): readonly Since<State>[] {
  const told = life.flatMap(({ at, type, body: { to } }) =>
    type !== 'state' || to === undefined ? [] : [{ at, value: to }],
  );
  return told.length > 0 ? told : [{ at: Math.min(shown.since, now), value: shown.state }];
}

type Held = HoldEnd | undefined;

/** An entry with a reason is a hold that was set, one without is its end; it may have ended by itself in between. */
function holdsOf(life: readonly Entry[], hold: ({ since: WallTime } & HoldEnd) | undefined): readonly Since<Held>[] {
  const told = life
    .filter(({ type }) => type === 'hold')
    .map(({ at, body: { reason } }): Since<Held> => {
      const until = reason?.data?.until;
      return { at, value: reason === undefined ? undefined : until === undefined ? {} : { until: Date.parse(until) } };
    });
  return told.length > 0 || hold === undefined ? told : [{ at: hold.since, value: hold }];
}

type Span = readonly [from: WallTime, to: WallTime];

function spansOf<T>(known: readonly Since<T>[], end: WallTime, isWanted: (value: T) => boolean): readonly Span[] {
  return known.flatMap(({ at, value }, index): Span[] => (isWanted(value) ? [[at, known[index + 1]?.at ?? end]] : []));
}

function expectedSpans(
  process: ProcessConfig,
  holds: readonly Since<Held>[],
  from: WallTime,
  to: WallTime,
): readonly Span[] {
  const edges = new Set([from]);
  for (const { at } of transitionsOf(process, from)) {
    if (at >= to) break;
    edges.add(at);
  }
  for (const edge of holds.flatMap(({ at, value }) => [at, value?.until])) {
    if (typeof edge === 'number' && edge > from && edge < to) edges.add(edge);
  }
  const expected = [...edges]
    .sort((one, other) => one - other)
    .map((at) => ({ at, value: expectedAt(process, at, holds.findLast((each) => each.at <= at)?.value).expected }));
  return spansOf(expected, to, (each) => each === 'running');
}

const common = ([from, to]: Span, [otherFrom, otherTo]: Span): Span => [
  Math.max(from, otherFrom),
  Math.min(to, otherTo),
];

const total = (spans: readonly Span[]): number => spans.reduce((sum, [from, to]) => sum + Math.max(0, to - from), 0);
