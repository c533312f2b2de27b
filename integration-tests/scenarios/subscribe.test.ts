/** `subscribe` and `events -f` (SPEC 10): who follows gets each event once and in order, and who does not read harms nobody. */
import { createConnection } from 'node:net';
import { once } from 'node:events';
import type { Event, SubscribeResult } from '@procman/protocol/views';
import { service } from '../harness/config.ts';
import { Conversation, type Message } from '../harness/conversation.ts';
import { eventsOf, waitForEvent } from '../harness/events.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Ends and is started again, over and over. */
const FLAPS = 'start-secs = 0; max-runs = 0; restart-delay = 0';

interface Follower {
  readonly seq: number;
  readonly events: readonly Event[];
  readonly close: () => void;
}

async function follow(world: World, params: object = {}): Promise<Follower> {
  const conversation = await Conversation.open(world);
  const events: Event[] = [];
  conversation.onMessage((message: Message) => {
    if (message['method'] === 'event') events.push(message['params'] as Event);
  });
  conversation.send({ jsonrpc: '2.0', id: 1, method: 'subscribe', params });
  const answer = await conversation.next('the answer to subscribe', ({ id }) => id === 1);
  const { seq } = answer['result'] as SubscribeResult;
  return { seq, events, close: () => conversation.close() };
}

const exits = (events: readonly Event[]): number => events.filter(({ type }) => type === 'exit').length;

/** What came is what the history has between its first and last number: in order, no gap, nothing twice. */
async function expectWhole(world: World, { seq, events }: Follower, after = seq): Promise<void> {
  const last = events.at(-1)?.seq ?? 0;
  const expected = (await eventsOf(world)).filter((event) => event.seq > after && event.seq <= last);
  expect(events.filter((event) => event.seq <= last)).toEqual(expected);
}

async function flapping(world: World): Promise<void> {
  world.configure([service('flap', 'exits 0 0.05', FLAPS), service('web', 'steady')]);
  await world.startDaemon();
  await waitForEvent(world, 'the first end', ({ type }) => type === 'exit');
}

describe.concurrent('a subscriber', () => {
  test('gets each event once and in order while a service flaps', async ({ world }) => {
    await flapping(world);
    const follower = await follow(world);
    await world.waitFor('ten ends', () => exits(follower.events) >= 10);
    await expectWhole(world, follower);
    follower.close();
  });

  test('gets what was before with afterSeq, then goes on without a seam', async ({ world }) => {
    await flapping(world);
    const earlier = await eventsOf(world);
    const follower = await follow(world, { afterSeq: 1 });
    await world.waitFor('old and new', () => exits(follower.events) >= exits(earlier) + 5);
    expect(follower.events[0]?.seq).toBe(2);
    await expectWhole(world, follower, 1);
    follower.close();
  });

  test('gets only what was asked for', async ({ world }) => {
    await flapping(world);
    const follower = await follow(world, { names: ['web'], types: ['command', 'hold'] });
    await world.ctl('stop', 'web');
    await world.waitFor('both', () => follower.events.length >= 2);
    expect(follower.events.map(({ type, name }) => `${type} ${name}`)).toEqual(['command web', 'hold web']);
    follower.close();
  });

  test('that never reads does no harm: others are served', async ({ world }) => {
    await flapping(world);
    const deaf = createConnection(world.socket);
    await once(deaf, 'connect');
    deaf.pause();
    // A thousand times the whole history: far more than the socket's buffers hold.
    for (let id = 1; id <= 1_000; id += 1)
      deaf.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'subscribe', params: { afterSeq: 0 } })}\n`);
    deaf.on('error', () => undefined);
    const follower = await follow(world);
    await world.waitFor('ten ends', () => exits(follower.events) >= 10);
    await expectWhole(world, follower);
    expect((await world.ctl('restart', 'web')).code).toBe(0);
    expect((await world.row('web')).state).toBe('RUNNING');
    deaf.destroy();
    follower.close();
  });
});

describe.concurrent('procmanctl events -f', () => {
  test('prints what was and what comes', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const shown = world.beginCtl('events', '-f', 'web');
    await world.waitFor('what was', () => /web .*-> RUNNING/.test(shown.printed().stdout));
    await world.ctl('stop', 'web');
    await world.waitFor('what comes', () => /web +hold +held until `start`/.test(shown.printed().stdout));
    await world.waitFor('its end', () => /web .*-> STOPPED \(manual/.test(shown.printed().stdout));
    expect(shown.printed().stdout.match(/ hold /g)).toHaveLength(1);
    shown.child.kill('SIGINT');
    await shown.finished;
  });
});
