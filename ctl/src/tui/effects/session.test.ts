/** The link to a daemon, against a fake one over a real socket. */
import { afterEach, expect, it, vi } from 'vitest';
import { Client } from '../../client.ts';
import type { Reached } from '../../context.ts';
import { type Answers, type Caller, FakeDaemon, FakeError, row, running, statusOf } from '../../testing/fake-daemon.ts';
import type { Input } from '../model/inputs.ts';
import { LogTail } from './log-tail.ts';
import { Session } from './session.ts';

let daemon: FakeDaemon;
let session: Session | undefined;
let subscribers: Caller[] = [];
let inputs: Input[] = [];

const settled = (condition: () => boolean): Promise<unknown> =>
  vi.waitUntil(condition, { timeout: 8000, interval: 10 });
const told = (kind: Input['kind']): number => inputs.filter((input) => input.kind === kind).length;
const asked = (method: string): number => daemon.asked.filter((each) => each.method === method).length;
const tell = (input: Input): void => void inputs.push(input);

async function begin(answers: Answers = {}, wanted: readonly string[] = []): Promise<void> {
  inputs = [];
  subscribers = [];
  daemon = await FakeDaemon.start({
    subscribe: (_, caller) => {
      subscribers.push(caller);
      return { seq: 0 };
    },
    status: ({ resources }) => {
      const usage = { cpuPercent: 1, rssBytes: 1, threads: 1, processes: 1 };
      return statusOf([resources === true ? { ...running('web', 1, 1), resources: usage } : running('web', 1, 1)]);
    },
    ...answers,
  });
  session = new Session({ reach, tell, wanted: () => wanted });
  void session.run();
}

const reach = async (): Promise<Reached> => ({
  connection: await Client.connect(daemon.socket),
  isUnsupervised: false,
});

afterEach(async () => {
  session?.close();
  await daemon.stop();
});

it('looks after it has subscribed, and once more for a swarm of events', async () => {
  await begin();
  await settled(() => told('status') === 1);
  expect(daemon.asked.map(({ method }) => method).slice(0, 2)).toEqual(['subscribe', 'status']);
  for (let seq = 1; seq <= 50; seq += 1)
    subscribers[0]?.notify('event', { seq, at: '2026-03-01T12:00:00.000Z', type: 'state', name: 'web', message: 'x' });
  await settled(() => told('status') >= 2);
  expect(asked('status')).toBeLessThanOrEqual(3);
});

it('asks for CPU and memory of what is in sight only, and not at all where nothing is', async () => {
  await begin({}, ['web']);
  await settled(() => told('usage') === 1);
  expect(daemon.asked.filter(({ params }) => params['resources'] === true).map(({ params }) => params)).toEqual([
    { names: ['web'], resources: true },
  ]);
  session?.close();
  await daemon.stop();
  await begin();
  await settled(() => told('status') === 1);
  expect(daemon.asked.every(({ params }) => params['resources'] !== true)).toBe(true);
});

it('comes back by itself when the connection breaks', async () => {
  await begin();
  await settled(() => told('status') === 1);
  subscribers[0]?.hangUp();
  await settled(() => subscribers.length === 2 && told('status') >= 2);
});

it('looks at the files again and again, until a daemon answers', async () => {
  let looks = 0;
  let closed = 0;
  const files: Reached = {
    isUnsupervised: true,
    headline: 'unsupervised since 12:00',
    connection: {
      call: () => {
        looks += 1;
        return Promise.resolve(statusOf([row({ name: 'web' })])) as never;
      },
      onNotification: () => undefined,
      onClose: () => undefined,
      close: () => void (closed += 1),
    },
  };
  daemon = await FakeDaemon.start({ subscribe: () => ({ seq: 0 }), status: () => statusOf([]) });
  inputs = [];
  session = new Session({ reach: () => (looks < 2 ? Promise.resolve(files) : reach()), tell, wanted: () => [] });
  void session.run();
  await settled(() => inputs.some((input) => input.kind === 'link' && input.link.kind === 'connected'));
  expect(looks).toBe(2);
  expect(closed).toBeGreaterThan(0);
  expect(inputs).toContainEqual({ kind: 'link', link: { kind: 'unsupervised', headline: 'unsupervised since 12:00' } });
});

it('looks now and then where the history is broken, and tells of no events', async () => {
  await begin({
    subscribe: () => {
      throw new FakeError('unavailable', 'no events', { what: 'events', why: 'broken' });
    },
  });
  await settled(() => told('status') >= 2);
});

it('says so where nobody answers', async () => {
  daemon = await FakeDaemon.start({});
  inputs = [];
  session = new Session({ reach: () => Promise.reject(new Error('nobody')), tell, wanted: () => [] });
  void session.run();
  await settled(() => told('link') === 1);
  expect(inputs[0]).toEqual({ kind: 'link', link: { kind: 'lost', message: 'nobody' } });
  await expect(session.call('ping', {})).rejects.toThrow('no connection');
});

it('follows one log at a time, in order, also what comes with the reply', async () => {
  let follower: Caller | undefined;
  await begin({
    logs: ({ name }, caller) => {
      follower = caller;
      caller.notify('log', { name, stream: 'stdout', lines: ['two'] });
      return { name, stream: 'stdout', path: '/log', lines: ['one'], truncated: false };
    },
  });
  const tail = new LogTail({ reach, tell });
  tail.follow('first', 'stdout');
  tail.follow('web', 'stdout');
  await settled(() => told('log') === 1);
  expect(inputs.find(({ kind }) => kind === 'log')).toEqual({
    kind: 'log',
    name: 'web',
    log: { stream: 'stdout', path: '/log', lines: ['one', 'two'] },
  });
  follower?.notify('log', { name: 'web', stream: 'stdout', lines: ['three'] });
  await settled(() => told('log-more') === 1);
  tail.stop();
});
