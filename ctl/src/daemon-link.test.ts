import { rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { Client } from './client.ts';
import { DaemonLink } from './daemon-link.ts';
import { Failure } from './failure.ts';
import type { ShellHost } from './shell.ts';
import { type Answers, type Caller, FakeDaemon, FakeError, NO_ANSWER, row, statusOf } from './testing/fake-daemon.ts';

const around = { euid: 0, env: {}, proc: '/nowhere', rootRuntime: '/nowhere' };
const problem = row({ name: 'a', verdict: 'problem' });
const unknownMethod = (): never => {
  throw new FakeError('unavailable', 'not yet', { what: 'events', why: 'not yet' });
};

let daemon: FakeDaemon | undefined;
let link: DaemonLink | undefined;
afterEach(async () => {
  link?.close();
  await daemon?.stop();
  daemon = undefined;
});

function hostOf(socket: string): ShellHost {
  return {
    commands: [],
    env: {},
    surroundings: around,
    color: false,
    out: () => undefined,
    err: () => undefined,
    execute: () => Promise.resolve(0),
    target: () => Promise.resolve({ socket, label: 'test' }),
    connect: (target) => Client.connect(target.socket),
    exitOnError: false,
  };
}

async function open(answers: Answers) {
  daemon = await FakeDaemon.start(answers);
  const news: string[] = [];
  const onChange = vi.fn();
  link = new DaemonLink(hostOf(daemon.socket), { onNews: (text) => news.push(text), onChange });
  await link.refresh();
  return { daemon, link, news, onChange };
}

it('asks once, and again when an event comes: nothing is polled', async () => {
  let rows = [row({ name: 'a' })];
  let caller: Caller | undefined;
  const opened = await open({
    status: () => statusOf(rows),
    subscribe: (_, from) => {
      caller = from;
      return { seq: 0 };
    },
  });
  await vi.waitFor(() => expect(caller).toBeDefined());
  expect(opened.link.view).toMatchObject({ kind: 'up', problems: 0 });
  rows = [problem];
  for (const seq of [1, 2, 3]) caller?.notify('event', { seq });
  await vi.waitFor(() => expect(opened.onChange).toHaveBeenCalledOnce());
  expect(opened.link.view).toMatchObject({ problems: 1 });
  expect(opened.daemon.asked.filter(({ method }) => method === 'status')).toHaveLength(2);
});

it('goes without events where the daemon knows none', async () => {
  const { link: opened, news } = await open({ status: () => statusOf([problem]), subscribe: unknownMethod });
  expect(opened.view).toMatchObject({ kind: 'up', problems: 1 });
  await opened.refresh();
  expect(news).toEqual([]);
});

it('says when the daemon has gone', async () => {
  let caller: Caller | undefined;
  const opened = await open({
    status: (_, from) => {
      caller = from;
      return statusOf([]);
    },
    subscribe: () => NO_ANSWER,
  });
  caller?.hangUp();
  await vi.waitFor(() => expect(opened.news).toEqual(['the daemon has gone']));
  expect(opened.link.view).toEqual({ kind: 'none' });
});

it('looks when something appears beside the socket, and tells of the next daemon', async () => {
  let pid = 1;
  let caller: Caller | undefined;
  const opened = await open({
    status: (_, from) => {
      caller = from;
      const status = statusOf([]);
      return { ...status, daemon: { ...status.daemon, pid } };
    },
    subscribe: () => NO_ANSWER,
  });
  caller?.hangUp();
  await vi.waitFor(() => expect(opened.news).toHaveLength(1));
  pid = 2;
  const sign = `${dirname(opened.daemon.socket)}/sign`;
  writeFileSync(sign, '');
  await vi.waitFor(() => expect(opened.news).toEqual(['the daemon has gone', 'the daemon is back: pid 2']));
  rmSync(sign);
});

it('does not wait for a daemon that does not answer', async () => {
  const { link: opened } = await open({ status: () => NO_ANSWER, subscribe: () => NO_ANSWER });
  expect(opened.view).toEqual({ kind: 'silent' });
});

it('knows none from several', async () => {
  const several = new Failure('several', { exitCode: 2, code: 'several-daemons' });
  const host = { ...hostOf('/nowhere'), target: () => Promise.reject(several) };
  link = new DaemonLink(host, { onNews: () => undefined, onChange: () => undefined });
  await link.refresh();
  expect(link.view).toEqual({ kind: 'several' });
});
