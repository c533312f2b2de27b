import { eventTypes, states } from '@procman/protocol/vocabulary';
import type { Row } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricDeclaration } from './catalogue.ts';
import { expose } from './exposition.ts';
import { samplesOf, type Figures, type InstanceFigures } from './samples.ts';
import { NO_COUNTS } from './tally.ts';

const row = (name: string, more: Partial<Row> = {}): Row => ({
  name,
  id: name,
  instance: name,
  num: 0,
  state: 'RUNNING',
  reason: { code: 'wanted', message: 'wanted' },
  expected: 'running',
  verdict: 'ok',
  since: '2026-03-01T08:00:00.000+01:00',
  restarts: 0,
  stale: false,
  held: false,
  ...more,
});

const instance = (of: Row, more: Partial<InstanceFigures> = {}): InstanceFigures => ({
  row: of,
  kind: 'service',
  counts: NO_COUNTS,
  cpuSeconds: 0,
  ...more,
});

const FULL = instance(
  row('crew:worker_00', {
    id: 'worker',
    group: 'crew',
    restarts: 4,
    held: true,
    stale: true,
    uptimeSeconds: 60,
    lastExit: { signal: 'SIGKILL', at: '1970-01-01T01:00:10.500+01:00' },
  }),
  {
    counts: { exits: new Map([['0', 2], ['SIGKILL', 1]]), starts: 3, startTime: 4500, lastStart: 1500, runTime: 90_000 }, // prettier-ignore
    lastRun: 1234,
    cpuSeconds: 1.25,
    consumption: { rssBytes: 4096, threads: 3, openFiles: 7, processes: 2, zombies: 1 },
  },
);

const figures = (...instances: readonly InstanceFigures[]): Figures => ({
  at: 100_000,
  uid: 'shop',
  instances,
  daemon: {
    version: '0.1.0',
    startedAt: 50_000,
    loadedAt: 60_000,
    usage: { startTicks: 1, cpuTicks: 250, waitedTicks: 0, threads: 11, rssBytes: 1_000_000, openFiles: 20 },
    ticksPerSecond: 100,
    adopted: 2,
    isClockBehind: false,
    collectTime: 12,
    events: new Map([['exit', 3]]),
    reloads: new Map([['refused', 1]]),
    isBroken: true,
    isHeld: false,
  },
});

const textOf = (given: Figures): Promise<string> => expose(given, () => Promise.resolve());
const linesOf = async (name: string, given: Figures): Promise<string[]> =>
  (await textOf(given)).split('\n').filter((line) => new RegExp(`^${name}[{ ]`).test(line));

describe('the values', () => {
  const OF = '{name="crew:worker_00",process="worker",uid="shop"}';
  it.each([
    [`procman_instance_held${OF} 1`],
    [`procman_instance_stale${OF} 1`],
    [`procman_instance_restarts_total${OF} 4`],
    [`procman_instance_starts_total${OF} 3`],
    [`procman_instance_start_seconds_total${OF} 4.5`],
    [`procman_instance_last_start_duration_seconds${OF} 1.5`],
    [`procman_instance_run_seconds_total${OF} 90`],
    [`procman_instance_last_run_duration_seconds${OF} 1.234`],
    [`procman_instance_last_exit_timestamp_seconds${OF} 10.5`],
    [`procman_instance_last_exit_code${OF} 137`],
    [`procman_instance_uptime_seconds${OF} 60`],
    [`procman_instance_cpu_seconds_total${OF} 1.25`],
    [`procman_instance_resident_memory_bytes${OF} 4096`],
    [`procman_instance_open_files${OF} 7`],
    [`procman_instance_threads${OF} 3`],
    [`procman_instance_processes${OF} 2`],
    [`procman_instance_zombies${OF} 1`],
    ['procman_instance_info{name="crew:worker_00",process="worker",group="crew",kind="service",uid="shop"} 1'],
    ['procman_instance_exits_total{name="crew:worker_00",process="worker",code="SIGKILL",uid="shop"} 1'],
    ['procman_daemon_info{version="0.1.0",uid="shop"} 1'],
    ['procman_daemon_start_time_seconds{uid="shop"} 50'],
    ['procman_daemon_cpu_seconds_total{uid="shop"} 2.5'],
    ['procman_daemon_resident_memory_bytes{uid="shop"} 1000000'],
    ['procman_daemon_open_files{uid="shop"} 20'],
    ['procman_daemon_threads{uid="shop"} 11'],
    ['procman_daemon_adopted_runs{uid="shop"} 2'],
    ['procman_daemon_clock_behind{uid="shop"} 0'],
    ['procman_daemon_collect_duration_seconds{uid="shop"} 0.012'],
    ['procman_events_total{type="exit",uid="shop"} 3'],
    ['procman_events_total{type="hold",uid="shop"} 0'],
    ['procman_config_reloads_total{result="refused",uid="shop"} 1'],
    ['procman_config_reloads_total{result="applied",uid="shop"} 0'],
    ['procman_config_last_reload_successful{uid="shop"} 0'],
    ['procman_config_last_good_reload_timestamp_seconds{uid="shop"} 60'],
    ['procman_config_last_good_reload_age_seconds{uid="shop"} 40'],
    ['procman_config_reload_held{uid="shop"} 0'],
  ])('%s', async (line) => {
    expect((await textOf(figures(FULL))).split('\n')).toContain(line);
  });

  it('say each state and verdict, exactly one of them with 1', async () => {
    const given = figures(FULL, instance(row('db', { state: 'BACKOFF', verdict: 'problem' })));
    for (const [name, all, current] of [
      ['procman_instance_state', states.length, 'BACKOFF'],
      ['procman_instance_verdict', 3, 'problem'],
    ] as const) {
      const lines = (await linesOf(name, given)).filter((line) => line.includes('name="db"'));
      expect(lines).toHaveLength(all);
      expect(lines.filter((line) => line.endsWith(' 1'))).toEqual([expect.stringContaining(`"${current}"`)]);
      expect(lines.filter((line) => line.endsWith(' 0'))).toHaveLength(all - 1);
    }
    expect(await linesOf('procman_events_total', given)).toHaveLength(eventTypes.length);
  });

  it('are left out where they are not known, and never a made-up 0', async () => {
    const { usage: _usage, ...daemon } = figures().daemon;
    const text = await textOf({ ...figures(instance(row('web', { lastExit: { unknown: true, at: '2026-03-01T08:00:00Z' } }))), daemon }); // prettier-ignore
    const absent = [
      ...['last_start_duration_seconds', 'last_run_duration_seconds', 'last_exit_code', 'uptime_seconds', 'open_files', 'exits_total'].map((name) => `procman_instance_${name}`), // prettier-ignore
      ...['cpu_seconds_total', 'resident_memory_bytes', 'open_files', 'threads'].map((name) => `procman_daemon_${name}`), // prettier-ignore
    ];
    for (const name of absent) expect(text).not.toMatch(new RegExp(`^${name}[{ ]`, 'm'));
    expect(text).toMatch(/^procman_instance_last_exit_timestamp_seconds\{/m);
  });
});

it('every metric has a value somewhere, with the labels that it is declared with', () => {
  for (const [name, { labels }] of Object.entries(METRICS) as [keyof typeof METRICS, MetricDeclaration][]) {
    const [sample] = samplesOf(name, figures(FULL));
    expect(sample, name).toBeDefined();
    expect(Object.keys(sample?.labels ?? {}), name).toEqual([...labels]);
  }
});

it('names that are no words are escaped', async () => {
  const lines = await linesOf('procman_instance_held', figures(instance(row('a "b" \\ {c="d"} ü')))); // prettier-ignore
  expect(lines).toEqual([
    'procman_instance_held{name="a \\"b\\" \\\\ {c=\\"d\\"} ü",process="a \\"b\\" \\\\ {c=\\"d\\"} ü",uid="shop"} 0',
  ]);
});

it('with nothing to supervise there is the daemon', async () => {
  const text = await textOf(figures());
  expect(text).not.toContain('procman_instance_');
  expect(text).toContain('procman_daemon_info');
  expect(text.endsWith('\n')).toBe(true);
});

it('of many instances is made in portions, with pauses in between and one head for each metric', async () => {
  let pauses = 0;
  const many = Array.from({ length: 1200 }, (_, number) => instance(row(`w${number}`)));
  const text = await expose(figures(...many), () => Promise.resolve(void (pauses += 1)));
  const lines = text.split('\n');
  expect(pauses).toBeGreaterThan((1200 * states.length) / 500);
  expect(lines.filter((line) => line.startsWith('# TYPE procman_instance_state '))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('procman_instance_state{'))).toHaveLength(1200 * states.length);
  expect(lines.filter((line) => line.startsWith('procman_instance_held{'))).toHaveLength(1200);
  // One family after the other, whole, with a blank line between them.
  const heads = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2]);
  expect(new Set(heads).size).toBe(heads.length);
  expect(lines.filter((line) => line === '')).toHaveLength(heads.length);
});
