import { spawn, type ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from './launch-ground.ts';
import { NodeSystem } from './node-system.ts';
import { ProcessScanner } from './process-table.ts';
import type { ProcessMarks, ProcessStat, System } from './system.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A machine with one process, whose environment is asked for. */
function machine(): {
  system: System;
  asked: number[];
  process: { startTicks: number; marks: ProcessMarks; ended: boolean };
  clock: { ticks: number };
} {
  const asked: number[] = [];
  const process = { startTicks: 1000, marks: {} as ProcessMarks, ended: false };
  const clock = { ticks: 1050 };
  const stat = (pid: number): ProcessStat => ({ pid, parent: 1, processGroup: pid, session: pid, uid: 0, ...process });
  const system = {
    ticksPerSecond: 100,
    ticks: () => clock.ticks,
    pids: () => [7],
    pidCursor: () => undefined,
    stat,
    marks: (pid: number) => {
      asked.push(pid);
      return process.marks;
    },
  } as unknown as System;
  return { system, asked, process, clock };
}

describe('ProcessScanner', () => {
  it('finds marked processes', async () => {
    const child = spawn('sleep', ['30'], { env: { PROCMAN_RUN: 'uid/a~0/L1', XPROCMAN_LAUNCHER: 'x' } });
    children.push(child);
    const scanner = new ProcessScanner(new NodeSystem());
    const find = () => scanner.scan().find(({ pid }) => pid === child.pid);
    await until('its mark', () => find()?.marks.run);
    expect(find()).toMatchObject({ parent: process.pid, marks: { run: 'uid/a~0/L1' }, ended: false });
    expect(find()?.marks.launcher).toBeUndefined();
    expect(scanner.scan(new Set([child.pid!])).some(({ pid }) => pid === child.pid)).toBe(false);
  });

  it('tells hooks from runs', async () => {
    const child = spawn('sleep', ['30'], { env: { PROCMAN_HOOK: 'uid/a~0.before/L1' } });
    children.push(child);
    const scanner = new ProcessScanner(new NodeSystem());
    const find = () => scanner.scan().find(({ pid }) => pid === child.pid);
    expect(await until('its mark', () => find()?.marks.hook)).toBe('uid/a~0.before/L1');
    expect(find()?.marks.run).toBeUndefined();
  });

  it('reads the environment of a settled process once', () => {
    const { system, asked, process, clock } = machine();
    const scanner = new ProcessScanner(system);
    scanner.scan();
    scanner.scan();
    expect(asked).toHaveLength(2);
    clock.ticks = 1300;
    process.marks = { run: 'r' };
    scanner.scan();
    scanner.scan();
    expect(asked).toHaveLength(3);
    process.startTicks = 1010; // another process with the same pid
    scanner.scan();
    expect(asked).toHaveLength(4);
    process.ended = true;
    expect(scanner.scan()[0]?.marks).toEqual({ run: 'r' });
    expect(asked).toHaveLength(4);
  });

  it('never settles on what may still become the service', () => {
    const { system, process, clock } = machine();
    const scanner = new ProcessScanner(system);
    clock.ticks = 9000;
    process.marks = { launcher: 'l' };
    expect(scanner.scan()[0]?.marks).toEqual({ launcher: 'l' });
    process.marks = { run: 'r' };
    expect(scanner.scan()[0]?.marks).toEqual({ run: 'r' });
  });
});

describe('a sweep for certain sessions', () => {
  /** Strangers 10 and 11, a hook 12, a marked 13 and one member of session 20; `read` notes whose stat was read. */
  function machine(): {
    system: System;
    read: number[];
    cursor: { last: number; forks: number } | undefined;
    pids: number[];
  } {
    const state = {
      read: [] as number[],
      cursor: { last: 100, forks: 1000 } as { last: number; forks: number } | undefined,
      pids: [10, 11, 12, 13, 21],
      system: undefined as unknown as System,
    };
    state.system = {
      ticksPerSecond: 100,
      ticks: () => 10_000,
      pids: () => state.pids,
      pidCursor: () => state.cursor,
      stat: (pid: number): ProcessStat => {
        state.read.push(pid);
        return {
          pid,
          parent: 1,
          processGroup: pid,
          session: pid === 21 ? 20 : 1,
          startTicks: 500,
          uid: 0,
          ended: false,
        };
      },
      marks: (pid: number): ProcessMarks =>
        pid === 13 ? { run: 'uid/a~0/L' } : pid === 12 ? { hook: 'uid/a~0.init/L' } : {},
    } as unknown as System;
    return state;
  }
  const sweep = (scanner: ProcessScanner, state: { read: number[] }): number[] => {
    state.read.length = 0;
    scanner.scan(undefined, new Set([20]));
    return state.read;
  };

  it('reads only what may have changed: marked ones, members of the session, and pids given out since', () => {
    const state = machine();
    const scanner = new ProcessScanner(state.system);
    expect(sweep(scanner, state)).toEqual([10, 11, 12, 13, 21]);
    expect(sweep(scanner, state)).toEqual([12, 13, 21]);
    state.cursor = { last: 105, forks: 1005 };
    state.pids.push(103);
    expect(sweep(scanner, state)).toEqual([12, 13, 21, 103]);
  });

  it('takes a pid that was given out again for a new process, also round the end of the circle', () => {
    const state = machine();
    const scanner = new ProcessScanner(state.system);
    sweep(scanner, state);
    state.cursor = { last: 11, forks: 1400 };
    expect(sweep(scanner, state)).toEqual([10, 11, 12, 13, 21]);
  });

  it('reads all after very many forks, without a cursor, and when asked for all', () => {
    const state = machine();
    const scanner = new ProcessScanner(state.system);
    sweep(scanner, state);
    state.cursor = { last: 100, forks: 20_000 };
    expect(sweep(scanner, state)).toHaveLength(5);
    state.cursor = undefined;
    expect(sweep(scanner, state)).toHaveLength(5);
    state.cursor = { last: 100, forks: 20_000 };
    sweep(scanner, state);
    state.read.length = 0;
    scanner.scan();
    expect(state.read).toHaveLength(5);
  });

  it('forgets what it skipped: nobody looked whether it is still the same', () => {
    const state = machine();
    const scanner = new ProcessScanner(state.system);
    sweep(scanner, state);
    scanner.scan(new Set([10]), new Set([20]));
    expect(sweep(scanner, state)).toEqual([10, 12, 13, 21]);
  });

  it('works with the cursor of the real machine', () => {
    const cursor = new NodeSystem().pidCursor();
    expect(cursor?.last).toBeGreaterThan(0);
    const child = spawn('true');
    children.push(child);
    expect(new NodeSystem().pidCursor()?.forks).toBeGreaterThan(cursor!.forks);
  });
});
