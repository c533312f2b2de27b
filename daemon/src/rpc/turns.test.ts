import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

/** Lets each client take so many turns at once, and tells in which order they came. */
async function orderOf(wanted: Readonly<Record<string, number>>): Promise<string> {
  const turns = new Turns();
  const clients = Object.entries(wanted).map(([name, count]) => ({ name, count }));
  const order: string[] = [];
  const takes = clients.flatMap((client) =>
    Array.from({ length: client.count }, async () => {
      await turns.take(client);
      order.push(client.name);
    }),
  );
  await Promise.all(takes);
  return order.join('');
}

test('a client alone has them all', async () => {
  expect(await orderOf({ a: 5 })).toBe('aaaaa');
});

test('one that wants little does not wait for one that wants much', async () => {
  // The first turn of all is free to whoever comes first.
  expect(await orderOf({ a: 6, b: 2, c: 1 })).toBe('aabcabaaa');
});

test('no two turns are one: whatever else is due comes in between', async () => {
  const turns = new Turns();
  const [one, other] = [{}, {}];
  let done = 0;
  const count = (): void => void (done += 1);
  void turns.take(one).then(count);
  void turns.take(other).then(count);
  void turns.take(other).then(count);
  await Promise.resolve();
  expect(done).toBe(1);
  for (const expected of [2, 3, 3]) {
    await setImmediate();
    expect(done).toBe(expected);
  }
  await setImmediate();
  // Nobody waits: the next one is taken at once.
  let isTaken = false;
  void turns.take(one).then(() => (isTaken = true));
  await Promise.resolve();
  expect(isTaken).toBe(true);
});
