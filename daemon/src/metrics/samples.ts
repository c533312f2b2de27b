/** From what is known at a moment to the values of every metric. Pure. */
import { signalNumbers } from '@procman/protocol/signals';
import type { LastExit, Row } from '@procman/protocol/views';
import { eventTypes, states, verdicts, type EventType } from '@procman/protocol/vocabulary';
import type { Milliseconds, WallTime } from '../core/model.ts';
import type { ProcessUsage } from '../effects/system.ts';
import type { LabelName, MetricName } from './catalogue.ts';
import type { Consumption } from './consumption.ts';
import type { InstanceCounts, ReloadResult } from './tally.ts';

/** What is known of one instance. */
export interface InstanceFigures {
  /** As `status` gives it. */
  readonly row: Row;
  readonly kind: 'service' | 'one-shot';
  readonly counts: InstanceCounts;
  /** Of the latest run that has ended. */
  readonly lastRun?: Milliseconds;
  readonly cpuSeconds: number;
  /** Of the live run. */
  readonly consumption?: Consumption;
}

export interface DaemonFigures {
  readonly version: string;
  readonly startedAt: WallTime;
  /** When the configuration in effect was put into effect. */
  readonly loadedAt: WallTime;
  readonly usage?: ProcessUsage;
  readonly ticksPerSecond: number;
  readonly adopted: number;
  readonly isClockBehind: boolean;
  readonly collectTime: Milliseconds;
  readonly events: ReadonlyMap<EventType, number>;
  readonly reloads: ReadonlyMap<ReloadResult, number>;
  /** The configuration on disk is broken. */
  readonly isBroken: boolean;
  /** A reload waits for an operator. */
  readonly isHeld: boolean;
}

/** All that is known at a moment. */
export interface Figures {
  readonly at: WallTime;
  readonly uid: string;
  readonly instances: readonly InstanceFigures[];
  readonly daemon: DaemonFigures;
}

export type Labels = Readonly<Partial<Record<LabelName, string>>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

type Read = (figures: Figures) => readonly Sample[];

export function samplesOf(name: MetricName, figures: Figures): readonly Sample[] {
  return READ[name](figures);
}

/** One value for each instance, or none. */
function each(valueOf: (instance: InstanceFigures, figures: Figures) => number | undefined): Read {
  return (figures) =>
    figures.instances.flatMap((instance) => {
      const value = valueOf(instance, figures);
      return value === undefined ? [] : [{ labels: labelsOf(instance), value }];
    });
}

/** Several values for each instance. */
function many(samplesOfOne: (instance: InstanceFigures) => readonly Sample[]): Read {
  return ({ instances }) =>
    instances.flatMap((instance) =>
      samplesOfOne(instance).map(({ labels, value }) => ({ labels: { ...labelsOf(instance), ...labels }, value })),
    );
}

function one(valueOf: (daemon: DaemonFigures, figures: Figures) => number | undefined): Read {
  return (figures) => {
    const value = valueOf(figures.daemon, figures);
    return value === undefined ? [] : [{ labels: {}, value }];
  };
}

const labelsOf = ({ row: { name, id } }: InstanceFigures): Labels => ({ name, process: id });

/** 1 for the word that applies, 0 for the others: then sums and averages over time mean something. */
function stateSet(label: 'state' | 'verdict', words: readonly string[], current: string): Sample[] {
  return words.map((word) => ({ labels: { [label]: word }, value: Number(word === current) }));
}

function countsBy<K extends string>(
  label: 'type' | 'result',
  words: readonly K[],
  counts: ReadonlyMap<K, number>,
): Sample[] {
  return words.map((word) => ({ labels: { [label]: word }, value: counts.get(word) ?? 0 }));
}

const RELOAD_RESULTS: readonly ReloadResult[] = ['applied', 'held', 'refused'];

const seconds = (time: Milliseconds): number => time / 1000;

/** As a shell tells it in `$?`. */
function codeOf({ code, signal }: LastExit): number | undefined {
  if (code !== undefined) return code;
  if (signal === undefined) return undefined;
  const number = (signalNumbers as Readonly<Record<string, number>>)[signal.replace(/^SIG/, '')];
  return number === undefined ? undefined : 128 + number;
}

const READ: Readonly<Record<MetricName, Read>> = {
  procman_instance_info: many(({ row, kind }) => [{ labels: { group: row.group ?? '', kind }, value: 1 }]),
  procman_instance_state: many(({ row }) => stateSet('state', states, row.state)),
  procman_instance_verdict: many(({ row }) => stateSet('verdict', verdicts, row.verdict)),
  procman_instance_held: each(({ row }) => Number(row.held)),
  procman_instance_stale: each(({ row }) => Number(row.stale)),
  procman_instance_restarts_total: each(({ row }) => row.restarts),
  procman_instance_starts_total: each(({ counts }) => counts.starts),
  procman_instance_start_seconds_total: each(({ counts }) => seconds(counts.startTime)),
  procman_instance_last_start_duration_seconds: each(({ counts: { lastStart } }) =>
    lastStart === undefined ? undefined : seconds(lastStart),
  ),
  procman_instance_exits_total: many(({ counts: { exits } }) =>
    [...exits].map(([code, value]) => ({ labels: { code }, value })),
  ),
  procman_instance_run_seconds_total: each(({ counts }) => seconds(counts.runTime)),
  procman_instance_last_run_duration_seconds: each(({ lastRun }) =>
    lastRun === undefined ? undefined : seconds(lastRun),
  ),
  procman_instance_last_exit_timestamp_seconds: each(({ row: { lastExit } }) =>
    lastExit === undefined ? undefined : seconds(Date.parse(lastExit.at)),
  ),
  procman_instance_last_exit_code: each(({ row: { lastExit } }) =>
    lastExit === undefined ? undefined : codeOf(lastExit),
  ),
  procman_instance_uptime_seconds: each(({ row }) => row.uptimeSeconds),
  procman_instance_cpu_seconds_total: each(({ cpuSeconds }) => cpuSeconds),
  procman_instance_resident_memory_bytes: each(({ consumption }) => consumption?.rssBytes),
  procman_instance_open_files: each(({ consumption }) => consumption?.openFiles),
  procman_instance_threads: each(({ consumption }) => consumption?.threads),
  procman_instance_processes: each(({ consumption }) => consumption?.processes),
  procman_instance_zombies: each(({ consumption }) => consumption?.zombies),
  procman_daemon_info: ({ daemon: { version } }) => [{ labels: { version }, value: 1 }],
  procman_daemon_start_time_seconds: one(({ startedAt }) => seconds(startedAt)),
  procman_daemon_cpu_seconds_total: one(({ usage, ticksPerSecond }) => usage && usage.cpuTicks / ticksPerSecond),
  procman_daemon_resident_memory_bytes: one(({ usage }) => usage?.rssBytes),
  procman_daemon_open_files: one(({ usage }) => usage?.openFiles),
  procman_daemon_threads: one(({ usage }) => usage?.threads),
  procman_daemon_adopted_runs: one(({ adopted }) => adopted),
  procman_daemon_clock_behind: one(({ isClockBehind }) => Number(isClockBehind)),
  procman_daemon_collect_duration_seconds: one(({ collectTime }) => seconds(collectTime)),
  procman_events_total: ({ daemon: { events } }) => countsBy('type', eventTypes, events),
  procman_config_reloads_total: ({ daemon: { reloads } }) => countsBy('result', RELOAD_RESULTS, reloads),
  procman_config_last_reload_successful: one(({ isBroken }) => Number(!isBroken)),
  procman_config_last_good_reload_timestamp_seconds: one(({ loadedAt }) => seconds(loadedAt)),
  procman_config_last_good_reload_age_seconds: one(({ loadedAt }, { at }) => Math.max(0, seconds(at - loadedAt))),
  procman_config_reload_held: one(({ isHeld }) => Number(isHeld)),
};
