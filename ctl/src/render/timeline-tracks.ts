/** When each process runs along a stretch of time, and what happens to it: what the picture of `timeline` draws. */
import type { StatusAtResult, TimelineResult } from '@procman/protocol/views';

type Entry = TimelineResult['entries'][number];

export interface Track {
  /** The name, or `id (N)` for N instances with the same life. */
  readonly label: string;
  /** In milliseconds since the epoch; from, inclusive, to exclusive. */
  readonly runs: readonly { readonly from: number; readonly to: number }[];
  readonly marks: readonly { readonly at: number; readonly what: 'run' | 'version' | 'dst' }[];
}

export interface Tracks {
  /** In the configuration's order. */
  readonly moving: readonly Track[];
  /** How many nothing happens to: they run all the time, or never. */
  readonly steady: { readonly running: number; readonly idle: number };
}

/** What is expected at both ends tells what the entries alone do not: `hold-ends` and `version` may leave it on or off. */
export function tracksOf(timeline: TimelineResult, atStart: StatusAtResult, atEnd: StatusAtResult): Tracks {
  const [from, to] = [Date.parse(timeline.from), Date.parse(timeline.to)];
  const runsAtEnd = new Set(atEnd.processes.filter(({ expected }) => expected === 'running').map(({ name }) => name));
  const byName = grouped(timeline.entries, ({ name }) => name);
  const moving: (Track & { id: string })[] = [];
  const steady = { running: 0, idle: 0 };
  for (const { name, id, expected } of atStart.processes) {
    const isOn = expected === 'running';
    const entries = byName.get(name);
    if (entries) moving.push({ id, ...trackOf(name, entries, { from, to, isOn, endsOn: runsAtEnd.has(name) }) });
    else if (isOn) steady.running += 1;
    else steady.idle += 1;
  }
  return { moving: folded(moving), steady };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly isOn: boolean;
  readonly endsOn: boolean;
}

function trackOf(label: string, entries: readonly Entry[], { from, to, isOn, endsOn }: Stretch): Track {
  const runs: { from: number; to: number }[] = [];
  let since = isOn ? from : undefined;
  entries.forEach((entry, index) => {
    const at = Date.parse(entry.at);
    const isOnNow = onAfter(entries, index, since !== undefined, endsOn);
    if (isOnNow && since === undefined) since = at;
    if (!isOnNow && since !== undefined) {
      runs.push({ from: since, to: at });
      since = undefined;
    }
  });
  if (since !== undefined) runs.push({ from: since, to });
  return { label, runs, marks: entries.flatMap(marksOf) };
}

function onAfter(entries: readonly Entry[], index: number, isOn: boolean, endsOn: boolean): boolean {
  const action = entries[index]?.action;
  if (action === 'start') return true;
  if (action === 'stop') return false;
  if (action === 'run') return isOn;
  const next = entries.slice(index + 1).find((entry) => entry.action === 'start' || entry.action === 'stop');
  return next === undefined ? endsOn : next.action === 'stop';
}

function marksOf({ at, action, note }: Entry): Track['marks'] {
  const moment = Date.parse(at);
  return [
    ...(action === 'run' || action === 'version' ? [{ at: moment, what: action }] : []),
    ...(note === undefined ? [] : [{ at: moment, what: 'dst' as const }]),
  ];
}

/** Instances of one process mostly have one life: they share a line. */
function folded(tracks: readonly (Track & { id: string })[]): Track[] {
  const groups = grouped(tracks, ({ id, runs, marks }) => JSON.stringify([id, runs, marks]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { id, label, runs, marks } = first;
    return [{ label: group.length === 1 ? label : `${id} (${group.length})`, runs, marks }];
  });
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
