/** An entry of the history as it is kept, and as the protocol shows it. */
import type { Event } from '@procman/protocol/views';
import type { Happening } from '../core/happenings.ts';
import { exitView, reasonView } from '../rpc/snapshot.ts';
import type { TimeText } from '../time-text.ts';

/** Which instance an entry is about: what selectors are compared with, also when the configuration no longer has it. */
export interface About {
  readonly key: string;
  readonly id: string;
  readonly name: string;
}

/** What is kept of an event beside its columns; as JSON in the store. */
export type EventBody = Omit<Event, 'seq' | 'at' | 'type' | 'name'>;

/** One entry. Its time is formatted when it is shown. */
export interface Entry {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: Event['type'];
  readonly about?: About;
  readonly body: EventBody;
}

/** A check may print anything: what is kept of it is bounded, and so is the whole. */
const LONGEST = 1_000;

export function entryOf(seq: number, happening: Happening, time: TimeText): Entry {
  const { at, type, about, run, from, to, reason, exit, lasted, changes, by, message } = happening;
  const body: EventBody = {
    ...(run === undefined ? {} : { run }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(reason === undefined ? {} : { reason: shortReason(reasonView(reason, time)) }),
    ...(exit === undefined ? {} : { exit: exitView(exit) }),
    ...(lasted === undefined ? {} : { durationSeconds: Math.round(lasted) / 1000 }),
    ...(changes === undefined ? {} : { changes }),
    ...(by === undefined ? {} : { by }),
    message: shortened(message),
  };
  return { seq, at: Math.round(at), type, ...(about === undefined ? {} : { about }), body };
}

function shortReason(reason: NonNullable<Event['reason']>): NonNullable<Event['reason']> {
  return { ...reason, message: shortened(reason.message) };
}

const shortened = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`);

export function eventOf({ seq, at, type, about, body }: Entry, time: TimeText): Event {
  return { seq, at: time.format(at), type, ...(about === undefined ? {} : { name: about.name }), ...body };
}
