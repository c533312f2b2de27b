/** The keys of an app of pm2 (its `lib/API/schema.json`), one by one. */
import { lineOf, plainText } from '../command-words.ts';
import type { ProcessTable } from '../draft.ts';
import type { Field, Reading } from '../reading.ts';
import { shownNode, type YamlNode } from '../yaml-nodes.ts';

export type AppKeyReader = (field: Field, table: ProcessTable, reading: Reading, node: YamlNode) => void;

const milliseconds =
  (key: 'stop-timeout' | 'restart-delay'): AppKeyReader =>
  (field, table, reading) => {
    const amount = durationOf(field, reading);
    if (amount === undefined) return;
    table.set(key, amount);
    if (key === 'restart-delay') table.set('restart-max-delay', amount);
  };

/** A number of milliseconds, or one with `s`, `m` or `h`. */
function durationOf(field: Field, reading: Reading): string | undefined {
  const [, amount, unit = ''] = /^(\d+)([hms]?)$/.exec(field.text.trim()) ?? [];
  if (amount !== undefined) return `${amount}${unit === '' ? 'ms' : unit}`;
  reading.wrong(field, 'is no length of time', 'a number of milliseconds, or 10s, 5m, 1h');
  return undefined;
}

const path =
  (key: 'stdout-log' | 'stderr-log' | 'log-file'): AppKeyReader =>
  (field, table, reading) => {
    if (field.text === 'NULL' || field.text === '/dev/null') {
      table.set(key, 'none');
      return;
    }
    if (/^(?:true|false)$/.test(field.text)) {
      reading.leaveOut(table, field);
      return;
    }
    // Made plain text once it is known where it lies.
    table.set(key, homeOf(field.text, reading));
  };

/** pm2 expands a leading `~`. */
export function homeOf(path: string, reading: Reading): string {
  return path.replace(/^~(?=\/|$)/, reading.machine.env['HOME'] ?? '~');
}

/** Words of a list, or of a line. */
export function wordsOf(node: YamlNode | undefined): string {
  if (node === undefined || node.value === null) return '';
  if (node.items !== undefined) return lineOf(node.items.map(({ text }) => plainText(text)));
  return plainText(node.text);
}

export const APP_KEYS: Readonly<Record<string, AppKeyReader>> = {
  env: (field, table, reading, node) => {
    if (node.pairs === undefined) reading.wrong(field, 'holds no variables', '{ "NAME": "value" }');
    for (const { key, node: value } of node.pairs ?? []) table.setIn('env', key, plainText(shownNode(value)));
  },
  port: (field, table) => table.setIn('env', 'PORT', field.text),
  namespace: (field, table) => {
    if (field.text !== 'default') table.set('group', field.text);
  },
  autorestart: (field, table, reading) => {
    if (reading.boolean(field) === false) table.set('autorestart', 'never');
  },
  stop_exit_codes: (field, table, reading, node) => {
    const codes = (node.items ?? [node]).map((item) => reading.integer({ ...field, text: item.text }));
    if (codes.includes(undefined)) return;
    table.set('autorestart', 'on-failure');
    table.set('exit-codes', codes as number[]);
  },
  min_uptime: (field, table, reading) => {
    const amount = durationOf(field, reading);
    if (amount !== undefined) table.set('start-secs', amount);
  },
  // That many unstable launches in all; 0 is none too many.
  max_restarts: (field, table, reading) => {
    const count = reading.integer(field);
    if (count === 0) reading.leaveOut(table, field, 'tried without end: start-retries of [defaults] does not apply');
    if (count !== undefined) table.set('start-retries', count === 0 ? 1_000_000 : count - 1);
  },
  restart_delay: milliseconds('restart-delay'),
  exp_backoff_restart_delay: (field, table, reading) => {
    const amount = durationOf(field, reading);
    if (amount === undefined) return;
    table.set('restart-delay', amount);
    table.set('restart-max-delay', '15s');
  },
  kill_timeout: milliseconds('stop-timeout'),
  treekill: (field, table, reading) => {
    if (reading.boolean(field) === false) table.set('kill-mode', 'process');
  },
  uid: (field, table) => table.set('user', field.text),
  gid: (field, table) => table.set('group-name', field.text),
  out_file: path('stdout-log'),
  error_file: path('stderr-log'),
  log_file: path('log-file'),
  disable_logs: (field, table, reading) => {
    if (reading.boolean(field) === true) table.set('log-file', 'none');
  },
};

/** Other names of the same keys. */
export const APP_ALIASES: Readonly<Record<string, string>> = {
  exec: 'script',
  exec_interpreter: 'interpreter',
  interpreterArgs: 'node_args',
  interpreter_args: 'node_args',
  out: 'out_file',
  output: 'out_file',
  out_log: 'out_file',
  error: 'error_file',
  err: 'error_file',
  err_file: 'error_file',
  err_log: 'error_file',
  log: 'log_file',
  cron: 'cron_restart',
  user: 'uid',
  combine_logs: 'merge_logs',
};

export const APP_WITHOUT: Readonly<Record<string, string>> = {
  max_memory_restart:
    'no counterpart: limits.memory bounds the address space, which Node needs much of; see health-check',
  watch: 'no counterpart: nothing is restarted because a file changed',
  ignore_watch: 'no counterpart, see watch',
  watch_delay: 'no counterpart, see watch',
  watch_options: 'no counterpart, see watch',
  wait_ready: 'no counterpart for process.send("ready"): see start-health-check',
  listen_timeout: 'no counterpart: see timeout of start-health-check',
  shutdown_with_message: 'no counterpart: the program gets stop-signal',
  merge_logs: 'each instance has log files of its own',
  log_date_format: 'no counterpart: services write their log files themselves, without a time in front',
  time: 'no counterpart: services write their log files themselves, without a time in front',
  log_type: 'no counterpart: services write their log files themselves',
  pid_file: 'no counterpart: "procmanctl pid NAME" prints the pid',
  source_map_support: 'no counterpart: write node_args "--enable-source-maps"',
  increment_var: 'no counterpart: see {{ PROCMAN_NUM }} in env',
  filter_env: 'no counterpart by pattern: see inherit-env',
  post_update: 'no counterpart',
  deploy: 'no counterpart',
};

/** What pm2 runs a script with, by the end of its name. */
const INTERPRETERS: Readonly<Record<string, string>> = {
  '.sh': 'bash',
  '.py': 'python',
  '.rb': 'ruby',
  '.php': 'php',
  '.pl': 'perl',
  '.js': 'node',
  '.cjs': 'node',
  '.mjs': 'node',
  '.ts': 'bun',
  '.tsx': 'bun',
};

export function interpreterFor(script: string): string | undefined {
  const extension = /\.[^./]+$/.exec(script)?.[0] ?? '';
  return Object.hasOwn(INTERPRETERS, extension) ? INTERPRETERS[extension] : undefined;
}
