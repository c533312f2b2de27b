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
