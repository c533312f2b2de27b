/** What is told, noted and found again over the end of a daemon; the configuration is what there is trouble with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { MessageView } from '../core/notify/message.ts';
import { DEFAULT_KINDS, type Notify } from '../core/notify/model.ts';
import { Survey } from '../core/survey.ts';
import type { World } from '../core/model.ts';
import { NodeSystem } from '../effects/node-system.ts';
import { TimeText } from '../time-text.ts';
import type { Outcome } from './courier.ts';
import { Notifier, type NotifierOptions } from './notifier.ts';

interface Sent {
  readonly message: MessageView;
  readonly signal: AbortSignal;
  readonly arrive: (outcome: Outcome) => void;
}

const NOTIFY = {
  name: 'ops',
  on: DEFAULT_KINDS,
  processes: ['all'],
  groupInterval: 1_000,
  repeatInterval: 3_600_000,
  recoveredAfter: 60_000,
  maxPerHour: 20,
  delivery: { kind: 'command', line: 'true' },
  timeout: 1_000,
  retries: 0,
} as const satisfies Notify;

const FAILED: Outcome = { ok: false, text: 'no' };
const NOTHING = { instances: new Map(), clock: {}, config: { processes: [] }, kept: new Set() } as unknown as World;

let folder = '';
let error: string | undefined;
let sent: Sent[] = [];
let events: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procman-notifier-'));
  [error, sent, events] = [undefined, [], []];
  vi.useFakeTimers({ now: Date.parse('2026-03-01T08:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** Times as the fake timers have them. */
class TimedSystem extends NodeSystem {
  override now(): { wall: number; mono: number } {
    return { wall: Date.now(), mono: performance.now() };
  }
}

function notifier(): Notifier {
  const system = new TimedSystem();
  const take = (message: MessageView, signal: AbortSignal): Promise<Outcome> =>
    new Promise((arrive) => sent.push({ message, signal, arrive }));
  return new Notifier({
    system,
    stateDirectory: folder,
    uid: 'u',
    host: 'h',
    pid: 7,
    courier: {
      deliver: (_notify: Notify, message: MessageView, signal: AbortSignal) => take(message, signal),
      tryOnce: (_notify: Notify, message: MessageView, signal: AbortSignal) => take(message, signal),
    },
    survey: () => new Survey(NOTHING, system.now()),
    time: () => new TimeText('UTC'),
    configError: () => error,
    log: () => undefined,
    record: ({ message }: { message: string }) => events.push(message),
  } as unknown as NotifierOptions);
}

/** A daemon that has begun. */
function begun(notifies: readonly Notify[] = [NOTIFY]): Notifier {
  const one = notifier();
  one.begin(notifies, true);
  return one;
}

function refuse(one: Notifier, text: string): void {
  error = text;
  one.noteRefusal(text);
}

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);
const kinds = (): string[] => sent.map(({ message }) => message.notices.map(({ kind }) => kind).join(' '));
const last = (): Sent => sent.at(-1)!;

async function arrive(outcome: Outcome): Promise<void> {
  last().arrive(outcome);
  await pass(0);
}

test('what was told is noted at once: after a kill nothing is told twice but the restart', async () => {
  refuse(begun(), 'bad');
  await pass(1_000);
  await arrive({ ok: true });
  expect([kinds(), events]).toEqual([['reload-failed'], ['ops: sent (reload-failed configuration)']]);
  // A kill: nothing is said or done any more by the one before.
  vi.clearAllTimers();
  begun();
  await pass(600_000);
  expect(kinds()).toEqual(['reload-failed', 'daemon-restarted']);
});

test.each([
  ['waits for its group', 500, undefined],
  ['is on its way', 1_000, undefined],
  ['could not be delivered', 1_000, FAILED],
])('what %s when the daemon is killed is told by the next one', async (_when, time, outcome) => {
  refuse(begun(), 'bad');
  await pass(time);
  if (outcome !== undefined) await arrive(outcome);
  const before = sent.length;
  vi.clearAllTimers();
  begun();
  await pass(1_000);
  expect(kinds().slice(before)).toEqual([expect.stringMatching(/reload-failed/)]);
  expect(sent).toHaveLength(before + 1);
});

test('what is on its way when the daemon ends well counts as not told', async () => {
  const first = begun();
  refuse(first, 'bad');
  await pass(1_000);
  first.end(0, 'SIGTERM');
  // It arrives all the same, too late for anybody to note it.
  await arrive({ ok: true });
  expect(events).toEqual([]);
  begun();
  await pass(1_000);
  expect(kinds().slice(1).join(' ').split(' ').sort()).toEqual(['daemon-restarted', 'reload-failed']);
});

test('one message is on its way at a time, and what comes meanwhile is in the next', async () => {
  const one = begun();
  refuse(one, 'bad');
  await pass(1_000);
  for (let round = 0; round < 500; round += 1) {
    refuse(one, `bad ${round}`);
    await pass(10);
  }
  expect(sent).toHaveLength(1);
  await arrive({ ok: true });
  await pass(3_600_000);
  expect(sent).toHaveLength(2);
  expect(last().message.notices).toMatchObject([{ kind: 'reload-failed', count: 500, again: true }]);
});

test('what could not be delivered is tried again after ten minutes, and says how many were lost', async () => {
  refuse(begun(), 'bad');
  await pass(1_000);
  await arrive(FAILED);
  expect(events).toEqual(['ops: not sent (reload-failed configuration): no']);
  await pass(599_000);
  expect(sent).toHaveLength(1);
  await pass(1_000);
  expect(sent).toHaveLength(2);
  expect(last().message.undelivered).toBe(1);
});

test('a table that a reload takes away, or sends elsewhere, gives up what is on its way', async () => {
  const other: Notify = { ...NOTIFY, name: 'other' };
  const one = begun([NOTIFY, other]);
  refuse(one, 'bad');
  await pass(1_000);
  expect(sent).toHaveLength(2);
  const delivery = { kind: 'command', line: 'another' } as const;
  one.configure([{ ...NOTIFY, delivery }]);
  expect(sent.slice(0, 2).map(({ signal }) => signal.aborted)).toEqual([true, true]);
  await pass(1_000);
  // The one that is left tells it by its new way; that the old one arrives all the same is nobody's.
  expect(sent).toHaveLength(3);
  sent[0]?.arrive({ ok: true });
  sent[1]?.arrive({ ok: true });
  await pass(0);
  expect(events).toEqual([]);
  await arrive({ ok: true });
  expect(events).toEqual(['ops: sent (reload-failed configuration)']);
});

test('tests that are asked for at the same time are one', async () => {
  const one = begun();
  const asked = [one.test(), one.test(['ops']), one.test(['ops'])];
  expect(sent).toHaveLength(1);
  await arrive(FAILED);
  for (const results of await Promise.all(asked))
    expect(results).toMatchObject([{ name: 'ops', ok: false, message: 'no' }]);
  expect(events).toEqual(['ops: test not sent: no']);
  void one.test();
  expect(sent).toHaveLength(2);
});

test('after its end it looks at nothing and has armed nothing', async () => {
  const one = begun();
  refuse(one, 'bad');
  one.end(0, undefined);
  refuse(one, 'worse');
  await pass(10_000);
  expect(sent).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
