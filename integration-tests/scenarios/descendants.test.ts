/** What belongs to a run: its session, and what carries its mark elsewhere; and what each `kill-mode` does with it. */
import type { ActResult, Proc } from '@procman/protocol/views';
import { processTable, service } from '../harness/config.ts';
import { identityOf, isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const MEMBERS = ['child', 'group', 'stray', 'orphan', 'stubborn'] as const;
type Member = (typeof MEMBERS)[number] | 'start' | 'helper';
const isRoot = process.getuid?.() === 0;

/** The pid that one of a program's processes has noted; `nth` counts launches. */
async function pidOf(world: World, member: Member, nth = 0): Promise<number> {
  return world.waitFor(`${member} ${nth}`, () => {
    const lines = world.lines('log.web').filter((line) => new RegExp(`^${member} \\d+$`).test(line));
    return Number(lines[nth]?.split(' ')[1] ?? 0) || undefined;
  });
}

async function pidsOf(world: World, nth = 0): Promise<Record<(typeof MEMBERS)[number], number>> {
  const pids = await Promise.all(MEMBERS.map(async (member) => [member, await pidOf(world, member, nth)] as const));
  return Object.fromEntries(pids) as Record<(typeof MEMBERS)[number], number>;
}

const family = (settings: string): string => service('web', 'family', settings);

async function started(world: World, ...processes: string[]): Promise<void> {
  world.configure(processes);
  await world.startDaemon();
  await world.waitForAll('RUNNING');
}

const gotTerm = (world: World, member: string): boolean => world.lines('log.web').includes(`${member} got TERM`);
const alive = (pids: Readonly<Record<string, number>>): string[] =>
  Object.entries(pids).flatMap(([member, pid]) => (isAlive(pid) ? [member] : []));

/** A launcher ends an instant after the end that it has told. */
async function expectNothingLeft(world: World): Promise<void> {
  const isOfRun = ({ kind }: { kind: string }): boolean => kind === 'run' || kind === 'launcher';
  await world.waitFor('the end of the launchers', () => !world.marked().some(({ kind }) => kind === 'launcher'));
  expect(world.marked().filter(isOfRun)).toEqual([]);
}

describe('a stop with kill-mode "group"', () => {
  test('signals the whole session and what left it, and is done when nothing is left', async ({ world }) => {
    await started(world, family('stop-timeout = "2s"'));
    const pids = await pidsOf(world);
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(alive(pids)).toEqual([]);
    await expectNothingLeft(world);
    for (const member of ['main', 'child', 'group', 'stray', 'orphan'])
      expect(gotTerm(world, member), member).toBe(true);
  });

  test('finds what left the session also by a daemon that did not launch it', async ({ world }) => {
    world.configure([family('')]);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    const pids = await pidsOf(world);
    await world.crashDaemon(daemon);
    await world.waitForAll('RUNNING');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(alive(pids)).toEqual([]);
  });
});

describe('a main process that ends by itself', () => {
  test('leaves nothing behind for its next run, whatever left the session', async ({ world }) => {
    await started(world, family(''));
    const pids = await pidsOf(world);
    signal(await pidOf(world, 'start'), 'SIGKILL');
    await pidOf(world, 'start', 1);
    // The next run is launched when all of the one before has gone.
    expect(alive(pids)).toEqual([]);
    expect(alive(await pidsOf(world, 1))).toEqual([...MEMBERS]);
  });
});

describe('what is none of the run', () => {
  test('is left alone: of another run by its mark, or without mark and session', async ({ world }) => {
    const other = `PROCMAN_RUN=${world.uid}/other~0/L1 sh -c 'echo "child $$" >>$PLAYGROUND/log.web; exec sleep 1000' &`;
    const gone = `env -u PROCMAN_RUN setsid sh -c 'echo "stray $$" >>$PLAYGROUND/log.web; exec sleep 1000' &`;
    await started(world, processTable('web', `${other} ${gone} exec sleep 1000`));
    const [child, stray] = [await pidOf(world, 'child'), await pidOf(world, 'stray')];
    const identities = [identityOf(child), identityOf(stray)];
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect([identityOf(child), identityOf(stray)]).toEqual(identities);
  });
});

describe('kill-mode "mixed"', () => {
  test('gives the stop-signal to main alone, and SIGKILL to all', async ({ world }) => {
    // Main does not end by it, so that nothing else is a leftover before SIGKILL.
    const line = `trap 'echo main got TERM >>$PLAYGROUND/log.web' TERM
      setsid sh -c 'trap "echo stray got TERM >>$PLAYGROUND/log.web" TERM; echo "stray $$" >>$PLAYGROUND/log.web; while :; do sleep 0.05; done' &
      sh -c 'trap "echo child got TERM >>$PLAYGROUND/log.web" TERM; echo "child $$" >>$PLAYGROUND/log.web; while :; do sleep 0.05; done' &
      while :; do sleep 0.05; done`;
    await started(world, processTable('web', line, 'kill-mode = "mixed"\nstop-timeout = "700ms"'));
    const pids = { stray: await pidOf(world, 'stray'), child: await pidOf(world, 'child') };
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(alive(pids)).toEqual([]);
    expect(['main', 'child', 'stray'].map((member) => gotTerm(world, member))).toEqual([true, false, false]);
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGKILL' });
    await expectNothingLeft(world);
  });
});

describe('kill-mode "process"', () => {
  test('spares a detached helper: over stop, start and restart, and for the next daemon', async ({ world }) => {
    world.configure([service('web', 'helper', 'kill-mode = "process"')]);
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    const helper = identityOf(await pidOf(world, 'helper'));
    const main = await pidOf(world, 'start');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect(isAlive(main)).toBe(false);
    expect((await world.ctl('start', 'web')).stdout).toBe('web: started\n');
    const second = identityOf(await pidOf(world, 'helper', 1));
    await world.crashDaemon(daemon);
    await world.waitForState('web', 'RUNNING');
    expect((await world.ctl('restart', 'web')).stdout).toBe('web: restarted\n');
    expect(identityOf(await pidOf(world, 'helper'))).toBe(helper);
    expect(identityOf(await pidOf(world, 'helper', 1))).toBe(second);
  });

  test('sends nothing to anyone but main, also where that has to be killed', async ({ world }) => {
    const line = `trap '' TERM
      sh -c 'trap "echo child got TERM >>$PLAYGROUND/log.web" TERM; echo "child $$" >>$PLAYGROUND/log.web; while :; do sleep 0.05; done' &
      while :; do sleep 0.05; done`;
    await started(world, processTable('web', line, 'kill-mode = "process"\nstop-timeout = "500ms"'));
    const child = await pidOf(world, 'child');
    expect((await world.ctl('stop', 'web')).stdout).toBe('web: stopped\n');
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGKILL' });
    expect(isAlive(child)).toBe(true);
    expect(gotTerm(world, 'child')).toBe(false);
  });
});

describe('survivors', () => {
  // A daemon of root that may not kill, and a child of another user.
  const powerless = ['setpriv', '--bounding-set=-kill', '--'];
  const line = `setpriv --reuid=65534 --clear-groups sh -c 'echo "child $$"; exec sleep 1000' >>$PLAYGROUND/log.web & exec sleep 1000`;

  test.runIf(isRoot)('are named by the stop and in the status, and block the next start', async ({ world }) => {
    world.configure([processTable('web', line)]);
    await world.startDaemon({ prefix: powerless });
    await world.waitForState('web', 'RUNNING');
    const child = await pidOf(world, 'child');
    const stopped = await world.ctl('stop', 'web', '--json');
    expect(stopped.code).toBe(1);
    const [result] = (stopped.json as ActResult).results;
    expect(result).toMatchObject({ ok: false, code: 'survivors' });
    expect(result?.survivors).toEqual([
      expect.objectContaining<Partial<Proc>>({ pid: child, command: 'sleep 1000', marked: true, user: 'nobody' }),
    ]);
    expect(await world.row('web')).toMatchObject({
      state: 'STOPPING',
      verdict: 'problem',
      reason: { code: 'survivors', data: { pids: [child] } },
    });
    expect((await world.ctl('status', 'web')).stdout).toContain(String(child));
    expect(await world.ctl('start', 'web')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`pid ${child}`) as string,
    });
    expect((await world.row('web')).state).toBe('STOPPING');
    signal(child, 'SIGKILL');
    await world.waitForState('web', 'RUNNING');
    await pidOf(world, 'child', 1);
  });
});
