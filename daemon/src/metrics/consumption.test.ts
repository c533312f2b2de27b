import { beforeEach, describe, expect, it } from 'vitest';
import type { Instance, World } from '../core/model.ts';
import type { ProcessUsage, System } from '../effects/system.ts';
import type { ProcessInfo } from '../effects/process-table.ts';
import type { Census, RunCensus } from '../supervision/census.ts';
import { ConsumptionMeter, type Consumption } from './consumption.ts';

const DAEMON_START = 1000;

let usages: Map<number, ProcessUsage>;
let runs: Map<string, RunCensus>;
let instances: Map<string, Instance>;
let meter: ConsumptionMeter;

const usage = (cpuTicks: number, waitedTicks = 0): ProcessUsage => ({
  startTicks: 2000,
  cpuTicks,
  waitedTicks,
  threads: 2,
  rssBytes: 4096,
  openFiles: 3,
});
const member = (pid: number, ended = false): ProcessInfo =>
  ({ pid, startTicks: 2000, ended }) as unknown as ProcessInfo;

function live(launchId: string, pids: readonly number[], zombies: readonly number[] = [], startTicks = 2000): void {
  runs.set(launchId, {
    key: 'web~0',
    run: { launchId, process: { startTicks } } as unknown as RunCensus['run'],
    members: pids.map((pid) => member(pid)),
    zombies: zombies.map((pid) => member(pid, true)),
  });
}

function measure(): ReadonlyMap<string, Consumption> {
  const steps = meter.measure(() => ({ instances }) as unknown as World);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function cpu(): number {
  measure();
  return meter.cpuSecondsOf('web~0');
}

beforeEach(() => {
  usages = new Map();
  runs = new Map();
  instances = new Map([['web~0', {} as Instance]]);
  const system = { ticksPerSecond: 100, usage: (pid: number) => usages.get(pid) } as unknown as System;
  const census = {
    *take() {
      return new Map(runs);
    },
  } as unknown as Census;
  meter = new ConsumptionMeter(system, census, DAEMON_START);
});

describe('processor time', () => {
  it('is a counter over all runs of an instance', () => {
    live('L1', [10]);
    usages.set(10, usage(100));
    expect(cpu()).toBe(1);
    usages.set(10, usage(250));
    expect(cpu()).toBe(2.5);
    runs.clear();
    expect(cpu()).toBe(2.5);
    live('L2', [20]);
    usages.set(20, usage(50));
    expect(cpu()).toBe(3);
  });

  it('of a child is counted once, whether it lives, is a zombie, or was waited for', () => {
    live('L1', [10, 11]);
    usages.set(10, usage(100)).set(11, usage(300));
    expect(cpu()).toBe(4);
    live('L1', [10], [11]);
    expect(cpu()).toBe(4);
    live('L1', [10]);
    usages.delete(11);
    usages.set(10, usage(100, 300));
    expect(cpu()).toBe(4);
  });

  it('of children that came and went in between is counted, once they were waited for', () => {
    live('L1', [10]);
    usages.set(10, usage(0));
    cpu();
    usages.set(10, usage(1, 499));
    expect(cpu()).toBe(5);
  });

  it('never falls, where a process goes that nobody waits for', () => {
    live('L1', [10, 11]);
    usages.set(10, usage(100)).set(11, usage(900));
    expect(cpu()).toBe(10);
    live('L1', [10]);
    usages.delete(11);
    expect(cpu()).toBe(10);
    usages.set(10, usage(200));
    expect(cpu()).toBe(11);
  });

  it('of what the daemon took over counts from when it is first seen', () => {
    live('old', [10], [], DAEMON_START - 1);
    usages.set(10, usage(90_000));
    expect(cpu()).toBe(0);
    usages.set(10, usage(90_100));
    expect(cpu()).toBe(1);
  });

  it('of another process with the same pid is not counted', () => {
    live('L1', [10]);
    usages.set(10, { ...usage(100), startTicks: 2001 });
    expect(cpu()).toBe(0);
  });

  it('is forgotten with its instance', () => {
    live('L1', [10]);
    usages.set(10, usage(100));
    cpu();
    instances.clear();
    runs.clear();
    expect(cpu()).toBe(0);
  });
});

describe('what a run uses', () => {
  it('is the sum of its processes, zombies apart', () => {
    live('L1', [10, 11], [12]);
    usages.set(10, usage(1)).set(11, usage(1)).set(12, usage(1));
    expect(measure().get('web~0')).toEqual({ rssBytes: 8192, threads: 4, openFiles: 6, processes: 2, zombies: 1 });
  });

  it('has no open files where some may not be read', () => {
    live('L1', [10, 11]);
    usages.set(10, usage(1)).set(11, { startTicks: 2000, cpuTicks: 0, waitedTicks: 0, threads: 1, rssBytes: 1 });
    expect(measure().get('web~0')?.openFiles).toBeUndefined();
  });
});
