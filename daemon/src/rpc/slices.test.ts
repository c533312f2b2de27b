import { expect, it } from 'vitest';
import { Slices } from './slices.ts';

const here = new AbortController().signal;

/** So many steps, each of which takes a millisecond. */
function* busy(steps: number, what: string, log: string[]): Generator<void, string> {
  for (let step = 0; step < steps; step += 1) {
    const end = performance.now() + 1;
    while (performance.now() < end);
    yield;
  }
  log.push(what);
  return what;
}

it('lets others in between', async () => {
  const log: string[] = [];
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (log.length === 0) setImmediate(count);
  };
  setImmediate(count);
  expect(await new Slices().run(busy(100, 'done', log), here)).toBe('done');
  expect(turns).toBeGreaterThan(5);
});

it('does one after the other, whatever becomes of it', async () => {
  const log: string[] = [];
  const slices = new Slices();
  const gone = new AbortController();
  function* failing(): Generator<void, string> {
    yield* busy(5, 'before it failed', log);
    throw new Error('boom');
  }
  const works = [
    slices.run(busy(30, 'first', log), here),
    slices.run(failing(), here),
    slices.run(busy(1, 'nobody waits for this', log), gone.signal),
    slices.run(busy(1, 'last', log), here),
  ];
  gone.abort();
  const settled = await Promise.allSettled(works);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(log).toEqual(['first', 'before it failed', 'last']);
});

it('ends where the client goes away in the middle', async () => {
  const gone = new AbortController();
  const work = new Slices().run(busy(1_000_000, 'never', []), gone.signal);
  setImmediate(() => gone.abort());
  await expect(work).rejects.toMatchObject({ name: 'internal-error', message: 'the client has gone' });
});
