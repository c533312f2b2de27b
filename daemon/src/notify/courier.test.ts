/** Tries and pauses, by mail with a server that is none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { MessageView } from '../core/notify/message.ts';
import type { Notify } from '../core/notify/model.ts';
import { Courier, type Outcome } from './courier.ts';
import type { Server } from './mail.ts';

let folder = '';
/** When each try was made, in ms. */
let tries: { readonly at: number; readonly password: string | undefined }[] = [];
/** What each try does; those beyond succeed. */
let troubles: (Error | undefined)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procman-courier-'));
  writeFileSync(join(folder, 'password'), 'hush\n');
  [tries, troubles] = [[], []];
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const courier = (): Courier =>
  new Courier({
    version: '1',
    directory: () => folder,
    environment: {},
    env: {},
    mailer: () => ({
      compose: () => Promise.reject(new Error('not asked for')),
      send: async (_letter: unknown, { password }: Server) => {
        tries.push({ at: Date.now(), password });
        const trouble = troubles.shift();
        if (trouble !== undefined) throw trouble;
        return Promise.resolve();
      },
    }),
  });

function notify(retries: number): Notify {
  const password = { kind: 'file', path: join(folder, 'password') } as const;
  const through = { host: 'mail.example.com', port: 25, tls: 'auto', user: 'u', password } as const;
  return { retries, timeout: 1_000, delivery: { kind: 'mail', to: ['a@example.com'], through } } as unknown as Notify;
}

/** @param times - how often the server fails first */
function begin(retries: number, times: number): { readonly outcome: Promise<Outcome>; readonly abort: () => void } {
  troubles = Array.from({ length: times }, (_, index) => new Error(`no ${index + 1}`));
  const controller = new AbortController();
  const outcome = courier().deliver(notify(retries), {} as MessageView, controller.signal);
  return { outcome, abort: () => controller.abort() };
}

test('is tried again after growing pauses, at most five minutes', async () => {
  const { outcome } = begin(12, 12);
  await vi.runAllTimersAsync();
  expect(await outcome).toEqual({ ok: true });
  const pauses = tries.slice(1).map(({ at }, index) => (at - (tries[index]?.at ?? 0)) / 1_000);
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
});

test.each([
  [0, 1, 1, 'no 1'],
  [2, 5, 3, 'no 3'],
])('with %i retries and a server that fails %i times is tried %i times', async (retries, times, count, text) => {
  const { outcome } = begin(retries, times);
  await vi.runAllTimersAsync();
  expect(await outcome).toEqual({ ok: false, text });
  expect(tries).toHaveLength(count);
});

test('given up in a pause, it ends at once: no further try, and nothing is armed', async () => {
  const { outcome, abort } = begin(5, 9);
  await vi.advanceTimersByTimeAsync(1_500);
  abort();
  expect(await outcome).toMatchObject({ ok: false });
  expect(tries.map(({ at }) => at)).toEqual([0, 1_000]);
  expect(vi.getTimerCount()).toBe(0);
  expect(Date.now()).toBe(1_500);
});

test('a password is read for each try', async () => {
  const { outcome } = begin(1, 1);
  await vi.advanceTimersByTimeAsync(0);
  writeFileSync(join(folder, 'password'), 'renewed\n');
  await vi.runAllTimersAsync();
  expect(await outcome).toEqual({ ok: true });
  expect(tries.map(({ password }) => password)).toEqual(['hush', 'renewed']);
});

test('what cannot be read is a failed try like any other', async () => {
  rmSync(join(folder, 'password'));
  const { outcome } = begin(1, 0);
  await vi.advanceTimersByTimeAsync(0);
  writeFileSync(join(folder, 'password'), 'hush\n');
  await vi.runAllTimersAsync();
  expect(await outcome).toEqual({ ok: true });
  expect(tries).toHaveLength(1);
});

test('an answer is told without the password, in whatever form it was sent', async () => {
  troubles = [new Error(`500 AUTH PLAIN ${Buffer.from('\0u\0hush').toString('base64')} hush`)];
  const outcome = await courier().tryOnce(notify(0), {} as MessageView, new AbortController().signal);
  expect(outcome).toEqual({ ok: false, text: '500 AUTH PLAIN *** ***' });
});
