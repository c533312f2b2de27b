/** The history of events as tests ask for it. */
import type { Event, EventsResult } from '@procman/protocol/views';
import type { World } from './world.ts';

export async function eventsOf(world: World, params: object = {}): Promise<readonly Event[]> {
  return (await world.rpc<EventsResult>('events', params)).events;
}

/** Until an event is as asked for. */
export function waitForEvent(
  world: World,
  description: string,
  isWanted: (event: Event) => boolean,
  params: object = {},
): Promise<Event> {
  return world.waitFor(`an event: ${description}`, async () => (await eventsOf(world, params)).find(isWanted));
}
