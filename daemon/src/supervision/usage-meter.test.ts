import { beforeEach, describe, expect, it } from 'vitest';
import type { Activity, Instance, Run, World } from '../core/model.ts';
import type { ProcessMarks, ProcessStat, ProcessUsage, System } from '../effects/system.ts';
import { Census } from './census.ts';
import { LONGEST_INTERVAL, UsageMeter, type Measurement } from './usage-meter.ts';

interface FakeProcess {
  readonly pid: number;
  parent?: number;
  session?: number;
  startTicks?: number;
  ended?: boolean;
  marks?: ProcessMarks;
  cpuTicks?: number;
  openFiles?: number | undefined;
}

const SELF = 2;
let processes: FakeProcess[];
let mono: number;
let activities: Readonly<Record<string, Activity>>;
let census: Census;
let meter: UsageMeter;

const system = {
  ticksPerSecond: 100,
  now: () => ({ wall: mono, mono }),
  ticks: () => mono / 10,
  pidCursor: () => undefined,
  pids: () => processes.map(({ pid }) => pid),
  stat: (pid: number): ProcessStat | undefined => {
    const process = processes.find((each) => each.pid === pid);
    if (process === undefined) return undefined;
    const { parent = 1, session = pid, startTicks = 100, ended = false } = process;
    return { pid, parent, session, processGroup: session, startTicks, ended, uid: 0 };
  },
  marks: (pid: number): ProcessMarks => processes.find((each) => each.pid === pid)?.marks ?? {},
  usage: (pid: number): ProcessUsage | undefined => {
    const process = processes.find((each) => each.pid === pid);
    if (process === undefined) return undefined;
    const { startTicks = 100, cpuTicks = 0 } = process;
    const openFiles = 'openFiles' in process ? process.openFiles : 3;
    return {
      startTicks,
      cpuTicks,
      waitedTicks: 0,
      threads: 2,
      rssBytes: 4096,
      ...(openFiles === undefined ? {} : { openFiles }),
    };
  },
} as unknown as System;

const identity = (pid: number) => ({ pid, startTicks: 100, bootId: 'b', pidNamespace: 'p' });
const runOf = (launchId: string, pid?: number): Run =>
  ({ launchId, startedMono: 0, ...(pid === undefined ? {} : { process: identity(pid) }) }) as unknown as Run;
const running = (launchId: string, pid: number): Activity => ({ kind: 'running', run: runOf(launchId, pid) });
const world = (): World => {
  const instances = Object.entries(activities).map(([key, activity]) => [key, { key, activity } as Instance] as const);
  return { instances: new Map(instances) } as unknown as World;
};

function finish<T>(steps: Generator<void, T>, between: () => void = () => undefined): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    between();
  }
}

const measure = (isLast = false): Measurement => finish(meter.measure(world, () => true, isLast));
const pidsOf = (launchId: string): number[] | undefined =>
  finish(census.take(world))
    .get(launchId)
    ?.members.map(({ pid }) => pid);

beforeEach(() => {
  mono = 1_000_000;
  processes = [{ pid: 1 }, { pid: SELF }, { pid: 10, cpuTicks: 500 }];
  activities = { 'web~0': running('L1', 10) };
  census = new Census(system, 'u', SELF);
  meter = new UsageMeter(system, census);
});

describe('Census', () => {
  it('counts the session, and the mark wherever it is', () => {
    processes.push(
      { pid: 11, session: 10, marks: { run: 'u/web~0/L1' } },
      { pid: 12, session: 10 },
      { pid: 13, marks: { run: 'u/web~0/L1' } },
      { pid: 14, session: 10, marks: { run: 'u/web~0/L0' } },
      { pid: 15, session: 10, marks: { hook: 'u/web~0.stop/L2' } },
      { pid: 16, marks: { launcher: 'u/web~0/L1' } },
      { pid: 17 },
    );
    expect(pidsOf('L1')).toEqual([10, 11, 12, 13]);
  });

  it('takes no session for the run’s whose main process is another by now, or has ended', () => {
    processes.push({ pid: 12, session: 10 }, { pid: 13, marks: { run: 'u/web~0/L1' } });
    processes[2] = { pid: 10, startTicks: 999 };
    expect(pidsOf('L1')).toEqual([13]);
    processes[2] = { pid: 10 };
    activities = { 'web~0': { kind: 'clearing', run: runOf('L1', 10) } as unknown as Activity };
    expect(pidsOf('L1')).toEqual([13]);
    activities = { 'web~0': { kind: 'idle' } };
    expect(pidsOf('L1')).toBeUndefined();
  });

  it('never counts the daemon, also when a run was handed its pid', () => {
    activities = { 'web~0': running('L1', SELF) };
    expect(pidsOf('L1')).toEqual([]);
  });

  it('finds zombies by their session, and by their parent', () => {
    processes.push(
      { pid: 11, session: 10, ended: true },
      { pid: 13, marks: { run: 'u/web~0/L1' } },
      { pid: 14, parent: 13, ended: true },
      { pid: 15, ended: true },
    );
    expect(finish(census.take(world)).get('L1')?.zombies).toHaveLength(2);
  });

  it('counts no main process that is a zombie: its launcher tells of it', () => {
    processes[2] = { pid: 10, ended: true };
    expect(finish(census.take(world)).get('L1')).toMatchObject({ members: [], zombies: [] });
  });

  it('takes processes that come and go meanwhile for what they are', () => {
    processes.push({ pid: 12, session: 10 }, { pid: 13, session: 10 });
    const gone = finish(census.take(world), () => (processes = processes.filter(({ pid }) => pid !== 13)));
    expect(gone.get('L1')?.members.map(({ pid }) => pid)).toEqual([10, 12]);
  });
});

describe('UsageMeter', () => {
  const usage = (launchId = 'L1', isLast = false) => measure(isLast).usages.get(launchId);

  it('sums up what all processes of a run use', () => {
    processes.push({ pid: 11, session: 10 });
    expect(usage()).toEqual({ cpuPercent: undefined, rssBytes: 8192, threads: 4, openFiles: 6, processes: 2 });
  });

  it('tells no number of open files where some may not be read', () => {
    processes.push({ pid: 11, session: 10, openFiles: undefined });
    expect(usage()).toMatchObject({ openFiles: undefined, threads: 4 });
  });

  it('knows the share of the processor from the second measurement on', () => {
    expect(measure().isComplete).toBe(false);
    mono += 500;
    processes[2]!.cpuTicks = 525;
    expect(measure().isComplete).toBe(true);
    mono += 10_000;
    processes[2]!.cpuTicks = 1525;
    expect(usage()?.cpuPercent).toBeCloseTo(100);
  });

  it('measures against the one before the last where that was just now', () => {
    measure();
    mono += 400;
    processes[2]!.cpuTicks = 540;
    expect(usage()?.cpuPercent).toBeUndefined();
    mono += 400;
    processes[2]!.cpuTicks = 580;
    expect(usage()?.cpuPercent).toBeCloseTo(100);
  });

  it('forgets what is older than a minute, and runs that are gone', () => {
    measure();
    mono += LONGEST_INTERVAL + 1;
    expect(usage()?.cpuPercent).toBeUndefined();
    activities = {};
    expect(measure().usages.size).toBe(0);
    activities = { 'web~0': running('L1', 10) };
    mono += 1000;
    expect(usage()?.cpuPercent).toBeUndefined();
  });

  it('counts what is new since then in full, and what ended no more', () => {
    processes.push({ pid: 11, session: 10, cpuTicks: 9_999 });
    measure();
    mono += 1000;
    processes = [...processes.filter(({ pid }) => pid !== 11), { pid: 12, session: 10, cpuTicks: 50 }];
    expect(usage()?.cpuPercent).toBeCloseTo(50);
    // The same pid is another process.
    mono += 1000;
    processes = processes.map((each) => (each.pid === 12 ? { ...each, startTicks: 555, cpuTicks: 20 } : each));
    expect(usage()?.cpuPercent).toBeCloseTo(20);
  });

  it('takes the share since its launch for a run that began between the two', () => {
    activities = { 'web~0': { kind: 'running', run: { ...runOf('L1', 10), startedMono: mono - 10_000 } } };
    expect(usage('L1', true)?.cpuPercent).toBeCloseTo(50);
  });

  it('leaves out what has gone, or was replaced, since the sweep', () => {
    processes.push({ pid: 11, session: 10 }, { pid: 12, session: 10 });
    const taken = finish(census.take(world));
    const stubborn = { *take() { yield; return taken; } } as unknown as Census; // prettier-ignore
    processes = processes
      .filter(({ pid }) => pid !== 11)
      .map((each) => (each.pid === 12 ? { ...each, startTicks: 7 } : each));
    const late = finish(new UsageMeter(system, stubborn).measure(world, () => true, false));
    expect(late.usages.get('L1')?.processes).toBe(1);
  });

  it('measures only what is wanted', () => {
    activities = { ...activities, 'db~0': running('L2', 20) };
    processes.push({ pid: 20 });
    const { usages, census: seen } = finish(meter.measure(world, (launchId) => launchId === 'L2', false));
    expect([...usages.keys()]).toEqual(['L2']);
    expect([...seen.keys()]).toEqual(['L1', 'L2']);
  });
});
