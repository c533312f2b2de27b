/** Which events somebody asks for. */
import type { EventType } from '@procman/protocol/vocabulary';
import { matches } from '../core/selectors.ts';
import type { About, Entry } from './event.ts';

export interface EventFilter {
  /** Selectors; undefined: all events, also those of the daemon. */
  readonly names?: readonly string[] | undefined;
  /** Instances that the selectors mean as they are called now: they may have had other names. */
  readonly keys?: ReadonlySet<string> | undefined;
  readonly types?: ReadonlySet<EventType> | undefined;
}

export function isAsked({ types, ...who }: EventFilter, { type, about }: Pick<Entry, 'type' | 'about'>): boolean {
  if (types !== undefined && !types.has(type)) return false;
  return who.names === undefined || (about !== undefined && isMeant(who, about));
}

/** By its key, or by its name of then. */
export function isMeant({ names = [], keys }: EventFilter, about: About): boolean {
  return keys?.has(about.key) === true || names.some((selector) => hasName(selector, about));
}

export function hasName(selector: string, { id, name }: About): boolean {
  return matches({ id, name, instanceName: name.slice(name.indexOf(':') + 1) }, selector);
}
