import type { Event } from '@procman/protocol/views';
import { afterEach, describe, expect, it } from 'vitest';
import { run } from '../cli.ts';
import { COMMANDS } from '../command-table.ts';
import { type Answers, FakeDaemon } from '../testing/fake-daemon.ts';
import { fakeIo, type FakeIo } from '../testing/fake-io.ts';

const surroundings = { euid: 0, env: {}, proc: '/nowhere', rootRuntime: '/nowhere' };
const at = (clock: string): string => `2026-03-01T${clock}.000+00:00`;
const event = (seq: number, message: string): Event => ({
  seq, at: at('11:00:00'), type: 'state', name: 'web', message,
}); // prettier-ignore

let daemon: FakeDaemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

async function ctl(words: readonly string[], answers: Answers, io: FakeIo = fakeIo()) {
  daemon ??= await FakeDaemon.start(answers);
  const code = await run(['-s', daemon.socket, ...words], { io, surroundings, commands: COMMANDS });
  return { code, ...io.printed };
}

const none = { events: [], more: false };

describe('what is asked for', () => {
  it.each<[string[], object]>([
    [[], { limit: 50 }],
    [['web', 'db'], { names: ['web', 'db'], limit: 50 }],
    [['--since', '18:00'], { since: '18:00', limit: 1000 }],
    [['--since', '2h', '-n', '7'], { since: '2026-03-01T10:00:00.000Z', limit: 7 }],
    [['--until', '1d'], { until: '2026-02-28T12:00:00.000Z', limit: 1000 }],
    [['--until', '2026-02-01'], { until: '2026-02-01', limit: 1000 }],
    [['--type', 'exit,problem'], { types: ['exit', 'problem'], limit: 50 }],
  ])('%j', async (words, params) => {
    await ctl(['events', ...words], { events: () => none });
    expect(daemon?.asked).toEqual([expect.objectContaining({ method: 'events', params })]);
  });

  it.each([
    [['--type', 'exits'], '--type: "exits" is none of state, exit, hook'],
    [['--type', 'exits'], 'did you mean "exit"?'],
    [['--since', '2 parsecs'], '--since: "2 parsecs"'],
    [['-n', '0'], '--lines: "0" is no number of events; allowed: 1 to 100000'],
    [['-n', '999999'], '--lines: "999999"'],
    [['-f', '--until', '18:00'], '--follow and --until exclude each other'],
  ])('refuses %j: %s', async (words, message) => {
    const { code, err } = await ctl(['events', ...words], { events: () => none });
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe('what is told', () => {
  it('says where there is nothing, and where there is more', async () => {
    expect((await ctl(['events'], { events: () => none })).err).toContain('nothing of this kind is on record');
    await daemon?.stop();
    daemon = undefined;
    const { err } = await ctl(['events', '-n', '5'], { events: () => ({ events: [event(9, 'a')], more: true }) });
    expect(err).toContain('there is more before these: -n 50');
  });

  it('prints the result as it is with --json', async () => {
    const result = { events: [event(9, 'a')], more: true };
    expect(await ctl(['events', '--json'], { events: () => result })).toEqual({
      code: 0,
      out: `${JSON.stringify(result)}\n`,
      err: '',
    });
  });
});

describe('-f', () => {
  it('goes on behind the last one, and behind the newest where none is of the kind that is wanted', async () => {
    const answers: Answers = {
      events: ({ limit }) => (limit === 1 ? { events: [event(41, 'of another')], more: true } : none),
      subscribe: ({ afterSeq }, caller) => {
        setImmediate(() => {
          caller.notify('event', event(Number(afterSeq) + 1, 'STOPPED -> STARTING'));
          caller.hangUp();
        });
        return { seq: 41 };
      },
    };
    const { code, out } = await ctl(['events', 'web', '-f', '--type', 'state'], answers);
    expect(code).toBe(5);
    expect(out).toMatch(/^11:00:00 +web +state +STOPPED -> STARTING\n$/);
    expect(daemon?.asked.at(-1)).toMatchObject({
      method: 'subscribe',
      params: { names: ['web'], types: ['state'], afterSeq: 41 },
    });
  });
});
