/**
 * Every metric, declared once: the exposition, docs/metrics.md, the dashboard and the alerts are made of this table or checked against
 * it. Names and units follow https://prometheus.io/docs/practices/naming/. No label is called `instance` or `job`: those are
 * Prometheus's own.
 */

/** Labels beside `uid`, which all have: one machine may have several daemons. */
export type LabelName =
  'name' | 'process' | 'group' | 'kind' | 'state' | 'verdict' | 'code' | 'type' | 'result' | 'version';

export interface MetricDeclaration {
  readonly type: 'gauge' | 'counter';
  /** One sentence, without a full stop. */
  readonly help: string;
  readonly labels: readonly LabelName[];
  /** It is there only then. */
  readonly when?: string;
}

const OF_INSTANCE = ['name', 'process'] as const;
const RUNS = 'a run is alive';
const READABLE = 'a run is alive and all of it may be read';
const ENDED = 'a run has ended';

const ofInstance = (
  type: MetricDeclaration['type'],
  help: string,
  { labels = [], when }: { readonly labels?: readonly LabelName[]; readonly when?: string } = {},
): MetricDeclaration => ({ type, help, labels: [...OF_INSTANCE, ...labels], ...(when === undefined ? {} : { when }) });

const ofDaemon = (
  type: MetricDeclaration['type'],
  help: string,
  labels: readonly LabelName[] = [],
  when?: string,
): MetricDeclaration => ({ type, help, labels, ...(when === undefined ? {} : { when }) });

export const METRICS = {
  procman_instance_info: ofInstance(
    'gauge',
    'What an instance is: its group, and whether it is a service or a one-shot; always 1',
    {
      labels: ['group', 'kind'],
    },
  ),
  procman_instance_state: ofInstance(
    'gauge',
    'Whether an instance is in this state: 1 for one of them, 0 for the others',
    {
      labels: ['state'],
    },
  ),
  procman_instance_verdict: ofInstance(
    'gauge',
    'Whether what an instance does is what it should do: 1 for one of ok, pending and problem, 0 for the others',
    { labels: ['verdict'] },
  ),
  procman_instance_held: ofInstance('gauge', 'Whether an operator has stopped an instance'),
  procman_instance_stale: ofInstance(
    'gauge',
    'Whether an instance runs with settings that differ from its definition now',
  ),
  procman_instance_restarts_total: ofInstance(
    'counter',
    'Launches after an ending that nobody asked for; kept over daemons, 0 again with a new version',
  ),
  procman_instance_starts_total: ofInstance('counter', 'Starts that came as far as RUNNING, since the daemon began'),
  procman_instance_start_seconds_total: ofInstance(
    'counter',
    'Time that starts took, from the launch to RUNNING, since the daemon began',
  ),
  procman_instance_last_start_duration_seconds: ofInstance(
    'gauge',
    'Time that the latest start took, from the launch to RUNNING',
    {
      when: 'one was seen by this daemon',
    },
  ),
  procman_instance_exits_total: ofInstance(
    'counter',
    'Endings of runs by exit code, signal, "unknown", or "other" from the 32nd different one on, since the daemon began',
    { labels: ['code'] },
  ),
  procman_instance_run_seconds_total: ofInstance('counter', 'Time that ended runs took, since the daemon began'),
  procman_instance_last_run_duration_seconds: ofInstance('gauge', 'Time that the latest run took that has ended', {
    when: ENDED,
  }),
  procman_instance_last_exit_timestamp_seconds: ofInstance('gauge', 'When the latest run ended, in Unix time', {
    when: ENDED,
  }),
  procman_instance_last_exit_code: ofInstance(
    'gauge',
    'Exit code of the latest run that has ended; 128 and its number for a signal',
    {
      when: `${ENDED}, and it is known how`,
    },
  ),
  procman_instance_uptime_seconds: ofInstance('gauge', 'Time since the live run began', { when: RUNS }),
  procman_instance_cpu_seconds_total: ofInstance(
    'counter',
    'Processor time of all that belongs to the runs of an instance, since the daemon began',
  ),
  procman_instance_resident_memory_bytes: ofInstance(
    'gauge',
    'Memory of a run that is not swapped out; what its processes share counts for each',
    {
      when: RUNS,
    },
  ),
  procman_instance_open_files: ofInstance('gauge', 'Files that a run has open', { when: READABLE }),
  procman_instance_threads: ofInstance('gauge', 'Threads of a run', { when: RUNS }),
  procman_instance_processes: ofInstance('gauge', 'Processes of a run', { when: RUNS }),
  procman_instance_zombies: ofInstance(
    'gauge',
    'Processes of a run that have ended and whose parent has not taken note',
    { when: RUNS },
  ),
  procman_daemon_info: ofDaemon('gauge', 'The version of the daemon; always 1', ['version']),
  procman_daemon_start_time_seconds: ofDaemon('gauge', 'When the daemon began, in Unix time'),
  procman_daemon_cpu_seconds_total: ofDaemon('counter', 'Processor time of the daemon'),
  procman_daemon_resident_memory_bytes: ofDaemon('gauge', 'Memory of the daemon that is not swapped out'),
  procman_daemon_open_files: ofDaemon('gauge', 'Files that the daemon has open'),
  procman_daemon_threads: ofDaemon('gauge', 'Threads of the daemon'),
  procman_daemon_adopted_runs: ofDaemon('gauge', 'Live runs that the daemon took over from the one before'),
  procman_daemon_clock_behind: ofDaemon(
    'gauge',
    'Whether the clock is behind the newest time on record: no scheduled stop or switch until then',
  ),
  procman_daemon_collect_duration_seconds: ofDaemon(
    'gauge',
    'Time that it took to look at what the runs use, for these figures',
  ),
  procman_events_total: ofDaemon('counter', 'What the history has noted, by type, since the daemon began', ['type']),
  procman_config_reloads_total: ofDaemon(
    'counter',
    'Reloads of the configuration since the daemon began: applied; applied but for stops that are held; refused because it was broken',
    ['result'],
  ),
  procman_config_last_reload_successful: ofDaemon(
    'gauge',
    'Whether the configuration on disk was good when it was read last',
  ),
  procman_config_last_good_reload_timestamp_seconds: ofDaemon(
    'gauge',
    'When the configuration in effect was put into effect, in Unix time',
  ),
  procman_config_last_good_reload_age_seconds: ofDaemon(
    'gauge',
    'Time since the configuration in effect was put into effect',
  ),
  procman_config_reload_held: ofDaemon(
    'gauge',
    'Whether a reload would stop too much and waits for `procmanctl update`',
  ),
} as const satisfies Record<string, MetricDeclaration>;

export type MetricName = keyof typeof METRICS;
